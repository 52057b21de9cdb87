"""Interleaved timing on a given number of threads, and tables in Markdown that name machine and versions."""

from __future__ import annotations

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# every library here that keeps threads of its own reads one of these when it is loaded
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
    "VECLIB_MAXIMUM_THREADS",
)

Run = Callable[[], object]
Prepare = Callable[[], Run]


@dataclass
class Runs:
    """Wall and processor seconds of each counted run of one subject."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return median(self.wall)

    @property
    def cores(self) -> float:
        """Processor seconds a second of wall time: how many cores the subject kept busy."""
        return sum(self.cpu) / sum(self.wall)

    def time(self, run: Run) -> None:
        """Run once and keep its times."""
        wall, cpu = time.perf_counter(), processor_seconds()
        run()
        self.cpu.append(processor_seconds() - cpu)
        self.wall.append(time.perf_counter() - wall)


def processor_seconds() -> float:
    """Processor time of this process, its threads and those of its processes that have ended."""
    return sum(os.times()[:4])


def interleave(subjects: Mapping[str, Prepare], rounds: int) -> dict[str, Runs]:
    """Time the subjects in turn, A B C A B C ..., after one round that does not count.

    What a subject prepares before each of its runs (such as a model without anything remembered) is not timed.
    """
    results = {name: Runs() for name in subjects}
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "a round to warm up")
        for name, prepare in subjects.items():
            run = prepare()
            (results[name] if number else Runs()).time(run)
    return results


def options_of(description: str | None, out: str) -> argparse.ArgumentParser:
    """Make a parser with the options that the scripts share; ``out`` says what its folder keeps."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv of QQP")
    parser.add_argument("--out", type=Path, required=True, help=f"folder that keeps {out}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    return parser


def on_threads(threads: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function`` in a fresh process that computes on ``threads`` threads.

    The libraries are told by environment variables, which they read once; where the system can pin a process
    (Linux), it is pinned to as many processors, which also holds threads that nobody counts.
    """
    pool = ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_processes_by,
        initargs=(multiprocessing.get_start_method(),),
    )
    with _environment(threads), pool:
        return pool.submit(function, *args, **kwargs).result()


def _start_processes_by(method: str) -> None:
    # a spawned process would spawn its own: what starts some there shall do it as it does elsewhere
    multiprocessing.set_start_method(method, force=True)


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    processors: set[int] = set()
    if sys.platform == "linux":
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(processors)[:threads])
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
        if sys.platform == "linux":
            os.sched_setaffinity(0, processors)


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str]) -> str:
    """Lay a table out in Markdown, with lines of notes below it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(["| " + " | ".join(map(str, line)) + " |" for line in lines] + ["", *notes])


def machine() -> str:
    """Name the processor, the system, Python and the load that others put on the machine."""
    parts = [processor(), f"{os.cpu_count()} processors", f"{platform.system()} {platform.machine()}"]
    parts.append(f"Python {platform.python_version()}")
    if hasattr(os, "getloadavg"):
        parts.append("load {:.1f}, {:.1f}, {:.1f} (1, 5, 15 minutes)".format(*os.getloadavg()))
    return ", ".join(parts)


def processor() -> str:
    """Name the processor, as well as the system does."""
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def versions(*packages: str) -> str:
    """Name the installed ones of ``packages`` with their versions."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found)


def say(line: str) -> None:
    """Tell on stderr how far it is."""
    print(line, file=sys.stderr, flush=True)
