"""What the tests of saving and loading save: the same objects made by PyTorch and by tinytorch."""

import io
from collections import Counter, OrderedDict

import tinytorch as tt
from tinytorch.serialization import save


def saved(module, obj, **options):
    file = io.BytesIO()
    (save if module is tt else module.save)(obj, file, **options)
    return file.getvalue()


def with_attribute(tensor):
    tensor.note = ["a", 1]
    return tensor


def ordered(**items):
    made = OrderedDict(items)
    made._metadata = OrderedDict({"": {"version": 1}})
    return made


def shared(t):
    base = t.arange(12.0)
    return {
        "base": base,
        "again": base,
        "part": base[2:8:3],
        "matrix": base.view(3, 4),
        "column": base.view(3, 4)[:, 1],
    }


INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
DTYPES = ["bool", *INTEGERS, "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]

# What is saved, given the module (torch, or tinytorch) that makes its tensors.
OBJECTS = {
    **{f"a tensor of {name}": lambda t, name=name: t.ones(2, 3, dtype=getattr(t, name)) for name in DTYPES},
    "a number's tensor": lambda t: t.tensor(2.5),
    "an empty tensor": lambda t: t.zeros(0, 3),
    "two empty tensors": lambda t: [t.zeros(0), t.zeros(2, 0)],
    "one that requires grad": lambda t: t.ones(2, requires_grad=True),
    "a result": lambda t: t.ones(2, requires_grad=True) * 2,
    "transposed": lambda t: t.arange(6.0).view(2, 3).t(),
    "expanded": lambda t: t.ones(3, 1).expand(3, 4),
    "tensors that share memory": shared,
    "a view alone": lambda t: t.arange(12.0)[3:5],
    "detached": lambda t: [x := t.ones(3), x.detach(), x[1:].detach()],
    "a parameter": lambda t: t.nn.Parameter(t.ones(2, 2)),
    "a frozen parameter": lambda t: t.nn.Parameter(t.ones(2), requires_grad=False),
    "a parameter of a view": lambda t: t.nn.Parameter(t.arange(6.0)[2:]),
    "a tensor with an attribute": lambda t: with_attribute(t.ones(2)),
    "a parameter with an attribute": lambda t: with_attribute(t.nn.Parameter(t.ones(2))),
    "a state dict": lambda t: ordered(**{"0.weight": t.ones(2, 3), "0.bias": t.zeros(2)}),
    "an optimizer's state": lambda t: {
        "state": {0: {"step": t.tensor(3.0), "exp_avg": t.zeros(2)}},
        "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999), "amsgrad": False, "foreach": None, "params": [0, 1]}],
    },
    "plain objects": lambda t: [
        None,
        True,
        1,
        2**40,
        -(2**70),
        1.5,
        1j,
        "text",
        "\u00e4",
        b"\x00\xff",
        (),
        (1,),
        (1, 2, 3, 4),
    ],
    "containers": lambda t: {"set": {1}, "bytearray": bytearray(b"ab"), "Counter": Counter("aab"), 5: {"deep": [[()]]}},
    "torch's own": lambda t: [
        t.Size([2, 3]),
        t.zeros(2, 3).shape,
        t.float32,
        t.bool,
        t.device("cpu"),
        t.device("cuda", 1),
    ],
    "many": lambda t: [t.full((i,), float(i)) for i in range(40)],
    "a large one": lambda t: t.arange(100_000.0),
}
