from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from textsiam.arrays import Array
from textsiam.evaluation import plots
from textsiam.evaluation.evaluation import Evaluation
from textsiam.evaluation.metrics import binary_metrics, ece_by_chance
from textsiam.model.scores import TextReport

RANDOM = np.random.default_rng(5)
PROBABILITIES = RANDOM.uniform(size=3000).astype(np.float32)
LABELS = (RANDOM.uniform(size=3000) < PROBABILITIES).astype(np.float32)
METRICS: dict[str, Any] = binary_metrics(PROBABILITIES, LABELS, 0.6)
RESULT = Evaluation(
    pairs=3000,
    label_mean=float(LABELS.mean()),
    prior=0.5,
    threshold=0.6,
    **METRICS,
    ece_by_chance=ece_by_chance(PROBABILITIES),
    intervals={"roc_auc": (0.81, 0.85)},
    texts=TextReport(),
    probabilities=PROBABILITIES,
    labels=LABELS,
)
GRADED = Evaluation(
    pairs=3000, label_mean=0.5, prior=0.5, texts=TextReport(), probabilities=PROBABILITIES, labels=PROBABILITIES[::-1]
)


def drawn(on: Callable[[Axes], None]) -> Axes:
    axes = Figure().add_subplot()
    on(axes)
    return axes


def points(axes: Axes, place: int) -> tuple[Array, Array]:
    return np.asarray(axes.lines[place].get_xdata()), np.asarray(axes.lines[place].get_ydata())


def dots(axes: Axes) -> list[tuple[float, float]]:
    marked = [line for line in axes.lines if line.get_marker() == "o"]
    return [(float(x), float(y)) for line in marked for x, y in zip(*map(np.asarray, line.get_data()), strict=True)]


def counted(threshold: float) -> tuple[float, float, float]:
    """Give precision, recall and false positive rate, by counting."""
    pairs = list(zip(PROBABILITIES.tolist(), LABELS.tolist(), strict=True))
    right = sum(p >= threshold and label == 1 for p, label in pairs)
    wrong = sum(p >= threshold and label == 0 for p, label in pairs)
    return right / (right + wrong), right / sum(LABELS == 1), wrong / sum(LABELS == 0)


def test_the_dots_are_the_threshold() -> None:
    precision, recall, false_rate = counted(0.6)
    assert dots(drawn(lambda axes: plots._roc(axes, RESULT))) == [pytest.approx((false_rate, recall))]
    assert dots(drawn(lambda axes: plots._precision_recall(axes, RESULT))) == [pytest.approx((recall, precision))]
    chart = dots(drawn(lambda axes: plots._thresholds(axes, RESULT, (1.0, 1.0))))
    assert chart == [pytest.approx((0.6, recall)), pytest.approx((0.6, precision))]


def test_the_threshold_chart_has_what_counting_gives() -> None:
    axes = drawn(lambda axes: plots._thresholds(axes, RESULT, (5.0, 2.0)))
    x, precision = points(axes, 0)
    _, recall = points(axes, 1)
    cost = np.asarray(axes.figure.axes[1].lines[0].get_ydata())
    for place in (0, 100, 250, 400):
        expected = counted(x[place])
        assert (precision[place], recall[place]) == pytest.approx(expected[:2])
        wrong, missed = expected[2] * (LABELS == 0).mean(), (1 - expected[1]) * (LABELS == 1).mean()
        assert cost[place] == pytest.approx(5 * wrong + 2 * missed)


def test_the_histograms_hold_every_pair() -> None:
    patches = drawn(lambda axes: plots._scores(axes, RESULT)).patches
    bars = [bar.get_height() for bar in patches if isinstance(bar, Rectangle)]  # the others are outlines
    assert len(bars) == 2 * plots.BARS
    assert sum(bars[: plots.BARS]) == (LABELS == 0).sum()
    assert sum(bars[plots.BARS :]) == (LABELS == 1).sum()
    errors = drawn(lambda axes: plots._errors(axes, GRADED)).patches
    assert sum(bar.get_height() for bar in errors if isinstance(bar, Rectangle)) == 3000


def inside_of(place: int) -> Array:
    """Give the pairs of one of 15 bins."""
    return np.argsort(PROBABILITIES, kind="stable")[200 * place : 200 * (place + 1)]


