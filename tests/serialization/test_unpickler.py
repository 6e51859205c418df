"""The pickle machine: it makes what Python's makes of harmless pickles, and nothing of the others."""

import collections
import functools
import pickle
import pickletools
import subprocess
from collections import Counter, OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.serialization.unpickler import Whitelist, WhitelistUnpickler


class Point:
    def __init__(self, x, y=0):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(other) is type(self) and vars(other) == vars(self)


class Slotted:
    __slots__ = ("x",)


class Careful:
    def __setstate__(self, state):
        raise KeyError("my own error")


def function(*arguments):
    return ("called", arguments)


def refuse_storage(saved_id):
    raise ValueError("from outside")


def whitelist(**tables):
    classes = {"collections.OrderedDict": OrderedDict, "collections.Counter": Counter}
    functions = {"builtins.set": set, "builtins.complex": complex, "builtins.bytes": bytes}
    functions["_codecs.encode"] = lambda text, encoding: text.encode("latin1")
    return Whitelist(
        classes=classes | tables.pop("classes", {}), functions=functions | tables.pop("functions", {}), **tables
    )


def load(data, newer=False, persistent_load=None, **tables):
    return WhitelistUnpickler(data, whitelist(**tables), persistent_load, newer_protocols=newer).load()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4)
    | st.lists(inner, max_size=4).map(tuple)
    | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    | st.dictionaries(st.text(max_size=3), inner, max_size=4).map(OrderedDict)
    | st.sets(st.integers(), max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(plain)
def test_plain_objects_as_python_loads_them(obj):
    assert load(pickle.dumps(obj, 2)) == obj


@given(plain, st.sampled_from([3, 4, 5]))
def test_newer_protocols_on_request(obj, protocol):
    assert load(pickle.dumps(obj, protocol), newer=True) == obj


@pytest.mark.parametrize(
    "obj", [bytearray(b"abc"), frozenset({1, 2}), "x" * 300, b"y" * 300, Counter("abca"), 2**3000, {1, 2}], ids=repr
)
def test_objects_of_newer_protocols(obj):
    builtins = {"builtins.bytearray": bytearray, "builtins.frozenset": frozenset}
    for protocol in (4, 5):
        assert load(pickle.dumps(obj, protocol), newer=True, functions=builtins) == obj


def test_an_object_that_occurs_twice_stays_one():
    inner = [1]
    first, second = load(pickle.dumps([inner, inner], 2))
    assert first is second


def test_a_list_that_contains_itself():
    obj = []
    obj.append(obj)
    loaded = load(pickle.dumps(obj, 2))
    assert loaded[0] is loaded


def test_listed_classes():
    listed = {f"{__name__}.{each.__name__}": each for each in (Point, Slotted)}
    assert load(pickle.dumps(Point(1, [2]), 2), classes=listed) == Point(1, [2])
    slotted = Slotted()
    slotted.x = 5
    assert load(pickle.dumps(slotted, 2), classes=listed).x == 5


def test_classes_found_on_demand_can_be_made_but_not_called():
    def find(name):
        return Point if name == f"{__name__}.Point" else None

    assert load(pickle.dumps(Point(1), 2), find=find) == Point(1)
    called = b"\x80\x02c" + f"{__name__}\nPoint\n".encode() + b"K\x01\x85R."
    with pytest.raises(pickle.UnpicklingError, match=r"^Trying to call reduce for unrecognized function"):
        load(called, find=find)


def test_values_can_be_named_but_neither_called_nor_changed():
    value = Point(1)
    assert load(b"\x80\x02cmy\nvalue\n.", values={"my.value": value}) is value
    assert load(b"\x80\x02cmy\nclass\n.", values={"my.class": Point}) is Point
    for rest, message in {
        b"K\x01\x85R.": "Trying to call reduce",
        b"K\x01\x85\x81.": "Can only create new object",
        b"}b.": "Can only build",
    }.items():
        with pytest.raises(pickle.UnpicklingError, match=f"^{message}"):
            load(b"\x80\x02cmy\nclass\n" + rest, values={"my.class": Point})


# ---- what is refused -------------------------------------------------------------------------------------------------


class Reduces:
    """Pickles as a call of any function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


NAMES = {
    "builtins.eval": Reduces(eval, ("1",)),
    "builtins.getattr": Reduces(getattr, ("", "upper")),
    "subprocess.Popen": Reduces(subprocess.Popen, ("true",)),
    "collections.deque": collections.deque([1]),
    "functools.partial": functools.partial(int),
    f"{__name__}.function": Reduces(function, (1,)),
    f"{__name__}.Point": Point(1),
}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name, obj", NAMES.items(), ids=NAMES)
def test_everything_else_is_refused_by_name(name, obj, protocol):
    data = pickle.dumps(obj, protocol)
    shown = name.removeprefix("builtins.")
    with pytest.raises(pickle.UnpicklingError, match=f"GLOBAL {shown} was not an allowed global by default"):
        load(data, newer=protocol > 2)


@pytest.mark.parametrize("module", ["os", "posix", "nt", "sys", "os.path"])
def test_blocked_modules_cannot_be_allowed(module):
    data = b"\x80\x02c" + module.encode() + b"\nsystem\n."
    with pytest.raises(
        pickle.UnpicklingError, match=f"^Trying to load unsupported GLOBAL {module}.system whose module"
    ):
        load(data, functions={f"{module}.system": function}, find=lambda name: function)


HOSTILE = {
    "build a function": b"\x80\x02cbuiltins\ncomplex\n}X\x03\x00\x00\x00abcK\x01sb.",
    "build a list": b"\x80\x02]}b.",
    "append to a set": b"\x80\x02\x8fK\x01a.",
    "extend a dict": b"\x80\x02}(K\x01e.",
    "set an item of a list": b"\x80\x02]K\x00K\x01s.",
    "set items of a number": b"\x80\x02K\x05(K\x00K\x01u.",
    "call a number": b"\x80\x02K\x05)R.",
    "make a number": b"\x80\x02K\x05)\x81.",
    "a persistent id that is a string": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "an instruction of protocol 0": b"cposix\nsystem\n(S'true'\ntR.",
    "an unknown instruction": b"\x80\x02\xff.",
    "no end": b"\x80\x02K\x05",
    "nothing on the stack": b"\x80\x02.",
    "nothing at all": b"",
    "a memo that was never set": b"\x80\x02h\x05.",
    "a text that is cut off": b"\x80\x02X\xff\xff\xff\x7fab.",
    "a text that is not UTF-8": b"\x80\x02X\x01\x00\x00\x00\xff.",
    "a name without an end": b"\x80\x02cbuiltins",
    "a mark that nobody set": b"\x80\x02K\x05e.",
    "a list as a key": b"\x80\x02}]K\x01s.",
    "wrong arguments": b"\x80\x02cbuiltins\ncomplex\n]\x85R.",
    "an endless memory": b"\x80\x02Nr\xff\xff\xff\xff.",
}


@pytest.mark.parametrize("data", [each for name, each in HOSTILE.items() if name != "an endless memory"])
def test_hostile_pickles(data):
    with pytest.raises(pickle.UnpicklingError):
        load(data)


def test_a_huge_memo_index_takes_no_memory():
    assert load(HOSTILE["an endless memory"]) is None


def test_instructions_of_newer_protocols_are_refused_unless_asked_for():
    data = pickle.dumps("text", 4)
    with (
        pytest.warns(UserWarning, match=r"^Detected pickle protocol 4 in the checkpoint"),
        pytest.raises(pickle.UnpicklingError, match=r"^Unsupported operand 149$"),
    ):
        load(data)
    assert load(data, newer=True) == "text"


def test_errors_of_other_code_are_not_disguised():
    with pytest.raises(KeyError, match="my own error"):
        load(pickle.dumps(Careful(), 2)[:-1] + b"Nb.", classes={f"{__name__}.Careful": Careful})

    with pytest.raises(ValueError, match="from outside"):
        load(b"\x80\x02K\x05\x85Q.", persistent_load=refuse_storage)


def test_any_damaged_byte_gives_an_object_or_an_unpickling_error():
    good = pickle.dumps({"a": [1, 2.5, ("x", None)], "b": OrderedDict(c={True}), "c": b"bytes", "d": 1j}, 2)
    refused = 0
    for position in range(len(good)):
        for value in range(0, 256, 3):
            data = bytearray(good)
            data[position] = value
            try:
                load(bytes(data), persistent_load=lambda saved_id: None)
            except (pickle.UnpicklingError, UserWarning):  # the warning: it claims to be of another protocol
                refused += 1
    assert refused > len(good) * 20


def test_no_instruction_is_missing_that_a_protocol_2_pickler_writes():
    """Of those that Python's pickler writes, PyTorch's machine lacks only the ones named here; so does ours."""
    from tinytorch.serialization.unpickler import _PROTOCOL_2

    known = {opcode.code.encode("latin1")[0] for opcode in pickletools.opcodes if opcode.proto <= 2}
    lacking = {opcode.name for opcode in pickletools.opcodes if opcode.proto <= 2
               and opcode.code.encode("latin1")[0] not in _PROTOCOL_2}  # fmt: skip
    assert set(_PROTOCOL_2) - known == {pickle.EMPTY_SET[0]}
    assert {"POP", "POP_MARK", "LONG4", "INST", "OBJ", "EXT1", "EXT2", "EXT4", "DUP", "STOP", "PERSID"} <= lacking
