"""A search that can be stopped: what it has found so far, kept in a folder from which another process goes on."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from textsiam.arrays import Array
from textsiam.atomic import atomic_path
from textsiam.errors import DataError, OptionError

SECONDS = 30.0  # between two writes
START = "run.npz"
OURS = re.compile(r"run\.npz|near\.npz|\d{12}\.npz|\..*\.part")  # names of files in a folder of a run
AFRESH = "start without resume (--resume)"


class Scored(NamedTuple):
    """Pairs by their places, int64 (m,) each, their probabilities, float32 (m,), and how many were looked at."""

    left: Array
    right: Array
    probabilities: Array
    looked_at: int


def joined(parts: Sequence[Scored]) -> Scored:
    """Make one of parts, in their order."""
    none = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
    left, right, probabilities = (
        np.concatenate(side) for side in zip(none, *(part[:3] for part in parts), strict=True)
    )
    return Scored(left, right, probabilities, sum(part.looked_at for part in parts))


class Run:
    """The pairs that a search has found in the steps it has done, and, with a folder, their copy on the disk.

    A step is a part of the search; they come in the same order each time. ``looked_at``: pairs, for the progress.
    """

    def __init__(self, folder: Path | None = None, *, resume: bool = False) -> None:
        self.folder, self.resume, self.done, self.looked_at = folder, resume, 0, 0
        self.parts: list[Scored] = []
        self._new: list[tuple[int, Scored]] = []  # not on the disk, each with the number of steps it completes
        self._written = time.monotonic()
        if folder is None:
            if resume:
                raise OptionError("resume is True without run_folder, in which the stopped search is kept; give both")
        elif resume and not (folder / START).exists():
            raise OptionError(f"there is no search in {folder} to resume; {AFRESH}")
        elif folder.exists() and not _is_ours(folder):
            raise OptionError(f"run_folder {folder} is there and holds something else; name another")

    def begin(self, identity: str) -> None:
        """Start in an empty folder, or read what is there.

        ``identity`` is the fingerprint of all that is searched; OptionError where the folder's is another.
        """
        assert self.folder is not None
        if not self.resume:
            self.remove()
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(START, identity=np.array(identity))
            return
        if str(self._read(START)["identity"]) != identity:
            raise OptionError(f"{self.folder} keeps a search of other texts, another model or other options; {AFRESH}")
        for path in sorted(self.folder.glob("[0-9]*.npz")):
            part = self._read(path.name)
            self.parts.append(Scored(part["left"], part["right"], part["probabilities"], int(part["looked_at"])))
            self.done, self.looked_at = int(path.stem), self.looked_at + int(part["looked_at"])

    def add(self, part: Scored) -> None:
        """Take what the next step found."""
        done = self.done + 1
        self._new.append((done, part))
        self.done = done
        if time.monotonic() - self._written > SECONDS:
            self.write()

    def write(self) -> None:
        """Join what is new, and keep it on the disk.

        After an interrupt at any moment it can be called again: nothing is left out, and no file holds a part twice.
        """
        if self._new:
            part = joined([part for _, part in self._new])
            if self.folder is not None:
                self._write(f"{self._new[-1][0]:012d}.npz", **part._asdict())
            self.parts, self._new = [*self.parts, part], []
        self._written = time.monotonic()

    @contextmanager
    def kept(self) -> Generator[None, None, None]:
        """Write what is new at the end, and when the work is interrupted."""
        try:
            yield
        except KeyboardInterrupt:
            self.write()
            raise
        self.write()

    def array(self, name: str, make: Callable[[], Array]) -> Array:
        """Give an array that takes long to make: the one that is kept, if any."""
        if self.folder is None:
            return make()
        if self.resume and (self.folder / f"{name}.npz").exists():
            return self._read(f"{name}.npz")["array"]
        array = make()
        self._write(f"{name}.npz", array=array)
        return array

    def remove(self) -> None:
        """Remove the folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, **arrays: Any) -> None:
        assert self.folder is not None
        with atomic_path(self.folder / name) as part, part.open("wb") as file:
            np.savez(file, **arrays)

    def _read(self, name: str) -> dict[str, Array]:
        assert self.folder is not None
        try:
            with (self.folder / name).open("rb") as file, np.load(file) as arrays:
                return dict(arrays)
        except (BadZipFile, ValueError, EOFError) as error:
            raise DataError(f"is damaged ({error}); {AFRESH}", file=self.folder / name) from error


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder is empty, or one of a run: what it holds will be removed."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else [""]
    begun = START in names or all(name.endswith(".part") for name in names)  # or stopped before that was written
    return begun and all(map(OURS.fullmatch, names))
