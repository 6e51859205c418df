"""Steps of SGD and Adam, one launch for up to 48 parameters: beside kernels/optimizer.py.

The kernel gets a table of where the parameters, their gradients and states lie. Blocks of threads share the numbers
out: each takes CHUNK numbers of one parameter.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from tinytorch import kernels
from tinytorch.device import device_of, on_gpu, use
from tinytorch.kernels.gpu.cuda import cuda
from tinytorch.kernels.memory import address, is_dense
from tinytorch.kernels.optimizer import adam_step as adam_step_in_steps
from tinytorch.kernels.optimizer import sgd_step as sgd_step_in_steps

Array = Any

CHUNK, THREADS, MOST = 8192, 256, 48
_TABLE = np.dtype(
    [
        ("at", "i8", (5, MOST)),  # addresses: parameters, gradients, up to three states
        ("step", "i8", MOST),  # where the number of the step is, when it is on the GPU
        ("size", "i8", MOST),
        ("factors", "f8", (2, MOST)),  # what else differs between parameters
        ("first_block", "i4", MOST),
    ]
)

_WALK = f"""
struct Table {{
    T* at[5][{MOST}];
    const float* step[{MOST}];
    long long size[{MOST}];
    double factors[2][{MOST}];
    int first_block[{MOST}];
}};

// Which parameter this block works on
__device__ __forceinline__ int mine(const Table& table, long long count) {{
    int k = 0;
    while (k + 1 < count && table.first_block[k + 1] <= blockIdx.x) k++;
    return k;
}}

#define EACH(i, k) \\
    long long first = (long long)(blockIdx.x - table.first_block[k]) * {CHUNK}; \\
    long long end = first + {CHUNK} < table.size[k] ? first + {CHUNK} : table.size[k]; \\
    for (long long i = first + threadIdx.x; i < end; i += blockDim.x)
"""

_SGD = (
    _WALK
    + """
// g = -grad if maximize else grad,  g = g + weight_decay p,  b = g or momentum b + (1 - dampening) g,
// p = p - lr (g + momentum b if nesterov, else b);  factors[0] is not 0 in the first step
extern "C" __global__ void sgd(Table table, long long count, double lr_, double momentum_, double kept_,
                               double weight_decay_, bool nesterov, bool maximize) {
    W lr = lr_, momentum = momentum_, kept = kept_, weight_decay = weight_decay_;
    int k = mine(table, count);
    bool first_step = table.factors[0][k] != 0;
    T *param = table.at[0][k], *buffer = table.at[2][k];
    const T* grad = table.at[1][k];
    EACH(i, k) {
        W p = param[i], g = grad[i];
        if (maximize) g = -g;
        if (weight_decay != 0) g += weight_decay * p;
        if (momentum != 0) {
            W b = first_step ? g : momentum * W(buffer[i]) + kept * g;
            buffer[i] = T(b);
            g = nesterov ? g + momentum * b : b;
        }
        param[i] = T(p - lr * g);
    }
}
"""
)

_ADAM = (
    _WALK
    + """
