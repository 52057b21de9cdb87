"""A file of texts, read once for its texts and once more to write its rows with their groups."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows, tell_late
from textsiam.cli.messages import tell_skipped
from textsiam.cli.scored_file import Added, check_names, open_writer
from textsiam.cli.text_options import TextOptions
from textsiam.data.row_source import RowSource
from textsiam.errors import DataError
from textsiam.index.duplicates import Duplicates

ROWS_AT_ONCE = 10_000
ADDED = (Added("group", "text"), Added("kept", "flag"))
RENAME = "rename it first"


class TextFile(NamedTuple):
    """The texts of a file's good rows, and where the rows come from; bad rows are left out if ``skip``."""

    texts: list[str]
    source: RowSource
    skip: bool

    def rows(self) -> GoodRows:
        """Read the rows anew."""
        return GoodRows(self.source, [column.name for column in ADDED], skip=self.skip, way_out=RENAME)


def read_texts(path: Path, options: TextOptions, out: Path) -> TextFile:
    """Read the texts of a file; says on stderr which rows were left out.

    Raises DataError where there are none, OptionError where ``out`` cannot hold the file's columns.
    """
    source = options.open(path)
    for column in ADDED:
        check_names(source, out, column.name, RENAME)
    found = TextFile([], source, options.skip)
    rows = found.rows()
    found.texts.extend(row.cells[source.places.a] for row in rows)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    if not found.texts:
        raise DataError("has no text", file=path)
    return found


def write_groups(file: TextFile, found: Duplicates, out: Path) -> None:
    """Write the rows of a file with the group of each, nothing for those in none, and whether it is kept.

    Raises DataError where the file has changed since it was read.
    """
    group = {row: group.id for group in found.groups for row in group.rows}
    kept, good, done, same = set(found.kept), file.rows(), 0, True
    rows = iter(good)
    with atomic_path(out) as part:
        with open_writer(part, out, file.source, ADDED) as writer:
            while same and (batch := list(itertools.islice(rows, ROWS_AT_ONCE))):
                numbers = range(done, done + len(batch))
                same = [row.cells[file.source.places.a] for row in batch] == file.texts[done : done + len(batch)]
                writer.write(batch, [[group.get(number) for number in numbers], [number in kept for number in numbers]])
                done += len(batch)
        if not same or done != len(file.texts):
            raise DataError("has changed while it was read; nothing was written", file=file.source.file)
    tell_late(good, out)
