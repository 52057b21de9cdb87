"""What dev pairs promise of each threshold: cuts of the raw score with lower bounds of precision and recall."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import CONFIDENCE, Cut, Decisions

# cuts that call 1/50, 2/50, ... of the pairs the same; below the first, each calls two thirds of the next
EVEN = 50
LEAST_CALLED = 10


def fit_decisions(calibration: Calibration, raw: Array, labels: Array, components: Array) -> Decisions | None:
    """Make the cuts of dev pairs: raw scores (n,), labels 0 or 1 (n,), components int (n,) of linked pairs.

    A cut's bounds are those of Clopper and Pearson (1934), one-sided, for as many independent pairs as the dependent
    ones are worth (Korn and Graubard 1998, with the degrees of freedom of components of uneven size), at 95 %
    confidence shared out among all cuts (Bonferroni), each kind of bound for itself. None where higher scores are not
    more probable.
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
    of_called = _effects([(same[:count], place[:count]) for count in counts], level)
    of_same = _effects([(is_called[same], place[same]) for is_called in called], level)
    precision_low = _lower_bounds(right, counts, of_called, level)
    # recall never falls as more is called the same, so that a looser cut has at least the bound of a stricter one
    recall_low = np.maximum.accumulate(_lower_bounds(right, np.full(len(counts), same.sum()), of_same, level))
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


def _effects(samples: list[tuple[Array, Array]], level: float) -> Array:
    """Give each sample's design effect: how many of its dependent pairs are worth one that is independent.

    A sample is values 0 or 1 (m,) with the components of their pairs. From 1, where pairs of a component agree no more
    than others, the effect goes up to that of components in which all are equal (Kish 1965). How far they agree is told
    by components of several pairs that hold a 0 (a wrong pair): as these are few, it is moved towards all being equal,
    by 1 / (1 + their number). And few or uneven components say little of their spread: the effect is larger by as
    much as Student's t has longer tails than with m pairs.
    """
    student = import_extra("scipy.stats", "train", "choosing thresholds").t
    effects = []
    for values, place in samples:
        sizes = np.bincount(place)
        pairs, of_equals = len(values), float((sizes**2).sum() / sizes.sum())
        told_by = int(((np.bincount(place, weights=1 - values) > 0) & (sizes > 1)).sum())
        agreeing = _agreement(values, place, of_equals)
        agreeing += (1 - agreeing) / (1 + told_by)
        freedom = pairs / of_equals - 1
        longer = (student.ppf(level, freedom) / student.ppf(level, pairs - 1)) ** 2 if freedom > 0 else np.inf
        effects.append(min(pairs, (1 + agreeing * (of_equals - 1)) * longer) if pairs > 1 else 1.0)
    return np.array(effects)


def _agreement(values: Array, place: Array, of_equals: float) -> float:
    """Estimate how far pairs of a component agree, from 0 to 1, by the spread of the components' sums."""
    share, number = values.mean(), len(np.unique(place))
    if share in (0, 1) or number == 1 or of_equals == 1:
        return 0.0
    sums = np.bincount(place, weights=values - share)
    spread = (sums**2).sum() * number / (number - 1) / (share * (1 - share) * len(values))
    return float(np.clip((spread - 1) / (of_equals - 1), 0, 1))


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
