"""ElementwiseKernel and ReductionKernel: CuPy's parameters and types around a loop in C++ on the host."""

import ctypes

import numpy as np

from cupy import _double as double
from cupy._array import SCALARS, ndarray
from cupy._compile import c_type, library, numbers, pointers


class Parameter:
    """One parameter of a kernel: `raw T x`, `float32 y`."""

    def __init__(self, text, const):
        words = text.split()
        if len(words) < 2:
            raise Exception(f"Syntax error: {text}")
        *before, kind, self.name = words
        self.raw, self.const = "raw" in before, const and "_non_const" not in before
        unknown = [w for w in before if w not in ("raw", "_non_const")]
        if unknown:
            raise Exception(f'Unknown keyword "{unknown[0]}"')
        self.letter = kind if len(kind) == 1 else None
        self.dtype = None if self.letter else np.dtype("bool" if kind == "bool" else kind)


def parameters(text, const):
    """The parameters of a list like "T x, raw S y"."""
    return [Parameter(p, const) for p in text.split(",")] if text.strip() else []


def operand(x):
    """What a kernel takes: an array of the current device or a number."""
    if isinstance(x, ndarray):
        return double.check_device(x)
    if isinstance(x, SCALARS):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


def bind(params, args, found):
    """Bind the letters of parameters to the dtypes of their arrays; numbers bind nothing."""
    for p, a in zip(params, args, strict=True):
        if not isinstance(a, ndarray):
            continue
        known = p.dtype if p.letter is None else found.setdefault(p.letter, a.dtype)
        if known != a.dtype:
            raise TypeError(f"Type is mismatched. {p.name} {a.dtype} {known} {p.letter or ''}".rstrip())


def type_of(p, found):
    """The dtype of a parameter; KeyError, as CuPy's, where nothing says what its letter means."""
    return p.dtype if p.letter is None else found[p.letter]


class Kernel:
    """What both kinds of kernel share."""

    def __init__(self, in_params, out_params, name, preamble, options):
        self.in_params, self.out_params = parameters(in_params, True), parameters(out_params, False)
        self.params = self.in_params + self.out_params
        self.nin, self.nout, self.nargs = len(self.in_params), len(self.out_params), len(self.params)
        self.name = self.__name__ = name
        self.preamble, self.options = preamble, tuple(options)
        if "i" in [p.name for p in self.params]:
            raise ValueError("Can not use 'i' as a parameter name")

    def typed(self, args):
        """Operands and the meaning of the letters."""
        if len(args) not in (self.nin, self.nargs):
            raise TypeError(
                f"Wrong number of arguments for {self.name!r}. It must be either {self.nin} or {self.nargs} "
                f"(with outputs), but given {len(args)}."
            )
        args = [operand(a) for a in args]
        for a in args[self.nin :]:
            if not isinstance(a, ndarray):
                raise TypeError("Output arguments type must be cupy.ndarray")
        found = {}
        bind(self.out_params[: len(args) - self.nin], args[self.nin :], found)
        bind(self.in_params, args[: self.nin], found)
        return args, found

    def outputs(self, args, found, shape, sized):
        """The output arguments, made where the caller gave none."""
        given = args[self.nin :]
        if not given:
            if any(p.raw for p in self.out_params) and not sized:
                raise ValueError("Output array size is Undecided")
            return [ndarray(shape, type_of(p, found)) for p in self.out_params]
        for p, a in zip(self.out_params, given, strict=True):
            if not p.raw and a.shape != tuple(shape):
                raise ValueError("Out shape is mismatched")
        return given

    def head(self, found):
        """Typedefs of the letters, and the preamble."""
        return "".join(f"typedef {c_type(t)} {letter};\n" for letter, t in sorted(found.items())) + self.preamble

    def declarations(self, found, is_array):
        """The parameters as variables of the function: raw arrays, pointers and numbers."""
        lines = []
        for k, (p, array) in enumerate(zip(self.params, is_array, strict=True)):
            kind = ("const " if p.const else "") + c_type(type_of(p, found))
            if array and p.raw:
                lines.append(
                    f"CArray<{kind}> {p.name}{{({kind}*)values[{k}], sizes[{k}], (int)ndims[{k}], shapes[{k}], "
                    f"strides[{k}]}};"
                )
            elif array:
                lines.append(f"{kind}* _raw_{p.name} = ({kind}*)values[{k}];")
            else:
                lines.append(f"{kind} {p.name} = *({kind}*)values[{k}];")
        return "\n".join(lines)


