"""Ctrl-C while training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_request(*, patient: bool = False) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event that is looked at between two steps; the second one interrupts at once.

    With ``patient`` the later ones are as the first: a terminal and torchrun each send one to every process of a run.
    Only the main thread can catch signals, and a process that was started to ignore them should: the event is then
    never set.
    """
    asked = threading.Event()
    earlier = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or earlier is signal.SIG_IGN:
        yield asked
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if not patient:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, earlier)
