"""The texts of a file, each with the entry of an index that is most surely the same."""

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
from textsiam.progress import progress

ADDED = (Added("match", "text"), Added("match_text", "text"), Added("probability", "float"))


def find_file(index: DuplicateIndex, path: Path, out: Path, rows_of: TextOptions, options: FindOptions) -> None:
    """Write the rows of a file with key, text and probability of the best match, nothing for texts that have none."""
    wanted = options.attributes()
    source = rows_of.open(path)
    check_added(source, ADDED, out)
    rows = GoodRows(source, [column.name for column in ADDED], skip=rows_of.skip, way_out=RENAME)
    good, found = iter(rows), 0
    with atomic_path(out) as part:
        with progress("finding", None, "texts") as bar, open_writer(part, out, source, ADDED) as writer:
            while batch := list(itertools.islice(good, ROWS_AT_ONCE)):
                texts = [row.cells[source.places.a] for row in batch]
                found_of = index.find_many(texts, limit=1, threshold=options.threshold, where=wanted)
                best = [next(iter(matches), None) for matches in found_of]
                values = [(None, None, None) if one is None else (one.key, one.text, one.probability) for one in best]
                writer.write(batch, list(zip(*values, strict=True)))
                found += sum(one is not None for one in best)
                bar.advance(len(batch))
        if not rows.kept:
            raise DataError("has no text", file=path)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    tell_late(rows, out)
    least = options.least(index)
    say(f"{out}: {rows.kept:,} texts, {found:,} of them are in {index.name} from probability {least:.4f} on")
