"""CUDA graphs: what a program gives to a GPU, recorded once and then replayed with a single launch.

    step = torch.cuda.CUDAGraph()
    with torch.cuda.graph(step):        recorded, not computed; run the same code a few times in a side stream before
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
    for batch in batches:
        x.copy_(batch); step.replay()   the same kernels on the same memory: loss and .grad are overwritten

A launch costs the CPU some microseconds, a small training step has dozens. The memory of what is recorded comes from a
pool that the graph keeps. Random numbers go on from replay to replay (generator.py).

Source: https://docs.pytorch.org/docs/2.13/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

import gc
from typing import Any

from tinytorch.autograd import Function, grad
from tinytorch.autograd.function import once_differentiable
from tinytorch.cuda.devices import current_device, need, synchronize
from tinytorch.cuda.memory import Pool, empty_cache
from tinytorch.cuda.streams import Stream, StreamContext, current_stream, stream
from tinytorch.device import accelerator, library
from tinytorch.generator import DeviceGenerator, Generator, cuda_generators, kernels_of_gpu
from tinytorch.tensor import Tensor


class CUDAGraph:
    """Work of a GPU that was recorded. `torch.cuda.graph` records it, replay() does it."""

    def __init__(self, keep_graph: bool = False):
        need("Tried to instantiate dummy base class CUDAGraph")
        self._graph: Any = None
        self._pool: Pool | None = None
        self._number = current_device()
        self._generators: list[DeviceGenerator] = []  # beside the GPU's default one
        self._streams: list[tuple[DeviceGenerator, Any, int]] = []  # (generator, memory of its seed, words a replay)

    def register_generator_state(self, state: Generator) -> None:
        """Let a generator be used while the graph is recorded; the GPU's default one may always."""
        assert isinstance(state, DeviceGenerator)
        self._generators.append(state)

    def capture_begin(self, pool: Pool | None = None, capture_error_mode: str = "global") -> None:
        """Record what this thread gives to the current stream, which must not be the default one."""
        if self._graph is not None:
            raise RuntimeError(
                "This CUDAGraph instance already owns a captured graph. To capture a new graph, create a new instance."
            )
        cupy = library()
        self._number = current_device()
        self._pool = Pool() if pool is None else pool
        generators = [cuda_generators[self._number], *self._generators]
        self._streams = [(each, kernels_of_gpu().start(0, 0), 0) for each in generators]  # type: ignore[misc]
        self._capturing = cupy.cuda.get_current_stream()
        self._allocator = cupy.cuda.using_allocator(self._pool.pool.malloc)
        self._capturing.begin_capture()  # relaxed: the pool may get more memory from the driver meanwhile
        self._allocator.__enter__()
        for generator, memory, _ in self._streams:
            generator.begin_capture(memory)

    def capture_end(self) -> None:
        """The record is complete."""
        self._allocator.__exit__(None, None, None)
        self._streams = [(each, memory, each.end_capture()) for each, memory, _ in self._streams]
        self._graph = self._capturing.end_capture()

    def replay(self) -> None:
        """Do what was recorded, in the current stream."""
        if self._graph is None:
            raise RuntimeError("Called CUDAGraph::replay without a preceding successful capture.")
        with library().cuda.Device(self._number):
            for generator, memory, words in self._streams:
                if words:
                    generator.replay(memory, words)
            self._graph.launch()

    def reset(self) -> None:
        """Forget what was recorded."""
        self._graph, self._pool, self._streams = None, None, []

    def pool(self) -> Pool | None:
        """The graph's memory, for another graph to share that is never replayed at the same time."""
        return self._pool

    def debug_dump(self, debug_path: str) -> None:
        """Write the recorded kernels as a DOT file."""
        with open(debug_path, "w") as file:
            file.write(self._graph.debug_dot_str())


def graph_pool_handle() -> Pool:
    """A pool of memory for several graphs: graph(..., pool=handle)."""
    need("Tried to instantiate dummy base class _graph_pool_handle")
    return Pool()


def is_current_stream_capturing() -> bool:
    """Is what this thread computes being recorded?"""
    return accelerator.library is not None and current_stream().is_capturing()


