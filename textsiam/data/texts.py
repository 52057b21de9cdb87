"""Texts for a vocabulary, streamed from files of pairs and files of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from textsiam.data.columns import is_text_name
from textsiam.data.dialect import BYTE_ORDER_MARK, QUOTING, find_dialect, refuse_dialect
from textsiam.data.files import check_file, file_format, inner_suffix, open_bytes, read_lines
from textsiam.data.row_source import NOT_UTF8, RowSource, text_problem
from textsiam.data.rows import open_rows
from textsiam.errors import DataError, check_choice


def iter_texts(
    paths: Sequence[str | Path],
    *,
    columns: Sequence[str | int] | None = None,
    header: bool | None = None,
    quoting: str = "auto",
    delimiter: str | None = None,
    on_error: str = "raise",
) -> Iterator[str]:
    """Stream the texts of files, both sides of each pair, without those that are empty or white space.

    A .txt file is plain text, one text a line, unless ``columns`` is given or its first line has two of the usual
    names of text columns; every other file is a file of pairs, and needs no label. The options are those of
    ``read_pairs``, and those for CSV and the like are for such files among the others; with ``on_error`` "skip" bad
    rows and lines are passed over. Compressed files are read as well.
    Raises DataError, for a file that is missing before anything is read.
    """
    check_choice("on_error (--on-error)", on_error, ("raise", "skip"))
    files = [Path(path) for path in paths]
    for file in files:
        check_file(file)
        file_format(file)
    check_choice("quoting (--quoting)", quoting, QUOTING)
    if not any(file_format(file) == "delimited" for file in files):
        refuse_dialect(header, quoting, delimiter)
    return _all_texts(files, columns, header, quoting, delimiter, on_error == "skip")


def is_plain_text(path: Path, columns: Sequence[str | int] | None = None) -> bool:
    """Tell whether a file has one text a line, not pairs, by the rule of ``iter_texts``."""
    if columns is not None or inner_suffix(path) != ".txt":
        return False
    dialect = find_dialect(path, None, "none")
    with open_bytes(path) as stream:
        lines = islice(read_lines(stream, dialect.newline), dialect.separator_line, None)
        first = next((line for line in lines if line.removeprefix(BYTE_ORDER_MARK).strip()), b"")
    cells = first.removeprefix(BYTE_ORDER_MARK).decode("utf-8", errors="replace").split(dialect.delimiter)
    return sum(map(is_text_name, cells)) < 2


def plain_lines(file: Path) -> Iterator[str | DataError]:
    """Give each line of a file, whatever its ending, or what is wrong with it; it may be compressed."""
    newline = find_dialect(file, None, "none").newline
    with open_bytes(file) as stream:
        for number, raw in enumerate(read_lines(stream, newline), 1):
            line = raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw
            try:
                text = line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield DataError(NOT_UTF8, file=file, line=number)
                continue
            problem = text_problem(text)
            yield DataError(problem, file=file, line=number) if problem else text


def _all_texts(
    files: list[Path],
    columns: Sequence[str | int] | None,
    header: bool | None,
    quoting: str,
    delimiter: str | None,
    skip: bool,
) -> Iterator[str]:
    for file in files:
        if is_plain_text(file, columns):
            found = plain_lines(file)
        elif file_format(file) != "delimited":
            found = _pair_texts(open_rows(file, columns=columns, need_label=False))
        else:
            found = _pair_texts(
                open_rows(file, columns=columns, header=header, quoting=quoting, delimiter=delimiter, need_label=False)
            )
        for text in found:
            if isinstance(text, str):
                if text and not text.isspace():
                    yield text
            elif not skip:
                raise text


def _pair_texts(rows: RowSource) -> Iterator[str | DataError]:
    a, b, _ = rows.places
    for row in rows:
        if isinstance(row, DataError):
            yield row
        else:
            yield row.cells[a]
            yield row.cells[b]
