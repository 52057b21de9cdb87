"""What every reader of rows gives: rows as lists of cells, and an error in place of each row that is broken."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

from textsiam.data.columns import Places
from textsiam.errors import DataError

NOT_UTF8 = "is not valid UTF-8; save the file as UTF-8"


class Row(NamedTuple):
    """One row: the line (from 1) on which it starts, its cells, and the whole record where it came as one."""

    line: int
    cells: list[str]
    record: Mapping[str, object] | None = None


class RowSource(ABC):
    r"""Rows of a table, streamed as often as iterated over.

    ``file``: the path, or None for rows in memory. ``format``: "delimited", "jsonl", "parquet" or "rows".
    ``fieldnames``: the columns as the source names them, or "1", "2", ... without a header. ``places``: which of
    them hold the texts and the label; every Row has these cells, and its texts are valid Unicode without NUL. Halves
    of surrogate pairs in other cells of records are escaped.
    ``delimiter``, ``quoting``, ``header``: the dialect of a delimited file, None elsewhere, for writing the like.
    ``newline``: what ends its lines, "\n" or "\r\n". ``byte_order_mark``: it starts with the UTF-8 byte order mark.
    ``schema``: the Arrow schema of a Parquet file, None elsewhere, for the same.
    ``notes``: what is worth telling about how it is read. ``of_keys``: what stands in the place of texts are keys,
    which may be whole numbers in records.
    """

    file: Path | None
    format: str
    fieldnames: list[str]
    places: Places
    delimiter: str | None = None
    quoting: str | None = None
    header: bool | None = None
    newline: str = "\n"
    byte_order_mark: bool = False
    schema: Any = None
    notes: tuple[str, ...] = ()
    of_keys: bool = False

    @abstractmethod
    def __iter__(self) -> Iterator[Row | DataError]:
        """Give each row, or a DataError in place of a row that is broken; raise what ends the reading."""

    def narrow(self, names: Sequence[str]) -> None:  # noqa: B027 - most sources read whole rows anyway
        """Leave the cells of columns other than ``names`` and ``places`` empty where that saves work."""

    def problem(self, message: str, line: int | None = None, place: int | None = None) -> DataError:
        """Make the error of a row, with the name of the column at ``place``."""
        column = None
        if place is not None:
            column = self.fieldnames[place] if place < len(self.fieldnames) else str(place + 1)
        return DataError(message, file=self.file, line=line, column=column)

    def named(self, names: Sequence[str]) -> list[str]:
        """Give the names of the columns in ``places``, then ``names``, each once."""
        return list(dict.fromkeys([*(self.fieldnames[place] for place in self.places if place is not None), *names]))

    def record_row(self, line: int, record: Mapping[str, object]) -> Row | DataError:
        """Turn a record into a row; only its texts and its label must be there and be what they should."""
        cells = [_as_cell(record.get(name)) for name in self.fieldnames]
        for place in self.places:
            if place is None:
                continue
            value = record.get(self.fieldnames[place])
            if value is None:
                return self.problem("is missing", line, place)
            if place == self.places.label:
                message = label_problem(value)
            else:
                is_key = self.of_keys and isinstance(value, Integral) and not _is_bool(value)
                message = None if is_key else text_problem(value)
            if message:
                return self.problem(message, line, place)
        return Row(line, cells, record)


def text_problem(value: object) -> str | None:
    """Say why a value cannot be a text, or None."""
    if not isinstance(value, str):
        return f"is {_kind(value)}, expected a text"
    if "\0" in value:
        return "holds a NUL character"
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "holds half of a surrogate pair, which is not valid Unicode"
    return None


def storable(text: str) -> str:
    """Write halves of surrogate pairs, which UTF-8 cannot hold, as escapes."""
    return text if text.isascii() else text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def label_problem(value: object) -> str | None:
    """Say why a value cannot be a label, or None; whether it is understood is for the LabelReader to say."""
    return (
        None if isinstance(value, str | Real | Decimal) or _is_bool(value) else f"is {_kind(value)}, expected a label"
    )


def numbered(width: int) -> list[str]:
    """Name columns that have no names: "1", "2", ..."""
    return [str(position) for position in range(1, width + 1)]


def _as_cell(value: object) -> str:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Decimal):
        return str(value)
    if value is None:
        return ""
    if _is_bool(value):
        return "true" if value else "false"
    if isinstance(value, Real):
        return str(int(value)) if isinstance(value, Integral) else repr(float(value))
    return storable(json.dumps(value, ensure_ascii=False, default=str))


def _is_bool(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")  # NumPy's is neither int nor Real


def _kind(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return "a list"
    if isinstance(value, float) and math.isnan(value):
        return "missing (NaN)"
    return f"{type(value).__name__} {value!r:.40}"
