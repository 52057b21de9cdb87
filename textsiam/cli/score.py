"""``textsiam score``: two texts to a probability, or a file of pairs to the same file with probabilities."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.atomic import atomic_path
from textsiam.cli.good_rows import GoodRows
from textsiam.cli.messages import LISTED, say, tell_skipped, tell_texts
from textsiam.cli.pair_options import PairOptions
from textsiam.cli.scored_file import check_names, check_out, open_writer
from textsiam.data.files import check_file, file_format
from textsiam.data.rows import open_rows
from textsiam.errors import DataError, OptionError, check_choice
from textsiam.model.pair_model import PairModel, TextReport
from textsiam.progress import progress

ROWS_AT_ONCE = 10_000


def score(
    model: Path,
    first: str,
    second: str | None = None,
    /,
    *,
    out: Path | None = None,
    column: str = "probability",
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    device: str | None = None,
    reading: PairOptions = PairOptions(),  # noqa: B008 - frozen
) -> None:
    """Score two texts, or every pair of a file.

    Parameters
    ----------
    model
        Model folder.
    first
        The first text, or, where no second one is given, a file of pairs (its labels, if any, are not needed).
    second
        The second text.
    out
        File to write: the rows of the input, all of its columns, and the probability; format by its ending.
    column
        Name of the column of probabilities.
    as_json
        Print JSON for two texts.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    loaded = PairModel.load(model, device=device)
    if second is not None:
        if reading != PairOptions():
            raise OptionError("the options that say how to read go with a file of pairs, but two texts were given")
        if out is not None:
            raise OptionError("--out goes with a file of pairs, but two texts were given")
        _score_texts(loaded, first, second, as_json=as_json)
        return
    if as_json:
        raise OptionError("--json goes with two texts; for a file of pairs, give --out a name that ends in .jsonl")
    if out is None:
        raise OptionError(f"give --out FILE to score the pairs of the file {first}, or a second text to compare with")
    _score_file(loaded, Path(first), out, column, reading)


def _score_texts(model: PairModel, first: str, second: str, *, as_json: bool) -> None:
    probability, threshold = model.score(first, second), model.calibration.threshold
    tell_texts(model.inspect([first, second]))
    if as_json:
        print(json.dumps({"probability": probability, "same": probability >= threshold, "threshold": threshold}))
    else:
        print(
            f"{probability:.4f}  {'same' if probability >= threshold else 'not the same'} (threshold {threshold:.4f})"
        )


def _score_file(model: PairModel, path: Path, out: Path, column: str, reading: PairOptions) -> None:
    check_choice("--on-error", reading.on_error, ("raise", "skip"))
    if reading.label_range is not None:
        raise OptionError("--label-range has no use here: labels are not read to score pairs")
    check_file(path)
    check_out(out)
    if out.exists() and out.samefile(path):
        raise OptionError(f"--out is the input {path}; give another file")
    source = open_rows(path, **reading.reading(), need_label=False)
    check_names(source, out, column)
    rows = GoodRows(source, column, skip=reading.on_error == "skip")
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
    if rows.late and file_format(out) != "jsonl":
        keys, more = list(rows.late)[:LISTED], len(rows.late) - LISTED
        say(
            f"{out}: left out, as the first row has no such keys: {', '.join(keys)}"
            f"{f' and {more:,} more' if more > 0 else ''}; a name that ends in .jsonl keeps them"
        )
    say(f"{out}: {rows.kept:,} pairs scored")
