"""Promotion tables, overflow, integer division, casts, finfo and iinfo, default dtypes and what raises."""

import itertools

import torch

names = "uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 bool".split()
kinds = [getattr(torch, n) for n in names]
print(" " * 9, *[f"{n:>9s}" for n in names])
for a in kinds:
    row = [str(torch.promote_types(a, b)).split(".")[1] for b in kinds]
    print(f"{str(a).split('.')[1]:9s}", *[f"{r:>9s}" for r in row])
ops = {"add": torch.add, "div": torch.div, "floor": torch.floor_divide, "pow": torch.pow, "eq": torch.eq}
small = [torch.uint8, torch.int32, torch.float16, torch.float64, torch.bool]
for name, op in ops.items():
    for a, b in itertools.product(small, small):
        try:
            print(name, a, b, op(torch.tensor([3]).to(a), torch.tensor([2]).to(b)))
        except (RuntimeError, NotImplementedError) as e:
            print(name, a, b, type(e).__name__, str(e).splitlines()[0])
scalars = [2, 2.0, True, 2j]
for t in (
    torch.ones(1, dtype=torch.int16),
    torch.ones(1),
    torch.ones(1, dtype=torch.bool),
    torch.ones((), dtype=torch.double),
):
    print(t.dtype, [(t * s).dtype for s in scalars], [(s + t.int()).dtype for s in scalars], (t + torch.ones(())).dtype)
print(
    torch.result_type(torch.tensor([1, 2]), 1.0),
    torch.can_cast(torch.double, torch.int),
    torch.can_cast(torch.int, torch.float),
)
print(torch.tensor([250], dtype=torch.uint8) + 10, torch.tensor([127], dtype=torch.int8) + 1, torch.tensor(2**62) * 4)
print(torch.tensor([7, -7]) // 2, torch.tensor([7, -7]) % 3, torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc"))
print(
    torch.fmod(torch.tensor([7.0, -7.0]), 3),
    torch.remainder(torch.tensor([7.0, -7.0]), -3),
    torch.tensor([5]) / torch.tensor([2]),
)
print(
    torch.tensor([1.9, -1.9]).int(),
    torch.tensor([0.5, 1.5, 2.5]).round(),
    torch.tensor([-1, 0, 3]).bool(),
    torch.tensor(3.99).long(),
)
print(
    torch.tensor([True, False]) + 1,
    torch.tensor([True, True]).sum(),
    torch.tensor([True, False]).float().mean(),
    ~torch.tensor([True]),
)
for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
    f = torch.finfo(kind)
    print(f.bits, f.eps, f.max, f.min, f.tiny, f.resolution, f.dtype)
for kind in (torch.uint8, torch.int16, torch.int64):
    print(torch.iinfo(kind), torch.iinfo(kind).max)
print(torch.finfo(), torch.get_default_dtype(), torch.tensor(1.0).dtype, torch.tensor(1).dtype, torch.arange(3.0).dtype)
torch.set_default_dtype(torch.float64)
print(
    torch.tensor(1.0).dtype,
    torch.zeros(1).dtype,
    (torch.tensor([1]) / 2).dtype,
    torch.tensor([1.0], dtype=torch.float32),
    torch.ones(1),
)
torch.set_default_dtype(torch.float32)
half = torch.tensor([1.0, 1e-4, 65504.0, 1e5]).half()
print(half, half + 1, half.bfloat16(), half.float(), torch.tensor([3.14159]).bfloat16(), (half * 2).isinf())
print(
    torch.float32.is_floating_point,
    torch.int8.is_signed,
    torch.uint8.is_signed,
    torch.complex64.is_complex,
    torch.float32.itemsize,
)
x = torch.ones(2, dtype=torch.int64)
attempts = [
    lambda: x.add_(0.5),
    lambda: x.div_(2),
    lambda: x.mean(),
    lambda: x.requires_grad_(),
    lambda: torch.ones(2, requires_grad=True).long().requires_grad_(),
    lambda: x @ torch.ones(2),
    lambda: torch.tensor([True]) - torch.tensor([True]),
    lambda: -torch.tensor([True]),
    lambda: torch.tensor(3.0) & 1,
    lambda: torch.ones(2).index_fill_(0, torch.tensor([0.0]), 1),
    lambda: torch.ones(3)[torch.tensor([0.0])],
    lambda: torch.tensor([1, 2]).softmax(0),
    lambda: torch.zeros(2, dtype=torch.int).normal_(),
    lambda: torch.tensor(300, dtype=torch.uint8),
    lambda: torch.full((1,), 2**40, dtype=torch.int32),
    lambda: torch.bitwise_and(torch.tensor([6]), 3),
    lambda: torch.tensor("abc"),
    lambda: torch.arange(0, 5, -1),
    lambda: torch.eye(2, dtype=torch.bool) ^ True,
]
for attempt in attempts:
    try:
        print(attempt())
    except (RuntimeError, TypeError, IndexError, ValueError, NotImplementedError, OverflowError) as e:
        print(type(e).__name__, "|", str(e).splitlines()[0])
