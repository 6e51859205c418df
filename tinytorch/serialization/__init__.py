"""torch.save and torch.load: objects with tensors in PyTorch's own `.pt` files, in both directions.

A `.pt` file is an archive with a pickle `data.pkl`, in which every tensor is a few numbers and the name of its storage,
and with the bytes of every storage beside it:

    data.pkl   {"w": _rebuild_tensor_v2(storage "0", offset 1, size (2, 3), stride (3, 1), requires_grad False, ...)}
    data/0     00 00 80 3f 00 00 00 40 ...

Tensors that share memory name one storage, so they share it again after loading. Read on in this order:

    storage.py     from a tensor to its storage and back
    rebuild.py     what stands in the pickle for a tensor
    archive.py     the zip archive
    saving.py      torch.save
    unpickler.py   a pickle machine that makes nothing but what a whitelist names
    whitelist.py   that list: no file can make torch.load run code of the file's choice
    loading.py     torch.load

Source: https://docs.pytorch.org/docs/2.13/notes/serialization.html
"""

from tinytorch.serialization.saving import save
from tinytorch.serialization.loading import get_unsafe_globals_in_checkpoint, load
from tinytorch.serialization.whitelist import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = [
    "save",
    "load",
    "add_safe_globals",
    "get_safe_globals",
    "clear_safe_globals",
    "safe_globals",
    "get_unsafe_globals_in_checkpoint",
]