// m = m + (1 - beta1) (g - m),  v = beta2 v + (1 - beta2) g^2,  w = max(w, v) with AMSGrad, else v,
// p = p - factors[0] m / (sqrt(w) / factors[1] + eps);  for a step t that only the GPU knows the factors are
// lr / (1 - beta1^t) and sqrt(1 - beta2^t)
extern "C" __global__ void adam(Table table, long long count, double lr, double beta1, double new1_, double beta2_,
                                double new2_, double eps_, double weight_decay_, double shrink_, bool amsgrad,
                                bool maximize) {
    W new1 = new1_, beta2 = beta2_, new2 = new2_, eps = eps_, weight_decay = weight_decay_, shrink = shrink_;
    int k = mine(table, count);
    W step_size = table.factors[0][k], root = table.factors[1][k];
    if (table.step[k]) {
        double t = *table.step[k];
        step_size = W(lr / (1 - pow(beta1, t))), root = W(sqrt(1 - pow(beta2_, t)));
    }
    T *param = table.at[0][k], *average = table.at[2][k], *squares = table.at[3][k], *largest = table.at[4][k];
    const T* grad = table.at[1][k];
    EACH(i, k) {
        W p = param[i], g = grad[i], m = average[i], v = squares[i];
        if (maximize) g = -g;
        p *= shrink;
        if (weight_decay != 0) g += weight_decay * p;
        m = new1 < W(0.5) ? m + new1 * (g - m) : g - (g - m) * (1 - new1);
        v = beta2 * v + new2 * g * g;
        average[i] = T(m), squares[i] = T(v);
        if (amsgrad) {
            W w = largest[i];
            v = w > v || w != w ? w : v;
            largest[i] = T(v);
        }
        param[i] = T(p - step_size * m / (sqrt(v) / root + eps));
    }
}
"""
)

_sgd, _adam = cuda("sgd", _SGD), cuda("adam", _ADAM)


def sgd_step(
    param: Array, grad: Array, buffer: Array, lr: float, momentum: float = 0, dampening: float = 0,
    weight_decay: float = 0, nesterov: bool = False, maximize: bool = False, first: bool = False,
) -> None:  # fmt: skip
    """One step of stochastic gradient descent"""
    sgd_steps([(param, grad, buffer, first)], lr, momentum, dampening, weight_decay, nesterov, maximize)


def sgd_steps(
    steps: list[tuple], lr: float, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
    nesterov: bool = False, maximize: bool = False,
) -> None:  # fmt: skip
    """sgd_step for each (param, grad, buffer, first)"""
    arrays = 3 if momentum else 2

    def one(param: Array, grad: Array, buffer: Array, first: bool) -> None:
        step = sgd_step_in_steps if on_gpu(param) else kernels.optimizer.sgd_step
        step(param, grad, buffer, lr, momentum, dampening, weight_decay, nesterov, maximize, first)

    def factors(step: tuple) -> tuple[float, float]:
        return float(step[-1]), 0.0

    numbers = float(lr), float(momentum), 1.0 - dampening, float(weight_decay), bool(nesterov), bool(maximize)
    _run(_sgd, steps, arrays, one, factors, numbers)


def adam_step(
    param: Array, grad: Array, exp_avg: Array, exp_avg_sq: Array, max_exp_avg_sq: Array | None, step: float, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float = 0, decoupled: bool = False, maximize: bool = False,
) -> None:  # fmt: skip
    """Step number t = `step` (from 1) of Adam, or of AdamW when `decoupled`"""
    entry = param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step
    adam_steps([entry], lr, beta1, beta2, eps, weight_decay, decoupled, maximize)


def adam_steps(
    steps: list[tuple], lr: float, beta1: float, beta2: float, eps: float, weight_decay: float = 0,
    decoupled: bool = False, maximize: bool = False,
) -> None:  # fmt: skip
    """adam_step for each (param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, step)

    A step that is an array on the GPU, of float32, is read there: a captured step (torch.cuda.graph) goes on counting.
    """
    amsgrad = bool(steps) and steps[0][4] is not None

    def one(*step: Any) -> None:
        function: Any = adam_step_in_steps if on_gpu(step[0]) else kernels.optimizer.adam_step
        function(*step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize)

    def factors(step: tuple) -> tuple[float, float]:
        count = step[-1]
        if on_gpu(count):
            return 0.0, 0.0
        return lr / (1 - beta1**count), (1 - beta2**count) ** 0.5

    shrink, decay = (1.0 - lr * weight_decay, 0.0) if decoupled else (1.0, float(weight_decay))
    numbers = (
        float(lr),
        float(beta1),
        1.0 - beta1,
        float(beta2),
        1.0 - beta2,
        float(eps),
        decay,
        shrink,
        amsgrad,
        bool(maximize),
    )
    _run(_adam, steps, 5 if amsgrad else 4, one, factors, numbers)


def _run(kernel: Any, steps: list[tuple], arrays: int, one: Any, factors: Any, numbers: tuple) -> None:
    """Do the steps: by tables those whose arrays lie alike and without gaps, the others one by one."""
    tables = defaultdict(list)
    for step in steps:
        if _lie_alike(step[:arrays]):
            tables[device_of(step[0]), step[0].dtype].append(step)
        else:
            one(*step)
    for (place, dtype), alike in tables.items():
        parts = 2 if dtype.kind == "c" else 1  # the real and the imaginary part are numbers of their own
        number = np.dtype(dtype.char.lower()) if parts == 2 else dtype
        with use(place):
            for start in range(0, len(alike), MOST):
                some = alike[start : start + MOST]
                table, blocks = _table(some, arrays, factors, parts)
                if blocks:
                    kernel(number, (blocks,), (THREADS,), (table, len(some), *numbers))


def _lie_alike(arrays: tuple) -> bool:
    """Are all arrays on one GPU, of one dtype, each number at the same place of their memories?"""
    first = arrays[0]
    if not on_gpu(first) or first.dtype.kind not in "fcV":
        return False
    place, dtype, shape, strides = device_of(first), first.dtype, first.shape, first.strides
    plain = first.flags.c_contiguous
    for x in arrays[1:]:
        if not on_gpu(x) or x.dtype != dtype or x.shape != shape or device_of(x) is not place:
            return False
        if x.strides != strides and not (plain and x.flags.c_contiguous):
            return False
    return plain or is_dense(first)


def _table(steps: list[tuple], arrays: int, factors: Any, parts: int) -> tuple[np.ndarray, int]:
    """The kernel's table for some parameters, and how many blocks of threads they need"""
    table, count = np.zeros(1, _TABLE), len(steps)
    row = table[0]
    for k in range(arrays):
        row["at"][k, :count] = [address(step[k]) for step in steps]
    sizes = np.array([step[0].size * parts for step in steps])
    ends = np.cumsum(-(-sizes // CHUNK))
    row["step"][:count] = [address(step[-1]) if on_gpu(step[-1]) else 0 for step in steps]
    row["size"][:count] = sizes
    row["first_block"][1:count] = ends[:-1]
    row["factors"][:, :count] = np.transpose([factors(step) for step in steps])
    return table, int(ends[-1])
