from __future__ import annotations

import signal

import pytest

from textsiam.training.stopping import stop_request


def test_the_second_interrupt_stops_at_once_and_the_callers_handler_comes_back() -> None:
    earlier = signal.getsignal(signal.SIGINT)
    with stop_request() as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is earlier


def test_a_process_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_request() as stop:
            signal.raise_signal(signal.SIGINT)
            assert not stop.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, earlier)
