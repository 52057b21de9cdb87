from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.errors import DataError
from textsiam.evaluation.curves import precision_recall_points, reliability_points, roc_points, threshold_points
from textsiam.evaluation.metrics import binary_metrics, expected_calibration_error

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


@QUICK
@given(SCORED, st.integers(1, 6))
def test_the_gaps_of_the_reliability_points_are_the_ece(scored: Scored, bins: int) -> None:
    probabilities, labels = split(scored)
    points = reliability_points(probabilities, labels, bins)
    assert 1 <= len(points["pairs"]) <= bins
    assert points["pairs"].sum() == len(scored)
    assert points["probability"].tolist() == sorted(points["probability"].tolist())
    gap = sum(
        pairs * abs(probability - same)
        for probability, same, pairs in zip(points["probability"], points["same"], points["pairs"], strict=True)
    )
    expected = expected_calibration_error(probabilities, labels > 0.5, bins)
    assert gap / len(scored) == pytest.approx(expected, abs=1e-9)


def test_reliability_points_of_two_bins() -> None:
    points = reliability_points(*split([(0.9, 1), (0.1, 0), (0.7, 0), (0.3, 0)]), bins=2)
    assert {name: values.tolist() for name, values in points.items()} == {
        "probability": pytest.approx([0.2, 0.8]),
        "same": [0.0, 0.5],
        "pairs": [2, 2],
    }


@QUICK
@given(SCORED, st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1, width=32), min_size=1, max_size=5))
def test_threshold_points_are_what_counting_gives(scored: Scored, thresholds: list[float]) -> None:
    points = threshold_points(*split(scored), np.array(thresholds), (3.0, 0.5))
    for place, threshold in enumerate(thresholds):
        called = [label for probability, label in scored if probability >= threshold]
        missed = [label for probability, label in scored if probability < threshold]
        precision = points["precision"][place]
        assert math.isnan(precision) if not called else precision == pytest.approx(sum(called) / len(called))
        assert points["recall"][place] == pytest.approx(rate(scored, 1, threshold))
        cost = 3.0 * (len(called) - sum(called)) + 0.5 * sum(missed)
        assert points["cost"][place] == pytest.approx(cost / len(scored))
