"""From a head's raw score to a probability (Platt 1999), and the threshold on it; both fitted on dev, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textsiam.errors import OptionError

Array = npt.NDArray[Any]


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

    def logit(self, raw: Array) -> Array:
        """Return float64 (n,) calibrated log odds of raw scores (n,)."""
        return self.slope * raw.astype(np.float64) + self.intercept

    def probability(self, raw: Array) -> Array:
        """Return float32 (n,) in [0, 1] from raw scores (n,)."""
        # by tanh, which cannot overflow
        return (0.5 * (1.0 + np.tanh(0.5 * self.logit(raw)))).astype(np.float32)


def best_accuracy_threshold(probabilities: Array, labels: Array) -> float:
    """Find the threshold with the highest accuracy for "same if probability >= threshold".

    Candidates lie half-way between neighbouring distinct probabilities; of equally good ones the one nearest to 0.5.
    ``probabilities`` and ``labels`` (0 or 1) are (n,), n > 0. Raises OptionError if the lengths differ or are 0.
    """
    if len(probabilities) != len(labels) or len(labels) == 0:
        raise OptionError(
            f"got {len(probabilities)} probabilities and {len(labels)} labels, expected as many, at least 1"
        )
    order = np.argsort(-probabilities, kind="stable")
    ranked, is_same = probabilities[order].astype(np.float64), labels[order] > 0.5
    # correct[k]: the k highest are called the same, the others are not
    true_positives = np.concatenate([[0], np.cumsum(is_same)])
    true_negatives = (~is_same).sum() - np.concatenate([[0], np.cumsum(~is_same)])
    correct = true_positives + true_negatives
    edges = np.concatenate([[1.0], ranked, [0.0]])
    candidates = (edges[:-1] + edges[1:]) / 2
    candidates[0] = np.nextafter(np.float32(max(ranked[0], 0)), np.float32(2))  # above every probability
    possible = np.concatenate([[True], ranked[1:] != ranked[:-1], [True]])
    best = possible & (correct == correct[possible].max())
    nearest = np.abs(candidates[best] - 0.5).argmin()
    return float(candidates[best][nearest])
