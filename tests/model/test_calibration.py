from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.calibration import Calibration, best_accuracy_threshold

JUST_BELOW_1 = float(np.nextafter(np.float32(1), np.float32(0)))
NEXT_BELOW = float(np.nextafter(np.float32(JUST_BELOW_1), np.float32(0)))
HALF_AND_NEXT = [0.5, float(np.nextafter(np.float32(0.5), np.float32(1)))]

# few distinct values, so that ties are common; neighbours of float32, which have nothing between them
PROBABILITIES = (
    st.sampled_from([0.0, 1e-45, 0.1, 0.25, *HALF_AND_NEXT, 0.75, 0.9, NEXT_BELOW, JUST_BELOW_1, 1.0])
    | st.floats(0, 1, width=32)
)  # fmt: skip
SCORED = st.lists(st.tuples(PROBABILITIES, st.integers(0, 1)), min_size=1, max_size=30)


def split(scored: list[tuple[float, int]]) -> tuple[Array, Array]:
    return np.array([p for p, _ in scored], dtype=np.float32), np.array([y for _, y in scored], dtype=np.float32)


def correct(probabilities: Array, labels: Array, threshold: float) -> int:
    """Count by hand the pairs that "same if probability >= threshold" calls right, as Python floats compare."""
    return sum((float(p) >= threshold) == (y == 1) for p, y in zip(probabilities, labels, strict=True))


@settings(deadline=None)
@given(SCORED)
@example([(JUST_BELOW_1, 0), (1.0, 1)])
@example([(NEXT_BELOW, 0), (JUST_BELOW_1, 1)])
@example([(0.5, 0), (HALF_AND_NEXT[1], 1)])
@example([(0.0, 0), (1e-45, 1)])
def test_no_threshold_is_more_accurate(scored: list[tuple[float, int]]) -> None:
    probabilities, labels = split(scored)
    threshold = best_accuracy_threshold(probabilities, labels)
    assert isinstance(threshold, float)
    # every way to cut: at each probability, and above all of them
    best = max(correct(probabilities, labels, cut) for cut in [*probabilities.tolist(), 2.0])
    assert correct(probabilities, labels, threshold) == best
    # arrays of float32 compare in float32: they must call the same pairs the same
    assert int(((probabilities >= threshold) == (labels == 1)).sum()) == best


@settings(deadline=None)
@given(SCORED)
def test_of_equally_good_cuts_it_takes_the_one_nearest_to_a_half(scored: list[tuple[float, int]]) -> None:
    probabilities, labels = split(scored)
    threshold = best_accuracy_threshold(probabilities, labels)
    best = correct(probabilities, labels, threshold)
    distinct = sorted({0.0, *probabilities.tolist()})
    middles = [(low + high) / 2 for low, high in itertools.pairwise(distinct)]
    for middle in middles:
        if correct(probabilities, labels, middle) == best:
            assert abs(threshold - 0.5) <= abs(middle - 0.5) + 1e-7


@settings(deadline=None)
@given(SCORED, st.randoms())
def test_the_order_of_the_pairs_does_not_matter(scored: list[tuple[float, int]], random: Any) -> None:
    shuffled = list(scored)
    random.shuffle(shuffled)
    assert best_accuracy_threshold(*split(scored)) == best_accuracy_threshold(*split(shuffled))


def test_it_lies_half_way_between_the_probabilities() -> None:
    assert best_accuracy_threshold(*split([(0.2, 0), (0.3, 0), (0.8, 1), (0.7, 1)])) == pytest.approx(0.5)
    assert best_accuracy_threshold(*split([(0.1, 0), (0.2, 1), (0.8, 1)])) == pytest.approx(0.15)


def test_all_equal_probabilities_follow_the_majority() -> None:
    assert best_accuracy_threshold(*split([(0.7, 1), (0.7, 1), (0.7, 0)])) <= 0.7
    assert best_accuracy_threshold(*split([(0.7, 0), (0.7, 0), (0.7, 1)])) > np.float32(0.7)


@pytest.mark.parametrize("top", [0.3, 1.0])
def test_one_class_calls_all_of_them_what_they_are(top: float) -> None:
    probabilities = np.array([0.1, 0.2, top], dtype=np.float32)
    assert (probabilities >= best_accuracy_threshold(probabilities, np.ones(3))).all()
    assert not (probabilities >= best_accuracy_threshold(probabilities, np.zeros(3))).any()


