"""Writing rows with what was found of them: every column of the input, and further ones behind them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from textsiam.cli.outputs import check_free, check_place
from textsiam.data.files import file_format, inner_suffix
from textsiam.data.row_source import Row, RowSource, storable
from textsiam.errors import OptionError, import_extra

NAME_ANOTHER = "name another one with --column"
_COMPRESSORS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


class Added(NamedTuple):
    """A column that is added: its name, and the kind of its values, "float", "text", "flag" or "number"."""

    name: str
    kind: str


Values = Sequence[Sequence[object]]  # of each added column, one for each row


class RowWriter(Protocol):
    """Takes rows in batches."""

    def write(self, rows: Sequence[Row], added: Values) -> None:
        """Write rows, each with a cell for every column, with the values of the added columns."""


def check_out(out: Path, path: Path, *, overwrite: bool) -> None:
    """Raise, before any work is done, OptionError or DataError if ``out`` cannot be written or names no format.

    Nor may it be the file ``path`` that is read, or a file that is there, unless that is to be overwritten.
    """
    check_place(out, "--out")
    kind, ending = file_format(out), out.suffix.lower()
    if ending == ".zst":
        raise OptionError(f"--out {out}: .zst cannot be written, only read; use .gz, .bz2 or .xz")
    if kind == "parquet" and ending != inner_suffix(out):
        raise OptionError(f"--out {out}: Parquet is compressed within; leave {ending} away")
    check_free(out, "--out", overwrite=overwrite, inputs=(path,))


def check_names(source: RowSource, out: Path, column: str, way_out: str = NAME_ANOTHER) -> None:
    """Raise OptionError if ``column`` is a column of ``source`` or ``out`` cannot hold two columns of one name."""
    names = source.fieldnames
    if column in names:
        raise OptionError(f"{source.file} has a column {column!r} already; {way_out}")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None and file_format(out) != "delimited":
        raise OptionError(f"{source.file} has two columns {twice!r}, which {out.suffix} cannot hold; write CSV or TSV")


@contextmanager
def open_writer(part: Path, out: Path, source: RowSource, added: Sequence[Added]) -> Iterator[RowWriter]:
    """Open ``part`` for rows of ``source``, in the format that the ending of ``out`` names (.gz and the like too)."""
    kind = file_format(out)
    if kind == "parquet":
        with _parquet_writer(part, source, added) as writer:
            yield writer
        return
    opener: Callable[..., Any] = _COMPRESSORS.get(out.suffix.lower(), open)
    # Half of a surrogate pair, which JSON Lines can hold in an escape, is written as that escape.
    with io.TextIOWrapper(opener(part, "wb"), encoding="utf-8", errors="backslashreplace", newline="") as stream:
        if kind == "jsonl":
            yield _JsonLinesWriter(stream, source, added)
        else:
            yield _DelimitedWriter(stream, source, added, _delimiter(out, source))


def _delimiter(out: Path, source: RowSource) -> str:
    """Give the delimiter of the input where ``out`` has the same ending, else the one its ending stands for."""
    ending = inner_suffix(out)
    if source.delimiter and source.file is not None and inner_suffix(source.file) == ending:
        return source.delimiter
    return _DELIMITERS.get(ending, source.delimiter or "\t")


class _JsonLinesWriter:
    def __init__(self, stream: io.TextIOBase, source: RowSource, added: Sequence[Added]) -> None:
        self.stream, self.names, self.added = stream, source.fieldnames, [column.name for column in added]

    def write(self, rows: Sequence[Row], added: Values) -> None:
        for row, *values in zip(rows, *added, strict=True):
            cells = dict(row.record) if row.record is not None else dict(zip(self.names, row.cells, strict=True))
            found = [round(value, 6) if isinstance(value, float) else value for value in values]
            record = {**cells, **dict(zip(self.added, found, strict=True))}
            self.stream.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")


class _DelimitedWriter:
    """Keeps the input's quoting where it keeps its delimiter: cells that needed no quotes there need none here."""

    def __init__(self, stream: io.TextIOBase, source: RowSource, added: Sequence[Added], delimiter: str) -> None:
        self.stream, self.delimiter = stream, delimiter
        self.plain = source.quoting == "none" and source.delimiter == delimiter
        # csv.writer leaves a lone carriage return unquoted before Python 3.13; a byte order mark would be lost
        self.special = re.compile(f'[\r\n"{re.escape(delimiter)}]|^\ufeff')
        self.newline = source.newline
        if source.byte_order_mark:  # without it Excel would not read UTF-8
            stream.write("\ufeff")
        if source.header is not False:
            self._write([*source.fieldnames, *(column.name for column in added)])

    def write(self, rows: Sequence[Row], added: Values) -> None:
        for row, *values in zip(rows, *added, strict=True):
            self._write([*row.cells, *map(_as_cell, values)])

    def _write(self, cells: list[str]) -> None:
        written = cells if self.plain else map(self._quoted, cells)
        self.stream.write(self.delimiter.join(written) + self.newline)

    def _quoted(self, cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if self.special.search(cell) else cell


def _as_cell(value: object) -> str:
    """Give a value of an added column as a cell: a flag as 1 or 0, and nothing where there is none."""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6f}" if isinstance(value, float) else "" if value is None else str(value)


class _ParquetWriter:
    """Keeps the types of columns that come from Parquet; all others are texts."""

    def __init__(self, writer: Any, schema: Any, pyarrow: Any, *, typed: bool) -> None:
        self.writer, self.schema, self.pyarrow, self.typed = writer, schema, pyarrow, typed

    def write(self, rows: Sequence[Row], added: Values) -> None:
        columns = [list(column) for column in zip(*map(self._values, rows), strict=True)]
        self.writer.write(self.pyarrow.table([*columns, *added], schema=self.schema))

    def _values(self, row: Row) -> Iterable[object]:
        return row.record.values() if self.typed and row.record is not None else row.cells


@contextmanager
def _parquet_writer(part: Path, source: RowSource, added: Sequence[Added]) -> Iterator[RowWriter]:
    pyarrow = import_extra("pyarrow", "train", "writing Parquet")
    parquet = import_extra("pyarrow.parquet", "train", "writing Parquet")
    texts = pyarrow.schema([(storable(name), pyarrow.string()) for name in source.fieldnames])
    types = {"float": pyarrow.float32(), "text": pyarrow.string(), "flag": pyarrow.bool_(), "number": pyarrow.int64()}
    schema = texts if source.schema is None else source.schema
    for column in added:
        schema = schema.append(pyarrow.field(column.name, types[column.kind]))
    with parquet.ParquetWriter(part, schema) as writer:
        yield _ParquetWriter(writer, schema, pyarrow, typed=source.schema is not None)
