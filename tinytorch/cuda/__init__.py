"""torch.cuda: the GPUs, their memory, streams, graphs and random numbers.

devices.py      which GPUs there are, which one is used, what they can do
streams.py      Stream and Event: the order in which a GPU works, and its times
memory.py       how much memory tensors take up
graphs.py       a training step recorded once and replayed with one launch
random.py       seeds and states of the GPUs' generators

Programs ask `torch.cuda.is_available()` and stay on the CPU where it says no: that works everywhere. What needs a GPU
says, where there is none, what is missing: CuPy, the driver or the GPU.

Source: https://docs.pytorch.org/docs/2.13/cuda.html
"""

from typing import Any as _Any

from tinytorch.cuda import amp as amp
from tinytorch.cuda.devices import can_device_access_peer as can_device_access_peer
from tinytorch.cuda.devices import current_device as current_device
from tinytorch.cuda.devices import device as device
from tinytorch.cuda.devices import device_count as device_count
from tinytorch.cuda.devices import device_of as device_of
from tinytorch.cuda.devices import get_arch_list as get_arch_list
from tinytorch.cuda.devices import get_device_capability as get_device_capability
from tinytorch.cuda.devices import get_device_name as get_device_name
from tinytorch.cuda.devices import get_device_properties as get_device_properties
from tinytorch.cuda.devices import init as init
from tinytorch.cuda.devices import ipc_collect as ipc_collect
from tinytorch.cuda.devices import is_available as is_available
from tinytorch.cuda.devices import is_bf16_supported as is_bf16_supported
from tinytorch.cuda.devices import is_initialized as is_initialized
from tinytorch.cuda.devices import is_tf32_supported as is_tf32_supported
from tinytorch.cuda.devices import set_device as set_device
from tinytorch.cuda.devices import synchronize as synchronize
from tinytorch.cuda.graphs import CUDAGraph as CUDAGraph
from tinytorch.cuda.graphs import graph as graph
from tinytorch.cuda.graphs import graph_pool_handle as graph_pool_handle
from tinytorch.cuda.graphs import is_current_stream_capturing as is_current_stream_capturing
from tinytorch.cuda.graphs import make_graphed_callables as make_graphed_callables
from tinytorch.cuda.memory import empty_cache as empty_cache
from tinytorch.cuda.memory import max_memory_allocated as max_memory_allocated
from tinytorch.cuda.memory import max_memory_reserved as max_memory_reserved
from tinytorch.cuda.memory import mem_get_info as mem_get_info
from tinytorch.cuda.memory import memory_allocated as memory_allocated
from tinytorch.cuda.memory import memory_reserved as memory_reserved
from tinytorch.cuda.memory import memory_stats as memory_stats
from tinytorch.cuda.memory import memory_summary as memory_summary
from tinytorch.cuda.memory import reset_peak_memory_stats as reset_peak_memory_stats
from tinytorch.cuda.memory import set_per_process_memory_fraction as set_per_process_memory_fraction
from tinytorch.cuda.random import get_rng_state as get_rng_state
from tinytorch.cuda.random import get_rng_state_all as get_rng_state_all
from tinytorch.cuda.random import initial_seed as initial_seed
from tinytorch.cuda.random import manual_seed as manual_seed
from tinytorch.cuda.random import manual_seed_all as manual_seed_all
from tinytorch.cuda.random import seed as seed
from tinytorch.cuda.random import seed_all as seed_all
from tinytorch.cuda.random import set_rng_state as set_rng_state
from tinytorch.cuda.random import set_rng_state_all as set_rng_state_all
from tinytorch.cuda.streams import Event as Event
from tinytorch.cuda.streams import ExternalStream as ExternalStream
from tinytorch.cuda.streams import Stream as Stream
from tinytorch.cuda.streams import StreamContext as StreamContext
from tinytorch.cuda.streams import current_stream as current_stream
from tinytorch.cuda.streams import default_stream as default_stream
from tinytorch.cuda.streams import set_stream as set_stream
from tinytorch.cuda.streams import stream as stream
from tinytorch.errors import OutOfMemoryError as OutOfMemoryError
from tinytorch.functions import legacy as _legacy
from tinytorch.generator import cuda_generators as _generators
from tinytorch.missing import getattr_for as _getattr_for

globals().update(_legacy.CUDA_NAMES)  # FloatTensor, LongTensor, ...
_absent = _getattr_for(__name__)


def __getattr__(name: str) -> _Any:
    """torch.cuda.default_generators: those of the GPUs that are in use; and errors for names that are not there."""
    return tuple(_generators) if name == "default_generators" else _absent(name)