ARGUMENTS = (
    "void** values, const ptrdiff_t* sizes, const ptrdiff_t* ndims, const ptrdiff_t** shapes, "
    "const ptrdiff_t** strides, ptrdiff_t outer, ptrdiff_t inner, const ptrdiff_t* shape, ptrdiff_t ndim"
)


def call(function, values, outer, inner, shape):
    """Call a compiled loop: the arrays with their layouts, and how far it runs."""
    layouts = [(numbers(*v.shape), numbers(*v.strides)) for v in values]
    addresses = [(ctypes.c_void_p * len(values))(*(ctypes.addressof(x[k]) for x in layouts)) for k in (0, 1)]
    function(
        pointers(values), numbers(*(v.size for v in values)), numbers(*(v.ndim for v in values)), *addresses,
        ctypes.c_ssize_t(outer), ctypes.c_ssize_t(inner), numbers(*shape), ctypes.c_ssize_t(len(shape)),
    )  # fmt: skip


def host_values(params, types, args, arrange):
    """What the loop reads and writes: raw arrays as they lie, others arranged in a row, numbers in memory."""
    return [
        (a if p.raw else arrange(a)) if isinstance(a, np.ndarray) else np.array(a).astype(t)
        for p, t, a in zip(params, types, args, strict=True)
    ]


class ElementwiseKernel(Kernel):
    """A loop over the elements of broadcast arrays; `i` counts them, raw arrays are indexed by the user."""

    def __init__(
        self, in_params, out_params, operation, name="kernel", reduce_dims=True, preamble="", no_return=False,
        return_tuple=False, *, loop_prep="", after_loop="", options=(),
    ):  # fmt: skip
        super().__init__(in_params, out_params, name, preamble, options)
        self.operation, self.reduce_dims, self.no_return, self.return_tuple = (
            operation, reduce_dims, no_return, return_tuple,
        )  # fmt: skip
        self._loop_prep, self._after_loop = loop_prep, after_loop

    def _source(self, found, is_array):
        elements = "\n".join(
            f"{'const ' if p.const else ''}{c_type(type_of(p, found))} &{p.name} = _raw_{p.name}[i];"
            for p, array in zip(self.params, is_array, strict=True)
            if array and not p.raw
        )
        return f"""{self.head(found)}
extern "C" void run({ARGUMENTS}) {{
CIndexer _ind{{outer, (int)ndim, shape}};
{self.declarations(found, is_array)}
{self._loop_prep};
for (ptrdiff_t i = 0; i < outer; ++i) {{
_ind.set(i);
{elements}
{self.operation};
}}
{self._after_loop};
}}"""

    def __call__(self, *args, size=-1, stream=None, block_size=128):
        if block_size <= 0:
            raise ValueError("block_size must be greater than zero")
        args, found = self.typed(args)
        walked = [a for p, a in zip(self.params, args, strict=False) if isinstance(a, ndarray) and not p.raw]
        if size != -1 and walked:
            raise ValueError("Specified 'size' can be used only if all of the ndarray are 'raw'.")
        if size == -1 and not walked:
            raise ValueError("Loop size is undecided.")
        shape = (size,) if size != -1 else double.broadcast_shape(*(a.shape for a in walked))
        outs = self.outputs(args, found, shape, size != -1)
        everything = [*args[: self.nin], *outs]
        types = [type_of(p, found) for p in self.params]
        if np.prod(shape):
            source = self._source(found, [isinstance(a, ndarray) for a in everything])
            compiled = library(source, self.options).run

            def elementwise(*operands):
                values = host_values(
                    self.params, types, operands, lambda a: np.ascontiguousarray(np.broadcast_to(a, shape))
                )
                call(compiled, values, int(np.prod(shape)), 1, shape)
                for p, there, here in zip(self.params, operands, values, strict=True):
                    if not p.const and here is not there and not np.shares_memory(here, there):
                        there[...] = here

            double.launch(elementwise, *everything)
        if self.no_return:
            return None
        return outs[0] if self.nout == 1 and not self.return_tuple else tuple(outs)


