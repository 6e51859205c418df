"""Programs as people write them for a GPU: the documents' trainings, and idioms of moving, saving, timing, drawing."""

import copy
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinytorch as tt
from tests.benchmarks import nets, steps
from tests.gpu import suite
from tinytorch import nn

ROOT = Path(__file__).resolve().parents[2]


def losses(step, count=20):
    return [step().item() for _ in range(count)]


def data(rows=64):
    tt.manual_seed(0)
    x = tt.randn(rows, 5)
    return x, (x.sum(1, keepdim=True) > 0).float()


def net():
    tt.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))


def train(model, x, y, optimizer, count=5):
    found = []
    for _ in range(count):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def saved(thing):
    file = io.BytesIO()
    tt.save(thing, file)
    file.seek(0)
    return file


# ---- trainings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", steps.STEPS, ids=lambda make: make.__name__)
def test_the_documents_trainings_have_the_cpus_losses(make):
    np.testing.assert_allclose(losses(make(tt, "cuda")), losses(make(tt)), rtol=2e-4)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_a_classifier_has_the_cpus_losses(optimizer):
    sizes = 16, [10, 32, 32, 4], optimizer
    np.testing.assert_allclose(losses(nets.mlp(tt, *sizes, "cuda")), losses(nets.mlp(tt, *sizes)), rtol=2e-4)


def test_the_documents_listings():
    if not suite.LISTINGS.is_dir():
        pytest.skip("the documents' listings are not beside this checkout")
    names = suite.needing_a_gpu(tt.cuda.device_count())
    paths = [ROOT / "tests" / "double", *filter(None, [os.environ.get("PYTHONPATH")])] if is_double() else []
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, paths)))
    command = [sys.executable, str(suite.LISTINGS / "check.py"), "-v", *names]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert f"{len(names)} passed, 0 failed" in done.stdout, done.stdout + done.stderr


def is_double():
    return "_double" in vars(sys.modules["cupy"])


# ---- idioms ----------------------------------------------------------------------------------------------------------


def test_the_device_that_is_there():
    device = tt.device("cuda" if tt.cuda.is_available() else "cpu")
    x, y = data()
    model = net().to(device)
    found = train(model, x.to(device), y.to(device), tt.optim.SGD(model.parameters(), lr=0.5))
    twin = net()
    np.testing.assert_allclose(found, train(twin, x, y, tt.optim.SGD(twin.parameters(), lr=0.5)), rtol=1e-5)
    assert {p.device for p in model.parameters()} == {tt.device("cuda", 0)}


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_from_pinned_memory(workers):
    x, y = data()
    loader = tt.utils.data.DataLoader(
        tt.utils.data.TensorDataset(x, y), batch_size=16, pin_memory=True, num_workers=workers
    )
    seen = []
    for inputs, targets in loader:
        assert inputs.is_pinned() and targets.is_pinned() and not inputs.is_cuda
        seen.append(inputs.to("cuda", non_blocking=True))
        assert targets.cuda(non_blocking=True).is_cuda
    assert tt.cat(seen).cpu().equal(x)


def test_batches_of_all_kinds_are_pinned():
    from tinytorch.utils.data._utils.pin_memory import pin_memory

    found = pin_memory({"x": tt.ones(2), "more": [tt.zeros(1), "text", 3], "pair": (tt.ones(1), None)})
    assert found["x"].is_pinned() and found["more"][0].is_pinned() and found["pair"][0].is_pinned()
    assert found["more"][1:] == ["text", 3] and found["pair"][1] is None and type(found["pair"]) is tuple


def test_the_optimizer_keeps_the_parameters_that_move():
    model = net()
    optimizer = tt.optim.Adam(model.parameters())
    before = [id(p) for p in model.parameters()]
    model.cuda()
    assert [id(p) for p in model.parameters()] == before == [id(p) for p in optimizer.param_groups[0]["params"]]
    x, y = data()
    train(model, x.cuda(), y.cuda(), optimizer, 2)
    state = optimizer.state[next(model.parameters())]
    assert state["exp_avg"].is_cuda and state["step"].item() == 2


