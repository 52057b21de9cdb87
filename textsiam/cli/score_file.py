"""A file of pairs to the same file with probabilities."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import NamedTuple

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows
from textsiam.cli.messages import LISTED, say, tell_skipped, tell_texts
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scored_file import check_names, open_writer
from textsiam.data.files import check_file, file_format
from textsiam.data.rows import open_rows
from textsiam.errors import DataError
from textsiam.model.pair_model import PairModel, TextReport
from textsiam.progress import progress

ROWS_AT_ONCE = 10_000


class ScoredFile(NamedTuple):
    """What is to be written: the rows of ``path``, read with ``rows``, to ``out``, probabilities in ``column``."""

    path: Path
    out: Path
    column: str
    rows: RowOptions


def score_file(model: PairModel, wanted: ScoredFile) -> None:
    """Score every pair of a file; says on stderr which rows were left out and what of the texts could not be read."""
    path, out, column, options = wanted
    skip = options.skip
    check_file(path)
    source = open_rows(path, **options.how(), need_label=False)
    options.tell_header_of(source)
    check_names(source, out, column)
    rows = GoodRows(source, column, skip=skip)
    good, texts = iter(rows), TextReport()
    with atomic_path(out) as part:
        with progress("scoring", None, "pairs") as bar, open_writer(part, out, source, column) as writer:
            while batch := list(itertools.islice(good, ROWS_AT_ONCE)):
                scores = model.score_details(
                    [(row.cells[source.places.a], row.cells[source.places.b]) for row in batch]
                )
                texts += scores.texts
                writer.write(batch, scores.probabilities)
                bar.advance(len(batch))
        if not rows.kept:
            raise DataError("has no row that could be scored", file=path)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    tell_texts(texts)
    _tell_late(rows, out)
    say(f"{out}: {rows.kept:,} pairs scored")


def _tell_late(rows: GoodRows, out: Path) -> None:
    if not rows.late or file_format(out) == "jsonl":
        return
    keys, more = list(rows.late)[:LISTED], len(rows.late) - LISTED
    say(
        f"{out}: left out, as the first row has no such keys: {', '.join(keys)}"
        f"{f' and {more:,} more' if more > 0 else ''}; a name that ends in .jsonl keeps them"
    )