class ReductionKernel(Kernel):
    """Map each element, combine along axes, map the result."""

    def __init__(
        self, in_params, out_params, map_expr, reduce_expr, post_map_expr, identity, name="reduce_kernel",
        reduce_type=None, reduce_dims=True, preamble="", options=(),
    ):  # fmt: skip
        super().__init__(in_params, out_params, name, preamble, options)
        if any(p.raw for p in self.out_params):
            raise ValueError("raw output arguments are not supported")
        self.map_expr, self.reduce_expr, self.post_map_expr = map_expr, reduce_expr, post_map_expr
        self.identity = "" if identity is None else str(identity)
        self.reduce_type = reduce_type

    def _source(self, found, is_array):
        kind = self.reduce_type or c_type(type_of(self.out_params[0], found))
        read = "\n".join(
            f"const {c_type(type_of(p, found))} &{p.name} = _raw_{p.name}[i];"
            for p, array in zip(self.in_params, is_array, strict=False)
            if array and not p.raw
        )
        write = "\n".join(f"{c_type(type_of(p, found))} &{p.name} = _raw_{p.name}[_o];" for p in self.out_params)
        start = (
            f"_type_reduce _s = _type_reduce({self.identity}); bool _any = true;"
            if self.identity
            else ("_type_reduce _s; bool _any = false;")
        )
        return f"""{self.head(found)}
extern "C" void run({ARGUMENTS}) {{
typedef {kind} _type_reduce;
{self.declarations(found, is_array)}
auto _reduce = [&](_type_reduce a, _type_reduce b) -> _type_reduce {{ return ({self.reduce_expr}); }};
for (ptrdiff_t _o = 0; _o < outer; ++_o) {{
{start}
for (ptrdiff_t _J = 0; _J < inner; ++_J) {{
ptrdiff_t i = _o * inner + _J;
{read}
_type_reduce _v = ({self.map_expr});
_s = _any ? _reduce(_s, _v) : _v;
_any = true;
}}
{write}
_type_reduce a = _s;
{self.post_map_expr};
}}
}}"""

    def __call__(self, *args, out=None, axis=None, keepdims=False, stream=None):
        if out is not None:
            if len(args) == self.nargs:
                raise ValueError("cannot specify 'out' as both a positional and keyword argument")
            args = (*args, *(out if isinstance(out, tuple) else (out,)))
        args, found = self.typed(args)
        walked = [a for p, a in zip(self.in_params, args, strict=False) if isinstance(a, ndarray) and not p.raw]
        if not walked:
            raise ValueError("Loop size is undecided.")
        shape = double.broadcast_shape(*(a.shape for a in walked))
        axes = tuple(range(len(shape))) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, len(shape))
        kept = tuple(d for d in range(len(shape)) if d not in axes)
        inner = int(np.prod([shape[d] for d in axes], dtype=int))
        if not inner and not self.identity:
            raise ValueError(f"zero-size array to reduction operation {self.name} which has no identity")
        result = (
            tuple(1 if d in axes else n for d, n in enumerate(shape)) if keepdims else tuple(shape[d] for d in kept)
        )
        outs = self.outputs(args, found, result, True)
        everything = [*args[: self.nin], *outs]
        types = [type_of(p, found) for p in self.params]
        outer = int(np.prod(result, dtype=int))
        if outer:
            source = self._source(found, [isinstance(a, ndarray) for a in everything])
            compiled = library(source, self.options).run

            def reduction(*operands):
                order = [*kept, *axes]
                read = host_values(
                    self.in_params, types[: self.nin], operands[: self.nin],
                    lambda a: np.ascontiguousarray(np.broadcast_to(a, shape).transpose(order)),
                )  # fmt: skip
                written = [np.ascontiguousarray(o) for o in operands[self.nin :]]
                call(compiled, [*read, *written], outer, inner, result)
                for there, here in zip(operands[self.nin :], written, strict=True):
                    if here is not there:
                        there[...] = here

            double.launch(reduction, *everything)
        return outs[0] if self.nout == 1 else tuple(outs)
