"""A file of pairs to the same file with probabilities."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import NamedTuple

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows, tell_late
from textsiam.cli.messages import say, tell_skipped, tell_texts
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scored_file import NAME_ANOTHER, Added, check_names, open_writer
from textsiam.data.columns import Places
from textsiam.data.files import check_file
from textsiam.data.row_source import Row
from textsiam.data.rows import open_rows
from textsiam.errors import DataError
from textsiam.model.pair_model import PairModel
from textsiam.model.scores import TextReport
from textsiam.model.workers import workers
from textsiam.progress import progress

ROWS_AT_ONCE = 10_000


class ScoredFile(NamedTuple):
    """What is to be written: the rows of ``path``, read with ``rows``, to ``out``, probabilities in ``column``.

    ``workers``: processes that score.
    """

    path: Path
    out: Path
    column: str
    rows: RowOptions
    workers: int


def score_file(model: PairModel, wanted: ScoredFile) -> None:
    """Score every pair of a file; says on stderr which rows were left out and what of the texts could not be read."""
    path, out, column, options, processes = wanted
    skip = options.skip
    check_file(path)
    source = open_rows(path, **options.how(), need_label=False)
    options.tell_header_of(source)
    check_names(source, out, column)
    rows = GoodRows(source, [column], skip=skip, way_out=NAME_ANOTHER)
    good, texts = iter(rows), TextReport()
    with atomic_path(out) as part:
        with (
            progress("scoring", None, "pairs") as bar,
            open_writer(part, out, source, [Added(column, "float")]) as writer,
            workers(model, processes) as run,
        ):
            batches = iter(lambda: list(itertools.islice(good, ROWS_AT_ONCE)), [])
            for batch, scores in run("score_details", batches, partial(_texts, places=source.places)):
                texts += scores.texts
                writer.write(batch, [scores.probabilities.tolist()])
                bar.advance(len(batch))
        if not rows.kept:
            raise DataError("has no row that could be scored", file=path)
    tell_skipped(path, rows.kept + rows.skipped, rows.skipped, rows.problems)
    tell_texts(texts)
    tell_late(rows, out)
    say(f"{out}: {rows.kept:,} pairs scored")


def _texts(batch: list[Row], places: Places) -> list[tuple[str, str]]:
    return [(row.cells[places.a], row.cells[places.b]) for row in batch]
