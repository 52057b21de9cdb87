"""A file of texts, read once for its texts and once more to write its rows with what was found of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows, tell_late
from textsiam.cli.messages import tell_skipped
from textsiam.cli.scored_file import Added, Values, check_names, open_writer
from textsiam.data.row_source import RowSource
from textsiam.errors import DataError

ROWS_AT_ONCE = 10_000
RENAME = "rename it first"


class TextFile(NamedTuple):
    """The texts of a file's good rows, and where the rows come from; bad rows are left out if ``skip``."""

    texts: list[str]
    source: RowSource
    skip: bool
    added: Sequence[Added]

    def rows(self) -> GoodRows:
        """Read the rows anew."""
        return GoodRows(self.source, [column.name for column in self.added], skip=self.skip, way_out=RENAME)


def read_texts(path: Path, source: RowSource, *, skip: bool, added: Sequence[Added] = ()) -> TextFile:
    """Read the texts of a file; says on stderr which rows were left out.

    ``added``: the columns that will be written with its rows. Raises DataError where there are no texts.
    """
    found = TextFile([], source, skip, added)
    rows = found.rows()
    found.texts.extend(row.cells[source.places.a] for row in rows)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    if not found.texts:
        raise DataError("has no text", file=path)
    return found


def check_added(source: RowSource, added: Sequence[Added], out: Path) -> None:
    """Raise OptionError where ``out`` cannot hold the columns of a file, and those that are added."""
    for column in added:
        check_names(source, out, column.name, RENAME)


def write_texts(file: TextFile, values: Callable[[range], Values], out: Path) -> None:
    """Write the rows of a file with added columns, whose values ``values`` gives for a range of rows.

    Raises DataError where the file has changed since it was read.
    """
    good, done, same = file.rows(), 0, True
    rows = iter(good)
    with atomic_path(out) as part:
        with open_writer(part, out, file.source, file.added) as writer:
            while same and (batch := list(itertools.islice(rows, ROWS_AT_ONCE))):
                numbers = range(done, done + len(batch))
                same = [row.cells[file.source.places.a] for row in batch] == file.texts[done : done + len(batch)]
                writer.write(batch, values(numbers))
                done += len(batch)
        if not same or done != len(file.texts):
            raise DataError("has changed while it was read; nothing was written", file=file.source.file)
    tell_late(good, out)
