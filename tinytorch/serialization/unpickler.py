"""A pickle machine that makes nothing but what a whitelist names.

A pickle is a program for a small stack machine: "push this number", "push the thing called `collections.OrderedDict`",
"call what lies below with the arguments on top". Python's own machine pushes whatever is named and calls it, so a file
can run any command. This one knows the handful of instructions that data needs, and looks names up in a `Whitelist`:

- a name that is not on it is refused, with its name in the error;
- only what the list marks as callable is called; objects get a state only if their class is on the list;
- a list is extended only if it is a list, a dictionary only if it is a dictionary.

The instructions are those of pickle protocol 2, which `torch.save` writes; those of protocols 3 to 5 are understood on
request. Sources: https://peps.python.org/pep-0307/ and https://docs.python.org/3/library/pickletools.html
"""

from __future__ import annotations

import pickle
import struct
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

# Whatever a file asks for, it gets nothing out of these modules, not even when somebody whitelisted it.
BLOCKED_MODULES = ("sys", "os", "posix", "nt")


def python_3_name(module: str, name: str) -> str:
    """The full name of what protocol 2, which Python 2 understands too, calls as it is called there: `__builtin__`."""
    module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    return f"{module}.{name}"


class Whitelist:
    """What a file may name, by full name.

    - `values` may be named: dtypes, for one;
    - `functions` may be named and called;
    - `classes` may be named, called, made with `__new__`, and their objects given a state;
    - `find` is asked about every other name; it gives the thing or None. Classes that it gives may not be called.
    """

    def __init__(
        self,
        values: dict[str, Any] | None = None,
        functions: dict[str, Callable] | None = None,
        classes: dict[str, type] | None = None,
        find: Callable[[str], Any] = lambda full_name: None,
    ):
        self.values = values or {}
        self.functions = functions or {}
        self.classes = classes or {}
        self.find = find

    def __contains__(self, full_name: str) -> bool:
        return full_name in self.values | self.functions | self.classes or self.find(full_name) is not None


