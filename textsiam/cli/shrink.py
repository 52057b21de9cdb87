"""``textsiam shrink``: a model folder to a smaller one, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textsiam.cli.messages import say
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scoring_model import load_scoring
from textsiam.errors import OptionError, check_choice
from textsiam.model.folder import check_no_file, check_target, read_folder
from textsiam.model.pair_model import PairModel
from textsiam.model.storage import PRECISIONS, note_precision

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.evaluation.evaluation import Evaluation

Row = tuple[str, str, str]  # of what is printed: a name, before, after


def shrink(
    model: Path,
    /,
    *,
    out: Path,
    weights: str = "int8",
    pairs: Path | None = None,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Store a model's weights in half or a quarter of their size.

    Parameters
    ----------
    model
        Model folder.
    out
        Model folder to write.
    weights
        int8: matrices as a byte a number with a scale per row, a quarter of the size; fp16: half of it. The vocabulary
        stays as it is.
    pairs
        File of labelled pairs on which both are evaluated, such as dev; the card of OUT then says what was lost.
    """
    check_no_file(model)
    check_choice("weights (--weights)", weights, PRECISIONS[1:])
    if pairs is None and (rows, labels) != (RowOptions(), LabelOptions()):
        raise OptionError("the options that say how to read go with --pairs FILE")
    check_target(out)
    if out.resolve() == model.resolve():
        raise OptionError(f"--out {out} is the model itself, which cannot be made whole again; give another --out")
    large = load_scoring(model)
    stored = large.details.get("weights", "fp32")
    if stored in ("int8", weights):
        raise OptionError(f"{model} is stored as {stored} already, {weights} would not make it smaller")
    labelled = None if pairs is None else read_labelled(pairs, rows, labels)
    changes = _shrink(large, out, weights, labelled)
    sizes = [("", "before", "after"), ("weights", stored, weights), ("MB", _megabytes(model), _megabytes(out))]
    for name, before, after in sizes + changes:
        print(f"{name:<20}{before:>10}{after:>10}")
    say(f"{out}: threshold and calibration are those of {model}")


def _shrink(large: PairModel, out: Path, weights: str, pairs: Pairs | None) -> list[Row]:
    """Write the smaller folder; gives the metrics of both, those of the smaller one measured on what was written."""
    if pairs is None:
        large.save(out, weights=weights)
        return []
    import textsiam

    before = textsiam.evaluate(large, pairs, draws=0, show_progress=True)
    large.save(out, weights=weights)
    small = PairModel.load(out)
    changes = _compare(before, textsiam.evaluate(small, pairs, draws=0, show_progress=True))
    metrics = "; ".join(f"{name} {old} before, {new} after" for name, old, new in changes)
    measured = f"Measured on {len(pairs):,} pairs, sha256 {pairs.fingerprint()[:16]}: {metrics}."
    small.card = note_precision(small.card, weights, measured)
    small.save(out, weights=weights)
    return changes


def _compare(before: Evaluation, after: Evaluation) -> list[Row]:
    names = {"ROC-AUC": "roc_auc", "accuracy": "accuracy", "Spearman": "spearman", "Pearson": "pearson"}
    values = {name: (getattr(before, field), getattr(after, field)) for name, field in names.items()}
    return [(name, f"{old:.5f}", f"{new:.5f}") for name, (old, new) in values.items() if None not in (old, new)]


def _megabytes(folder: Path) -> str:
    return f"{sum(map(len, read_folder(folder).values())) / 1e6:.2f}"