def wilson(right: int, number: int) -> tuple[float, float]:
    """Give the interval of Wilson (1927)."""
    z, share = 1.959963984540054, right / number
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
    return middle - half, middle + half


def test_precision_and_recall_are_drawn_in_steps_from_recall_0_above_the_share_of_same_pairs() -> None:
    axes = drawn(lambda axes: plots._precision_recall(axes, RESULT))
    recall, precision = points(axes, 1)
    assert axes.lines[1].get_drawstyle() == "steps-pre"
    assert recall[0] == 0
    assert (np.diff(recall) >= 0).all()
    assert recall[-1] == 1
    area = sum((recall[place] - recall[place - 1]) * precision[place] for place in range(1, len(recall)))
    assert area == pytest.approx(RESULT.average_precision, abs=0.005)  # but for the points that are left out
    assert set(points(axes, 0)[1].tolist()) == {RESULT.label_mean}


def test_the_reliability_diagram_has_a_point_for_each_bin_inside_of_its_interval() -> None:
    axes = drawn(lambda axes: plots._reliability(axes, RESULT))
    x, share = points(axes, 1)
    bars = axes.collections[0]
    assert isinstance(bars, LineCollection)
    ends = np.array([np.asarray(segment)[:, 1] for segment in bars.get_segments()])
    assert len(x) == 15
    assert ((ends[:, 0] < share) & (share < ends[:, 1])).all()
    for place in (0, 7, 14):
        low, high = wilson(int(LABELS[inside_of(place)].sum()), 200)
        assert ends[place] == pytest.approx((low, high))
        inside = inside_of(place)
        assert x[place] == pytest.approx(PROBABILITIES[inside].mean(), abs=1e-6)
        assert share[place] == pytest.approx(LABELS[inside].mean())


def test_a_thinned_curve_lies_on_the_whole_one() -> None:
    roc = RESULT.roc()
    x, y = plots._thinned(roc["false_positive_rate"], roc["true_positive_rate"])
    whole = list(zip(roc["false_positive_rate"].tolist(), roc["true_positive_rate"].tolist(), strict=True))
    thinned = list(zip(x.tolist(), y.tolist(), strict=True))
    assert len(whole) > 2 * plots.MOST_POINTS
    assert len(thinned) <= plots.MOST_POINTS + 2
    assert set(thinned) <= set(whole)
    assert thinned[0] == whole[0]
    assert thinned[-1] == whole[-1]
    apart = [min(abs(left_x - x) + abs(left_y - y)) for left_x, left_y in whole]  # of each point and the nearest kept
    assert max(apart) <= 2 / (plots.MOST_POINTS - 1)


def test_captions_tell_figures_and_costs() -> None:
    found = {plot.name: plot for plot in plots.binary_plots(RESULT, (5.0, 0.5))}
    assert list(found) == ["roc", "precision_recall", "reliability", "scores", "threshold"]
    assert found["roc"].caption.startswith(f"ROC-AUC {RESULT.roc_auc:.4f} (0.8100 to 0.8500); ")
    assert "0.6000" in found["roc"].caption
    assert f"by chance up to {RESULT.ece_by_chance:.4f}" in found["reliability"].caption
    assert "5 for a false positive, 0.5 for a false negative" in found["threshold"].caption


def test_plots_of_grades() -> None:
    assert [plot.name for plot in plots.graded_plots(GRADED)] == ["grades", "errors"]
    x, y = points(drawn(lambda axes: plots._grades(axes, GRADED)), 1)
    assert x.tolist() == GRADED.labels.tolist()
    assert y.tolist() == GRADED.probabilities.tolist()


def test_where_nothing_is_called_the_same_there_is_no_precision_to_mark() -> None:
    none = dataclasses.replace(RESULT, threshold=1.5, precision=0.0, recall=0.0)
    assert np.isnan(dots(drawn(lambda axes: plots._precision_recall(axes, none)))[0][1])
    chart = dots(drawn(lambda axes: plots._thresholds(axes, none, (1.0, 1.0))))
    assert chart[0] == (1.5, 0.0)
    assert np.isnan(chart[1][1])
