"""``textsiam index export``: what people said of pairs, as training pairs, or the entries, to a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.index_open import open_without_model
from textsiam.cli.messages import say
from textsiam.cli.record_file import ROWS_AT_ONCE, write_records
from textsiam.cli.scored_file import Added, check_out
from textsiam.errors import DataError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.relations import Verdict
from textsiam.index.store import Entry


def export(
    index: str,
    /,
    *,
    out: Path,
    entries: Annotated[bool, Parameter(negative=())] = False,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write what people said of pairs of an index as training pairs, or its entries, to a file.

    Parameters
    ----------
    index
        Index file, or postgresql:// address.
    out
        File to write: text_a, text_b and label, ready for textsiam train; format by its ending.
    entries
        Write the entries instead: key, text and a column for each attribute.
    overwrite
        Replace OUT if it is there.
    """
    check_out(out, Path(index), overwrite=overwrite)
    with open_without_model(index) as opened:
        if entries:
            names = {name: _column(name) for entry in _entries(opened) for name in entry.attributes}
            records = (_record(entry, names) for entry in _entries(opened))
            count, what = write_records(out, ("key", "text", *names.values()), records), "entries"
        else:
            verdicts = opened.verdicts()
            if not verdicts:
                raise DataError("holds no verdicts to export; textsiam index mark makes them", file=opened.name)
            label = [Added("label", "number")]
            count = write_records(out, Verdict._fields[:2], (verdict._asdict() for verdict in verdicts), label)
            what = "training pair" if count == 1 else "training pairs"
    say(f"{out}: {count:,} {what}")


def _entries(index: DuplicateIndex) -> Iterator[Entry]:
    """Give the entries by their keys, some at a time; those that others remove meanwhile may be missing."""
    keys = iter(index.keys())
    while some := list(islice(keys, ROWS_AT_ONCE)):
        yield from index.entries(some).values()


def _column(attribute: str) -> str:
    """Give the column of an attribute."""
    return f"attributes.{attribute}" if attribute in ("key", "text") else attribute


def _record(entry: Entry, names: dict[str, str]) -> dict[str, object]:
    # attributes that others give to an entry meanwhile have no column
    own = {names[name]: value for name, value in entry.attributes.items() if name in names}
    return {"key": entry.key, "text": entry.text, **own}
