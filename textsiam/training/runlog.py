"""A run's log: one JSON object a line for every step and evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from textsiam.atomic import write_atomically
from textsiam.errors import TrainingError

FILE = "log.jsonl"


class RunLog:
    """Appends records to ``folder/log.jsonl``; without a folder it keeps nothing.

    ``from_step`` (of a resumed run) drops what a stopped run logged after its checkpoint: no step is there twice.
    """

    def __init__(self, folder: Path | None, *, from_step: int = 0) -> None:
        self.path = None if folder is None else folder / FILE
        self.waiting: list[dict[str, Any]] = []
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, "".join(_lines_until(self.path, from_step)))
        except OSError as error:
            raise TrainingError(f"the run's folder {folder} cannot be written: {error.strerror}") from error

    def add(self, record: dict[str, Any]) -> None:
        """Take a record, whose figures may still be tensors: reading each at once would make a GPU wait."""
        if self.path is not None:
            self.waiting.append(record)

    def flush(self) -> None:
        """Write the records taken since the last time."""
        if self.path is None or not self.waiting:
            return
        lines = "".join(json.dumps(record, default=float) + "\n" for record in self.waiting)
        self.waiting.clear()
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise TrainingError(f"the log {self.path} could not be written: {error.strerror}") from error


def _lines_until(path: Path, step: int) -> list[str]:
    if step == 0 or not path.is_file():
        return []
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            record = json.loads(line)
        except ValueError:
            break  # a kill cut the last line short
        if record["step"] <= step:
            kept.append(line)
    return kept
