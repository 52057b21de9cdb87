"""The entries for an index that stand in a file of texts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from textsiam.cli.good_rows import GoodRows
from textsiam.cli.row_options import split_columns
from textsiam.cli.text_options import TextOptions
from textsiam.data.columns import find_key, find_name
from textsiam.data.row_source import Row, RowSource
from textsiam.errors import DataError, OptionError
from textsiam.index.adding import NewEntry, difference, says_same
from textsiam.index.entry_checks import checked_entry
from textsiam.index.store import Entry

ROWS_AT_ONCE = 10_000
HOW_TO_REPLACE = "mend one, or give --replace to keep the later one"
HOW_TO_NAME = (
    "the key is the file's name and line: where another file has that name, rename this one, or make it a table with a "
    "column of keys; where this one has changed, --replace keeps the later text"
)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EntryOptions(TextOptions):
    """How the entries of a file are read; None where nothing was said."""

    key_column: Annotated[
        str | None, Parameter(help="Column of keys, by name or number from 1. [default: key, or id]")
    ] = None
    attributes: Annotated[
        str | None,
        Parameter(help="Columns that are kept with each text, such as lang,source, for textsiam index find --where."),
    ] = None

    def open(self, path: Path) -> RowSource:
        """Open a file; raises as ``open_rows`` does."""
        names = [field.name for field in fields(TextOptions)]
        return TextOptions(**{name: getattr(self, name) for name in names}).open(path)

    def names(self) -> list[str]:
        """Give the attributes."""
        return [] if self.attributes is None else list(map(str, split_columns(self.attributes)))


class Placed(NamedTuple):
    """An entry, and the line on which it stands."""

    entry: NewEntry
    line: int


class Batch(NamedTuple):
    """Entries of some rows, by key; ``rows`` counts those that say the same once more, too."""

    entries: dict[str, Placed]
    rows: int


class EntryRows:
    """Entries of a file's good rows, in batches; bad ones are raised, or left out where the options say so.

    In a file with one text a line the key is the line's place. Attributes have the types that they have in the file. Of
    rows with one key that say different things the later are bad, or, with ``replace``, the last one is kept.
    """

    def __init__(self, path: Path, options: EntryOptions, *, replace: bool) -> None:
        self.path, self.replace = path, replace
        self.source = options.open(path)
        names = self.source.fieldnames
        is_table = self.source.format != "delimited" or self.source.header is not None
        self.key = (
            find_key(names, options.key_column, "--key-column", path)
            if is_table or options.key_column is not None
            else None
        )
        self.attributes = [find_name(names, name, path) for name in options.names()]
        self.source.narrow([names[place] for place in (self.key, *self.attributes) if place is not None])
        self.rows = GoodRows(self.source, [], skip=options.skip, way_out="")

    def batches(self) -> Iterator[Batch]:
        """Give the entries."""
        entries: dict[str, Placed] = {}
        count = 0
        for row in self.rows:
            placed = self._placed(row, entries)
            if isinstance(placed, DataError):
                self.rows.reject(placed)
                continue
            entries[placed.entry.key] = placed
            count += 1
            if count == ROWS_AT_ONCE:
                yield Batch(entries, count)
                entries, count = {}, 0
        if count:
            yield Batch(entries, count)

    def clash(self, placed: Placed, was: Entry | NewEntry, where: str) -> DataError:
        """Make the error of a row whose key stands ``where`` already."""
        message = f"key {placed.entry.key!r} is in {where} already, with {difference(was, placed.entry)}"
        return self.source.problem(f"{message}; {HOW_TO_NAME if self.key is None else HOW_TO_REPLACE}", placed.line)

    def _placed(self, row: Row, entries: dict[str, Placed]) -> Placed | DataError:
        key = f"{self.path.name}:{row.line}" if self.key is None else row.cells[self.key]
        if not key.strip():
            return self.source.problem("is empty, expected a key", row.line, self.key)
        attributes = {self.source.fieldnames[place]: self._attribute(row, place) for place in self.attributes}
        known = {name: value for name, value in attributes.items() if value is not None}
        try:
            entry = checked_entry(key, row.cells[self.source.places.a], known if self.attributes else None)
        except OptionError as error:
            return self.source.problem(str(error), row.line)
        placed, before = Placed(entry, row.line), entries.get(key)
        if before is not None and not says_same(before.entry, entry) and not self.replace:
            return self.clash(placed, before.entry, f"line {before.line}")
        return placed

    def _attribute(self, row: Row, place: int) -> object:
        """Give what JSON can hold as it is, and what else a table has, such as dates, as a text; None: nothing."""
        if row.record is None:
            return row.cells[place]
        value = row.record.get(self.source.fieldnames[place])
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return json.loads(json.dumps(value, default=str))
