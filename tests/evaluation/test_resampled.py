from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.evaluation.intervals import ece_interval, percentile_interval, resampled
from textsiam.evaluation.metrics import binary_metrics, ece_by_chance, graded_metrics
from textsiam.evaluation.resampled import BinaryMetrics, GradedMetrics

# few probabilities, so that ties are common
PAIRS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 1.0]), st.integers(0, 1), st.integers(0, 3)),
    min_size=2,
    max_size=25,
)


def repeated(values: list[float], counts: list[int]) -> Array:
    return np.array([v for v, count in zip(values, counts, strict=True) for _ in range(count)], dtype=np.float32)


@given(PAIRS, st.sampled_from([0.0, 0.3, 0.5, 2.0]))
@settings(deadline=None)
def test_binary_metrics_are_those_of_the_pairs_as_often_as_they_count(
    pairs: list[tuple[float, int, int]], threshold: float
) -> None:
    probabilities, labels = [p for p, _, _ in pairs], [float(label) for _, label, _ in pairs]
    p, y = np.array(probabilities, dtype=np.float32), np.array(labels, dtype=np.float32)
    resamples = [[count for _, _, count in pairs], [1] * len(pairs), [1, *(count for _, _, count in pairs[1:])]]
    resamples = [times for times in resamples if sum(times)]  # a bootstrap never draws nothing
    found = BinaryMetrics(p, y, threshold)(np.array(resamples, dtype=np.float64))
    for row, times in enumerate(resamples):
        some, truth = repeated(probabilities, times), repeated(labels, times)
        if not len(truth) or truth.min() == truth.max():
            continue  # the metrics by hand need both labels
        expected = binary_metrics(some, truth, threshold)
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert found[name][row] == pytest.approx(value, abs=1e-9), name


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=25))
@settings(deadline=None)
def test_graded_metrics_are_those_of_the_pairs_as_often_as_they_count(pairs: list[tuple[int, int, int]]) -> None:
    counts = [count for _, _, count in pairs]
    if not sum(counts):
        return
    p, y = (np.array([row[place] / 4 for row in pairs], dtype=np.float32) for place in range(2))
    found = GradedMetrics(p, y)(np.array([counts], dtype=np.float64))
    for name, value in graded_metrics(repeated(p.tolist(), counts), repeated(y.tolist(), counts)).items():
        assert found[name][0] == pytest.approx(np.nan if value is None else value, abs=1e-9, nan_ok=True), name


def test_a_resample_of_one_label_has_no_ranking_metrics() -> None:
    found = BinaryMetrics(np.array([0.2, 0.9]), np.array([0, 1]), 0.5)(np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]))
    assert np.isnan(found["roc_auc"]).tolist() == [True, True, False]
    assert np.isnan(found["average_precision"]).tolist() == [True, False, False]
    assert found["accuracy"].tolist() == [1, 1, 1]


def drawn(pairs: int, sharper: float, random: np.random.Generator) -> tuple[Array, Array]:
    """Probabilities, and labels that they are right for if ``sharper`` is 1."""
    labels = random.random(pairs) < 0.4
    logits = 2 * random.normal(np.where(labels, 1, -1)) + np.log(0.4 / 0.6)
    return (1 / (1 + np.exp(-sharper * logits))).astype(np.float32), labels.astype(np.float32)


def test_the_interval_of_an_ece_by_hand() -> None:
    draws = np.linspace(0.02, 0.06, 41)  # its middle is 0.04, and 0.975 of it lie below 0.059
    assert ece_interval(draws, 0.035, by_chance=0.02) == pytest.approx((2 * 0.035 - 0.059, 0.059 - 0.005))
    assert ece_interval(draws, 0.035, by_chance=0.035) == pytest.approx((0, 0.054))
    assert ece_interval(draws, 0.025, by_chance=0.02) == pytest.approx((0, 0.044))


@pytest.mark.slow
@pytest.mark.parametrize("sharper", [1.0, 1.6])
def test_intervals_hold_the_truth_in_92_to_98_of_100_repeats(sharper: float) -> None:
    random = np.random.default_rng(0)
    truth = binary_metrics(*drawn(2_000_000, sharper, random), 0.5)
    if sharper == 1:
        truth["ece"] = 0.0  # which a finite sample is above
    held = dict.fromkeys(truth, 0)
    for repeat in range(200):
        probabilities, labels = drawn(1000, sharper, random)
        draws = resampled(np.arange(1000), BinaryMetrics(probabilities, labels, 0.5), draws=400, seed=repeat)
        found = binary_metrics(probabilities, labels, 0.5)
        for name, values in draws.items():
            interval = percentile_interval(values)
            assert interval is not None
            if name == "ece":
                interval = ece_interval(values, found["ece"], ece_by_chance(probabilities))
            held[name] += interval[0] <= truth[name] <= interval[1]
    assert {name: count / 200 for name, count in held.items() if not 0.92 <= count / 200 <= 0.98} == {}
