"""One row of a file with CSV quotes, which may go on over several lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

MAX_ROW = 1 << 20  # characters of a row of several lines, so that one stray quote does not swallow the file
_INSIDE = re.compile(r'[^"]*(?:""[^"]*)*')  # up to the closing quote, or to the end of the line


class QuoteError(ValueError):
    """Quotes that do not enclose a whole field."""


def parse_quoted(line: str, next_line: Callable[[], str | None], delimiter: str) -> list[str]:
    """Give the fields of the row that starts with ``line``, taking more lines (None: no more) as its quotes ask.

    A field that starts with a quote ends at the next single quote, before a delimiter or the line's end; quotes
    elsewhere are ordinary characters. Raises QuoteError.
    """
    try:
        return next(csv.reader((chomp(line),), delimiter=delimiter, strict=True))
    except csv.Error:  # several lines, a lone carriage return, a huge field, or broken: take it apart by hand
        return _parse_by_hand(line, next_line, delimiter)


def chomp(line: str) -> str:
    r"""Take one line end away: "\n", "\r\n" or "\r"."""
    return line.removesuffix("\n").removesuffix("\r")


def _parse_by_hand(line: str, next_line: Callable[[], str | None], delimiter: str) -> list[str]:
    cells: list[str] = []
    position = 0
    budget = MAX_ROW
    while True:
        if line.startswith('"', position):
            parts: list[str] = []
            position += 1
            while (end := _inside(line, position, parts)) == len(line):
                following = next_line() if budget > 0 else None
                if following is None:
                    raise QuoteError("a quoted field is not closed")
                budget -= len(following)
                line, position = following, 0
            cells.append("".join(parts).replace('""', '"'))
            position = end + 1
            if not line.startswith(delimiter, position) and chomp(line[position:]):
                raise QuoteError(f"a quoted field goes on after its closing quote: {line[end : end + 20]!r}")
        else:
            end = line.find(delimiter, position)
            cells.append(line[position:end] if end >= 0 else chomp(line[position:]))
            position = end if end >= 0 else len(line)
        if not line.startswith(delimiter, position):
            return cells
        position += len(delimiter)


def _inside(line: str, position: int, parts: list[str]) -> int:
    """Add what is inside the quotes from ``position`` on, and give where it ends."""
    found = _INSIDE.match(line, position)
    assert found is not None  # the pattern matches the empty string
    parts.append(found.group())
    return found.end()