def test_default_device():
    with tt.device("cuda"):
        x, model = tt.ones(2, 3), nn.Linear(3, 2)
        assert x.is_cuda and model.weight.is_cuda and tt.tensor([1.0]).is_cuda and tt.arange(3).is_cuda
    assert not tt.ones(1).is_cuda
    tt.set_default_device("cuda")
    try:
        assert tt.ones(1).is_cuda and tt.get_default_device() == tt.device("cuda", 0)
        assert not tt.ones(1, device="cpu").is_cuda
    finally:
        tt.set_default_device("cpu")


def test_a_model_is_copied():
    model = net().cuda()
    twin = copy.deepcopy(model)
    assert all(p.is_cuda for p in twin.parameters())
    with tt.no_grad():
        twin[0].weight.zero_()
    assert not model[0].weight.equal(twin[0].weight)
    shared = tt.ones(2, 3).cuda()
    one, other = copy.deepcopy([shared, shared[0]])
    one[0, 0] = 5
    assert other[0].item() == 5 and shared[0, 0].item() == 1


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickles(protocol):
    x = tt.arange(6.0).reshape(2, 3).t().cuda()
    twin = pickle.loads(pickle.dumps(x, protocol))
    assert twin.device == x.device and twin.stride() == x.stride() and twin.equal(x)


def test_timing_with_events():
    start, end = tt.cuda.Event(enable_timing=True), tt.cuda.Event(enable_timing=True)
    x = tt.randn(64, 64).cuda()
    start.record()
    x @ x
    end.record()
    tt.cuda.synchronize()
    assert start.elapsed_time(end) >= 0 and end.query()


def test_two_devices():
    if tt.cuda.device_count() < 2:
        pytest.skip("one GPU")
    with tt.cuda.device(1):
        x = tt.ones(2, device="cuda")
        assert tt.cuda.current_device() == 1
    y = tt.ones(2, device="cuda:0")
    assert x.device == tt.device("cuda:1") and (x.to("cuda:0") + y).tolist() == [2, 2]
    with pytest.raises(RuntimeError, match=r"found at least two devices, cuda:\d and cuda:\d"):
        x + y
    model = net().to("cuda:1")
    inputs, targets = (each.to("cuda:1") for each in data())
    train(model, inputs, targets, tt.optim.Adam(model.parameters()), 2)
    assert copy.deepcopy(model)[0].weight.device == tt.device("cuda:1")
    assert tt.load(saved(model.state_dict()))["0.weight"].device == tt.device("cuda:1")


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_state_dict_goes_from_the_gpu_to_the_cpu():
    model = net().cuda()
    file = saved(model.state_dict())
    state = tt.load(file, map_location="cpu")
    assert not any(each.is_cuda for each in state.values())
    twin = net()
    twin.load_state_dict(state)
    assert twin[0].weight.equal(model[0].weight.cpu())


def test_a_state_dict_goes_from_the_cpu_to_the_gpu():
    model, file = net().cuda(), saved(net().state_dict())
    model.load_state_dict(tt.load(file))  # copied to where the parameters are
    assert model[0].weight.is_cuda
    file.seek(0)
    state = tt.load(file, map_location=tt.device("cuda"))
    assert all(each.device == tt.device("cuda:0") for each in state.values())
    file.seek(0)
    state = tt.load(file, map_location=lambda storage, location: storage.cuda(0))
    assert state["0.weight"].is_cuda


def test_tensors_come_back_where_they_were():
    x = tt.arange(6.0).reshape(2, 3).cuda()
    a, b, c = tt.load(saved([x, x[1], x.t()]))
    assert a.device == b.device == tt.device("cuda:0") and c.stride() == (1, 3)
    a[1, 0] = 10
    assert b[0].item() == 10 and c[0, 1].item() == 10 and x[1, 0].item() == 3
    empty, whole = tt.load(saved([tt.empty(0, 3, device="cuda"), tt.tensor([True, False]).cuda()]))
    assert empty.is_cuda and empty.shape == (0, 3) and whole.tolist() == [True, False]