def test_float64_probabilities_keep_their_precision() -> None:
    probabilities = np.array([0.5, 0.5 + 1e-12])
    threshold = best_accuracy_threshold(probabilities, np.array([0, 1]))
    assert 0.5 < threshold <= 0.5 + 1e-12


@pytest.mark.parametrize(("count", "labels"), [(0, 0), (2, 3), (1, 0)])
def test_lengths_that_differ_or_are_0_are_refused(count: int, labels: int) -> None:
    with pytest.raises(OptionError, match=f"got {count} probabilities and {labels} labels"):
        best_accuracy_threshold(np.zeros(count, np.float32), np.zeros(labels, np.float32))


@settings(deadline=None)
@given(st.floats(-30, 30), st.floats(-5, 5), st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=8))
def test_probability_is_the_sigmoid_of_the_logit(slope: float, intercept: float, raw: list[float]) -> None:
    calibration = Calibration(slope=slope, intercept=intercept)
    scores = np.array(raw, dtype=np.float32)
    logits, probabilities = calibration.logit(scores), calibration.probability(scores)
    assert logits.dtype == np.float64
    assert probabilities.dtype == np.float32
    for x, logit, probability in zip(raw, logits, probabilities, strict=True):
        z = slope * x + intercept
        assert logit == pytest.approx(z, abs=1e-12)
        by_hand = 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))
        assert probability == pytest.approx(by_hand, abs=1e-7)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6), st.lists(st.floats(width=32, allow_nan=False), max_size=20))
@example(1.0, 0.0, [3.4e38, -3.4e38, 0.0, math.inf, -math.inf])
def test_probability_never_falls_and_stays_within_0_and_1(slope: float, intercept: float, raw: list[float]) -> None:
    scores = np.array(sorted(raw), dtype=np.float32)
    # warnings are errors: an overflow would fail here
    probabilities = Calibration(slope=slope, intercept=intercept).probability(scores)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities) >= 0).all()


def test_without_calibration_the_logit_is_the_raw_score() -> None:
    raw = np.array([-3, 0, 2], dtype=np.float32)
    assert Calibration().logit(raw).tolist() == [-3, 0, 2]
    assert Calibration().probability(np.zeros(1, np.float32)).tolist() == [0.5]
    assert Calibration().probability(np.zeros(0, np.float32)).shape == (0,)


BETA = Calibration(method="beta", slope=2.0, intercept=-0.5, bend=(0.4, 1.5, 0.2))
ISOTONIC = Calibration(method="isotonic", knots=((-1.0, -2.0), (0.0, 0.5), (2.0, 1.5)))


@settings(deadline=None)
@given(st.lists(st.floats(-6, 6, width=32), min_size=1, max_size=8))
def test_beta_by_hand(raw: list[float]) -> None:
    for x, logit in zip(raw, BETA.logit(np.array(raw, dtype=np.float32)), strict=True):
        s = 1 / (1 + math.exp(-(2 * x - 0.5)))
        assert logit == pytest.approx(0.4 * math.log(s) - 1.5 * math.log1p(-s) + 0.2, abs=1e-9)


def test_isotonic_by_hand() -> None:
    raw = np.array([-5, -1, -0.5, 0, 1, 2, 9], dtype=np.float32)
    assert ISOTONIC.logit(raw).tolist() == pytest.approx([-2, -2, -0.75, 0.5, 1, 1.5, 1.5])


@pytest.mark.parametrize("calibration", [BETA, ISOTONIC], ids=lambda calibration: calibration.method)
def test_curves_never_fall_nor_leave_0_and_1(calibration: Calibration) -> None:
    raw = np.array([-np.inf, -3.4e38, *np.linspace(-30, 30, 301), 3.4e38, np.inf], dtype=np.float32)
    probabilities = calibration.probability(raw)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities) >= 0).all()
    assert calibration.rises


def test_what_falls_or_is_level_does_not_rise() -> None:
    assert not Calibration(slope=-1.0).rises
    assert not Calibration(slope=0.0).rises
    assert not Calibration(method="beta", bend=(0.0, 0.0, 1.0)).rises
    assert not Calibration(method="beta", bend=(-1.0, 2.0, 0.0)).rises
    assert not Calibration(method="isotonic", knots=((0.0, 1.0),)).rises
    assert not Calibration(method="isotonic", knots=((0.0, 1.0), (1.0, 3.0), (2.0, 2.0))).rises


