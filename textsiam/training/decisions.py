"""What dev pairs promise of each threshold: cuts of the raw score with lower bounds of precision and recall."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import CONFIDENCE, Cut, Decisions

EVEN = (
    50  # cuts that call 1/50, 2/50, ... of the dev pairs the same; below the first, each calls two thirds of the next
)
LEAST_CALLED = 10


def fit_decisions(calibration: Calibration, raw: Array, labels: Array, components: Array) -> Decisions | None:
    """Make the cuts of dev pairs: raw scores (n,), labels 0 or 1 (n,), components int (n,) of linked pairs.

    A cut's bounds are those of Clopper and Pearson (1934), one-sided, for as many independent pairs as the dependent
    ones are worth (Korn and Graubard 1998), at 95 % confidence shared out among all cuts (Bonferroni), each kind of
    bound for itself. None where higher scores are not more probable.
    """
    if not calibration.rises:
        return None
    order = np.argsort(-raw, kind="stable")
    ranked, same = raw[order].astype(np.float64), labels[order] > 0.5
    place = np.unique(components, return_inverse=True)[1][order]
    probability = calibration.probability(ranked)
    counts = _counts(probability)
    level = (1 - CONFIDENCE) / len(counts)
    right = np.cumsum(same)[counts - 1]
    called = [np.arange(len(same)) < count for count in counts]
    of_called = _effects([(same[:count], place[:count]) for count in counts][::-1])[::-1]
    of_same = _effects([(is_called[same], place[same]) for is_called in called])
    precision_low = _lower_bounds(right, counts, of_called, level)
    recall_low = _lower_bounds(right, np.full(len(counts), same.sum()), of_same, level)
    raws = [_between(calibration, ranked, count) for count in counts]
    cuts = zip(raws, counts.tolist(), right.tolist(), precision_low.tolist(), recall_low.tolist(), strict=True)
    return Decisions(pairs=len(raw), same=int(same.sum()), cuts=tuple(Cut(*cut) for cut in cuts))


def _counts(probability: Array) -> Array:
    """Give how many of the falling probabilities (n,) each cut calls the same; equal ones are not parted."""
    number = len(probability)
    possible = np.append(np.flatnonzero(probability[1:] != probability[:-1]) + 1, number)
    wanted, smallest = [number * step / EVEN for step in range(1, EVEN + 1)], number / EVEN
    while (smallest := smallest * 2 / 3) >= LEAST_CALLED:
        wanted.append(smallest)
    wanted = [count for count in wanted if count >= LEAST_CALLED] or [number]
    return np.unique(possible[np.searchsorted(possible, np.ceil(wanted))])


def _effects(samples: list[tuple[Array, Array]]) -> Array:
    """Give each sample's design effect: how many of its dependent pairs are worth one that is independent, at least 1.

    A sample is values 0 or 1 (m,) with the components of their pairs. One of equal values shows nothing of it and has
    that of the sample before; the first then counts each component as a single pair.
    """
    effects: list[float] = []
    for values, place in samples:
        found = _effect(values, place)
        if found is None:
            sizes = np.bincount(place)
            found = effects[-1] if effects else float((sizes**2).sum() / sizes.sum())
        effects.append(found)
    return np.array(effects)


def _effect(values: Array, place: Array) -> float | None:
    share = values.mean()
    if share in (0, 1):
        return None
    sums = np.bincount(place, weights=values - share)
    number = len(np.unique(place))
    if number == 1:
        return float(len(values))
    of_components = (sums**2).sum() * number / (number - 1)
    return max(1.0, float(of_components / (share * (1 - share) * len(values))))


def _lower_bounds(right: Array, total: Array, effects: Array, level: float) -> Array:
    """One-sided lower bounds of shares right / total (k,), each wrong with probability ``level``."""
    beta = import_extra("scipy.stats", "train", "choosing thresholds").beta
    right, wrong = right / effects, (total - right) / effects
    return np.where(right > 0, beta.ppf(level, np.maximum(right, 1e-9), wrong + 1), 0.0)


def _between(calibration: Calibration, ranked: Array, count: int) -> float:
    """Give a raw score that parts the ``count`` highest of falling ones from the others, half-way where it can be."""
    lowest = float(ranked[count - 1])
    if count == len(ranked):
        return lowest
    middle = (lowest + float(ranked[count])) / 2
    parted, others = calibration.probability(np.array([middle, ranked[count]]))
    return middle if parted > others else lowest
