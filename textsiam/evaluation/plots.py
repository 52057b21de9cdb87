"""The plots of a report: curves, reliability, scores by label, what each threshold would give; grades."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.evaluation.curves import reliability_points, threshold_points
from textsiam.evaluation.drawing import COLOURS, PURPOSE, Plot, draw
from textsiam.evaluation.evaluation import Evaluation

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

INK, SAME, DIFFERENT, THIRD = (COLOURS[name] for name in ("ink", "same", "different", "third"))
PAINTED = "#3d8fe0"  # as pictures do not take the page's colours: seen on light and on dark
MOST_POINTS = 400  # of a curve: as fine as can be seen
BARS = 40
GRID = np.linspace(0, 1, 501)  # of thresholds


def binary_plots(result: Evaluation, cost: tuple[float, float]) -> list[Plot]:
    """Draw the plots of 0/1 labels; ``cost`` is what a false positive and a false negative cost."""
    at = f"the dot is the threshold {result.threshold:.4f}"
    false_positive, false_negative = (f"{one:g}" for one in cost)
    return [
        draw("roc", "ROC curve", f"{_named('ROC-AUC', result, 'roc_auc')}; {at}", partial(_roc, result=result)),
        draw(
            "precision_recall",
            "Precision and recall",
            f"{_named('Average precision', result, 'average_precision')}; {at}",
            partial(_precision_recall, result=result),
        ),
        draw(
            "reliability",
            "Reliability",
            f"{_named('ECE', result, 'ece')}, by chance up to {result.ece_by_chance:.4f}; bins of equally many pairs, "
            "with the 95 % interval that they would have if no two shared a text",
            partial(_reliability, result=result),
        ),
        draw("scores", "Probabilities by label", "The line is the threshold", partial(_scores, result=result)),
        draw(
            "threshold",
            "What each threshold would give",
            f"Cost: {false_positive} for a false positive, {false_negative} for a false negative, for each pair. The "
            f"line is the threshold {result.threshold:.4f}; another one, chosen by these pairs, would look too good",
            partial(_thresholds, result=result, cost=cost),
        ),
    ]


def graded_plots(result: Evaluation) -> list[Plot]:
    """Draw the plots of grades."""
    return [
        draw(
            "grades",
            "Grades and scores",
            "Each dot is a pair, grades as labelled and as scored, both from 0 to 1; on the line they are equal",
            partial(_grades, result=result),
        ),
        draw("errors", "Errors", "Score minus grade; above 0 the score is too high", partial(_errors, result=result)),
    ]


def _named(says: str, result: Evaluation, name: str) -> str:
    low, high = result.intervals.get(name, (None, None))
    interval = "" if low is None else f" ({low:.4f} to {high:.4f})"
    return f"{says} {getattr(result, name):.4f}{interval}"


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))


def _chosen(result: Evaluation) -> tuple[float, float, float]:
    """Give the threshold of 0/1 labels, and its recall and precision, nan where nothing is called the same."""
    assert result.threshold is not None
    assert result.recall is not None
    assert result.precision is not None
    called = (result.probabilities >= result.threshold).any()
    return result.threshold, result.recall, result.precision if called else np.nan


def _legend_above(axes: Axes, lines: Sequence[Artist]) -> None:
    """Name lines above the axes, where they cross nothing."""
    axes.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(lines), fontsize="small")


def _edges(low: float, high: float) -> list[float]:
    edges: list[float] = np.linspace(low, high, BARS + 1).tolist()
    return edges


def _thinned(x: Array, y: Array) -> tuple[Array, Array]:
    """Leave out points of a curve, evenly along it, until few enough are left; both ends stay."""
    along = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    kept = np.unique(np.searchsorted(along, np.linspace(0, along[-1], MOST_POINTS)).clip(max=len(x) - 1))
    kept = np.unique(np.append(kept, [0, len(x) - 1]))
    return x[kept], y[kept]


def _roc(axes: Axes, result: Evaluation) -> None:
    points = result.roc()
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    axes.plot(*_thinned(points["false_positive_rate"], points["true_positive_rate"]), color=SAME)
    called = result.probabilities >= _chosen(result)[0]
    axes.plot(called[result.labels <= 0.5].mean(), _chosen(result)[1], "o", color=INK)
    _unit_square(axes, "false positive rate", "true positive rate (recall)")


def _precision_recall(axes: Axes, result: Evaluation) -> None:
    points = result.precision_recall()
    axes.axhline(result.label_mean, color=INK, linewidth=0.8, linestyle=":")
    # by rising recall, from 0 on; in steps, as average precision takes it
    recall, precision = (np.append(points[name][::-1][:1], points[name][::-1]) for name in ("recall", "precision"))
    recall[0] = 0
    axes.plot(*_thinned(recall, precision), color=SAME, drawstyle="steps-pre")
    axes.plot(*_chosen(result)[1:], "o", color=INK)
    _unit_square(axes, "recall", "precision")


def _reliability(axes: Axes, result: Evaluation) -> None:
    binomial = import_extra("scipy.stats", "train", PURPOSE).binomtest
    points = reliability_points(result.probabilities, result.labels)
    share, pairs = points["same"], points["pairs"]
    tests = [binomial(round(of_bin * count), count) for of_bin, count in zip(share, pairs.tolist(), strict=True)]
    intervals = np.array([test.proportion_ci(method="wilson") for test in tests]).T
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    away = np.abs(intervals - share)
    axes.errorbar(points["probability"], share, away, color=SAME, marker="o", markersize=4, capsize=2, linewidth=1)
    _unit_square(axes, "probability, mean of a bin", "share of same pairs")


def _scores(axes: Axes, result: Evaluation) -> None:
    edges, same = _edges(0, 1), result.labels > 0.5
    for which, colour, says in ((~same, DIFFERENT, "label 0, not the same"), (same, SAME, "label 1, the same")):
        axes.hist(result.probabilities[which], edges, color=colour, alpha=0.35, edgecolor="none")
        axes.hist(result.probabilities[which], edges, color=colour, histtype="step", label=says)
    axes.axvline(_chosen(result)[0], color=INK, linewidth=1)
    axes.set(xlabel="probability", ylabel="pairs", xlim=(0, 1))
    _legend_above(axes, axes.get_legend_handles_labels()[0])


def _thresholds(axes: Axes, result: Evaluation, cost: tuple[float, float]) -> None:
    points = threshold_points(result.probabilities, result.labels, GRID, cost)
    right = axes.twinx()
    lines = [
        *axes.plot(GRID, points["precision"], color=SAME, label="precision"),
        *axes.plot(GRID, points["recall"], color=DIFFERENT, linestyle="--", label="recall"),
        *right.plot(GRID, points["cost"], color=THIRD, linestyle="-.", label="cost of a pair (right axis)"),
    ]
    threshold, *both = _chosen(result)
    axes.axvline(threshold, color=INK, linewidth=1)
    axes.plot([threshold, threshold], both, "o", color=INK)
    _unit_square(axes, "threshold", "precision, recall")
    right.set(ylabel="cost of a pair", ylim=(0, None))
    right.grid(visible=False)
    right.spines["right"].set_visible(True)
    _legend_above(axes, lines)


def _grades(axes: Axes, result: Evaluation) -> None:
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    # thousands of dots are a picture in the SVG: as vectors they would weigh more than the rest of the page
    axes.plot(result.labels, result.probabilities, ".", color=PAINTED, alpha=0.5, markersize=4, rasterized=True)
    _unit_square(axes, "grade as labelled", "score")


def _errors(axes: Axes, result: Evaluation) -> None:
    axes.hist(result.probabilities - result.labels, _edges(-1, 1), color=SAME, alpha=0.6)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set(xlabel="score minus grade", ylabel="pairs", xlim=(-1, 1))
