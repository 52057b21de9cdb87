"""The metrics of many resamples of the same pairs at once, from how often each resample holds each pair.

Shapes: d resamples, n pairs, G distinct scores in rising order. A metric that is not defined for a resample is nan.
"""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.evaluation.metrics import ECE_BINS

Metrics = dict[str, Array]  # name -> (d,)


class BinaryMetrics:
    """``binary_metrics`` of resamples: counts float64 (d, n) to the metrics, each (d,).

    ``probabilities`` (n,) in [0, 1], ``labels`` (n,) 0 or 1, and the ``threshold``.
    """

    def __init__(self, probabilities: Array, labels: Array, threshold: float) -> None:
        self.truth = labels > 0.5
        self.called = probabilities >= threshold
        self.order = np.argsort(probabilities, kind="stable")
        ranked = probabilities[self.order].astype(np.float64)
        self.starts = np.flatnonzero(np.append(True, np.diff(ranked) != 0))  # where a new probability begins
        self.probability_G = ranked[self.starts]
        wide = probabilities.astype(np.float64)
        self.squares = (wide - self.truth) ** 2
        smallest = np.finfo(np.float64).eps  # as scikit-learn
        self.losses = -np.log(np.where(self.truth, wide, 1 - wide).clip(smallest, 1 - smallest))

    def __call__(self, counts: Array) -> Metrics:
        """Compute the metrics of each resample."""
        total = counts.sum(axis=1)
        ranked, same = counts[:, self.order], self.truth[self.order]
        positives = np.add.reduceat(ranked * same, self.starts, axis=1)
        negatives = np.add.reduceat(ranked * ~same, self.starts, axis=1)
        return {
            **self._at_threshold(counts, total),
            "roc_auc": roc_auc_of_groups(positives, negatives),
            "average_precision": _average_precision(positives, negatives),
            "ece": self._ece(positives, negatives),
            "brier": counts @ self.squares / total,
            "log_loss": counts @ self.losses / total,
        }

    def _at_threshold(self, counts: Array, total: Array) -> Metrics:
        right = counts @ (self.called & self.truth).astype(np.float64)
        called, same = counts @ self.called.astype(np.float64), counts @ self.truth.astype(np.float64)
        return {
            "accuracy": counts @ (self.called == self.truth).astype(np.float64) / total,
            "precision": _share(right, called, otherwise=0.0),
            "recall": _share(right, same, otherwise=np.nan),
            "f1": _share(2 * right, called + same, otherwise=np.nan),
        }

    def _ece(self, positives: Array, negatives: Array) -> Array:
        sizes = positives + negatives
        total = sizes.sum(axis=1, keepdims=True)
        before = np.cumsum(sizes, axis=1) - sizes
        # a probability that a resample lacks may lie behind the last one that it holds
        bins = np.minimum(before * ECE_BINS // total, ECE_BINS - 1).astype(np.int64)
        place = bins + ECE_BINS * np.arange(len(bins))[:, None]
        gaps = sizes * self.probability_G - positives
        of_bins = np.bincount(place.ravel(), weights=gaps.ravel(), minlength=ECE_BINS * len(bins))
        result: Array = np.abs(of_bins.reshape(len(bins), ECE_BINS)).sum(axis=1) / total[:, 0]
        return result


class GradedMetrics:
    """``graded_metrics`` of resamples: counts float64 (d, n) to the metrics, each (d,)."""

    def __init__(self, probabilities: Array, labels: Array) -> None:
        self.sides = [values.astype(np.float64) for values in (probabilities, labels)]
        self.squares = (self.sides[0] - self.sides[1]) ** 2
        self.groups = [np.unique(values, return_inverse=True)[1] for values in self.sides]

    def __call__(self, counts: Array) -> Metrics:
        """Compute the metrics of each resample."""
        rows = [np.broadcast_to(values, counts.shape) for values in self.sides]
        return {
            "pearson": _pearson(counts, *rows),
            "spearman": _pearson(counts, *(_ranks(counts, groups) for groups in self.groups)),
            "mean_squared_error": counts @ self.squares / counts.sum(axis=1),
        }


def _share(part: Array, whole: Array, *, otherwise: float) -> Array:
    result: Array = np.divide(part, whole, out=np.full(len(whole), otherwise), where=whole > 0)
    return result


def roc_auc_of_groups(positives: Array, negatives: Array) -> Array:
    """ROC-AUC, (d,), of how many pairs of each label have each distinct score, by rising score, (d, G)."""
    below = np.cumsum(negatives, axis=1) - negatives / 2  # an equal score is half a win
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return _share((positives * below).sum(axis=1), pairs, otherwise=np.nan)


def _average_precision(positives: Array, negatives: Array) -> Array:
    right, called = (np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in (positives, positives + negatives))
    precision = np.divide(right, called, out=np.zeros_like(right), where=called > 0)
    return _share((positives * precision).sum(axis=1), positives.sum(axis=1), otherwise=np.nan)


def _ranks(counts: Array, groups: Array) -> Array:
    """Give each pair's rank in each resample, (d, n); equal values share the mean of theirs."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(groups[order]) != 0))
    sizes = np.add.reduceat(counts[:, order], starts, axis=1)
    ranks: Array = np.cumsum(sizes, axis=1) - (sizes - 1) / 2
    return ranks[:, groups]


def _pearson(counts: Array, x: Array, y: Array) -> Array:
    """Correlation of x and y, (d, n) each, where pair i counts ``counts[:, i]`` times."""
    total = counts.sum(axis=1, keepdims=True)
    x, y = (side - (counts * side).sum(axis=1, keepdims=True) / total for side in (x, y))
    spread = np.sqrt((counts * x * x).sum(axis=1) * (counts * y * y).sum(axis=1))
    return _share((counts * x * y).sum(axis=1), np.where(spread > 1e-12 * total[:, 0], spread, 0), otherwise=np.nan)
