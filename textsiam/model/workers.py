"""One model in several processes: batches go out, results come back in their order."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from textsiam.errors import OptionError, WorkerError

Item = TypeVar("Item")
Map = Callable[[str, Iterable[Item], Callable[[Item], Any]], Iterator[tuple[Item, Any]]]

_AHEAD = 2  # batches on their way for each process: enough to keep it busy, few enough to bound memory
_model: Any = None  # in a worker: the model, sent once


@contextmanager
def workers(model: Any, count: int) -> Iterator[Map[Any]]:
    """Give a function ``(method, items, argument)`` that yields (item, model.method(argument(item))) in order.

    ``count`` 1 works in this process; more start as many new ones, which share the processor's cores, and take a copy
    of the model (pickled) each. A script that does so must keep its own work under ``if __name__ == "__main__":``, as
    they import it. Raises OptionError for a count that is no whole number from 1, WorkerError if one of them dies.
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise OptionError(f"workers is {count!r}, expected a whole number from 1")
    if count == 1:
        yield lambda method, items, argument: ((item, getattr(model, method)(argument(item))) for item in items)
        return
    threads = max(1, (os.cpu_count() or 1) // count)
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    with ProcessPoolExecutor(count, context, initializer=_start, initargs=(model, threads)) as pool:
        try:
            yield lambda method, items, argument: _in_order(pool, count * _AHEAD, method, items, argument)
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process ended before its work was done, maybe for want of memory; take fewer workers"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor, ahead: int, method: str, items: Iterable[Item], argument: Callable[[Item], Any]
) -> Iterator[tuple[Item, Any]]:
    remaining = iter(items)
    on_their_way: deque[tuple[Item, Future[Any]]] = deque()
    while True:
        for item in itertools.islice(remaining, ahead - len(on_their_way)):
            on_their_way.append((item, pool.submit(_call, method, argument(item))))
        if not on_their_way:
            return
        item, future = on_their_way.popleft()
        yield item, future.result()


def _start(model: Any, threads: int) -> None:
    global _model  # noqa: PLW0603 - the one place where a process can keep what its tasks share
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the process that waits for the results
    threadpool_limits(threads)
    _model = model


def _call(method: str, argument: Any) -> Any:
    return getattr(_model, method)(argument)
