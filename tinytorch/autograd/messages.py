"""The errors and warnings of autograd: PyTorch's first line, then what happened, where, and the fix."""

from __future__ import annotations

from typing import Any

from tinytorch.errors import warn


def warn_grad_of_non_leaf(tensor: Any) -> None:
    made_by = tensor._node.name()
    warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
        "you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.\n\n"
        f"This tensor was made by {made_by}: call its .retain_grad() before backward, or read .grad of a leaf."
    )


def warn_cycle() -> None:
    warn(
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient "
        "which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you "
        "have to use this function, make sure to reset the .grad fields of your parameters to None after use to break "
        "the cycle and avoid the leak."
    )


def not_scalar(shape: tuple) -> RuntimeError:
    return RuntimeError(
        "grad can be implicitly created only for scalar outputs\n\n"
        f"This tensor has the shape {tuple(shape)}. Backward starts from one number: take .sum() or .mean() first, or "
        "weight the elements with backward(torch.ones_like(y))."
    )


def nothing_recorded(i: int) -> RuntimeError:
    """Root number `i` of a backward has no history."""
    return RuntimeError(
        f"element {i} of tensors does not require grad and does not have a grad_fn\n\n"
        "No operation that led to it was recorded: no input has requires_grad=True, or the graph was cut on the way, "
        "by torch.no_grad(), .detach(), .data, .item(), or an operation without a gradient such as argmax or a "
        "comparison."
    )


def freed_error(node: Any) -> RuntimeError:
    return RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward.\n\n"
        f"The values that {node.name()} saved are gone: an earlier backward came through it. Two losses that share a "
        "part of the graph, or a hidden state carried from one step to the next, do that. Compute that part anew, or "
        "cut it with .detach(); retain_graph=True keeps it, at the price of its memory."
    )


def modified_error(node: Any, tensor: Any, expected: int) -> RuntimeError:
    """A tensor was written to after `node` had saved it."""
    if type(tensor).__name__ == "Output":
        maker = tensor.maker or node.name()
    else:
        maker = None if tensor.grad_fn is None else tensor.grad_fn.name()
    described = f"[{tensor.dtype.tensor_name} {list(tensor._array.shape)}]"
    if maker is not None:
        described += f", which is output {tensor._output_nr} of {operation(maker)},"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{described} is at version {tensor._counter.value}; expected version {expected} instead. Hint: enable anomaly "
        "detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).\n\n"
        f"{node.name()} saved this tensor to compute its gradient; an operation ending in _ (or an assignment to a "
        "slice, or an optimizer's step) then wrote into it. Use the form without _, or write into a .clone()."
    )


def inference_error() -> RuntimeError:
    return RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
        "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it "
        "in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
    )


def forbidden_view(tensor: Any, creation: str, written: str) -> str:
    """Why a write into a view (`written` is "view") or into its base ("base") cannot be followed."""
    what = "is being" if written == "view" else "its base or another view of its base has been"
    node = tensor._node
    output = None if node is None else f"Output {tensor._output_nr} of {operation(node.name())} is a view"
    if creation in ("no_grad", "inference") or output is None:
        mode, now = (
            ("inference mode", "in normal mode")
            if creation == "inference"
            else ("no_grad mode", "with grad mode enabled")
        )
        start = "A view was created in" if output is None else f"{output} of a view which was created in"
        first = f"{start} {mode} and {what} modified inplace {now}."
    else:
        first = f"{output} and {what} modified inplace."
    if creation == "multiple":
        return (
            f"{first} This view is the output of a function that returns multiple views. Such functions do not allow "
            "the output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if creation == "custom":
        return (
            f"{first} This view was created inside a custom Function (or because an input was returned as-is) and the "
            "autograd logic to handle view+inplace would override the custom backward associated with the custom "
            "Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the "
            "output of the custom Function."
        )
    block = "inference_mode" if creation == "inference" else "no_grad"
    return (
        f"{first} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
        f"moving both the view and the inplace either both inside the {block} block (if you don't want the inplace to "
        "be tracked) or both outside (if you want the inplace to be tracked)."
    )


def operation(name: str) -> str:
    """The operation behind a node's name, as PyTorch puts it: "Exp" of "ExpBackward0", "Sum1" of "SumBackward1"."""
    before, backward, number = name.rpartition("Backward")
    return before + number.removeprefix("0") if backward and (number.isdigit() or not number) else name
