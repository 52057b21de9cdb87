"""Writing scored rows: every column of the input, and the probability behind them."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from textsiam.data.files import file_format, inner_suffix
from textsiam.data.row_source import Row, RowSource
from textsiam.errors import import_extra

_COMPRESSORS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


class RowWriter(Protocol):
    """Takes rows in batches."""

    def write(self, rows: Sequence[Row], probabilities: npt.NDArray[Any]) -> None:
        """Write rows with their probabilities, float32 (n,)."""


@contextmanager
def open_writer(part: Path, out: Path, source: RowSource, column: str) -> Iterator[RowWriter]:
    """Open ``part`` for rows of ``source``, in the format that the ending of ``out`` names (.gz and the like too)."""
    kind = file_format(out)
    if kind == "parquet":
        with _parquet_writer(part, source, column) as writer:
            yield writer
        return
    opener: Callable[..., Any] = _COMPRESSORS.get(out.suffix.lower(), open)
    with io.TextIOWrapper(opener(part, "wb"), encoding="utf-8", newline="") as stream:
        if kind == "jsonl":
            yield _JsonLinesWriter(stream, source, column)
        else:
            yield _DelimitedWriter(stream, source, column, _DELIMITERS.get(inner_suffix(out), source.delimiter or "\t"))


class _JsonLinesWriter:
    def __init__(self, stream: io.TextIOBase, source: RowSource, column: str) -> None:
        self.stream, self.names, self.column = stream, source.fieldnames, column

    def write(self, rows: Sequence[Row], probabilities: npt.NDArray[Any]) -> None:
        for row, probability in zip(rows, probabilities.tolist(), strict=True):
            cells = dict(row.record) if row.record is not None else dict(zip(self.names, row.cells, strict=False))
            record = {**cells, self.column: round(probability, 6)}
            self.stream.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")


class _DelimitedWriter:
    """Keeps the input's quoting where it keeps its delimiter: cells that needed no quotes there need none here."""

    def __init__(self, stream: io.TextIOBase, source: RowSource, column: str, delimiter: str) -> None:
        self.stream, self.delimiter = stream, delimiter
        self.plain = source.quoting == "none" and source.delimiter == delimiter
        self.rows = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        if source.header is not False:
            self._write([*source.fieldnames, column])

    def write(self, rows: Sequence[Row], probabilities: npt.NDArray[Any]) -> None:
        for row, probability in zip(rows, probabilities.tolist(), strict=True):
            self._write([*row.cells, f"{probability:.6f}"])

    def _write(self, cells: list[str]) -> None:
        if self.plain:
            self.stream.write(self.delimiter.join(cells) + "\n")
        else:
            self.rows.writerow(cells)


class _ParquetWriter:
    def __init__(self, pyarrow: Any, writer: Any, source: RowSource, column: str) -> None:
        self.pyarrow, self.writer, self.names, self.column = pyarrow, writer, source.fieldnames, column

    def write(self, rows: Sequence[Row], probabilities: npt.NDArray[Any]) -> None:
        columns = {name: [row.cells[place] for row in rows] for place, name in enumerate(self.names)}
        self.writer.write(self.pyarrow.table({**columns, self.column: probabilities}))


@contextmanager
def _parquet_writer(part: Path, source: RowSource, column: str) -> Iterator[_ParquetWriter]:
    pyarrow = import_extra("pyarrow", "train", "writing Parquet")
    parquet = import_extra("pyarrow.parquet", "train", "writing Parquet")
    schema = pyarrow.schema([(name, pyarrow.string()) for name in source.fieldnames] + [(column, pyarrow.float32())])
    with parquet.ParquetWriter(part, schema) as writer:
        yield _ParquetWriter(pyarrow, writer, source, column)