def test_to_a_gpu_that_is_not_there():
    file = saved(tt.ones(2).cuda())
    with pytest.raises(RuntimeError, match=r"CUDA device 99 but torch.cuda.device_count\(\) is"):
        tt.load(file, map_location={"cuda:0": "cuda:99"})
    assert not tt.load(io.BytesIO(file.getvalue()), map_location={"cuda:0": "cpu"}).is_cuda


@pytest.mark.torch
def test_pytorch_reads_them():
    import torch

    x = tt.arange(6.0).reshape(2, 3).cuda()
    found = torch.load(saved({"x": x, "w": nn.Parameter(x.t())}), map_location="cpu")
    assert found["x"].tolist() == x.tolist() and found["w"].stride() == (1, 3)


def test_training_goes_on_from_a_checkpoint():
    x, y = (each.cuda() for each in data())
    model = net().cuda()
    optimizer = tt.optim.Adam(model.parameters(), lr=0.01)
    train(model, x, y, optimizer)
    file = saved({"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    expected = train(model, x, y, optimizer)
    again = net().cuda()
    optimizer = tt.optim.Adam(again.parameters(), lr=0.01)
    state = tt.load(file, map_location="cpu")
    again.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    assert optimizer.state[again[0].weight]["exp_avg"].is_cuda
    assert train(again, x, y, optimizer) == expected


def test_storages():
    x = tt.tensor([1, 258], dtype=tt.int16).cuda()
    storage = x.untyped_storage()
    assert storage.device == x.device and storage.is_cuda and storage.is_shared() and not storage.is_pinned()
    assert storage.tolist() == [1, 0, 2, 1] and storage[2] == 2 and len(storage[1:]) == 3
    assert storage.data_ptr() == x.data_ptr() and storage.cuda() is storage
    back = storage.cpu()
    assert not back.is_cuda and back.tolist() == storage.tolist()
    back.fill_(7)
    assert storage.copy_(back).tolist() == [7] * 4 and x.tolist() == [1799, 1799]


# ---- tools -----------------------------------------------------------------------------------------------------------


def test_gradcheck():
    x = tt.tensor([[0.5, -1.0], [2.0, 0.3]], dtype=tt.float64).cuda().requires_grad_()
    for fast in (False, True):
        assert tt.autograd.gradcheck(lambda x: (x @ x.t()).sin(), (x,), fast_mode=fast)
    assert tt.autograd.gradgradcheck(lambda x: x.exp() * x, (x,))


def test_assert_close():
    x = tt.ones(3).cuda()
    tt.testing.assert_close(x, x + 1e-9)
    with pytest.raises(AssertionError, match="not close"):
        tt.testing.assert_close(x, x + 1)


def test_the_picture_is_the_cpus():
    from tinytorch import viz

    texts = []
    for device in ("cpu", "cuda"):
        x, y = (each.to(device) for each in data(4))
        model = net().to(device)
        with viz.record(values=True) as recording:
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
        texts.append(recording.draw(loss).text())
    assert texts[0] == texts[1]


def test_summary_of_a_model(capsys):
    tt.summary(net().cuda(), (5,))
    assert "Total params: 57" in capsys.readouterr().out


def test_printing():
    x = tt.tensor([1.0, 2.5]).cuda()
    assert repr(x) == "tensor([1.0000, 2.5000], device='cuda:0')"
    assert repr(x.requires_grad_()) == "tensor([1.0000, 2.5000], device='cuda:0', requires_grad=True)"
    assert repr((x * 2).sum()) == "tensor(7., device='cuda:0', grad_fn=<SumBackward0>)"
