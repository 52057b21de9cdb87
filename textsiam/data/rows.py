"""Open a file of pairs as streamed rows; CSV, TSV and JSON Lines need nothing but the standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from textsiam.data.delimited import DelimitedSource
from textsiam.data.dialect import refuse_dialect
from textsiam.data.files import check_file, file_format
from textsiam.data.jsonl import JsonLinesSource
from textsiam.data.row_source import RowSource
from textsiam.data.tables import ParquetSource


def open_rows(
    path: str | Path,
    *,
    columns: Sequence[str | int] | None = None,
    header: bool | None = None,
    quoting: str = "auto",
    delimiter: str | None = None,
    labels: Mapping[str, float] | None = None,
    need_label: bool = True,
) -> RowSource:
    """Open a CSV, TSV, JSON Lines or Parquet file, compressed or not, as a source of rows with all its columns.

    The options are those of ``read_pairs``; ``labels`` only helps to tell a header from a first row, and with
    ``need_label`` False labels may be missing, and ``places.label`` is None. Iterating gives a Row, or a DataError in
    place of a row that is broken. Raises DataError if the file or its columns cannot be understood, OptionError for
    a bad option.
    """
    path = Path(path)
    check_file(path)
    kind = file_format(path)
    if kind != "delimited":
        refuse_dialect(header, quoting, delimiter)
    if kind == "jsonl":
        return JsonLinesSource(path, columns=columns, need_label=need_label)
    if kind == "parquet":
        return ParquetSource(path, columns=columns, need_label=need_label)
    return DelimitedSource(
        path,
        columns=columns,
        header=header,
        quoting=quoting,
        delimiter=delimiter,
        labels=labels,
        need_label=need_label,
    )