@pytest.mark.parametrize("prior", [0.01, 0.3, 0.9])
def test_a_prior_gives_the_share_of_same_pairs_that_a_simulation_finds(prior: float) -> None:
    """Same pairs score N(1, 1), others N(-1, 1): log odds are 2 raw on a dev set of which half is the same."""
    rng = np.random.default_rng(4)
    same = rng.random(400_000) < prior
    raw = rng.normal(np.where(same, 1.0, -1.0)).astype(np.float32)
    probabilities = Calibration(slope=2.0, prior=0.5).at(prior).probability(raw)
    edges = np.quantile(probabilities, np.linspace(0, 1, 11))
    for low, high in itertools.pairwise(edges):
        inside = (probabilities >= low) & (probabilities < high)
        share = float(probabilities[inside].mean())
        spread = 4 * math.sqrt(share * (1 - share) / inside.sum())
        assert abs(float(same[inside].mean()) - share) < spread


@pytest.mark.parametrize("prior", [0, 1, -0.1, math.nan, True, "0.5"])
def test_a_prior_out_of_range_is_refused(prior: Any) -> None:
    with pytest.raises(OptionError, match="expected the share of same pairs, above 0 and below 1"):
        Calibration().at(prior)


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"method": "plat"}, "method of a calibration is 'plat'.*did you mean 'platt'"),
        ({"slope": math.inf}, "slope of a calibration is inf"),
        ({"dev_prior": "0.5"}, "dev_prior of a calibration is '0.5'"),
        ({"bend": (1.0, 1.0, 0.0)}, "bend of a calibration has 3 numbers, 'platt' has 0"),
        ({"method": "beta"}, "bend of a calibration has 0 numbers, 'beta' has 3"),
        ({"method": "beta", "bend": (1.0, 1.0, None)}, "bend of a calibration is None"),
        ({"method": "isotonic"}, "'isotonic' has 0 knots"),
        ({"knots": ((0.0, 1.0),)}, "'platt' has 1 knots"),
        ({"method": "isotonic", "knots": ((0.0, 1.0), (0.0, 2.0))}, "by rising raw score"),
        ({"method": "isotonic", "knots": ((0.0, 1.0, 2.0),)}, "must be pairs"),
    ],
)
def test_parts_that_make_no_calibration_are_refused(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        Calibration(**parts)


def test_small_probabilities_are_right_to_their_last_digit() -> None:
    raw = np.array([-17.0, -16.9])
    found = Calibration().at(1e-9).probability(raw)
    for x, probability in zip(raw, found, strict=True):
        assert probability == pytest.approx(math.exp(x) * 1e-9, rel=1e-6)


@pytest.mark.parametrize("dev_prior", [0.0, 1.0])
def test_nothing_is_moved_from_a_dev_set_of_one_label(dev_prior: float) -> None:
    with pytest.raises(OptionError, match=f"dev_prior is {dev_prior:g}, from which nothing can be moved"):
        Calibration(prior=dev_prior).at(0.5)


@pytest.mark.parametrize(
    "calibration", [BETA, ISOTONIC, Calibration(slope=3.0, intercept=-1.0, prior=0.1, dev_prior=0.5)]
)
@pytest.mark.parametrize("threshold", [1e-6, 0.1, 0.5, 0.93, 1.0])
def test_the_least_raw_score_is_the_first_in_float32_that_reaches(calibration: Calibration, threshold: float) -> None:
    least = calibration.least_raw(threshold)
    if least == math.inf:
        assert calibration.probability(np.array([np.finfo(np.float32).max]))[0] < np.float32(threshold)
        return
    if least == -math.inf:
        assert calibration.probability(np.array([np.finfo(np.float32).min]))[0] >= np.float32(threshold)
        return
    raw = np.array([np.nextafter(np.float32(least), np.float32(-np.inf)), np.float32(least)])
    below, reaching = calibration.probability(raw)
    assert below < np.float32(threshold) <= reaching


def test_where_probabilities_do_not_rise_nothing_can_be_told() -> None:
    assert Calibration(slope=-1.0).least_raw(0.5) == -math.inf
