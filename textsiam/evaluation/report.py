"""write_report: an evaluation as a page for people, one HTML file without outside links, and its plots as PNGs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from textsiam.atomic import part_folder
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import OptionError, check_integer, check_model, import_extra
from textsiam.evaluation.drawing import COLOURS, PURPOSE
from textsiam.evaluation.evaluation import Evaluation
from textsiam.evaluation.mistakes import WORDS_EXPLAINED, worst_mistakes
from textsiam.evaluation.plots import binary_plots, graded_plots
from textsiam.evaluation.report_tables import tables
from textsiam.model.pair_model import PairModel

PAGE = "report.html"
PAIRS_COMPARED, CLOSE = 100, 0.05  # to tell one model from another; in bf16 one differs from itself by less
DARK = {"ink": "#e6eaee", "grid": "#3a424b", "same": "#6cb2ff", "different": "#ff9d66", "third": "#7fd483"}


def write_report(
    result: Evaluation,
    model: PairModel,
    pairs: Any,
    folder: str | Path,
    *,
    title: str = "textsiam report",
    mistakes: int = 10,
    show_progress: bool = False,
) -> Path:
    """Write an evaluation as a new ``folder`` with report.html and a PNG of each plot; returns the HTML file.

    The page holds the metrics with intervals, ROC and precision-recall curves, a reliability diagram, probabilities by
    label, precision, recall and cost at every threshold (costs as the model's policy has them, else 1 and 1), slices
    and leaks as ``result`` has them, and the ``mistakes`` (0 or more) worst false positives and false negatives, with
    what each word adds to the logit, where both texts together have up to 120. Of grades: the grades against the
    scores, and the largest errors. It runs no script, loads nothing, and shows any text as text. ``result`` is what
    ``evaluate`` gave for ``model`` and ``pairs`` (Pairs, or what ``read_pairs`` takes). The folder is there only once
    it is whole.
    Raises OptionError where ``folder`` exists or cannot be made, or labels, threshold, prior or the first probabilities
    are not those of ``result``; MissingExtraError without matplotlib or Jinja (extra ``report``).
    """
    folder = Path(folder)
    check_report(folder)
    check_integer("mistakes", mistakes, least=0)
    if not isinstance(result, Evaluation):
        raise OptionError(f"result is {type(result).__name__}, expected what textsiam.evaluate gives")
    check_model(model, pair_model=True)
    pairs = pairs if isinstance(pairs, Pairs) else read_pairs(pairs)
    if not np.array_equal(pairs.labels, result.labels):
        raise OptionError("the pairs are not those that were evaluated, expected the same ones in the same order")
    _check_same(result, model, pairs)
    plots = (
        graded_plots(result) if result.threshold is None else binary_plots(result, _cost_of(model.calibration.policy))
    )
    high, low = worst_mistakes(result, model, pairs, mistakes, show_progress=show_progress)
    page = _template().render(
        title=title,
        light=_variables(COLOURS),
        dark=_variables(DARK),
        plots=plots,
        most=mistakes,
        high=high,
        low=low,
        **tables(result, model),
        graded=result.threshold is None,
        words_explained=WORDS_EXPLAINED,
    )
    # a title may name a file whose name is not UTF-8: what has no UTF-8 is shown as what cannot be shown
    files = {PAGE: page.encode("utf-8", "xmlcharrefreplace"), **{f"{plot.name}.png": plot.png for plot in plots}}
    _write(folder, files)
    return folder / PAGE


def _check_same(result: Evaluation, model: PairModel, pairs: Pairs) -> None:
    """Raise OptionError where another model was evaluated, or with another threshold or prior."""
    calibration = model.calibration
    if result.threshold not in (None, calibration.threshold) or result.prior != calibration.prior:
        raise OptionError("the model's threshold or prior is not that of the evaluation; evaluate again")
    some = pairs.select(range(min(len(pairs), PAIRS_COMPARED)))
    scores = model.score_pairs(zip(some.text_a, some.text_b, strict=True))
    if np.abs(scores - result.probabilities[: len(some)]).max() > CLOSE:
        raise OptionError("the model gives other probabilities than those of the evaluation; give the one evaluated")


def check_report(folder: Path) -> None:
    """Raise what ``write_report`` would for a folder that exists or cannot be made, or a package that is missing."""
    if folder.exists() or folder.is_symlink():
        raise OptionError(f"the report {folder} is there already; give another folder, or remove it")
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise OptionError(f"the report {folder} cannot be made: {above} is no folder that can be written to")
    for module in ("jinja2", "matplotlib"):
        import_extra(module, "report", PURPOSE)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(folder, files) as part:
            part.rename(folder)
    except OSError as error:
        raise OptionError(f"the report {folder} could not be written: {error.strerror or error}") from error


def _template() -> Any:
    jinja = import_extra("jinja2", "report", PURPOSE)
    loader = jinja.PackageLoader("textsiam.evaluation", ".")
    return jinja.Environment(loader=loader, autoescape=True, undefined=jinja.StrictUndefined).get_template(PAGE)


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _cost_of(policy: str) -> tuple[float, float]:
    """Give the costs by which the threshold was chosen, or 1 for either mistake: then cost is the share of mistakes."""
    name, _, costs = policy.partition("=")
    if name != "cost":
        return 1.0, 1.0
    false_positive, false_negative = map(float, costs.split(","))
    return false_positive, false_negative
