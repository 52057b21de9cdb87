from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.errors import DataError
from textsiam.evaluation.metrics import (
    ECE_BINS,
    binary_metrics,
    check_both_classes,
    ece_by_chance,
    expected_calibration_error,
    graded_metrics,
)

Scored = list[tuple[float, int]]
QUICK = settings(deadline=None, max_examples=40)

# few distinct values, so that ties are common
PROBABILITIES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]) | st.floats(0, 1, width=32)
SCORED = st.lists(st.tuples(PROBABILITIES, st.integers(0, 1)), min_size=2, max_size=40).filter(
    lambda scored: {label for _, label in scored} == {0, 1}
)


def split(scored: Scored) -> tuple[Array, Array]:
    return np.array([p for p, _ in scored], dtype=np.float32), np.array([y for _, y in scored], dtype=np.float32)


def accuracy_by_hand(scored: Scored, threshold: float) -> float:
    return sum((p >= threshold) == (y == 1) for p, y in scored) / len(scored)


def precision_by_hand(scored: Scored, threshold: float) -> float:
    called = [y for p, y in scored if p >= threshold]
    return sum(called) / len(called) if called else 0.0


def recall_by_hand(scored: Scored, threshold: float) -> float:
    same = [p for p, y in scored if y == 1]
    return sum(p >= threshold for p in same) / len(same)


def f1_by_hand(scored: Scored, threshold: float) -> float:
    precision, recall = precision_by_hand(scored, threshold), recall_by_hand(scored, threshold)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def roc_auc_by_hand(scored: Scored, threshold: float) -> float:
    """Count the (same, not same) couples that are ranked right, ties half."""
    same, different = ([p for p, y in scored if y == label] for label in (1, 0))
    won = sum(1.0 if p > q else 0.5 if p == q else 0.0 for p in same for q in different)
    return won / (len(same) * len(different))


def average_precision_by_hand(scored: Scored, threshold: float) -> float:
    """Sum precision over the steps of recall, from the highest distinct probability to the lowest."""
    total, recall_before = 0.0, 0.0
    for cut in sorted({p for p, _ in scored}, reverse=True):
        recall = recall_by_hand(scored, cut)
        total += (recall - recall_before) * precision_by_hand(scored, cut)
        recall_before = recall
    return total


def ece_by_hand(scored: Scored, threshold: float) -> float:
    """Put each pair into the bin of the rank that the first pair of its probability has."""
    ranked = sorted(p for p, _ in scored)
    bins: list[Scored] = [[] for _ in range(ECE_BINS)]
    for p, y in scored:
        bins[ranked.index(p) * ECE_BINS // len(ranked)].append((p, y))
    gaps = 0.0
    for members in bins:
        if members:
            mean_probability = sum(p for p, _ in members) / len(members)
            share_of_same = sum(y for _, y in members) / len(members)
            gaps += len(members) / len(scored) * abs(mean_probability - share_of_same)
    return gaps


def brier_by_hand(scored: Scored, threshold: float) -> float:
    return sum((p - y) ** 2 for p, y in scored) / len(scored)


def log_loss_by_hand(scored: Scored, threshold: float) -> float:
    """Probabilities are kept from 0 and 1 by float64's epsilon."""
    epsilon = 2.0**-52
    kept = [(min(max(p, epsilon), 1 - epsilon), y) for p, y in scored]
    return -sum(math.log(p if y == 1 else 1 - p) for p, y in kept) / len(kept)


BY_HAND: dict[str, Callable[[Scored, float], float]] = {
    "accuracy": accuracy_by_hand,
    "precision": precision_by_hand,
    "recall": recall_by_hand,
    "f1": f1_by_hand,
    "roc_auc": roc_auc_by_hand,
    "average_precision": average_precision_by_hand,
    "ece": ece_by_hand,
    "brier": brier_by_hand,
    "log_loss": log_loss_by_hand,
}


@QUICK
@given(SCORED, st.sampled_from([0.0, 0.25, 0.5, 0.6, 1.0, 1.5]))
@example([(0.5, 0), (0.5, 1)], 0.5)
@example([(1.0, 0), (0.0, 1)], 0.5)
@example([(0.2, 0), (0.2, 1), (0.2, 1), (0.9, 0)], 0.2)
@example([(n / 64, n % 2) for n in range(64)], 0.5)
def test_every_metric_is_what_a_loop_gives(scored: Scored, threshold: float) -> None:
    threshold = float(np.float32(threshold))
    got = binary_metrics(*split(scored), threshold)
    assert list(got) == list(BY_HAND)
    as_float32 = [(float(np.float32(p)), y) for p, y in scored]
    for name, by_hand in BY_HAND.items():
        assert type(got[name]) is float
        assert got[name] == pytest.approx(by_hand(as_float32, threshold), abs=1e-9), name


@QUICK
@given(SCORED, st.randoms(use_true_random=False))
@example([(0.5, 0)] * 20 + [(0.5, 1)] * 20, random.Random(0))
def test_the_order_of_the_pairs_does_not_matter(scored: Scored, rng: random.Random) -> None:
    shuffled = list(scored)
    rng.shuffle(shuffled)
    assert binary_metrics(*split(shuffled), 0.5) == pytest.approx(binary_metrics(*split(scored), 0.5), abs=1e-12)


def test_probabilities_of_exactly_0_and_1_have_a_finite_log_loss() -> None:
    right = binary_metrics(np.array([0, 1], dtype=np.float32), np.array([0, 1]), 0.5)["log_loss"]
    wrong = binary_metrics(np.array([1, 0], dtype=np.float32), np.array([0, 1]), 0.5)["log_loss"]
    assert 0 <= right < 1e-15
    assert wrong == pytest.approx(52 * math.log(2))


def test_a_threshold_above_all_calls_nothing_the_same() -> None:
    got = binary_metrics(np.array([0.2, 0.8], dtype=np.float32), np.array([0, 1]), 0.9)
    assert (got["accuracy"], got["precision"], got["recall"], got["f1"]) == (0.5, 0, 0, 0)


@pytest.mark.parametrize(
    ("labels", "found"),
    [([0, 0, 0], "all 3 have label 0"), ([1], "all 1 have label 1"), ([], "there are none")],
)
def test_one_label_is_refused(labels: list[int], found: str) -> None:
    probabilities = np.full(len(labels), 0.5, dtype=np.float32)
    with pytest.raises(DataError, match=f"pairs that are the same and pairs that are not, but {found}"):
        binary_metrics(probabilities, np.array(labels, dtype=np.float32), 0.5)
    with pytest.raises(DataError, match=found):
        check_both_classes(np.array(labels, dtype=bool))


def test_ece_of_what_is_calibrated_and_of_what_is_not() -> None:
    labels = np.array([0, 1] * 60, dtype=bool)
    assert expected_calibration_error(np.full(120, 0.5, dtype=np.float32), labels) == 0
    assert expected_calibration_error(np.full(120, 0.75, dtype=np.float32), labels) == 0.25
    assert expected_calibration_error(labels.astype(np.float32), labels) == 0
    assert expected_calibration_error((~labels).astype(np.float32), labels) == 1


def test_ece_bins_hold_equally_many_pairs() -> None:
    # 30 pairs, two a bin: one of each two is the same, so every bin is off by its mean alone
    probabilities = np.linspace(0, 1, 30, dtype=np.float32)
    labels = np.array([0, 1] * 15, dtype=bool)
    means = [float(probabilities[start : start + 2].mean()) for start in range(0, 30, 2)]
    expected = sum(abs(mean - 0.5) for mean in means) / 15
    assert expected_calibration_error(probabilities, labels) == pytest.approx(expected, abs=1e-7)
    assert expected_calibration_error(probabilities, labels, bins=1) == pytest.approx(0, abs=1e-7)


def ranks_by_hand(values: list[float]) -> list[float]:
    """Rank from 1; equal values share the mean of their ranks."""
    return [
        sum(other < value for other in values) + (1 + sum(other == value for other in values)) / 2 for value in values
    ]


def pearson_by_hand(xs: list[float], ys: list[float]) -> float:
    mean_x, mean_y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    together = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    alone = [math.sqrt(math.fsum((v - mean) ** 2 for v in vs)) for vs, mean in ((xs, mean_x), (ys, mean_y))]
    return together / alone[0] / alone[1]


GRADES = st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])


