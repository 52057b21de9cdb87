"""Records that a command makes, to a file: CSV, TSV, JSON Lines or Parquet, by its ending."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from textsiam.atomic import atomic_path
from textsiam.cli.scored_file import Added, open_writer
from textsiam.data.columns import Places
from textsiam.data.row_source import Row, RowSource
from textsiam.errors import DataError

ROWS_AT_ONCE = 10_000


class _Columns(RowSource):
    """The columns of records that begin with a text; of CSV files in all but the ending ``.tsv``."""

    file = None
    format = "rows"

    def __init__(self, names: Sequence[str]) -> None:
        self.fieldnames, self.places = list(names), Places(0, 0, None)

    def __iter__(self) -> Iterator[Row | DataError]:
        return iter(())


def write_records(
    out: Path, names: Sequence[str], records: Iterable[Mapping[str, object]], added: Sequence[Added] = ()
) -> int:
    """Write records with the columns ``names``, then the ``added`` ones, which have a type; give their number.

    A record may lack some of ``names``, not the first one, which holds a text.
    """
    source, done, rest = _Columns(names), 0, iter(records)
    with atomic_path(out) as part, open_writer(part, out, source, added) as writer:
        while some := list(itertools.islice(rest, ROWS_AT_ONCE)):
            rows = [_row(source, done + place, record) for place, record in enumerate(some, 1)]
            writer.write(rows, [[record[column.name] for record in some] for column in added])
            done += len(some)
    return done


def _row(source: RowSource, number: int, record: Mapping[str, object]) -> Row:
    row = source.record_row(number, {name: record[name] for name in source.fieldnames if name in record})
    if isinstance(row, DataError):
        raise row
    return row
