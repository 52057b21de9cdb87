from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binom

from textsiam.arrays import Array
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import Decisions
from textsiam.training.decisions import fit_decisions

CURVE = Calibration(slope=2.0)


def drawn(pairs: int, seed: int, linked: int = 1) -> tuple[Array, Array, Array]:
    """Draw raw scores, labels of which half are 1, and components of so many pairs that are alike."""
    rng = np.random.default_rng(seed)
    components = np.repeat(np.arange(pairs // linked), linked)
    labels = (rng.random(pairs // linked) < 0.5).astype(np.float32)[components]
    raw = rng.normal(np.where(labels > 0.5, 1.0, -1.0)[::linked]).astype(np.float32)[components]
    return raw + np.float32(1e-4) * rng.random(pairs).astype(np.float32), labels, components


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


def test_bounds_of_pairs_without_links_are_clopper_pearson() -> None:
    raw, labels, components = drawn(500, seed=2)
    found = made(raw, labels, components)
    level = 0.05 / len(found.cuts)
    for cut in found.cuts:
        # by the definition: the share with which so many right ones, or more, have the probability ``level``
        if 0 < cut.right < cut.called:
            assert binom.sf(cut.right - 1, cut.called, cut.precision_low) <= level * 1.2
        assert cut.precision_low <= beta.ppf(level, cut.right, cut.called - cut.right + 1) + 1e-9
        assert cut.precision_low < cut.right / cut.called
        assert cut.recall_low < cut.right / found.same


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


@pytest.mark.parametrize("linked", [1, 4])
def test_all_bounds_together_hold_in_19_of_20_dev_sets(linked: int) -> None:
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
