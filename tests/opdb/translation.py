"""PyTorch's operator database made fit for tinytorch: its samples, and the functions it calls, in our terms.

    for sample in some_samples(op, torch.float32, 6):
        theirs = Call(op.op, sample)                       # on the real PyTorch, on copies of the sample's tensors
        ours = Call(counterpart(op.op, op.name), sample, tt)

An `OpInfo` of the database (torch.testing._internal) names an operation and a function that computes it, and makes
samples of its arguments. Where that function is one of PyTorch's, ours is the one of the same name; where it is a small
function written for the database (`lambda x, *args: torch.bernoulli(x, ...)`), ours is the same code with `torch`
meaning tinytorch.
"""

from __future__ import annotations

import functools
import random
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import lookup, to_numpy, torch
from tests.places import PLACE
from tinytorch import kernels
from tinytorch.device import put
from tinytorch.tensor import wrap

pytest.importorskip("expecttest")  # which the database imports

PLACES = ("", "Tensor", "nn.functional", "linalg", "special")


class NotForUs(Exception):
    """A sample with something that has no counterpart, such as a sparse tensor."""


# ---- functions -------------------------------------------------------------------------------------------------------


def counterpart(function: Callable | None, name: str = "") -> Callable | None:
    """tinytorch's version of a function of PyTorch or of its database; None if there is none."""
    if function is None:
        return None
    if isinstance(function, functools.partial):
        inner = counterpart(function.func)
        return inner and functools.partial(inner, *function.args, **function.keywords)
    if isinstance(function, types.FunctionType) and is_of_the_database(function):
        return transplanted(function)
    path = name if name and same_function(name, function) else path_of(function)
    try:
        return path and lookup(tt, path)
    except AttributeError:
        return None


def is_of_the_database(function: types.FunctionType) -> bool:
    return (function.__module__ or "").startswith("torch.testing._internal")


def same_function(name: str, function: Callable) -> bool:
    try:
        return lookup(torch, name) is function
    except AttributeError:
        return False


@functools.cache
def paths() -> dict[int, str]:
    """Where PyTorch has which function: id -> "nn.functional.relu"."""
    found: dict[int, str] = {}
    for place in PLACES:
        home = lookup(torch, place) if place else torch
        for name in dir(home):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = getattr(home, name, None)
            if callable(value):
                found.setdefault(id(value), f"{place}.{name}".strip("."))
    return found


def path_of(function: Callable) -> str | None:
    found = paths().get(id(function))
    if found is None and isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return f"Tensor.{function.__name__}"
    return found


@functools.cache
def transplanted(function: types.FunctionType) -> types.FunctionType:
    """The same code, in which `torch` is tinytorch, and so in what it calls within the database."""
    names = set(used_names(function.__code__))
    space = dict(function.__globals__)
    if "torch" in names:
        space["torch"] = tt
    for name in names & set(space):
        value = space[name]
        if name == "wrapper_set_seed":
            space[name] = seeded
        elif isinstance(value, types.FunctionType) and is_of_the_database(value) and value is not function:
            space[name] = transplanted(value)
    closure = function.__closure__ and tuple(
        types.CellType(translated(c.cell_contents, {})) for c in function.__closure__
    )
    made = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def seeded(function: Callable, *args: Any, **kwargs: Any) -> Any:
    """How the database calls what draws random numbers."""
    tt.manual_seed(42)
    return function(*args, **kwargs)


def used_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from used_names(constant)


# ---- values ----------------------------------------------------------------------------------------------------------


def translated(value: Any, memo: dict) -> Any:
    """`value` with tinytorch's tensors, dtypes, ... for PyTorch's; `memo` keeps one tensor used twice one tensor."""
    if isinstance(value, torch.Tensor):
        if id(value) not in memo:
            memo[id(value)] = value, as_tinytorch(value, memo)
        return memo[id(value)][1]
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        name = str(value).removeprefix("torch.")
        if not hasattr(tt, name):
            raise NotForUs(str(value))
        return getattr(tt, name)
    if isinstance(value, torch.device):
        return PLACE if value.type == "cpu" else tt.device(str(value))
    if isinstance(value, torch.Size):
        return tt.Size(value)
    if isinstance(value, torch.Generator):
        raise NotForUs("a generator")
    if type(value) in (list, tuple):
        return type(value)([translated(each, memo) for each in value])
    if type(value) is dict:
        return {key: PLACE if key == "device" else translated(each, memo) for key, each in value.items()}
    if isinstance(value, torch.nn.Module):
        raise NotForUs("a module")
    if callable(value) and not isinstance(value, type):
        found = counterpart(value)
        return value if found is None else found
    return value


