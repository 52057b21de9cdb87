"""A teacher's outputs in the folder of a run, so that going on asks it nothing again."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from textsiam.arrays import Array
from textsiam.atomic import write_atomically
from textsiam.errors import TrainingError

HEADER, OUTPUTS = "header.json", "outputs.npy"


class TeacherStore:
    """Keeps one array in ``folder`` (None: nowhere), under the key of what was asked."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, key: str, ask: Callable[[], Array], *, resume: bool) -> Array:
        """Give what a run that goes on has kept under ``key``, whole and unaltered, else ask and keep the answer.

        Raises TrainingError where it cannot be written.
        """
        if self._folder is None:
            return ask()
        if resume and (kept := self._read(key)) is not None:
            return kept
        found, buffer = ask(), io.BytesIO()
        np.save(buffer, found, allow_pickle=False)
        content = buffer.getvalue()
        header = {"key": key, "sha256": hashlib.sha256(content).hexdigest()}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / OUTPUTS, content)
            write_atomically(self._folder / HEADER, json.dumps(header))  # last: whole
        except OSError as error:
            raise TrainingError(
                f"the teacher's outputs could not be written to {self._folder}: {error.strerror}; make room there and "
                "try again"
            ) from error
        return found

    def remove(self) -> None:
        """Remove what is kept, once the run has finished."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self, key: str) -> Array | None:
        assert self._folder is not None
        try:
            header = json.loads((self._folder / HEADER).read_text(encoding="utf-8"))
            content = (self._folder / OUTPUTS).read_bytes()
            if header != {"key": key, "sha256": hashlib.sha256(content).hexdigest()}:
                return None
            found: Array = np.load(io.BytesIO(content), allow_pickle=False)
        except (OSError, ValueError):
            return None
        return found
