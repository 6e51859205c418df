"""The errors and warnings of autograd: PyTorch's first line, then what happened, where, and the fix."""

from __future__ import annotations

import warnings
from typing import Any

from tinytorch import dtypes


def warn_grad_of_non_leaf(tensor: Any) -> None:
    made_by = tensor._node.name()
    warnings.warn(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
        "you access the leaf Tensor instead.\n\n"
        f"This tensor was made by {made_by}: call its .retain_grad() before backward, or read .grad of a leaf.",
        UserWarning,
        stacklevel=3,
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
    maker = tensor._node.name() if getattr(tensor, "_node", None) is not None else None
    if type(tensor).__name__ == "Output":
        maker = node.name()
    legacy = f"torch.{dtypes.from_numpy(tensor._array.dtype).legacy}Tensor"
    described = f"[{legacy} {list(tensor._array.shape)}]"
    if maker is not None:
        described += f", which is output {tensor._output_nr} of {maker.removesuffix('0').removesuffix('Backward')},"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{described} is at version {tensor._version.value}; expected version {expected} instead. Hint: enable anomaly "
        "detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).\n\n"
        f"{node.name()} saved this tensor to compute its gradient; an operation ending in _ (or an assignment to a "
        "slice, or an optimizer's step) then wrote into it. Use the form without _, or write into a .clone()."
    )


def inference_error() -> RuntimeError:
    return RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
        "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in "
        "autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
    )


def forbidden_view(tensor: Any, creation: str, written: str) -> str:
    """Why a write into a view (or its base) cannot be followed."""
    if creation == "multiple":
        made_by = tensor._node.name() if tensor._node is not None else "a function that returns several views"
        what = (
            "is being modified inplace"
            if written == "view"
            else "its base or another view of its base has been modified inplace"
        )
        return (
            f"Output {tensor._output_nr} of {made_by} is a view and {what}. This view is the output of a function that "
            "returns multiple views. Such functions do not allow the output views to be modified inplace. You should "
            "replace the inplace operation by an out-of-place one."
        )
    if creation == "custom":
        name = tensor._node.name().removesuffix("Backward") if tensor._node is not None else "a custom Function"
        return (
            f"Output {tensor._output_nr} of {name} is a view and is being modified inplace. This view was created inside "
            "a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace "
            "would override the custom backward associated with the custom Function, leading to incorrect gradients. "
            "This behavior is forbidden. You can fix this by cloning the output of the custom Function."
        )
    what = "is being modified inplace" if written == "view" else "its base or another view of its base has been modified inplace"
    return (
        f"A view was created in no_grad mode and {what} with grad mode enabled. Given that this use case is ambiguous "
        "and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both "
        "inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace "
        "to be tracked)."
    )
