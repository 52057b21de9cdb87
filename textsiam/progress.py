"""Progress of long work: a bar with rate and time left on a terminal, plain lines elsewhere, both on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PLAIN_SECONDS = 15.0  # between two plain lines


class Progress:
    """One running task; call ``advance`` as units get done and ``note`` for a line that should stay."""

    def __init__(self, title: str, total: int | None, unit: str, done: int = 0) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done, self.first = done, done
        self.detail = ""
        self.started = self.last_line = time.monotonic()

    def advance(self, count: int, detail: str = "") -> None:
        """Count finished units; ``detail`` (such as the loss) is shown behind the rate until another comes."""
        self.done += count
        self.detail = detail or self.detail
        if time.monotonic() - self.last_line >= PLAIN_SECONDS:
            self.last_line = time.monotonic()
            self.note(self._line())

    def note(self, line: str) -> None:
        """Print a line that stays."""
        print(line, file=sys.stderr, flush=True)

    def _line(self) -> str:
        rate = (self.done - self.first) / max(time.monotonic() - self.started, 1e-9)
        of = f"/{self.total:,}" if self.total else ""
        left = f", {(self.total - self.done) / rate:,.0f} s left" if self.total and rate > 0 else ""
        detail = f", {self.detail}" if self.detail else ""
        return f"{self.title}: {self.done:,}{of} {self.unit}, {rate:,.0f} {self.unit}/s{left}{detail}"


class _Silent(Progress):
    def advance(self, count: int, detail: str = "") -> None:  # noqa: ARG002 - the same call, nothing shown
        self.done += count

    def note(self, line: str) -> None:
        pass


class _Bar(Progress):
    def __init__(self, title: str, total: int | None, unit: str, done: int = 0) -> None:
        from rich import progress as rich_progress
        from rich.console import Console

        super().__init__(title, total, unit, done)
        self.bar = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}"),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("{task.fields[rate]}"),
            rich_progress.TimeRemainingColumn(),
            rich_progress.TextColumn("{task.fields[detail]}"),
            console=Console(stderr=True),
        )
        self.task = self.bar.add_task(title, total=total, completed=done, rate="", detail="")

    def advance(self, count: int, detail: str = "") -> None:
        self.done += count
        self.detail = detail or self.detail
        rate = (self.done - self.first) / max(time.monotonic() - self.started, 1e-9)
        self.bar.update(self.task, advance=count, rate=f"{rate:,.0f} {self.unit}/s", detail=self.detail)

    def note(self, line: str) -> None:
        self.bar.console.print(line, highlight=False, markup=False)


@contextmanager
def progress(title: str, total: int | None, unit: str, *, show: bool = True, done: int = 0) -> Iterator[Progress]:
    """Run a task of ``total`` units (None: unknown), ``done`` of which were finished before.

    ``show=False`` keeps it silent, so that library callers decide.
    """
    if not show:
        yield _Silent(title, total, unit, done)
    elif sys.stderr.isatty():
        bar = _Bar(title, total, unit, done)
        with bar.bar:
            yield bar
    else:
        yield Progress(title, total, unit, done)
