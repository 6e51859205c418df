"""Which operations share memory: strides, storages, views of views, in-place writes, contiguity, expand, as_strided."""

import torch


def shares(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


t = torch.arange(12).reshape(3, 4)
views = {
    "view": t.view(4, 3),
    "reshape": t.reshape(2, 6),
    "transpose": t.t(),
    "permute": t.permute(1, 0),
    "slice": t[1:, ::2],
    "select": t[1],
    "index": t[[0, 2]],
    "mask": t[t > 5],
    "expand": t[:1].expand(3, 4),
    "repeat": t.repeat(1, 2),
    "narrow": t.narrow(1, 1, 2),
    "diagonal": t.diagonal(),
    "unfold": t.unfold(1, 2, 1),
    "flatten": t.flatten(),
    "flatten of t": t.t().flatten(),
    "contiguous": t.contiguous(),
    "contiguous of t": t.t().contiguous(),
    "unsqueeze": t.unsqueeze(0),
    "squeeze": t[None].squeeze(),
    "detach": t.detach(),
    "clone": t.clone(),
    "flip": t.flip(0),
    "long": t.long(),
    "float": t.float(),
    "to": t.to(torch.int64),
    "chunk": t.chunk(2)[1],
    "split": t.split([1, 3], 1)[1],
    "unbind": t.unbind(1)[2],
    "movedim": t.movedim(0, 1),
    "ravel": t.ravel(),
    "view_as": t.view_as(torch.zeros(2, 6)),
    "swapaxes": t.swapaxes(0, 1),
    "data": t.data,
    "as_strided": t.as_strided((2, 2), (1, 4), 1),
    "tile": t.tile(2),
    "tensor_split": torch.tensor_split(t, 3, dim=1)[0],
    "hsplit": t.hsplit(2)[1],
    "real": t.float().real,
    "bytes": t.view(torch.uint8)[0, :8],
    "int32": t.view(torch.int32),
}
for name, v in views.items():
    print(
        f"{name:15s} shares {shares(t, v)!s:5} {tuple(v.shape)} {v.stride()} +{v.storage_offset()} contiguous "
        f"{v.is_contiguous()}"
    )

for bad in (
    lambda: t.t().view(12),
    lambda: t.view(5, 2),
    lambda: t.view(-1, 5),
    lambda: t.view(-1, -1),
    lambda: t.expand(3, 8),
    lambda: t.expand(2, 4),
    lambda: t.squeeze(5),
    lambda: t.permute(0, 0),
    lambda: t.transpose(0, 2),
    lambda: t[3],
    lambda: t[:, 4],
    lambda: t[0, 0, 0],
    lambda: t[::-1],
    lambda: t.narrow(0, 2, 5),
    lambda: t.unfold(0, 4, 1),
    lambda: t.split([1, 1]),
    lambda: t.reshape(7),
    lambda: t.as_strided((5, 5), (4, 1)),
    lambda: t[torch.tensor([0, 5])],
    lambda: t[torch.tensor([True, False])],
    lambda: torch.cat([t, t[:, :2]]),
    lambda: torch.stack([t, t.t()]),
    lambda: t + torch.ones(3, 3),
    lambda: t.item(),
    lambda: bool(t),
    lambda: len(torch.tensor(3)),
    lambda: list(torch.tensor(3)),
    lambda: t.resize_(2).nothing,
):
    try:
        print(bad())
    except (RuntimeError, IndexError, ValueError, TypeError, AttributeError) as e:
        print(type(e).__name__, "|", str(e).splitlines()[0])

t = torch.arange(12).reshape(3, 4)
row, col, block = t[1], t[:, 1], t[1:, 2:]
row += 100
col.zero_()
block.t()[0, 1] = -1
print(t, row, col, block, t.is_set_to(t.view(3, 4)), t._version, block._version)
e = torch.zeros(3, 1).expand(3, 4)
try:
    e[0, 0] = 1
except RuntimeError as err:
    print(str(err).splitlines()[0])
print(e, e.stride(), e.clone().stride(), e.contiguous().stride())
a = torch.zeros(2, 3)
b = a
c = a.clone()
a += 1
b[0] = 5
print(
    a is b,
    id(a) == id(b),
    a,
    c,
    a.data_ptr() == b.data_ptr(),
    a.storage().size(),
    a.untyped_storage().nbytes(),
    a.element_size(),
)
a.t_()
print(a.shape, b.shape, a.resize_(2, 2), a.set_(torch.arange(3.0)), b)
x, y = torch.ones(2), torch.zeros(2)
x, y = y, x
print(
    x,
    y,
    x.copy_(y),
    x.fill_(9),
    y,
    torch.empty(0).numel(),
    torch.broadcast_to(x, (2, 2)).stride(),
    torch.zeros(5)[2:].storage_offset(),
)
print(
    torch.broadcast_shapes((3, 1), (1, 4)),
    [v.shape for v in torch.broadcast_tensors(torch.ones(3, 1), torch.ones(4))],
    torch.atleast_2d(x).shape,
)
