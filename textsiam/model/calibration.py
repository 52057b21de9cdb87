"""From a head's raw score to a probability (Platt 1999), and the threshold on it; both fitted on dev, then kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """probability = sigmoid(slope * raw + intercept), for pairs as common as on the dev set that it was fitted on.

    Parameters
    ----------
    slope, intercept
        Of the logistic regression of the labels on the head's raw scores.
    threshold
        Probability from which on a pair is called the same: the most accurate one on dev, or 0.5 for grades.
    prior
        Share of label 1 on dev (for grades, their mean): the rate that the probabilities assume.
    """

    slope: float = 1.0
    intercept: float = 0.0
    threshold: float = 0.5
    prior: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, float) or not isfinite(value):
                raise OptionError(f"{field.name} of a calibration is {value!r}, expected a number that is finite")

    def logit(self, raw: Array) -> Array:
        """Return float64 (n,) calibrated log odds of raw scores (n,)."""
        return self.slope * raw.astype(np.float64) + self.intercept

    def probability(self, raw: Array) -> Array:
        """Return float32 (n,) in [0, 1] from raw scores (n,)."""
        # by tanh, which cannot overflow
        return (0.5 * (1.0 + np.tanh(0.5 * self.logit(raw)))).astype(np.float32)


def best_accuracy_threshold(probabilities: Array, labels: Array) -> float:
    """Find the threshold with the highest accuracy for "same if probability >= threshold".

    Candidates lie half-way between neighbouring distinct probabilities, or just above the highest, or half-way between
    0 and the lowest; of equally good ones the one nearest to 0.5 is taken. If nothing is best called the same, it may
    lie above 1. ``probabilities`` (float32 or float64) and ``labels`` (0 or 1) are (n,), n > 0. Raises OptionError if
    the lengths differ or are 0.
    """
    if len(probabilities) != len(labels) or len(labels) == 0:
        raise OptionError(
            f"got {len(probabilities)} probabilities and {len(labels)} labels, expected as many, at least 1"
        )
    order = np.argsort(-probabilities, kind="stable")
    ranked, is_same = probabilities[order], labels[order] > 0.5
    # correct[k]: the k highest are called the same, the others are not
    true_positives = np.concatenate([[0], np.cumsum(is_same)])
    true_negatives = (~is_same).sum() - np.concatenate([[0], np.cumsum(~is_same)])
    correct = true_positives + true_negatives
    possible = np.concatenate([[True], ranked[1:] != ranked[:-1], [True]])
    best = possible & (correct == correct[possible].max())
    candidates = _between(ranked)[best]
    return float(candidates[np.abs(candidates - 0.5).argmin()])


def _between(ranked: Array) -> Array:
    """Give thresholds (n + 1,) above, between and below falling probabilities (n,), in their precision.

    In their precision, so that they compare the same as arrays and as Python's floats.
    """
    lower = np.append(ranked, ranked.dtype.type(0))
    upper = np.append(np.nextafter(ranked[:1], ranked.dtype.type(2)), ranked)
    middle = lower + (upper - lower) / 2
    middle[0] = upper[0]
    # neighbours in their precision have nothing between them: the half-way point rounds, maybe down to the lower one
    return np.where(middle > lower, middle, upper)
