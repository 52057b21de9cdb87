"""Bootstrap intervals that draw whole components, since pairs that share texts are not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_integer
from textsiam.evaluation.metrics import check_both_classes
from textsiam.evaluation.resampled import roc_auc_of_groups

CELLS = 4_000_000  # counts held at a time: draws times components, or times pairs

LEVEL = 0.95
LEAST_COMPONENTS = 5  # draws of fewer say little of others

Statistic = Callable[[Array], Array]


def component_bootstrap(
    components: Array,
    statistic: Array | Statistic,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval (low, high) of a statistic over pairs, by drawing whole components with replacement.

    Each draw takes as many components as there are, so that its number of pairs varies; the resampling of clusters of
    Davison and Hinkley 1997, section 3.8 ("Bootstrap methods and their application"). With components of one pair each
    it is Efron's ordinary bootstrap; with a single component, low and high are both the statistic itself.
    ``components`` integers of at least 0 (n,), n > 0, as ``question_components`` gives them.
    ``statistic``: values (n,), one a pair, for their mean (accuracy: 1 where right, else 0); or a function of counts
    float64 (d, n), how often each of d draws holds each pair, that returns the statistic of each draw, (d,), nan where
    it is not defined; such draws are left out. ``roc_auc_of`` makes one. Means are fast: only sums of components are
    drawn.
    ``level`` in (0, 1), ``draws`` > 0. Equal arguments give equal intervals.
    Raises OptionError for values out of range, lengths that differ, or a statistic that no draw defines.
    """
    components = _checked(components, level, draws)
    place = np.unique(components, return_inverse=True)[1]
    if callable(statistic):
        found = [statistic(counts[:, place]) for counts in _draws(place, draws, seed, width=len(place))]
    else:
        mean = _mean_of_components(_checked_values(statistic, len(place)), place)
        found = [mean(counts) for counts in _draws(place, draws, seed, width=0)]
    interval = percentile_interval(np.concatenate(found), level)
    if interval is None:
        raise OptionError(f"the statistic is not defined for any of {draws:,} draws; there may be too few components")
    return interval


def resampled(
    components: Array, metrics: Callable[[Array], dict[str, Array]], *, draws: int = 1000, seed: int = 0
) -> dict[str, Array]:
    """Draw whole components as ``component_bootstrap`` does, and give each metric of each draw, (draws,).

    ``metrics`` is a function of counts float64 (d, n) that returns each metric of each of d draws, (d,), nan where it
    is not defined, such as ``BinaryMetrics``. Equal arguments give equal draws, whatever the metrics are.
    """
    components = _checked(components, LEVEL, draws)
    place = np.unique(components, return_inverse=True)[1]
    parts = [metrics(counts[:, place]) for counts in _draws(place, draws, seed, width=len(place))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def enough_components(components: Array) -> bool:
    """Tell whether there are enough components, (n,), for draws of them to make an interval."""
    return len(np.unique(components)) >= LEAST_COMPONENTS


def percentile_interval(values: Array, level: float = LEVEL) -> tuple[float, float] | None:
    """Give the interval (low, high) that holds the middle ``level`` of the values (n,), nan left out; None of none."""
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def ece_interval(values: Array, ece: float, by_chance: float) -> tuple[float, float]:
    """Give the 95 % interval of an ECE, of which bootstrap draws had ``values`` (d,); ``by_chance`` as metrics has it.

    The ECE of a sample is above the true one, as chance adds gaps to all bins, and that of a draw is above the
    sample's: the draws' own percentiles would miss a true one near 0 always. Both ends are moved down by what drawing
    added, the lower one by as much as the upper one lies above (the basic bootstrap), and to 0 where right
    probabilities have such an ECE by chance.
    """
    middle, high = np.quantile(values, [0.5, (1 + LEVEL) / 2])
    return (0.0 if ece <= by_chance else max(0.0, 2 * ece - float(high))), float(high - (middle - ece))


def roc_auc_of(scores: Array, labels: Array) -> Statistic:
    """Give the statistic ROC-AUC for ``component_bootstrap``: counts (d, n) to (d,), equal scores being ties.

    ``scores`` (n,), ``labels`` (n,) 0 or 1. Raises DataError unless both labels occur; a draw without one has nan.
    """
    truth = labels > 0.5
    check_both_classes(truth)
    order = np.argsort(scores, kind="stable")
    same = truth[order]
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))  # where a new score begins

    def roc_auc(counts: Array) -> Array:
        ranked = counts[:, order]
        positives = np.add.reduceat(ranked * same, starts, axis=1)
        negatives = np.add.reduceat(ranked * ~same, starts, axis=1)
        return roc_auc_of_groups(positives, negatives)

    return roc_auc


def _draws(place: Array, draws: int, seed: int, *, width: int) -> Iterator[Array]:
    """Draw as many components as there are with replacement; yields counts float64 (d, components).

    ``place`` has the component of each pair, from 0; ``width`` is how many numbers a draw takes besides.
    """
    number = int(place.max()) + 1
    rng = np.random.default_rng(seed)
    size = max(1, CELLS // max(width, number))
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = rng.integers(number, size=(rows, number)) + number * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * number).reshape(rows, number)
        yield counts.astype(np.float64)


def _mean_of_components(values: Array, place: Array) -> Statistic:
    sums, sizes = np.bincount(place, weights=values), np.bincount(place).astype(np.float64)

    def mean(counts: Array) -> Array:
        result: Array = (counts @ sums) / (counts @ sizes)
        return result

    return mean


def _checked(components: Array, level: float, draws: int) -> Array:
    components = np.asarray(components)
    if components.ndim != 1 or not components.size or not np.issubdtype(components.dtype, np.integer):
        raise OptionError(
            f"components are {components.dtype} {components.shape}, expected integers (n,), n > 0; "
            "textsiam.question_components gives them"
        )
    if not 0 < level < 1:
        raise OptionError(f"level is {level!r}, expected a share above 0 and below 1, such as 0.95")
    check_integer("draws", draws, least=1)
    return components


def _checked_values(values: Array, number: int) -> Array:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != (number,) or not np.isfinite(values).all():
        raise OptionError(f"values have shape {values.shape}, expected ({number},) finite numbers, one for each pair")
    return values
