"""Rows of CSV, TSV and the like, streamed, with the exact line of each; needs nothing but the standard library."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

from textsiam.data.columns import TextColumn, as_position, find_columns, is_single_name, is_text_name
from textsiam.data.dialect import BYTE_ORDER_MARK, find_dialect
from textsiam.data.files import compression, open_bytes, read_lines
from textsiam.data.labels import looks_like_label
from textsiam.data.quoted import QuoteError, chomp, parse_quoted
from textsiam.data.row_source import NOT_UTF8, Row, RowSource, numbered, text_problem
from textsiam.errors import DataError, OptionError


class DelimitedSource(RowSource):
    """Rows of a delimited file.

    Blank lines are passed over. With a header, every row must be as wide as it. Without one, rows of a comma file
    must be as wide as the first (a further comma should have been quoted), other rows wide enough for the columns.

    ``header`` None: there is none if the columns are given by position and the first row's label cell is itself a
    label, or blank, or, where no label is given, if no cell of the first row is a usual name of a text column.
    """

    format = "delimited"

    def __init__(
        self,
        path: Path,
        *,
        columns: Sequence[str | int] | None,
        header: bool | None,
        quoting: str,
        delimiter: str | None,
        labels: Mapping[str, float] | None,
        need_label: bool,
    ) -> None:
        self.file = path
        self.fieldnames = []  # until the header is read, columns are called by their position
        self._dialect = find_dialect(path, delimiter, quoting)
        self.delimiter, self.quoting = self._dialect.delimiter, self._dialect.quoting
        self.newline = "\r\n" if self._dialect.newline == "\r\n" else "\n"
        self.byte_order_mark = self._dialect.byte_order_mark
        line, first = self._first_row()
        self.header = _has_header(first, columns, labels) if header is None else header
        if not self.header and (columns is None or any(as_position(column) is None for column in columns)):
            how = f"{columns.option} 1" if isinstance(columns, TextColumn) else "--columns 1,2,3"
            raise OptionError(f"without a header the columns must be given by position: columns ({how})")
        self.fieldnames = first if self.header else numbered(len(first))
        self.places = find_columns(self.fieldnames, columns, need_label, file=path)
        self._skip = line if self.header else 0
        self._needed = max(place for place in self.places if place is not None) + 1
        self._width = len(first) if self.header or self.delimiter == "," else None
        self.notes = self._describe(compression(path))

    def __iter__(self) -> Iterator[Row | DataError]:
        needed, width, skip = self._needed, self._width, self._skip
        for line, cells in self._rows():
            if line <= skip:
                continue
            if isinstance(cells, DataError):
                yield cells
            elif len(cells) == width or (width is None and len(cells) >= needed):
                yield Row(line, cells)
            else:
                yield self._width_problem(line, cells)

    def _first_row(self) -> tuple[int, list[str]]:
        for line, cells in self._rows():
            if isinstance(cells, DataError):
                raise cells
            return line, cells
        raise DataError("is empty", file=self.file)

    def _rows(self) -> Iterator[tuple[int, list[str] | DataError]]:
        """Give the line and the cells of each row that is not blank, or what is wrong with it.

        After a row with broken quotes, reading goes on at the line after the one on which it started.
        """
        assert self.file is not None
        delimiter, quoted = self._dialect.delimiter, self._dialect.quoting == "minimal"
        with open_bytes(self.file) as stream:
            lines = _Lines(read_lines(stream, self._dialect.newline))
            if self._dialect.separator_line:
                lines.next_line()
            while (line := lines.next_line()) is not None:
                start = lines.number
                if quoted and '"' in line:
                    try:
                        with lines.returning(QuoteError):
                            cells = parse_quoted(line, lines.next_line, delimiter)
                    except QuoteError as error:
                        hint = "where quotes are ordinary characters, give quoting (--quoting none)"
                        yield start, self.problem(f"{error}; {hint}", start)
                        continue
                elif not (line := chomp(line)):
                    continue
                else:
                    cells = line.split(delimiter)
                if lines.suspect:
                    lines.suspect = False
                    yield start, self._content_problem(start, cells)
                else:
                    yield start, cells

    def _content_problem(self, line: int, cells: list[str]) -> DataError:
        place, message = next((i, found) for i, cell in enumerate(cells) if (found := text_problem(cell)))
        return self.problem(message if "NUL" in message else NOT_UTF8, line, place)

    def _width_problem(self, line: int, cells: list[str]) -> DataError:
        count = f"the row has {len(cells)} field{'s'[: len(cells) != 1]}"
        if self._width is None:
            return self.problem(f"{count}, expected at least {self._needed}", line, len(cells))
        place = next((place for place in self.places if place is not None and place >= len(cells)), None)
        whose = "the header" if self.header else "the first row"
        hint = "" if len(cells) < self._width else "; a delimiter within a text must be quoted"
        return self.problem(f"{count}, {whose} has {self._width}{hint}", line, place)

    def _describe(self, compressed: str | None) -> tuple[str, ...]:
        name = {"\t": "tab", ",": "comma"}.get(self._dialect.delimiter, repr(self._dialect.delimiter))
        quotes = "CSV quotes" if self.quoting == "minimal" else "ordinary characters"
        notes = [f"delimiter {name}, double quotes are {quotes}, {'a' if self.header else 'no'} header"]
        if self._dialect.byte_order_mark:
            notes.append("byte order mark passed over")
        if self._dialect.separator_line:
            notes.append("first line names the delimiter")
        if compressed:
            notes.append(f"compressed with {compressed}")
        return tuple(notes)


class _Lines:
    """Lines of a file with their numbers, and a way back to where a row began.

    ``suspect`` is set when a line is not UTF-8 (its broken bytes become lone surrogates) or holds NUL.
    """

    def __init__(self, lines: Iterator[bytes]) -> None:
        first = [line.removeprefix(BYTE_ORDER_MARK) for line in islice(lines, 1)]
        self._lines = chain(first, lines)
        self._again: deque[bytes] = deque()
        self._since: list[bytes] | None = None
        self.number = 0
        self.suspect = False

    def next_line(self) -> str | None:
        raw = self._again.popleft() if self._again else next(self._lines, None)
        if raw is None:
            return None
        self.number += 1
        if self._since is not None:
            self._since.append(raw)
        if b"\0" in raw:
            self.suspect = True
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.suspect = True
            return raw.decode("utf-8", errors="surrogateescape")

    @contextmanager
    def returning(self, error: type[Exception]) -> Iterator[None]:
        """On an ``error``, go back to the first of the lines that were taken meanwhile."""
        self._since = []
        try:
            yield
        except error:
            self._again.extendleft(reversed(self._since))
            self.number -= len(self._since)
            self.suspect = False
            raise
        finally:
            self._since = None


def _text_has_header(first: list[str], column: TextColumn) -> bool:
    """Tell whether a first row holds names; raises OptionError where it may as well hold a text."""
    if any(map(is_single_name, first)) or (not column and len(first) > 1):
        return True
    if column and as_position(column[0]) is None:
        return True
    raise OptionError(
        f"whether the first row ({', '.join(first):.60}) holds column names cannot be told; "
        "give --header or --no-header"
    )


def _has_header(first: list[str], columns: Sequence[str | int] | None, labels: Mapping[str, float] | None) -> bool:
    if columns is None:
        return True
    if isinstance(columns, TextColumn):
        return _text_has_header(first, columns)
    positions = [as_position(column) for column in columns]
    if None in positions:
        return True
    if len(positions) < 3:
        return any(map(is_text_name, first))
    label = positions[2]
    if label is None or label >= len(first):
        return True
    return bool(first[label].strip()) and not looks_like_label(first[label], labels)
