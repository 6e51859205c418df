"""Streams and events: what goes where, what has to be recorded before it is asked."""

import pytest

import tinytorch as tt

cuda = tt.cuda


def test_the_stream_in_use():
    default = cuda.default_stream()
    assert cuda.current_stream() == default and hash(cuda.current_stream()) == hash(default)
    stream = cuda.Stream()
    assert stream != default and stream.device == tt.device("cuda:0") and stream.device_index == 0
    assert repr(stream).startswith("<torch.cuda.Stream device=cuda:0 cuda_stream=0x")
    with cuda.stream(stream):
        assert cuda.current_stream() == stream
        with cuda.stream(None):
            assert cuda.current_stream() == stream
        x = tt.ones(3, device="cuda") + 1
    assert cuda.current_stream() == default
    stream.synchronize()
    assert stream.query() and x.tolist() == [2, 2, 2]
    for set_to in (cuda.set_stream, tt.accelerator.set_stream):
        set_to(stream)
        assert tt.accelerator.current_stream() == stream
        set_to(default)
    assert cuda.current_stream() == default


def test_a_stream_of_another_gpu():
    if cuda.device_count() < 2:
        pytest.skip("one GPU only")
    stream = cuda.Stream("cuda:1")
    with cuda.stream(stream):
        assert cuda.current_device() == 1 and cuda.current_stream() == stream
        assert tt.ones(1, device="cuda").get_device() == 1
    assert cuda.current_device() == 0 and cuda.current_stream(1) == cuda.default_stream(1)


def test_an_error_leaves_the_stream():
    with pytest.raises(ZeroDivisionError), cuda.stream(cuda.Stream()):
        1 / 0
    assert cuda.current_stream() == cuda.default_stream()


def test_external_streams():
    stream = cuda.Stream()
    other = cuda.ExternalStream(stream.cuda_stream)
    assert other == stream and other.query()


def test_order_between_streams():
    first, second = cuda.Stream(), cuda.Stream()
    with cuda.stream(first):
        x = tt.ones(1000, device="cuda") * 2
    second.wait_stream(first)
    with cuda.stream(second):
        y = x + 1
    event = second.record_event()
    cuda.current_stream().wait_event(event)
    assert y.sum().item() == 3000


def test_events():
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    assert start.query() and start.device is None and repr(start) == "<torch.cuda.Event uninitialized>"
    assert start.wait() is None and start.synchronize() is None
    with pytest.raises(ValueError, match="Both events must be recorded before"):
        start.elapsed_time(end)
    start.record()
    tt.ones(1000, device="cuda") + 1
    end.record(cuda.current_stream())
    end.synchronize()
    assert end.query() and end.device == tt.device("cuda:0")
    assert start.elapsed_time(end) >= 0
    with pytest.raises(ValueError, match="Both events must be created with argument 'enable_timing=True'"):
        start.elapsed_time(cuda.Event())
