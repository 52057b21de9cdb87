from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.errors import DataError
from textsiam.evaluation.curves import precision_recall_points, roc_points
from textsiam.evaluation.metrics import binary_metrics

Scored = list[tuple[float, int]]
QUICK = settings(deadline=None, max_examples=40)
SCORED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]) | st.floats(0, 1, width=32), st.integers(0, 1)),
    min_size=2,
    max_size=30,
).filter(lambda scored: {label for _, label in scored} == {0, 1})


def split(scored: Scored) -> tuple[Array, Array]:
    return np.array([p for p, _ in scored], dtype=np.float32), np.array([y for _, y in scored], dtype=np.float32)


def rate(scored: Scored, label: int, threshold: float) -> float:
    """Share of the pairs with this label that are called the same."""
    members = [p for p, y in scored if y == label]
    return sum(p >= threshold for p in members) / len(members)


@QUICK
@given(SCORED)
def test_every_roc_point_is_what_counting_gives(scored: Scored) -> None:
    points = roc_points(*split(scored))
    false_rates, true_rates, thresholds = (points[name].tolist() for name in points)
    assert list(points) == ["false_positive_rate", "true_positive_rate", "threshold"]
    assert {column.dtype for column in points.values()} == {np.dtype(np.float64)}
    assert (false_rates[0], true_rates[0], thresholds[0]) == (0, 0, math.inf)
    assert (false_rates[-1], true_rates[-1]) == (1, 1)
    assert thresholds == sorted(set(thresholds), reverse=True)
    for false_rate, true_rate, threshold in zip(false_rates, true_rates, thresholds, strict=True):
        assert false_rate == pytest.approx(rate(scored, 0, threshold))
        assert true_rate == pytest.approx(rate(scored, 1, threshold))


@QUICK
@given(SCORED)
def test_the_area_under_the_roc_points_is_roc_auc(scored: Scored) -> None:
    points = roc_points(*split(scored))
    x, y = points["false_positive_rate"].tolist(), points["true_positive_rate"].tolist()
    area = sum((x[n] - x[n - 1]) * (y[n] + y[n - 1]) / 2 for n in range(1, len(x)))
    assert area == pytest.approx(binary_metrics(*split(scored), 0.5)["roc_auc"], abs=1e-9)


def test_points_on_a_straight_line_are_left_out() -> None:
    points = roc_points(*split([(0.9, 1), (0.8, 1), (0.7, 1), (0.2, 0), (0.1, 0)]))
    found = list(zip(points["false_positive_rate"], points["true_positive_rate"], strict=True))
    assert {(0, 0), (0, 1), (1, 1)} <= set(found)
    assert len(found) == 4  # scikit-learn keeps the first point beside (0, 0)


@QUICK
@given(SCORED)
def test_every_precision_recall_point_is_what_counting_gives(scored: Scored) -> None:
    points = precision_recall_points(*split(scored))
    assert list(points) == ["precision", "recall", "threshold"]
    assert {column.dtype for column in points.values()} == {np.dtype(np.float64)}
    assert points["threshold"].tolist() == sorted({p for p, _ in scored})
    for precision, recall, threshold in zip(*(points[name].tolist() for name in points), strict=True):
        called = [y for p, y in scored if p >= threshold]
        assert precision == pytest.approx(sum(called) / len(called))
        assert recall == pytest.approx(rate(scored, 1, threshold))


@QUICK
@given(SCORED)
def test_the_steps_of_the_precision_recall_points_are_average_precision(scored: Scored) -> None:
    points = precision_recall_points(*split(scored))
    precision, recall = points["precision"].tolist(), [*points["recall"].tolist(), 0.0]
    steps = sum((recall[n] - recall[n + 1]) * precision[n] for n in range(len(precision)))
    assert steps == pytest.approx(binary_metrics(*split(scored), 0.5)["average_precision"], abs=1e-9)


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1]])
def test_one_label_is_refused(labels: list[int]) -> None:
    probabilities = np.full(len(labels), 0.5, dtype=np.float32)
    for curve in (roc_points, precision_recall_points):
        with pytest.raises(DataError, match="pairs that are the same and pairs that are not"):
            curve(probabilities, np.array(labels, dtype=np.float32))
