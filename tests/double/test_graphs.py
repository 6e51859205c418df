"""Streams, events and captured graphs of the double."""

import pytest

# the fixture `doubled` gives them their meaning
cupy = None


def test_a_captured_graph_computes_again(x):
    stream = cupy.cuda.Stream(non_blocking=True)
    weight = cupy.ones(3, "f")
    with stream:
        stream.begin_capture()
        assert stream.is_capturing()
        loss = ((x * weight).sum(axis=1) ** 2).sum()
        weight -= 0.5
        noise = cupy.random.rand(2)
        graph = stream.end_capture()
    assert weight.get().tolist() == [1, 1, 1]  # nothing ran yet
    graph.launch()
    first = noise.get()
    assert loss.item() == 153 and weight.get().tolist() == [0.5, 0.5, 0.5]
    graph.launch(stream)
    assert loss.item() == 153 / 4 and weight.get().tolist() == [0, 0, 0]
    assert noise.get().tolist() != first.tolist()
    x[...] = 0
    graph.launch()
    assert loss.item() == 0


def test_a_captured_graph_reads_indices_again(x):
    index, found = cupy.array([0, 1]), cupy.zeros(3, "f")
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        columns = x[:, index]
        found[index] = 7
        graph = stream.end_capture()
    index += 1
    graph.launch()
    assert columns.get().tolist() == [[1, 2], [4, 5]] and found.get().tolist() == [0, 7, 7]


def test_the_host_must_not_wait_for_a_captured_stream(x):
    stream = cupy.cuda.Stream(non_blocking=True)
    error = cupy.cuda.runtime.CUDARuntimeError
    with stream:
        stream.begin_capture()
        with pytest.raises(error, match="cudaErrorStreamCaptureUnsupported"):
            x.sum().item()
        with pytest.raises(error, match="cudaErrorStreamCaptureInvalidated"):
            stream.end_capture()
    with pytest.raises(error):
        cupy.cuda.Stream.null.begin_capture()
    assert x.sum().item() == 15


def test_streams_events_devices():
    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    stream = cupy.cuda.Stream()
    with stream:
        assert cupy.cuda.get_current_stream() == stream
    assert cupy.cuda.get_current_stream() == cupy.cuda.Stream.null
    stream.record(end)
    stream.wait_event(start)
    assert start.done and stream.done and cupy.cuda.get_elapsed_time(start, end) >= 0
    assert cupy.cuda.runtime.getDeviceCount() == 2 and cupy.cuda.Device(1).compute_capability == "90"
    with pytest.raises(cupy.cuda.runtime.CUDARuntimeError, match="invalid device ordinal"):
        cupy.cuda.Device(2).use()