class WhitelistUnpickler:
    """Runs one pickle. `persistent_load` is given the id of each object that is kept outside of the pickle."""

    def __init__(
        self,
        data: bytes,
        whitelist: Whitelist,
        persistent_load: Callable[[Any], Any],
        *,
        newer_protocols: bool = False,
        encoding: str = "utf-8",
    ):
        self._data = data
        self._position = 0
        self._whitelist = whitelist
        self._persistent_load = persistent_load
        self._encoding = encoding
        self._newer = newer_protocols
        self._instructions = _ALL if newer_protocols else _PROTOCOL_2
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []  # the stacks that MARK instructions have put aside
        self._memo: dict[int, Any] = {}
        self._outside_error: Exception | None = None
        self._callable = {id(each) for each in (*whitelist.functions.values(), *whitelist.classes.values())}
        self._classes = {id(each) for each in whitelist.classes.values()}

    def load(self) -> Any:
        """The object that the pickle describes; UnpicklingError where it names, or does, what is not allowed."""
        try:
            while True:
                code = self._take(1)[0]
                if code == pickle.STOP[0]:
                    return self._stack.pop()
                instruction = self._instructions.get(code)
                if instruction is None:
                    raise UnpicklingError(f"Unsupported operand {code}")
                instruction(self)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError, struct.error, EOFError) as error:
            if error is self._outside_error:
                raise
            # The stack is empty, an argument has the wrong type: an honest pickler never writes that.
            raise UnpicklingError(
                f"the pickle is damaged near byte {self._position} ({type(error).__name__}: {error})"
            ) from error

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _take(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        if self._position > len(self._data):
            raise EOFError("the pickle ends too early")
        return self._data[start : self._position]

    def _number(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _line(self) -> str:
        end = self._data.index(b"\n", self._position)
        return self._take(end + 1 - self._position)[:-1].decode("utf-8")

    def _since_mark(self) -> list[Any]:
        """Take what was pushed since the last MARK off the stack."""
        items, self._stack = self._stack, self._below.pop()
        return items

    def _outside(self, function: Callable, *arguments: Any, **keywords: Any) -> Any:
        """Call somebody's own code; the errors that it raises are not mistaken for those of the pickle."""
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            self._outside_error = error
            raise

    # ---- names and what is done with them ---------------------------------------------------------------------------

    def _push_global(self, module: str, name: str) -> None:
        full_name = python_3_name(module, name)
        if full_name.partition(".")[0] in BLOCKED_MODULES:
            module = full_name.rpartition(".")[0]
            raise UnpicklingError(f"Trying to load unsupported GLOBAL {full_name} whose module {module} is blocked.")
        listed = self._whitelist
        for table in (listed.values, listed.functions, listed.classes):
            if full_name in table:
                self._stack.append(table[full_name])
                return
        found = listed.find(full_name)
        if found is None:
            raise UnpicklingError(
                f"Unsupported global: GLOBAL {full_name.removeprefix('builtins.')} was not an allowed global by "
                "default."
            )
        if isinstance(found, type):
            self._classes.add(id(found))
        self._stack.append(found)

    def _call(self) -> None:
        arguments = self._stack.pop()
        function = self._stack[-1]
        if id(function) not in self._callable:
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        self._stack[-1] = function(*arguments)

    def _new(self, arguments: tuple, keywords: dict[str, Any]) -> None:
        made = self._stack[-1]
        if id(made) not in self._classes:
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got "
                f"{made}"
            )
        self._stack[-1] = self._outside(made.__new__, made, *arguments, **keywords)

    def _build(self) -> None:
        """Give the object on the stack its state: by its `__setstate__`, into its `__dict__`, into its slots."""
        state = self._stack.pop()
        target = self._stack[-1]
        if type(target) is OrderedDict:  # the `_metadata` of a state dict
            target.__dict__.update(state)
            return
        if id(type(target)) not in self._classes:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via `add_safe_globals`, but got "
                f"{type(target)}"
            )
        if hasattr(target, "__setstate__"):
            self._outside(target.__setstate__, state)
            return
        slots = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        if state:
            target.__dict__.update(state)
        for name, value in (slots or {}).items():
            setattr(target, name, value)

    def _set_items(self, pairs: list[Any], instruction: str) -> None:
        target = self._stack[-1]
        if type(target) not in _DICTIONARIES and id(type(target)) not in self._classes:
            raise UnpicklingError(
                f"Can only {instruction} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}"
            )
        for key, value in zip(pairs[::2], pairs[1::2]):
            target[key] = value

    def _extend(self, items: list[Any], verb: str) -> None:
        if type(self._stack[-1]) is not list:
            raise UnpicklingError(f"Can only {verb} lists, but got {type(self._stack[-1])}")
        self._stack[-1].extend(items)

    def _add_items(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not set:
            raise UnpicklingError(f"Can only add items to sets, but got {type(self._stack[-1])}")
        self._stack[-1].update(items)

    def _load_persistent(self) -> None:
        saved_id = self._stack.pop()
        if type(saved_id) is not tuple:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(saved_id)}")
        self._stack.append(self._outside(self._persistent_load, saved_id))

    # ---- the rest ---------------------------------------------------------------------------------------------------

    def _check_protocol(self) -> None:
        protocol = self._take(1)[0]
        if protocol != 2 and not self._newer:
            warnings.warn(
                f"Detected pickle protocol {protocol} in the checkpoint, which was not the default pickle protocol "
                "used by `torch.load` (2). The weights_only Unpickler might not support all instructions implemented "
                "by this protocol, please file an issue for adding support if you encounter this.",
                stacklevel=7,
            )

    def _mark(self) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _pack(self, count: int) -> None:
        """The topmost `count` items become one tuple."""
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def _push_bytes(self, count: int) -> None:
        data = self._take(count)
        self._stack.append(data if self._encoding == "bytes" else data.decode(self._encoding))

    def _push_text(self, count: int) -> None:
        self._stack.append(self._take(count).decode("utf-8", "surrogatepass"))

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _remember(self, index: int) -> None:
        self._memo[index] = self._stack[-1]


_DICTIONARIES = (dict, OrderedDict, Counter, defaultdict)

