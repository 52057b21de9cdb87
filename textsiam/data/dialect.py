"""How a text file marks its columns: delimiter, quotes and line ends, found from the file where not given."""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from textsiam.data.files import inner_suffix, open_bytes, read_blocks
from textsiam.errors import DataError, OptionError, check_choice

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
QUOTING = ("auto", "minimal", "none")
_SEPARATOR_LINE = re.compile(r'sep=([^"\r\n])(?=[\r\n])', re.IGNORECASE)
_SNIFFED_ROWS = 50  # for the delimiter
_SNIFFED_FIELDS = 100  # with quotes, for the quoting
_SNIFFED_BYTES = 64 << 20


class Dialect(NamedTuple):
    r"""Marks of a delimited file.

    ``quoting``: "minimal" or "none". ``newline``: what ends the first line, "\n", "\r\n", or in a file that has no
    "\n" "\r". ``separator_line``: the first line is "sep=;" or the like, which Excel takes for the delimiter.
    """

    delimiter: str
    quoting: str
    newline: str
    byte_order_mark: bool
    separator_line: bool


def find_dialect(path: Path, delimiter: str | None, quoting: str) -> Dialect:
    """Find the marks of a file that are not given.

    Delimiter: the one that a line "sep=;" or the like names; else a tab if the first line has one or the file ends in
    .tsv, else of those of ``, ; |`` that the first row has (of all, if it has none) the one that gives most of the
    first 50 rows the same number of fields. Quoting "auto": double quotes are CSV quotes in a file with commas, and
    elsewhere if most of its first 100 fields that hold a quote are quoted as CSV writers do, from their first to their
    last character with inner quotes doubled; otherwise they are ordinary characters.
    """
    check_choice("quoting (--quoting)", quoting, QUOTING)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise OptionError(f"delimiter (--delimiter) is {delimiter!r}, expected one character such as a tab or a comma")
    start = _start(path)
    mark = start.startswith(BYTE_ORDER_MARK)
    text = start.removeprefix(BYTE_ORDER_MARK).decode("utf-8", errors="replace")
    separator = _SEPARATOR_LINE.match(text)
    delimiter = delimiter or (separator[1] if separator else _find_delimiter(text, inner_suffix(path)))
    if quoting == "auto":
        quoting = "minimal" if delimiter == "," or _are_csv_quotes(path, delimiter) else "none"
    return Dialect(delimiter, quoting, _newline(text), mark, separator is not None)


def refuse_dialect(header: bool | None, quoting: str, delimiter: str | None) -> None:
    """Raise OptionError for an option that is given but has no meaning outside of CSV, TSV and the like."""
    check_choice("quoting (--quoting)", quoting, QUOTING)
    given = {"header": header, "quoting": None if quoting == "auto" else quoting, "delimiter": delimiter}
    for name, value in given.items():
        if value is not None:
            raise OptionError(f"{name} (--{name}) is {value!r}, but only a CSV or TSV file can take it")


def _start(path: Path) -> bytes:
    with open_bytes(path) as stream:
        start = next(read_blocks(stream, 1 << 20), b"")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError("is UTF-16, expected UTF-8; save it as UTF-8", file=path)
    if not start.removeprefix(BYTE_ORDER_MARK).strip():
        raise DataError("is empty", file=path)
    return start


def _newline(text: str) -> str:
    first, end, _ = text.partition("\n")
    if end:
        return "\r\n" if first.endswith("\r") else "\n"
    return "\r" if "\r" in text else "\n"


def _find_delimiter(text: str, suffix: str) -> str:
    lines = re.split(r"\r\n|\r|\n", text.lstrip("\r\n"))
    if suffix in (".tsv", ".tab") or "\t" in lines[0]:
        return "\t"
    agreeing = {candidate: _same_width(lines, candidate) for candidate in ",;|"}
    return max(agreeing, key=lambda candidate: agreeing[candidate])  # the first of equals, so a comma


def _same_width(lines: list[str], delimiter: str) -> tuple[bool, int]:
    """Tell whether the first row has two fields or more, and how many of the first rows have the most usual number."""
    try:
        widths = [len(row) for row in islice(csv.reader(lines, delimiter=delimiter), _SNIFFED_ROWS)]
    except csv.Error:  # such as a stray quote that swallows more than a field may hold
        return False, 0
    agreeing = max((count for width, count in Counter(widths).items() if width > 1), default=0)
    return bool(widths) and widths[0] > 1, agreeing


def _are_csv_quotes(path: Path, delimiter: str) -> bool:
    mark = re.escape(delimiter)
    field = re.compile(rf'(?:^|\r|{mark})(?:("[^"]*(?:""[^"]*)*"(?=[{mark}\r\n]|\Z))|([^{mark}\r\n]*))', re.MULTILINE)
    whole = stray = 0
    with open_bytes(path) as stream:
        for block in read_blocks(stream, _SNIFFED_BYTES):
            if b'"' not in block:
                continue
            for quoted, plain in field.findall(block.removeprefix(BYTE_ORDER_MARK).decode("utf-8", errors="replace")):
                whole += bool(quoted)
                stray += '"' in plain
                if whole + stray == _SNIFFED_FIELDS:
                    return whole > stray
    return whole >= stray
