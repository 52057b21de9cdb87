from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binom
from scipy.stats import t as student

from textsiam.arrays import Array
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import Decisions
from textsiam.training import decisions
from textsiam.training.decisions import fit_decisions

CURVE = Calibration(slope=2.0)


def drawn(pairs: int, seed: int, linked: int | None = 1) -> tuple[Array, Array, Array]:
    """Draw raw scores, labels of which half are 1, and components of so many pairs that are alike (None: of any)."""
    rng = np.random.default_rng(seed)
    sizes = np.full(pairs, linked) if linked else np.minimum(rng.zipf(1.7, size=pairs), pairs // 16)
    components = np.repeat(np.arange(pairs), sizes)[:pairs]
    labels = (rng.random(pairs) < 0.5).astype(np.float32)
    raw = rng.normal(np.where(labels > 0.5, 1.0, -1.0)).astype(np.float32)[components]
    return raw + np.float32(1e-4) * rng.random(pairs).astype(np.float32), labels[components], components


def made(raw: Array, labels: Array, components: Array, curve: Calibration = CURVE) -> Decisions:
    found = fit_decisions(curve, raw, labels, components)
    assert found is not None
    return found


def test_cuts_count_the_pairs_above_them() -> None:
    raw, labels, components = drawn(1000, seed=1)
    found = made(raw, labels, components)
    assert (found.pairs, found.same) == (1000, int(labels.sum()))
    probabilities = CURVE.probability(raw)
    for cut, decision in zip(found.cuts, found.seen(CURVE), strict=True):
        above = [place for place in range(1000) if float(raw[place]) >= cut.raw]
        assert cut.called == len(above)
        assert cut.right == sum(labels[place] > 0.5 for place in above)
        assert int((probabilities >= np.float32(decision.threshold)).sum()) == cut.called
    called = [cut.called for cut in found.cuts]
    assert called[0] in range(10, 16)
    assert called[-1] == 1000
    assert all(later - earlier <= max(20, earlier / 2 + 1) for earlier, later in pairwise(called))


def test_bounds_of_pairs_without_links_are_clopper_pearson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_effects", lambda samples, level: np.ones(len(samples)))
    raw, labels, components = drawn(500, seed=2)
    found = made(raw, labels, components)
    level = 0.05 / len(found.cuts)
    for cut in found.cuts:
        for right, total, low in (
            (cut.right, cut.called, cut.precision_low),
            (cut.right, found.same, cut.recall_low),
        ):
            # by the definition: the share with which so many right ones, or more, have the probability ``level``
            assert binom.sf(right - 1, total, low) == pytest.approx(level, rel=1e-6)


LEVEL = 0.001


def longer_tails(sizes: list[int]) -> float:
    """How much longer Student's t has its tail than with independent pairs, squared."""
    pairs = sum(sizes)
    freedom = pairs**2 / sum(size**2 for size in sizes) - 1
    return float((student.ppf(LEVEL, freedom) / student.ppf(LEVEL, pairs - 1)) ** 2)


def test_design_effects_by_hand() -> None:
    values = np.array([1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1.0])
    place = np.array([0, 0, 0, 1, 2, 2, 3, 3, 4, 5, 6, 7])
    share, sizes = 10 / 12, [3, 1, 2, 2, 1, 1, 1, 1]
    sums = [2 - 3 * share, 1 - share, 1 - 2 * share, 2 - 2 * share, *[1 - share] * 4]
    spread = sum(of_one**2 for of_one in sums) * 8 / 7 / (share * (1 - share) * 12)
    of_equals = sum(size**2 for size in sizes) / 12
    agreeing = min(max((spread - 1) / (of_equals - 1), 0), 1)
    agreeing += (1 - agreeing) / (1 + 2)  # two components of several pairs hold a 0
    (found,) = decisions._effects([(values, place)], LEVEL)
    assert found == pytest.approx((1 + agreeing * (of_equals - 1)) * longer_tails(sizes))
    assert 1 < found < 12


def test_components_that_agree_are_worth_one_pair_each() -> None:
    place = np.repeat(np.arange(400), 2)
    alike = (np.arange(400) % 2).astype(float)[place]
    others = np.tile([0.0, 1.0], 400)
    found = decisions._effects([(alike, place), (others, place), (np.ones(800), place)], LEVEL)
    tails = longer_tails([2] * 400)
    assert found[0] == pytest.approx(2 * tails)
    assert found[1] == pytest.approx((1 + 1 / 401) * tails)  # all 400 hold a 0, and none agrees
    assert found[2] == pytest.approx(2 * tails)  # nothing wrong: nothing is known
    (single,) = decisions._effects([(others, np.arange(800))], LEVEL)
    assert single == 1


def test_effects_are_of_called_pairs_and_of_same_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def spied(samples: list[tuple[Array, Array]], level: float) -> Array:
        seen.append([int(values.sum()) if seen else len(values) for values, _ in samples])
        return np.arange(1.0, len(samples) + 1) / 10 + 1

    monkeypatch.setattr(decisions, "_effects", spied)
    raw, labels, components = drawn(500, seed=2)
    found = made(raw, labels, components)
    assert seen == [[cut.called for cut in found.cuts], [cut.right for cut in found.cuts]]
    level, bounds = 0.05 / len(found.cuts), []
    for place, cut in enumerate(found.cuts):
        effect = 1.1 + place / 10
        wrong, missed = cut.called - cut.right, found.same - cut.right
        assert cut.precision_low == pytest.approx(beta.ppf(level, cut.right / effect, wrong / effect + 1))
        bounds.append(beta.ppf(level, cut.right / effect, missed / effect + 1))
        assert cut.recall_low == pytest.approx(max(bounds))  # as a stricter cut has it, this one has


def test_linked_pairs_are_worth_fewer() -> None:
    raw, labels, components = drawn(2000, seed=3, linked=5)
    linked, alone = made(raw, labels, components), made(raw, labels, np.arange(2000))
    fifth = made(raw[::5], labels[::5], components[::5])
    assert [cut[:3] for cut in linked.cuts] == [cut[:3] for cut in alone.cuts]
    for cut, other in zip(linked.cuts, alone.cuts, strict=True):
        if 0.6 < cut.right / cut.called < 0.99 and cut.called > 200:
            assert cut.precision_low < other.precision_low
            assert cut.recall_low <= other.recall_low
    # five copies of each pair say no more than one of it
    half, half_of_fifth = (next(c for c in of.cuts if c.called >= of.pairs / 2) for of in (linked, fifth))
    assert half.precision_low == pytest.approx(half_of_fifth.precision_low, abs=0.02)


@pytest.mark.parametrize("linked", [1, 4, None])
def test_all_bounds_together_hold_in_19_of_20_dev_sets(linked: int | None) -> None:
    """Compare with a million pairs of the same kind, whose precision and recall are the truth."""
    raw, labels, _ = drawn(1_000_000, seed=0)
    order = np.argsort(-raw)
    ranked, right = -raw[order], np.cumsum(labels[order] > 0.5)
    wrong_precision = wrong_recall = 0
    for seed in range(1, 101):
        found = made(*drawn(800, seed=seed, linked=linked))
        above = np.searchsorted(ranked, [-cut.raw for cut in found.cuts], side="right")
        precision, recall = right[above - 1] / above, right[above - 1] / right[-1]
        wrong_precision += any(cut.precision_low > p for cut, p in zip(found.cuts, precision, strict=True))
        wrong_recall += any(cut.recall_low > r for cut, r in zip(found.cuts, recall, strict=True))
    assert wrong_precision <= 5
    assert wrong_recall <= 5


def test_equal_scores_are_not_parted() -> None:
    raw = np.repeat(np.array([2.0, 1.0, -1.0], dtype=np.float32), [30, 40, 30])
    labels = (np.arange(100) % 3 > 0).astype(np.float32)
    found = made(raw, labels, np.arange(100))
    assert [cut.called for cut in found.cuts] == [30, 70, 100]
    assert [cut.raw for cut in found.cuts] == [1.5, 0.0, -1.0]


def test_equal_probabilities_are_not_parted() -> None:
    level = Calibration(method="isotonic", knots=((-1.0, -2.0), (1.0, 2.0)))  # the same beyond 1
    raw = np.linspace(3, -3, 120).astype(np.float32)
    labels = (np.arange(120) < 60).astype(np.float32)
    found = made(raw, labels, np.arange(120), level)
    assert found.cuts[0].called == int((raw >= 1).sum())


def test_scores_that_fall_as_labels_rise_promise_nothing() -> None:
    raw, labels, components = drawn(100, seed=1)
    assert fit_decisions(Calibration(slope=-1.0), raw, labels, components) is None


def test_few_pairs_have_one_cut() -> None:
    found = made(np.array([1.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]), np.arange(3))
    assert [cut.called for cut in found.cuts] == [3]
    assert 0 < found.cuts[0].precision_low < 1 / 3


def test_nothing_right_has_the_bound_0() -> None:
    raw = np.linspace(1, -1, 60).astype(np.float32)
    labels = (np.arange(60) > 40).astype(np.float32)
    found = made(raw, labels, np.arange(60))
    assert found.cuts[0].right == 0
    assert (found.cuts[0].precision_low, found.cuts[0].recall_low) == (0.0, 0.0)


def test_one_component_alone_is_worth_one_pair() -> None:
    raw, labels, _ = drawn(200, seed=4)
    found = made(raw, labels, np.zeros(200, dtype=np.int64))
    assert max(cut.precision_low for cut in found.cuts) < 0.06
