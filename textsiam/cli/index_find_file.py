"""The texts of a file, each with the entries of an index that are most surely the same."""

from __future__ import annotations

import itertools
from pathlib import Path

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows, tell_late
from textsiam.cli.index_find_options import FindOptions
from textsiam.cli.messages import say, tell_skipped
from textsiam.cli.scored_file import Added, open_writer
from textsiam.cli.text_file import RENAME, ROWS_AT_ONCE, check_added
from textsiam.cli.text_options import TextOptions
from textsiam.errors import DataError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.finding import Match
from textsiam.progress import progress

ADDED = (Added("match", "text"), Added("match_text", "text"), Added("probability", "float"))
_NONE: list[Match | None] = [None]  # a row is written without a match, too


def find_file(
    index: DuplicateIndex, path: Path, out: Path, rows_of: TextOptions, options: FindOptions, limit: int
) -> None:
    """Write the rows of a file with key, text and probability of a match, nothing for texts that have none.

    A row comes as often as it has matches, up to ``limit`` times, the best one first.
    """
    wanted = options.attributes()
    source = rows_of.open(path)
    check_added(source, ADDED, out)
    rows = GoodRows(source, [column.name for column in ADDED], skip=rows_of.skip, way_out=RENAME)
    good, found = iter(rows), 0
    with atomic_path(out) as part:
        with progress("finding", None, "texts") as bar, open_writer(part, out, source, ADDED) as writer:
            while batch := list(itertools.islice(good, ROWS_AT_ONCE)):
                texts = [row.cells[source.places.a] for row in batch]
                found_of = index.find_many(texts, limit=limit, threshold=options.threshold, where=wanted)
                both = [(row, one) for row, ones in zip(batch, found_of, strict=True) for one in (ones or _NONE)]
                values = [(one.key, one.text, one.probability) if one else (None, None, None) for _, one in both]
                writer.write([row for row, _ in both], list(zip(*values, strict=True)))
                found += sum(map(bool, found_of))
                bar.advance(len(batch))
        if not rows.kept:
            raise DataError("has no text", file=path)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    tell_late(rows, out)
    least = options.least(index)
    say(f"{out}: {rows.kept:,} texts, {found:,} of them are in {index.name} from probability {least:.4f} on")
