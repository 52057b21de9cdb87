"""``textsiam duplicates``: which texts of a file are the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.atomic import write_atomically
from textsiam.cli.duplicates_file import read_texts, write_groups
from textsiam.cli.messages import say, tell_texts
from textsiam.cli.number_types import WholeNumber
from textsiam.cli.outputs import check_new
from textsiam.cli.promised_threshold import check_one, promised_threshold
from textsiam.cli.scored_file import check_out
from textsiam.cli.text_options import TextOptions
from textsiam.data.files import inner_suffix
from textsiam.errors import OptionError
from textsiam.index.duplicates import Duplicates, FoundPair, check_options, find_duplicates
from textsiam.model.folder import check_no_file
from textsiam.model.pair_model import PairModel


def duplicates(  # noqa: PLR0913 - each is an option of the command
    model: Path,
    texts: Path,
    /,
    *,
    out: Path,
    pairs: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    threshold: float | None = None,
    precision: float | None = None,
    linkage: str = "connected",
    keep: str = "first",
    neighbours: WholeNumber = 100,
    device: str | None = None,
    rows: TextOptions = TextOptions(),  # noqa: B008 - frozen
) -> None:
    """Find which texts of a file are the same.

    Parameters
    ----------
    model
        Model folder.
    texts
        File of texts: a table with a column of texts, or a .txt file with one text a line.
    out
        File to write: the input's rows but blank ones, the group of each, and whether it is kept; format by its ending.
    pairs
        CSV file for the pairs, the most probable first; their rows count from 1, without bad and blank ones. Of copies
        the first alone stands in pairs with others.
    overwrite
        Replace these files if they are there.
    threshold
        Probability from which on two texts are the same. [default: that of the model]
    precision
        The threshold at which dev promises this precision, for dev's share of same pairs, which in a list is far lower.
    linkage
        connected: chains of pairs make a group; complete: every two texts of a group are a pair.
    keep
        The row of a group that is kept: first, longest or shortest.
    neighbours
        Near texts that each one is scored with, where the model's head lets no search find all pairs exactly.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    check_no_file(model)
    _check_files(out, pairs, texts, overwrite=overwrite)
    check_one(threshold, precision)
    check_options(threshold, linkage, keep, neighbours)
    file = read_texts(texts, rows, out)
    loaded = PairModel.load(model, device=device)
    threshold = threshold if precision is None else promised_threshold(loaded, precision)
    found = find_duplicates(
        file.texts, loaded, threshold=threshold, linkage=linkage, keep=keep, neighbours=neighbours, show_progress=True
    )
    tell_texts(loaded.inspect(file.texts))
    write_groups(file, found, out)
    if pairs is not None:
        write_atomically(pairs, _as_csv(found))
    _tell(found, out)


def _check_files(out: Path, pairs: Path | None, texts: Path, *, overwrite: bool) -> None:
    check_out(out, texts, overwrite=overwrite)
    if inner_suffix(out) == ".txt":
        raise OptionError(f"--out is {out}, which stands for plain text; give a name such as {out.stem}.csv")
    if pairs is None:
        return
    check_new(pairs, "--pairs", overwrite=overwrite, inputs=(texts,))
    if pairs.suffix.lower() != ".csv":
        raise OptionError(f"--pairs is {pairs}, expected a name that ends in .csv")
    if pairs.resolve() == out.resolve():
        raise OptionError(f"--pairs and --out are both {out}; give two files")


def _as_csv(found: Duplicates) -> str:
    text = io.StringIO(newline="")
    text.write(",".join(FoundPair._fields) + "\n")
    # all texts in quotes: before Python 3.13 a lone carriage return would stand without
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    for row_a, row_b, text_a, text_b, probability, cosine in found.pairs:
        writer.writerow([row_a + 1, row_b + 1, text_a, text_b, round(probability, 6), round(cosine, 6)])
    return text.getvalue()


def _tell(found: Duplicates, out: Path) -> None:
    sizes = [len(group.rows) for group in found.groups]
    grouped = sum(sizes)
    say(
        f"{out}: {len(found.texts):,} texts, {grouped:,} of them in {len(found.groups):,} groups from probability "
        f"{found.threshold:.4f} on; {len(found.kept):,} kept"
    )
    if max(sizes, default=0) > len(found.texts) / 2:
        say(
            f"one group holds {max(sizes):,} of {len(found.texts):,} texts: unless they are copies, a higher "
            "--threshold or --linkage complete will part them"
        )
    if found.recall is not None and not found.recall.reaching:
        say(
            f"pairs may have been missed: of {found.recall.texts:,} sampled texts none is in one, "
            "so none can say how many"
        )
    elif found.recall is not None:
        share = found.recall.found / found.recall.reaching
        say(
            f"{share:.1%} of the pairs were found, by a sample of {found.recall.texts:,} texts scored with all others "
            f"({found.recall.found:,} of {found.recall.reaching:,})"
            + ("; more --neighbours find more" if share < 1 else "")
        )
