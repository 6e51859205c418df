"""Which GPU is used, what is known of it, and torch.accelerator's names for the same."""

import pytest

import tinytorch as tt
from tests.places import DEVICE

cuda, accelerator = tt.cuda, tt.accelerator


@pytest.fixture
def second():
    if cuda.device_count() < 2:
        pytest.skip("one GPU only")
    yield 1
    cuda.set_device(0)


def test_there_is_one():
    assert cuda.is_available() and cuda.is_initialized() and cuda.device_count() >= 1
    assert cuda.current_device() == 0
    assert cuda.init() is None and cuda.ipc_collect() is None and cuda.synchronize() is None
    assert accelerator.is_available() and accelerator.device_count() == cuda.device_count()
    assert accelerator.current_accelerator() == tt.device("cuda")
    assert accelerator.current_device_index() == 0 and accelerator.synchronize() is None


def test_set_device(second):
    for place, set_to in (
        (cuda.current_device, cuda.set_device),
        (accelerator.current_device_index, accelerator.set_device_index),
    ):
        set_to(second)
        assert place() == second and tt.ones(1, device="cuda").device == tt.device("cuda:1")
        set_to(tt.device("cuda:0"))
        assert place() == 0
        set_to("cuda:1")
        set_to(-1)
        assert place() == second
        set_to(0)


def test_blocks(second):
    x = tt.ones(2, device="cuda:1")
    for block in (cuda.device(1), cuda.device("cuda:1"), cuda.device_of(x), accelerator.device_index(1)):
        with block:
            assert cuda.current_device() == 1 and tt.zeros(1, device="cuda").get_device() == 1
        assert cuda.current_device() == 0
    for block in (
        cuda.device(None),
        cuda.device(-1),
        cuda.device_of(tt.ones(1, device="cpu")),
        accelerator.device_index(None),
    ):
        with block:
            assert cuda.current_device() == 0
    with pytest.raises(ZeroDivisionError), cuda.device(1):
        1 / 0
    assert cuda.current_device() == 0


@pytest.mark.parametrize("call", [cuda.set_device, cuda.device, cuda.synchronize, cuda.get_device_name])
def test_devices_that_are_none(call):
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        call("cpu")
    with pytest.raises(RuntimeError, match="CUDA error: invalid device ordinal"):
        call(cuda.device_count())
    with pytest.raises(TypeError):
        call(1.5)


def test_facts():
    facts = cuda.get_device_properties()
    assert facts.name == cuda.get_device_name() == cuda.get_device_name("cuda:0")
    assert (facts.major, facts.minor) == cuda.get_device_capability(tt.device("cuda"))
    assert facts.total_memory == cuda.mem_get_info()[1] or DEVICE != "cpu"
    assert repr(facts).startswith(f"_CudaDeviceProperties(name='{facts.name}', major={facts.major}, ")
    assert cuda.is_bf16_supported() is True
    assert cuda.is_tf32_supported() is (facts.major >= 8)
    assert f"sm_{facts.major}{facts.minor}" in cuda.get_arch_list()
    assert tt.float32 in accelerator.get_device_capability()["supported_dtypes"]


def test_peers(second):
    assert isinstance(cuda.can_device_access_peer(0, 1), bool)
    with pytest.raises(AssertionError, match="Invalid device id"):
        cuda.can_device_access_peer(7, 0)
    with pytest.raises(AssertionError, match="Invalid peer device id"):
        cuda.can_device_access_peer(0, 7)


def test_legacy_classes():
    x = cuda.FloatTensor([1, 2])
    assert x.is_cuda and x.dtype == tt.float32 and isinstance(x, cuda.FloatTensor)
    assert x.type() == "torch.cuda.FloatTensor"


def test_tf32_is_one_switch():
    matmul = tt.backends.cuda.matmul
    try:
        assert not matmul.allow_tf32
        matmul.allow_tf32 = True
        assert tt.get_float32_matmul_precision() == "high"
        tt.set_float32_matmul_precision("medium")
        assert matmul.allow_tf32
        matmul.allow_tf32 = False
        assert tt.get_float32_matmul_precision() == "highest"
    finally:
        matmul.allow_tf32 = False
    assert tt.backends.cuda.is_built() and not tt.backends.cudnn.is_available()


def test_mixed_precision_says_that_it_is_missing():
    for name in ("autocast", "GradScaler"):
        with pytest.raises(NotImplementedError, match=f"tinytorch does not have torch.cuda.amp.{name}"):
            getattr(cuda.amp, name)()
    scaler, x = cuda.amp.GradScaler(enabled=False), tt.ones(2, device="cuda", requires_grad=True)
    with cuda.amp.autocast(enabled=False):
        loss = (x * 2).sum()
    optimizer = tt.optim.SGD([x], lr=0.5)
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.step(optimizer)
    scaler.update()
    assert x.tolist() == [0, 0]
