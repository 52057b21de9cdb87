"""A teacher's outputs from a file: NumPy's .npy, or a table or list of numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from textsiam.arrays import Array
from textsiam.data.files import check_file
from textsiam.errors import DataError
from textsiam.training.distill_config import OUTPUTS

DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


def read_outputs(path: Path, column: str) -> Array:
    """Read a .npy file, mapped into memory, or the numbers of ``column`` of a .csv, .tsv or .txt file, float32 (n,).

    Such a file may have one column alone, of another name or without one. Raises DataError, with the line where there
    is one.
    """
    check_file(path)
    if path.suffix == ".npy":
        try:
            found: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            # what NumPy says of it advises to unpickle it
            raise DataError("is no .npy file of numbers; write one with numpy.save", file=path) from error
        return found
    if path.suffix not in DELIMITERS:
        raise DataError(f"ends in {path.suffix!r}, expected .npy, {', '.join(DELIMITERS)} or a model folder", file=path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=DELIMITERS[path.suffix])
            return _numbers(rows, column, path)
    except UnicodeDecodeError as error:
        raise DataError("is not valid UTF-8; save the file as UTF-8", file=path) from error
    except csv.Error as error:
        raise DataError(f"cannot be read ({error})", file=path) from error


def _numbers(rows: object, column: str, path: Path) -> Array:
    reader = iter(rows)  # type: ignore[call-overload] # csv names no type of its readers
    found: list[float] = []
    place: int | None = None
    for row in reader:
        if place is None:
            place, is_header = _place(row, column, path)
            if is_header:
                continue
        try:
            found.append(float(row[place]))
        except (ValueError, IndexError):
            got = row[place] if len(row) > place else "missing"
            raise DataError(
                f"is {got!r:.40}, expected a number", file=path, line=reader.line_num, column=column
            ) from None
    return np.array(found, dtype=np.float32)


def _place(row: list[str], column: str, path: Path) -> tuple[int, bool]:
    """Find the column by the first row, and tell whether that is a header."""
    if column in row:
        return row.index(column), True
    other = next((name for name in OUTPUTS if name in row), None)
    if other is not None:
        raise DataError(
            f"has a column {other!r} and none {column!r}; set teacher_output (--teacher-output) to {other}", file=path
        )
    if len(row) == 1:
        return 0, not _is_number(row[0])
    raise DataError(
        f"has no column {column!r} among {', '.join(row)!r:.80}; name it so, or leave the others out", file=path
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
