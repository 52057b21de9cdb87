"""Rows of JSON Lines, one object a line, streamed; needs nothing but the standard library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from textsiam.data.columns import find_columns
from textsiam.data.dialect import BYTE_ORDER_MARK
from textsiam.data.files import compression, open_bytes
from textsiam.data.row_source import NOT_UTF8, Row, RowSource
from textsiam.errors import DataError


class JsonLinesSource(RowSource):
    """Rows of a JSON Lines file; the columns are the keys of its first object, blank lines are passed over."""

    format = "jsonl"

    def __init__(self, path: Path, *, columns: Sequence[str | int] | None, need_label: bool) -> None:
        self.file = path
        self.fieldnames = list(self._first_object())
        self.places = find_columns(self.fieldnames, columns, need_label, file=path)
        compressed = compression(path)
        self.notes = ("JSON Lines", *([f"compressed with {compressed}"] if compressed else []))

    def __iter__(self) -> Iterator[Row | DataError]:
        for line, found in self._objects():
            yield found if isinstance(found, DataError) else self.record_row(line, found)

    def _first_object(self) -> dict[str, object]:
        broken: DataError | None = None
        for _, found in self._objects():
            if isinstance(found, dict):
                return found
            broken = broken or found
        raise broken or DataError("is empty", file=self.file)

    def _objects(self) -> Iterator[tuple[int, dict[str, object] | DataError]]:
        assert self.file is not None
        with open_bytes(self.file) as stream:
            for number, raw in enumerate(stream, 1):
                line = raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw
                if number == 1 and line.lstrip().startswith(b"["):
                    raise DataError("is one JSON array, expected JSON Lines: one object a line", file=self.file)
                if line.strip():
                    yield number, self._parse(number, line)

    def _parse(self, number: int, line: bytes) -> dict[str, object] | DataError:
        try:
            value = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            return DataError(NOT_UTF8, file=self.file, line=number)
        except json.JSONDecodeError as error:
            return DataError(f"is not JSON ({error.msg} at character {error.pos + 1})", file=self.file, line=number)
        except ValueError:  # Python reads no integer of more than 4,300 digits
            return DataError("holds a number of too many digits", file=self.file, line=number)
        except RecursionError:
            return DataError("is nested too deeply", file=self.file, line=number)
        if isinstance(value, dict):
            return value
        return DataError(f"is not a JSON object but {type(value).__name__}", file=self.file, line=number)