# The instructions, by their code. `m` is the machine.
_PROTOCOL_2: dict[int, Callable[[WhitelistUnpickler], Any]] = {
    code[0]: instruction
    for code, instruction in {
        pickle.PROTO: lambda m: m._check_protocol(),
        # constants and numbers
        pickle.NONE: lambda m: m._push(None),
        pickle.NEWTRUE: lambda m: m._push(True),
        pickle.NEWFALSE: lambda m: m._push(False),
        pickle.BININT: lambda m: m._push(m._number("<i")),
        pickle.BININT1: lambda m: m._push(m._number("<B")),
        pickle.BININT2: lambda m: m._push(m._number("<H")),
        pickle.LONG1: lambda m: m._push(pickle.decode_long(m._take(m._number("<B")))),
        pickle.BINFLOAT: lambda m: m._push(m._number(">d")),
        # texts
        pickle.BINUNICODE: lambda m: m._push_text(m._number("<I")),
        pickle.SHORT_BINSTRING: lambda m: m._push_bytes(m._number("<B")),
        # containers
        pickle.EMPTY_TUPLE: lambda m: m._push(()),
        pickle.EMPTY_LIST: lambda m: m._push([]),
        pickle.EMPTY_DICT: lambda m: m._push({}),
        pickle.EMPTY_SET: lambda m: m._push(set()),
        pickle.MARK: lambda m: m._mark(),
        pickle.TUPLE: lambda m: m._push(tuple(m._since_mark())),
        pickle.TUPLE1: lambda m: m._pack(1),
        pickle.TUPLE2: lambda m: m._pack(2),
        pickle.TUPLE3: lambda m: m._pack(3),
        pickle.APPEND: lambda m: m._extend([m._stack.pop()], "append to"),
        pickle.APPENDS: lambda m: m._extend(m._since_mark(), "extend"),
        pickle.SETITEM: lambda m: m._set_items([m._stack.pop(-2), m._stack.pop()], "SETITEM"),
        pickle.SETITEMS: lambda m: m._set_items(m._since_mark(), "SETITEMS"),
        # the memo, by which an object that occurs twice is one object again
        pickle.BINPUT: lambda m: m._remember(m._number("<B")),
        pickle.LONG_BINPUT: lambda m: m._remember(m._number("<I")),
        pickle.BINGET: lambda m: m._push(m._memo[m._number("<B")]),
        pickle.LONG_BINGET: lambda m: m._push(m._memo[m._number("<I")]),
        # the instructions that could do harm
        pickle.GLOBAL: lambda m: m._push_global(m._line(), m._line()),
        pickle.REDUCE: lambda m: m._call(),
        pickle.NEWOBJ: lambda m: m._new(m._stack.pop(), {}),
        pickle.BUILD: lambda m: m._build(),
        pickle.BINPERSID: lambda m: m._load_persistent(),
    }.items()
}

_ALL = _PROTOCOL_2 | {
    code[0]: instruction
    for code, instruction in {
        pickle.FRAME: lambda m: m._take(8),  # the length of what follows, of use when reading from a stream
        pickle.POP: lambda m: m._stack.pop() if m._stack else m._since_mark(),
        pickle.POP_MARK: lambda m: m._since_mark(),
        pickle.LONG4: lambda m: m._push(pickle.decode_long(m._take(m._number("<i")))),
        pickle.SHORT_BINUNICODE: lambda m: m._push_text(m._number("<B")),
        pickle.BINUNICODE8: lambda m: m._push_text(m._number("<Q")),
        pickle.SHORT_BINBYTES: lambda m: m._push(m._take(m._number("<B"))),
        pickle.BINBYTES: lambda m: m._push(m._take(m._number("<I"))),
        pickle.BINBYTES8: lambda m: m._push(m._take(m._number("<Q"))),
        pickle.BYTEARRAY8: lambda m: m._push(bytearray(m._take(m._number("<Q")))),
        pickle.ADDITEMS: lambda m: m._add_items(m._since_mark()),
        pickle.FROZENSET: lambda m: m._push(frozenset(m._since_mark())),
        pickle.MEMOIZE: lambda m: m._remember(len(m._memo)),
        pickle.STACK_GLOBAL: lambda m: m._push_global(m._stack.pop(-2), m._stack.pop()),
        pickle.NEWOBJ_EX: lambda m: m._new(m._stack.pop(-2), m._stack.pop()),
    }.items()
}
