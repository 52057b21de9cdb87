"""The rows of a source that can be scored and written whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from textsiam.cli.messages import LISTED, say
from textsiam.data.files import file_format
from textsiam.data.row_source import Row, RowSource
from textsiam.errors import DataError


class GoodRows:
    """The good rows of a source; a bad one is raised, or with ``skip`` counted and, if among the first, kept.

    Each has as many cells as there are columns, so that the ``added`` columns stand in one place: rows of a file
    without header that are shorter than its first get empty cells, longer ones are bad, and so are records with a key
    that is an added column (``way_out`` says what to do). ``late``: keys of records that are no columns, as the first
    record has them not.
    """

    def __init__(self, source: RowSource, added: Sequence[str], *, skip: bool, way_out: str) -> None:
        self.kept = self.skipped = 0
        self.problems: list[DataError] = []
        self.late: dict[str, None] = {}
        self._source, self._added, self._skip, self._way_out = source, added, skip, way_out
        self._names = frozenset(source.fieldnames)

    def __iter__(self) -> Iterator[Row]:
        for found in self._source:
            row = found if isinstance(found, DataError) else self._whole(found)
            if not isinstance(row, DataError):
                self.kept += 1
                yield row
                continue
            self._leave_out(row)

    def reject(self, problem: DataError) -> None:
        """Take back a row that was given, for what came to light later, as if it had been bad from the start."""
        self._leave_out(problem)
        self.kept -= 1

    def _leave_out(self, problem: DataError) -> None:
        if not self._skip:
            raise problem
        self.skipped += 1
        if len(self.problems) < LISTED:
            self.problems.append(problem)

    def _whole(self, row: Row) -> Row | DataError:
        if row.record is not None:
            if not row.record.keys() <= self._names:
                twice = next((name for name in self._added if name in row.record), None)
                if twice is not None:
                    message = f"has a key {twice!r} already; {self._way_out}"
                    return self._source.problem(message, row.line)
                self.late.update(dict.fromkeys(key for key in row.record if key not in self._names))
            return row
        missing = len(self._source.fieldnames) - len(row.cells)
        if missing < 0:
            message = f"the row has {len(row.cells)} fields, the first row has {len(self._source.fieldnames)}"
            return self._source.problem(f"{message}; a row must not be longer", row.line)
        return row._replace(cells=row.cells + [""] * missing) if missing else row


def tell_late(rows: GoodRows, out: Path) -> None:
    """Say which keys of records a table could not hold."""
    if not rows.late or file_format(out) == "jsonl":
        return
    keys, more = list(rows.late)[:LISTED], len(rows.late) - LISTED
    say(
        f"{out}: left out, as the first row has no such keys: {', '.join(keys)}"
        f"{f' and {more:,} more' if more > 0 else ''}; a name that ends in .jsonl keeps them"
    )
