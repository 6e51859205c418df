"""torch.cuda without a GPU: what programs ask for before they choose the CPU."""

import pytest

from tests.autograd.stories import failure, story


@pytest.mark.host
@pytest.mark.torch
@story
def test_questions(lib):
    cuda = lib.cuda
    yield cuda.is_available(), cuda.device_count(), cuda.is_initialized(), cuda.is_bf16_supported()
    yield cuda.memory_allocated(), cuda.max_memory_allocated(), cuda.memory_reserved(), cuda.max_memory_reserved()
    yield cuda.manual_seed(0), cuda.manual_seed_all(0), cuda.empty_cache()
    yield failure(cuda.current_device), failure(cuda.synchronize), failure(cuda.get_device_name)
    yield failure(lib.ones(1).cuda), failure(lib.ones, 1, device="cuda")