class graph:
    """`with torch.cuda.graph(g):` records the block's work into the CUDAGraph g, in a stream of its own."""

    def __init__(
        self, cuda_graph: CUDAGraph, pool: Pool | None = None, stream: Stream | None = None,
        capture_error_mode: str = "global",
    ):  # fmt: skip
        self.capture_stream = Stream() if stream is None else stream
        self.cuda_graph, self.pool, self.capture_error_mode = cuda_graph, pool, capture_error_mode

    def __enter__(self) -> None:
        synchronize()
        gc.collect()
        empty_cache()
        self.stream_ctx = StreamContext(self.capture_stream)
        self.stream_ctx.__enter__()
        try:
            self.cuda_graph.capture_begin(self.pool, self.capture_error_mode)
        except BaseException:
            self.stream_ctx.__exit__()
            raise

    def __exit__(self, *error: object) -> None:
        try:
            self.cuda_graph.capture_end()
        except Exception:
            if error[0] is None:  # else CUDA only says that the program's own error spoiled the record
                raise
        finally:
            self.stream_ctx.__exit__(*error)


# ---- functions and modules as graphs ---------------------------------------------------------------------------------


def make_graphed_callables(
    callables: Any, sample_args: tuple, num_warmup_iters: int = 3, allow_unused_input: bool = False,
    pool: Pool | None = None,
) -> Any:  # fmt: skip
    """A module or function of tensors (or a tuple of them) whose forward and backward are replayed as graphs.

    sample_args: arguments of the shapes and dtypes of all later ones, a tuple of tensors (for each of several). A
    module is changed and returned; where its training flag is another than now it computes as before.
    """
    need("Tried to instantiate dummy base class CUDAGraph")
    single = not isinstance(callables, tuple)
    functions, samples = ((callables,), (sample_args,)) if single else (callables, sample_args)
    for sample in samples:
        if not all(isinstance(arg, Tensor) for arg in sample):
            raise TypeError(
                "In the beta API, sample_args for each callable must contain only Tensors. Other types are not allowed."
            )
    shared = Pool() if pool is None else pool
    graphed = [
        _graphed(function, tuple(sample), num_warmup_iters, allow_unused_input, shared)
        for function, sample in zip(functions, samples)
    ]
    return graphed[0] if single else tuple(graphed)


def _graphed(function: Any, sample: tuple, warmup: int, allow_unused: bool, pool: Pool) -> Any:
    """One function or module with its two graphs."""
    is_module = hasattr(function, "parameters")
    parameters = tuple(function.parameters()) if is_module else ()
    wanted = tuple(each for each in (*sample, *parameters) if each.requires_grad)

    def outputs() -> tuple[tuple, bool]:
        result = function(*sample)
        return (result, False) if isinstance(result, tuple) else ((result,), True)

    def gradients(results: tuple, sent: tuple) -> tuple:
        needed = tuple(each for each in results if each.requires_grad)
        return grad(needed, wanted, sent, allow_unused=allow_unused) if needed and wanted else ()

    synchronize()
    with stream(Stream()):  # compiles kernels, and lets libraries make what they keep
        for _ in range(warmup):
            results, _ = outputs()
            gradients(results, tuple(each.detach() for each in results if each.requires_grad))
    synchronize()
    forward, backward = CUDAGraph(), CUDAGraph()
    with graph(forward, pool):
        results, single = outputs()
    sent = tuple(each.new_empty(each.shape) for each in results if each.requires_grad)
    with graph(backward, pool):
        found = gradients(results, sent)
    answers = dict(zip(map(id, wanted), found))
    replayed = _replayed(
        forward, backward, (*sample, *parameters), results, sent,
        tuple(answers.get(id(each)) for each in (*sample, *parameters)),
    )  # fmt: skip

    def run(*args: Tensor) -> Any:
        values = replayed.apply(*args, *parameters)
        return values[0] if single else values

    if not is_module:
        return run
    original, training = function.forward, function.training

    def either(*args: Any, **kwargs: Any) -> Any:
        return run(*args) if function.training == training else original(*args, **kwargs)

    function.forward = either
    return function


def _replayed(
    forward_graph: CUDAGraph, backward_graph: CUDAGraph, inputs: tuple, results: tuple, sent: tuple, found: tuple
) -> type[Function]:
    """The Function that copies its arguments to where the graphs read, and replays them."""

    class Graphed(Function):
        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            for place, given in zip(inputs, args):
                _copy(place, given)
            forward_graph.replay()
            return tuple(result.detach() for result in results)

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, *gradients: Any) -> Any:
            needed = [each for each, result in zip(gradients, results) if result.requires_grad]
            for place, given in zip(sent, needed):
                _copy(place, given)
            backward_graph.replay()
            return tuple(None if each is None else each.detach() for each in found)

    return Graphed


def _copy(place: Tensor, given: Tensor | None) -> None:
    """What a graph reads becomes `given`; parameters are there already."""
    if given is not None and place.data_ptr() != given.data_ptr():
        place.detach().copy_(given)
