"""Rows of Parquet files, of a datasets.Dataset, of data frames, and of rows in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeGuard, cast

from textsiam.data.columns import Places, check_distinct, find_columns
from textsiam.data.files import open_bytes
from textsiam.data.row_source import Row, RowSource, numbered
from textsiam.errors import DataError, import_extra

BATCH_ROWS = 10_000


class ParquetSource(RowSource):
    """Rows of a Parquet file; a row's ``line`` is its number from 1."""

    format = "parquet"
    notes = ("Parquet",)

    def __init__(self, path: Path, *, columns: Sequence[str | int] | None, need_label: bool) -> None:
        self.file = path
        self._pyarrow = import_extra("pyarrow", "train", "reading Parquet")
        self._parquet = import_extra("pyarrow.parquet", "train", "reading Parquet")
        with open_bytes(path) as stream:
            self.schema = self._opened(stream).schema_arrow
        self.fieldnames = list(self.schema.names)
        check_distinct(self.fieldnames, path)
        self.places = find_columns(self.fieldnames, columns, need_label, file=path)
        self._columns: list[str] | None = None

    def narrow(self, names: Sequence[str]) -> None:
        """Decode only the columns in ``places`` and ``names``."""
        self._columns = self.named(names)

    def __iter__(self) -> Iterator[Row | DataError]:
        assert self.file is not None
        with open_bytes(self.file) as stream:
            done = 0
            batches = self._opened(stream).iter_batches(batch_size=BATCH_ROWS, columns=self._columns)
            while (batch := self._next(batches)) is not None:
                yield from _table_rows(self, batch, done + 1)
                done += len(batch)

    def _opened(self, stream: object) -> Any:
        try:
            return self._parquet.ParquetFile(stream)
        except (self._pyarrow.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _next(self, batches: Iterator[Any]) -> Any:
        try:
            return next(batches, None)
        except (self._pyarrow.ArrowException, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(f"is not a Parquet file, or is damaged ({str(error).splitlines()[0]})", file=self.file)


class ArrowSource(RowSource):
    """Rows of a pyarrow Table or RecordBatch; a row's ``line`` is its number from 1."""

    file = None
    format = "rows"

    def __init__(self, table: Any, *, columns: Sequence[str | int] | None, need_label: bool) -> None:
        self._table = table
        self.fieldnames = self._names()
        check_distinct(self.fieldnames)
        self.places = find_columns(self.fieldnames, columns, need_label)

    def narrow(self, names: Sequence[str]) -> None:
        """Decode only the columns in ``places`` and ``names``."""
        self._table = self._selected(self.named(names))

    def __iter__(self) -> Iterator[Row | DataError]:
        done = 0
        for batch in self._batches():
            yield from _table_rows(self, batch, done + 1)
            done += len(batch)

    def _names(self) -> list[str]:
        return list(self._table.column_names)

    def _selected(self, names: list[str]) -> Any:
        return self._table.select(names)

    def _batches(self) -> Iterable[Any]:
        return _batches_of(self._table)


class DatasetSource(ArrowSource):
    """Rows of a ``datasets.Dataset``."""

    def _selected(self, names: list[str]) -> Any:
        return self._table.select_columns(names)

    def _batches(self) -> Iterable[Any]:
        return cast(Iterable[Any], self._table.with_format("arrow").iter(batch_size=BATCH_ROWS))


class PolarsSource(ArrowSource):
    """Rows of a polars DataFrame."""

    def _names(self) -> list[str]:
        return list(self._table.columns)

    def _selected(self, names: list[str]) -> Any:
        return self._table[names]  # select would take names for patterns

    def _batches(self) -> Iterable[Any]:
        for name, kind in self._table.schema.items():
            if str(kind) == "Object":  # of which Arrow would get addresses
                raise DataError("holds Python objects, expected texts or numbers; cast it first", column=name)
        try:
            table = self._table.to_arrow()
        except Exception as error:  # of a type that Arrow has not
            shown = str(error).splitlines()[0]
            raise DataError(f"a column of this data frame cannot be read ({shown:.80}); cast it first") from error
        return _batches_of(table)


def _batches_of(table: Any) -> Iterable[Any]:
    """Give the batches of a Table; a RecordBatch is one itself."""
    return cast(Iterable[Any], table.to_batches(max_chunksize=BATCH_ROWS)) if hasattr(table, "to_batches") else [table]


class FrameSource(RowSource):
    """Rows of a pandas DataFrame; a row's ``line`` is its number from 1."""

    file = None
    format = "rows"

    def __init__(self, frame: Any, *, columns: Sequence[str | int] | None, need_label: bool) -> None:
        self._frame = frame
        self.fieldnames = [str(name) for name in frame.columns]
        check_distinct(self.fieldnames)
        self.places = find_columns(self.fieldnames, columns, need_label)
        self._wanted = list(range(len(self.fieldnames)))

    def narrow(self, names: Sequence[str]) -> None:
        """Look at the columns in ``places`` and ``names`` alone."""
        self._wanted = [self.fieldnames.index(name) for name in self.named(names)]

    def __iter__(self) -> Iterator[Row | DataError]:
        names = [self.fieldnames[place] for place in self._wanted]
        columns = self._frame.iloc[:, self._wanted]
        whole = columns.astype(object).where(columns.notna(), None)  # of what is missing pandas has many kinds
        for number, row in enumerate(whole.itertuples(index=False, name=None), 1):
            yield self.record_row(number, dict(zip(names, row, strict=True)))


class MemorySource(RowSource):
    """Rows in memory, (text a, text b, label) or mappings; a row's ``line`` is its number from 1.

    Tuples longer than three need ``columns`` by position. An iterator can be gone through only once.
    """

    file = None
    format = "rows"

    def __init__(self, rows: Iterable[object], *, columns: Sequence[str | int] | None, need_label: bool) -> None:
        remaining = iter(rows)
        first = next(remaining, None)
        if first is None:
            raise DataError("there are no rows")
        self._rows = chain([first], remaining) if remaining is rows else rows
        self._mappings = isinstance(first, Mapping)
        self.fieldnames = list(map(str, first)) if isinstance(first, Mapping) else numbered(_width(first))
        if columns is None and not self._mappings and len(self.fieldnames) in ((3,) if need_label else (2, 3)):
            self.places = Places(0, 1, 2 if need_label else None)
        else:
            self.places = find_columns(self.fieldnames, columns, need_label)

    def __iter__(self) -> Iterator[Row | DataError]:
        for number, row in enumerate(self._rows, 1):
            if isinstance(row, Mapping) and self._mappings:
                yield self.record_row(number, row)
            elif self._mappings or not _is_sequence(row):
                yield self.problem(f"is {type(row).__name__}, unlike the first row", number)
            elif len(row) != len(self.fieldnames):
                yield self.problem(f"has {len(row)} fields, the first row has {len(self.fieldnames)}", number)
            else:
                yield self.record_row(number, dict(zip(self.fieldnames, row, strict=True)))


def _table_rows(source: RowSource, table: Any, start: int) -> Iterator[Row | DataError]:
    """Give the rows of an Arrow table or batch, numbered from ``start``, and an error for each that Python cannot hold.

    Arrow's dates reach beyond the year 9999, Python's do not.
    """
    try:
        records = table.to_pylist()
    except (OverflowError, ValueError):
        for row in range(len(table)):
            yield _single_row(source, table, row, start + row)
        return
    for number, record in enumerate(records, start):
        yield source.record_row(number, record)


def _single_row(source: RowSource, table: Any, row: int, number: int) -> Row | DataError:
    record = {}
    for name in table.schema.names:
        try:
            record[name] = table.column(name)[row].as_py()
        except (OverflowError, ValueError) as error:
            return source.problem(f"cannot be read ({error})", number, source.fieldnames.index(name))
    return source.record_row(number, record)


def _is_sequence(row: object) -> TypeGuard[Sequence[object]]:
    return isinstance(row, Sequence) and not isinstance(row, str | bytes)


def _width(row: object) -> int:
    if not _is_sequence(row):
        raise DataError(f"the first row is {type(row).__name__}, expected (text a, text b, label) or a mapping")
    return len(row)
