from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.arrays import Array
from textsiam.errors import DataError, OptionError
from textsiam.evaluation import intervals
from textsiam.evaluation.intervals import component_bootstrap, roc_auc_of


def percentiles(values: list[float], level: float) -> tuple[float, float]:
    """Linear interpolation between the ranked values, as NumPy's quantile does it."""
    ranked = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ranked) - 1)
        below = int(place)
        above = min(below + 1, len(ranked) - 1)
        return ranked[below] + (place - below) * (ranked[above] - ranked[below])

    return at((1 - level) / 2), at((1 + level) / 2)


def test_components_of_one_pair_give_the_ordinary_bootstrap() -> None:
    values = np.array([1.0, 0.0, 1.0, 1.0, 0.5, 0.25, 0.0])
    drawn = np.random.default_rng(3).integers(len(values), size=(200, len(values)))
    means = [sum(float(values[pair]) for pair in draw) / len(values) for draw in drawn]
    found = component_bootstrap(np.arange(len(values)), values, level=0.9, draws=200, seed=3)
    assert found == pytest.approx(percentiles(means, 0.9))


def test_whole_components_are_drawn() -> None:
    components, values = [2, 0, 2, 2, 1, 0], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    members = {c: [v for v, of in zip(values, components, strict=True) if of == c] for c in (0, 1, 2)}
    means = []
    for draw in np.random.default_rng(0).integers(3, size=(300, 3)):
        taken = [value for component in draw for value in members[int(component)]]
        means.append(sum(taken) / len(taken))
    found = component_bootstrap(np.array(components), np.array(values), draws=300)
    assert found == pytest.approx(percentiles(means, 0.95))


def test_one_component_gives_an_interval_of_no_width() -> None:
    values = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    assert component_bootstrap(np.zeros(5, dtype=np.int64), values) == pytest.approx((0.6, 0.6))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(-2, 2), st.integers(0, 1)), min_size=1, max_size=20),
    st.integers(0, 9),
)
@settings(deadline=None, max_examples=40)
def test_a_function_of_counts_gives_what_values_give(pairs: list[tuple[int, float, int]], seed: int) -> None:
    components = np.array([component for component, _, _ in pairs])
    values = np.array([value for _, value, _ in pairs])

    def mean(counts: Array) -> Array:
        result: Array = (counts * values).sum(axis=1) / counts.sum(axis=1)
        return result

    by_values = component_bootstrap(components, values, draws=50, seed=seed)
    assert component_bootstrap(components, mean, draws=50, seed=seed) == pytest.approx(by_values)
    # only who belongs together counts, not what the components are called
    assert component_bootstrap(components * 7 + 3, values, draws=50, seed=seed) == by_values
    assert values.min() - 1e-12 <= by_values[0] <= by_values[1] <= values.max() + 1e-12


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.5, 0.9]), st.integers(0, 1), st.integers(0, 3)), min_size=2).filter(
        lambda pairs: {label for _, label, _ in pairs} == {0, 1}
    )
)
@settings(deadline=None, max_examples=40)
def test_roc_auc_of_counts_is_the_share_of_wins(pairs: list[tuple[float, int, int]]) -> None:
    won = compared = 0.0
    for score, label, count in pairs:
        for other, other_label, other_count in pairs:
            if label == 1 and other_label == 0:
                compared += count * other_count
                won += count * other_count * ((score > other) + 0.5 * (score == other))
    scores, labels, counts = (np.array(column) for column in zip(*pairs, strict=True))
    found = roc_auc_of(scores, labels)(counts[None].astype(np.float64))
    assert found.shape == (1,)
    if compared:
        assert found[0] == pytest.approx(won / compared)
    else:
        assert np.isnan(found[0])


def test_draws_without_a_statistic_are_left_out() -> None:
    # a quarter of the draws holds one component twice, and so one label
    auc = roc_auc_of(np.array([0.2, 0.8]), np.array([0, 1]))
    assert component_bootstrap(np.array([0, 1]), auc, draws=40) == (1.0, 1.0)
    with pytest.raises(OptionError, match="not defined for any of 5 draws"):
        component_bootstrap(np.array([0, 1]), lambda counts: np.full(len(counts), np.nan), draws=5)


def test_intervals_cover_the_truth_where_pairs_depend_on_each_other() -> None:
    rng = np.random.default_rng(11)
    components = np.repeat(np.arange(150), 4)
    covered = by_pairs = 0
    for trial in range(200):
        values = (rng.random(150) < 0.7).astype(float)[components]  # the pairs of a component stand or fall together
        low, high = component_bootstrap(components, values, draws=200, seed=trial)
        covered += low <= 0.7 <= high
        low, high = component_bootstrap(np.arange(600), values, draws=200, seed=trial)
        by_pairs += low <= 0.7 <= high
    assert 180 <= covered <= 199
    assert by_pairs < 160  # what drawing pairs one by one would give: half as wide as it should be


def test_many_draws_are_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    components, values = np.arange(8), np.arange(8) / 8
    whole = component_bootstrap(components, values, draws=100, seed=5)
    monkeypatch.setattr(intervals, "CELLS", 80)
    assert component_bootstrap(components, values, draws=100, seed=5) == whole


@pytest.mark.parametrize(
    ("components", "values", "options", "message"),
    [
        ([], [], {}, "expected integers"),
        ([0.5], [1.0], {}, "expected integers"),
        ([0, 1], [1.0], {}, r"expected \(2,\) finite numbers"),
        ([0, 1], [1.0, np.nan], {}, r"expected \(2,\) finite numbers"),
        ([0, 1], [1.0, 0.0], {"level": 1.0}, "level is 1.0"),
        ([0, 1], [1.0, 0.0], {"draws": 0}, "draws is 0"),
    ],
)
def test_bad_arguments_are_named(
    components: list[float], values: list[float], options: dict[str, float], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        component_bootstrap(np.array(components), np.array(values), **options)  # type: ignore[arg-type]


def test_roc_auc_needs_both_labels() -> None:
    with pytest.raises(DataError, match="all 2 have label 1"):
        roc_auc_of(np.array([0.1, 0.2]), np.array([1, 1]))
