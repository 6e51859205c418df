"""`@public`: makes a function torch.<name>, Tensor.<name>, with `out=` and with the in-place form Tensor.<name>_.

    @public(inplace=True)
    def exp(input: Tensor) -> Tensor:
        return Exp.apply(input)

gives torch.exp(x), torch.exp(x, out=y), x.exp() and x.exp_().
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.arguments import no_such_form, wrong_type
from tinytorch.autograd import views
from tinytorch.autograd.grad_mode import state
from tinytorch.dtypes import can_cast
from tinytorch.errors import warn
from tinytorch.return_types import ReturnType
from tinytorch.tensor import Tensor

NAMES: dict[str, Callable] = {}  # every name below torch., for tests and for the search of the nearest name


def public(
    *,
    name: str | None = None,
    method: bool = True,
    function: bool = True,
    inplace: bool | Callable = False,
    out: bool | str | tuple | Callable = True,
    out_name: str | None = None,
    aliases: tuple[str, ...] = (),
    forms: tuple[str, ...] = (),
) -> Callable[[Callable], Callable]:
    """Publish a function whose first argument is a tensor.

    method    also as a method of Tensor (the plain function: methods take no out=)
    function  also below torch.
    inplace   also as <name>_, which writes the result into its tensor; or the function that does so
    out       torch.<name> takes out=: True: of any dtype that the result can be cast to; "same": of the result's dtype;
              "dtype": of any dtype, it is what dtype= is by default; another text: as "same", and what the error says;
              such a text and dtypes: these will also do; a function of the call's arguments: which of these it is
    out_name  what errors about out= call the function, where PyTorch has another name there
    aliases   other names for all of this
    forms     how PyTorch lists the forms of the call, see `of_two`; others are refused with the list
    """

    def publish(plain: Callable) -> Callable:
        own_name = name or plain.__name__
        complete = (
            _with_out(plain, own_name, out, out_name or own_name, forms) if out else _checked(plain, own_name, forms)
        )
        for each in (*aliases, own_name):
            if function:
                NAMES[each] = complete
            if method:
                setattr(Tensor, each, plain)
            if inplace:
                publish_inplace(each + "_", _inplace(plain) if inplace is True else inplace, function=function)
        return complete

    return publish


def of_two(
    second: str = "other", *, number_first: bool = False, out: str = ", *, Tensor out = None"
) -> tuple[str, ...]:
    """The forms of a function of two tensors, of which the second (or also the first) may be a number."""
    forms = [f"(Tensor input, Tensor {second}{out})", f"(Tensor input, Number {second}{out})"]
    if number_first:
        forms.insert(1, f"(Number self, Tensor {second})")
    return tuple(forms)


def _check_forms(name: str, forms: tuple[str, ...], args: tuple, kwargs: dict) -> None:
    """TypeError unless a number may come first, as the first argument is no tensor, and the second is one."""
    number_first = any(form.startswith("(Number") for form in forms)
    if not (number_first and any(isinstance(value, Tensor) for value in (*args[1:], *kwargs.values()))):
        raise no_such_form(name, args, kwargs, forms)


def publish_inplace(name: str, function_: Callable, *, function: bool = False) -> None:
    """Make `function_`, which writes into its first argument, the method `name` (and torch.<name>)."""
    function_.__name__ = function_.__qualname__ = name
    function_.__doc__ = f"In-place form of `{name[:-1]}`: the result is written into this tensor."
    setattr(Tensor, name, function_)
    if function:
        NAMES[name] = function_


def _inplace(plain: Callable) -> Callable:
    @functools.wraps(plain)
    def inplace(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return views.write(self, plain, *args, **kwargs)

    return inplace


def numpy_names(plain: Callable) -> Callable:
    """Let `plain` take NumPy's names axis and keepdims for dim and keepdim, as PyTorch does."""

    @functools.wraps(plain)
    def named(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            return plain(*args)
        for theirs, ours in (("axis", "dim"), ("keepdims", "keepdim")):
            if theirs in kwargs:
                kwargs[ours] = kwargs.pop(theirs)
        return plain(*args, **kwargs)

    return named


_SAME = "Expected out tensor to have dtype {wanted.c_name}, but got {given.c_name} instead"
_MISMATCH = {True: None, "same": _SAME, "dtype": _SAME}


def _with_out(
    plain: Callable, name: str, policy: bool | str | tuple | Callable, out_name: str, forms: tuple[str, ...] = ()
) -> Callable:
    @functools.wraps(plain)
    def complete(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if forms and args and not isinstance(args[0], Tensor):
            _check_forms(name, forms, args, kwargs)
        if out is None:
            try:
                result = plain(*args, **kwargs) if kwargs else plain(*args)  # which spares a copy of the dict
            except (AttributeError, TypeError):
                _check_tensors(name, plain, args, kwargs)
                raise
            if type(result) is not Tensor and isinstance(result, (np.generic, np.ndarray)):  # a rule met no tensor
                _check_tensors(name, plain, args, kwargs)
            return result
        if policy == "dtype" and kwargs.get("dtype") is None:
            kwargs["dtype"] = out.dtype
        chosen = policy(*args, **kwargs) if callable(policy) else policy
        return write_out(out_name, plain, out, args, kwargs, mismatch=_MISMATCH.get(chosen, chosen))

    return complete


def _checked(plain: Callable, name: str, forms: tuple[str, ...] = ()) -> Callable:
    @functools.wraps(plain)
    def complete(*args: Any, **kwargs: Any) -> Any:
        if forms and args and not isinstance(args[0], Tensor):
            _check_forms(name, forms, args, kwargs)
        try:
            return plain(*args, **kwargs) if kwargs else plain(*args)
        except (AttributeError, TypeError):
            _check_tensors(name, plain, args, kwargs)
            raise

    return complete


def _check_tensors(name: str, plain: Callable, args: tuple, kwargs: dict) -> None:
    """TypeError if an argument is missing or is not the tensor that it is declared to be: why `plain` failed."""
    parameters = list(inspect.signature(plain).parameters.values())
    for i, parameter in enumerate(parameters):
        if i < len(args):
            value, position = args[i], i + 1
        elif parameter.name in kwargs:
            value, position = kwargs[parameter.name], None
        elif _is_required(parameter):
            missing = [each.name for each in parameters[i:] if _is_required(each) and each.name not in kwargs]
            listed = ", ".join(f'"{each}"' for each in missing)
            plural = "s" if len(missing) == 1 else ""  # as PyTorch has it
            raise TypeError(f"{name}() missing {len(missing)} required positional argument{plural}: {listed}") from None
        else:
            return
        if parameter.annotation == "Tensor" and not isinstance(value, Tensor):
            raise wrong_type(name, parameter.name, position, "Tensor", value) from None


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind == parameter.POSITIONAL_OR_KEYWORD


def write_out(name: str, plain: Callable, out: Any, args: tuple, kwargs: dict, mismatch: Any = None) -> Any:
    """Compute plain(*args, **kwargs) into `out` (a tensor, or one for each result).

    With a text `mismatch`, out has to have the result's dtype, else it is the error's; see `public` for a tuple.
    """
    targets = (out,) if isinstance(out, Tensor) else tuple(out)
    for target in targets:
        views.check_repeats(target._array)
        for arg in args:
            if isinstance(arg, Tensor):
                views.check_overlap(target._array, arg._array)
    result = plain(*args, **kwargs)
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    if state.recording and views._any_requires_grad((*results, *targets)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    mismatch, *accepted = mismatch if isinstance(mismatch, tuple) else (mismatch,)
    for target, value in zip(targets, results):
        if mismatch is not None and target.dtype is not value.dtype and target.dtype not in accepted:
            raise RuntimeError(mismatch.format(name=name, given=target.dtype, wanted=value.dtype))
    for target, value in zip(targets, results):
        fill_out(target, value)
    return result.into(targets) if isinstance(result, ReturnType) else out


def fill_out(target: Tensor, value: Tensor) -> None:
    """Write `value` into the out= tensor `target`, which takes on its shape."""
    if not can_cast(value.dtype, target.dtype):
        raise RuntimeError(
            f"result type {value.dtype.legacy} can't be cast to the desired output type {target.dtype.legacy}"
        )
    if target._array.shape != value._array.shape:
        if target._array.size:
            warn(
                f"An output with one or more elements was resized since it had shape {list(target.shape)}, which does "
                f"not match the required output shape {list(value.shape)}. This behavior is deprecated, and in a "
                "future PyTorch release outputs will not be resized unless they have zero elements. You can explicitly "
                "reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0)."
            )
        target._array = np.empty(value._array.shape, target._array.dtype, like=target._array)
    np.copyto(target._array, value._array, casting="unsafe")
    target._bump()
