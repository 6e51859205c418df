"""What torch.load says when it refuses: PyTorch's first line, then what happened and what to do."""

from __future__ import annotations

import re

ZIP_MAGIC = b"PK\3\4"
LEGACY_MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")  # a pickled number that older files begin with
TAR_MAGIC = b"ustar"

_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from `False` to "
    "`True`. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in "
    "arbitrary code execution. Do it only if you got the file from a trusted source."
)
_TWO_OPTIONS = (
    "Weights only load failed. This file can still be loaded, to do so you have two options, "
    "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
)


def refused(reason: str, weights_only: bool) -> str:
    """The pickle names, or does, what is not allowed."""
    name = re.search(r"GLOBAL (\S+) was not an allowed global", reason)
    if name is None:
        return f"Weights only load failed. {_UNSAFE}\n\n{reason}" if weights_only else reason
    whole_name = name[1]
    lines = [
        f"What: the file asks for {whole_name}, which is neither data nor on the list of what you allowed. tinytorch",
        "      makes nothing else that a file names: otherwise a file could run any command.",
        "Fix: save model.state_dict() instead of the model. Or, if you trust the file,",
    ]
    if not whole_name.startswith(("torch.", "tinytorch.")):
        short = whole_name.rpartition(".")[2]
        lines.append(f"     with torch.serialization.safe_globals([{short}]): torch.load(...)")
        if weights_only:
            lines.append(
                "     and, if it is a module saved whole, weights_only=False for tinytorch's own classes in it."
            )
    elif weights_only:
        lines.append("     torch.load(..., weights_only=False), which admits tinytorch's own classes, and no others.")
    else:
        lines[-1:] = ["Fix: tinytorch has no such class. Load the file with PyTorch and save model.state_dict()."]
    first = f"{_TWO_OPTIONS}\n\n{reason}" if weights_only else reason
    return first + "\n\n" + "\n".join(lines)


def torchscript(weights_only: bool) -> str:
    first = "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. " + _UNSAFE
    own = "TorchScript archives hold programs: tinytorch cannot run them. Save the module's state_dict() with PyTorch."
    return f"{first}\n\n{own}" if weights_only else own


def legacy(is_tar: bool) -> str:
    """A file from before PyTorch 1.6."""
    if is_tar:
        first = "Cannot use ``weights_only=True`` with files saved in the legacy .tar format. " + _UNSAFE
    else:
        first = "The file is in the format that torch.save wrote before PyTorch 1.6, which tinytorch does not read."
    return f"{first}\n\nFix: load it with PyTorch and save it again: torch.save(torch.load(name), name)"


def not_a_zip(head: bytes) -> str:
    """Neither an archive nor one of the older formats: say what it looks like."""
    looks = "no file that torch.save wrote"
    if head.lstrip()[:1] == b"<":
        looks = "a web page: perhaps the download was an error message"
    elif head.startswith(b"version https://git-lfs"):
        looks = "a Git LFS pointer: fetch the file itself with `git lfs pull`"
    elif head.startswith(b"\x93NUMPY"):
        looks = "a NumPy array: use torch.from_numpy(numpy.load(name))"
    elif head[8:10] == b'{"':
        looks = "a safetensors file: read it with safetensors.numpy.load_file"
    return f"Weights only load failed. {_UNSAFE}\n\nThe file begins with {head[:16]!r}. It is {looks}."