def as_tinytorch(tensor: Any, memo: dict | None = None) -> tt.Tensor:
    """The same elements with the same strides, at the same place of a storage; `memo` keeps one storage one."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise NotForUs(f"a tensor of layout {tensor.layout} on {tensor.device}")
    if tensor.ndim > 64:
        raise NotForUs("NumPy has at most 64 dimensions")
    plain = tensor.detach()
    if plain._is_zerotensor() or plain.is_conj() or plain.is_neg():
        plain = plain.clone().resolve_conj().resolve_neg()
    storage = elements(plain)
    memory = shared(memo, plain, lambda: put(to_numpy(storage).copy(), PLACE))
    strides = tuple([step * memory.itemsize for step in plain.stride()])
    start = plain.storage_offset() * memory.itemsize
    made = wrap(kernels.layout.restride(memory, tuple(plain.shape), strides, start))
    made._storage_root = memory
    if tensor.requires_grad:
        made.requires_grad_()
    return made


def copied(value: Any, memo: dict) -> Any:
    """`value` with PyTorch tensors of its own, of the same strides."""
    if isinstance(value, torch.Tensor):
        if id(value) not in memo:
            plain = value.detach()
            if value.layout is not torch.strided or plain._is_zerotensor() or plain.is_conj() or plain.is_neg():
                plain = plain.clone()
            else:
                storage = elements(plain)
                memory = shared(memo, plain, lambda: storage.clone())
                plain = memory.as_strided(plain.shape, plain.stride(), plain.storage_offset())
            memo[id(value)] = value, plain.detach().requires_grad_(value.requires_grad)
        return memo[id(value)][1]
    if type(value) in (list, tuple):
        return type(value)([copied(each, memo) for each in value])
    if type(value) is dict:
        return {key: copied(each, memo) for key, each in value.items()}
    return value


def elements(tensor: Any) -> Any:
    """The whole storage of a PyTorch tensor, as a flat tensor."""
    return torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())


def shared(memo: dict | None, tensor: Any, make: Callable) -> Any:
    """What `make` makes for the storage of `tensor`: once."""
    key = "storage", tensor.untyped_storage().data_ptr(), tensor.dtype
    if memo is None or not key[1]:
        return make()
    if key not in memo:
        memo[key] = tensor, make()
    return memo[key][1]


# ---- samples and calls -----------------------------------------------------------------------------------------------


def some_samples(op: Any, dtype: Any, count: int | None, requires_grad: bool = False) -> list:
    """`count` of the database's samples (all: None), spread evenly; the same ones each time."""
    seed()
    found = list(op.sample_inputs_func(op, "cpu", dtype, requires_grad))  # op.sample_inputs seeds anew for each: slow
    if count is None or len(found) <= count:
        return found
    return [found[i * (len(found) - 1) // (count - 1)] for i in range(count)]


def seed() -> None:
    random.seed(1)
    np.random.seed(1)
    torch.default_generator.manual_seed(1)  # torch.manual_seed looks for other devices, too: slow
    tt.manual_seed(1)


class Call:
    """What function(sample's arguments) gives: a result, or an error. The tensors among the arguments are copies."""

    def __init__(
        self, function: Callable, sample: Any, lib: Any = torch, prepare: Callable | None = None, **extra: Any
    ):
        self.memo: dict = {}
        own = translated if lib is tt else copied
        self.args = (own(sample.input, self.memo), *own(tuple(sample.args), self.memo))
        self.kwargs = {**own(dict(sample.kwargs), self.memo), **own(extra, self.memo)}
        self.result: Any = None
        self.error: Exception | None = None
        if prepare:
            self.args = prepare(self.args)
        seed()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.result = function(*self.args, **self.kwargs)
            except Exception as error:
                self.error = error
            self.shown = self.result
            finish = getattr(sample, "output_process_fn_grad", None)
            if self.error is None and finish is not None:  # makes what is not unique, such as signs, unique
                self.shown = (counterpart(finish) if lib is tt else finish)(self.result)

    @property
    def tensors(self) -> list:
        """The tensors among the arguments."""
        return [tensor for key, (_, tensor) in self.memo.items() if type(key) is int]

    @property
    def memories(self) -> list:
        """The storages that the arguments lie in."""
        return [memory for key, (_, memory) in self.memo.items() if type(key) is tuple]

    @property
    def leaves(self) -> list:
        """The sample's tensors that ask for gradients."""
        return [tensor for tensor in self.tensors if tensor.requires_grad]

    @property
    def outputs(self) -> list:
        """The tensors among the results that gradients flow back from."""
        return [each for each in flat(self.shown) if hasattr(each, "requires_grad") and each.requires_grad]


def flat(value: Any) -> list:
    if isinstance(value, (list, tuple)):
        return [each for one in value for each in flat(one)]
    return [value]
