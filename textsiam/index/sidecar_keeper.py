"""Keeping the sidecar of an index up to date, in a thread, so that no search waits for it."""

from __future__ import annotations

import atexit
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from textsiam.errors import DuplicateIndexError
from textsiam.index.sidecar import Sidecar, build_sidecar, read_sidecar
from textsiam.index.store import Store
from textsiam.progress import progress

LOOKED_EVERY = 0.2  # seconds, while it is made


class SidecarKeeper:
    """Reads and makes the sidecar at ``path``; ``connect`` gives another connection to the index."""

    def __init__(self, path: Path, connect: Callable[[], Store]) -> None:
        self.path, self._connect = path, connect
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._seen: tuple[int, int] | None = None
        self._added = 0  # texts, so far
        self.problem = ""  # why it could not be made, the last time

    def read(self, store: Store) -> Sidecar | None:
        """Read it, if it can be used; inside of a reading transaction."""
        self.look()
        return read_sidecar(self.path, store)

    def look(self) -> None:
        """See which one is there, so that ``has_new`` tells of another."""
        self._seen = self._signature()

    def has_new(self) -> bool:
        """Tell whether it was made since it was read, here or by another process."""
        return self._signature() != self._seen

    def _signature(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def start(self) -> None:
        """Begin to make it, unless that goes on already, here or in another process."""
        if self._thread is None or not self._thread.is_alive():
            # a daemon, for a program must not wait minutes for its end; but stopped before the interpreter goes down
            self._thread = threading.Thread(target=self._make, daemon=True)
            atexit.register(self.close)
            self._thread.start()

    def wait(self, *, show_progress: bool) -> None:
        """Wait until it is made, if that goes on."""
        with progress("making the graph of near texts", None, "texts", show=show_progress) as bar:
            while self._thread is not None and self._thread.is_alive():
                self._thread.join(LOOKED_EVERY)
                bar.advance(self._added - bar.done)

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        atexit.unregister(self.close)

    def _go_on(self, added: int) -> bool:
        self._added += added
        return not self._stop.is_set()

    def _make(self) -> None:
        self._added = 0
        try:
            with _alone(self.path.with_name(f"{self.path.name}.lock")) as alone:
                if alone:
                    store = self._connect()
                    with closing(store.database):
                        build_sidecar(self.path, store, self._go_on)
                    self.problem = ""
        except (OSError, sqlite3.Error, DuplicateIndexError, ValueError, RuntimeError) as error:
            self.problem = str(error)  # search is exact without; ``check`` tells it


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Tell whether no other process is inside: SQLite's lock on a file ends with the process that has it."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
            return
        yield True
