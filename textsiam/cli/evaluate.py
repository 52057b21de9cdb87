"""``textsiam evaluate``: a model folder's metrics on a pair file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy.typing as npt
from cyclopts import Parameter

from textsiam.cli.messages import say, tell_texts
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scoring_model import load_scoring
from textsiam.data.pairs import COLUMNS
from textsiam.errors import OptionError

if TYPE_CHECKING:
    from textsiam.evaluation.evaluation import Evaluation


def evaluate(
    model: Path,
    pairs: Path,
    /,
    *,
    by: str | None = None,
    slices: Annotated[bool, Parameter(negative=())] = False,
    report: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    curves: bool = False,
    device: str | None = None,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Evaluate a model on a file of labelled pairs, at the threshold that dev chose.

    A model that learned grades has none: it judges labels of 0 and 1 at half of the grades.

    Parameters
    ----------
    model
        Model folder.
    pairs
        File of labelled pairs.
    by
        Column whose values make slices with metrics of their own.
    slices
        Add metrics by length, words in both, numbers, negation (of English) and unknown tokens.
    report
        New folder for a page with plots, slices by traits, and the worst mistakes explained (extra report).
    as_json
        Print JSON instead of a table.
    curves
        Add the points of the ROC and precision-recall curves to the JSON.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    import textsiam
    from textsiam.evaluation.report import check_report

    _check(by, curves=curves, as_json=as_json)
    if report is not None:
        check_report(report)
    loaded = load_scoring(model, device)
    labelled = read_labelled(pairs, rows, labels, keep=() if by is None else (by,))
    slices = slices or (report is not None and not labelled.graded)
    result = textsiam.evaluate(loaded, labelled, by=by, slices=slices, show_progress=True)
    tell_texts(result.texts)
    print(_values(result, curves=curves) if as_json else result, flush=True)
    if report is not None:
        title = f"{model} on {pairs}"
        page = textsiam.write_report(result, loaded, labelled, report, title=title, show_progress=True)
        say(f"{page}: written")


def _values(result: Evaluation, *, curves: bool) -> str:
    values = result.to_dict()
    if curves:
        values |= {"roc": _as_json(result.roc()), "precision_recall": _as_json(result.precision_recall())}
    return json.dumps(values, indent=2)


def _check(by: str | None, *, curves: bool, as_json: bool) -> None:
    if curves and not as_json:
        raise OptionError("--curves goes with --json")
    if by in COLUMNS:
        raise OptionError(f"--by is {by!r}, a name that every pair has; rename the column if it is a further one")


def _as_json(points: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[float | None]]:
    """Give the points of a curve as lists; JSON has no number for a ROC curve's first threshold, which is infinite."""
    return {axis: [x if isfinite(x) else None for x in numbers.tolist()] for axis, numbers in points.items()}