@QUICK
@given(st.lists(st.tuples(PROBABILITIES, GRADES), min_size=2, max_size=30))
def test_graded_metrics_are_what_loops_give(scored: list[tuple[float, float]]) -> None:
    probabilities, labels = (np.array(column, dtype=np.float32) for column in zip(*scored, strict=True))
    assume(np.ptp(probabilities) > 1e-3)
    assume(np.ptp(labels) > 0)
    got = graded_metrics(probabilities, labels)
    xs, ys = labels.astype(np.float64).tolist(), probabilities.astype(np.float64).tolist()
    assert got["pearson"] == pytest.approx(pearson_by_hand(xs, ys), abs=1e-9)
    assert got["spearman"] == pytest.approx(pearson_by_hand(ranks_by_hand(xs), ranks_by_hand(ys)), abs=1e-9)
    error = sum((x - y) ** 2 for x, y in zip(xs, ys, strict=True)) / len(xs)
    assert got["mean_squared_error"] == pytest.approx(error, abs=1e-9)


@pytest.mark.parametrize(
    ("probabilities", "labels"), [([0.3, 0.3, 0.3], [0, 0.5, 1]), ([0.1, 0.2], [0.5, 0.5]), ([0.4], [0.9])]
)
def test_a_correlation_with_something_constant_is_none(probabilities: list[float], labels: list[float]) -> None:
    got = graded_metrics(np.array(probabilities, dtype=np.float32), np.array(labels, dtype=np.float32))
    assert (got["pearson"], got["spearman"]) == (None, None)
    error = got["mean_squared_error"]
    assert error is not None
    assert error == pytest.approx(np.mean((np.array(probabilities) - np.array(labels)) ** 2), abs=1e-6)


def test_probabilities_that_hardly_differ_have_a_correlation() -> None:
    # warnings are errors: in float32 these would count as constant
    close = np.nextafter(np.float32(0.5), np.array([0, 1, 1], dtype=np.float32))
    got = graded_metrics(close, np.array([0, 1, 1], dtype=np.float32))
    assert got["pearson"] == pytest.approx(1)
    assert got["spearman"] == pytest.approx(1)


def test_no_graded_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="there are none"):
        graded_metrics(np.zeros(0, np.float32), np.zeros(0, np.float32))


def test_ece_by_chance_is_what_simulated_labels_of_right_probabilities_have() -> None:
    random = np.random.default_rng(2)
    probabilities = random.beta(0.5, 0.7, size=3000).astype(np.float32)
    found = [expected_calibration_error(probabilities, random.random(3000) < probabilities) for _ in range(2000)]
    assert ece_by_chance(probabilities) == pytest.approx(float(np.quantile(found, 0.975)), rel=0.05)
    assert ece_by_chance(probabilities) == ece_by_chance(probabilities)
    assert ece_by_chance(np.zeros(9, dtype=np.float32)) == 0
