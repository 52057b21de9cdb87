"""Metrics of probabilities against labels; ranking metrics treat equal probabilities as ties."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import DataError, import_extra

ECE_BINS = 15


def binary_metrics(probabilities: Array, labels: Array, threshold: float) -> dict[str, float]:
    """Compute the metrics of 0/1 labels.

    ``probabilities`` (n,) in [0, 1], ``labels`` (n,) 0 or 1; a pair is called the same if its probability is at least
    ``threshold``. Precision is 0 where nothing is called the same. Average precision is the step-wise sum over recall
    (no interpolation). Raises DataError unless both labels occur.
    """
    metrics = import_extra("sklearn.metrics", "train", "evaluation")

    truth = labels > 0.5
    check_both_classes(truth)
    called = probabilities >= threshold
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, called, average="binary", zero_division=0)
    return {
        "accuracy": float((called == truth).mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "roc_auc": float(metrics.roc_auc_score(truth, probabilities)),
        "average_precision": float(metrics.average_precision_score(truth, probabilities)),
        "ece": expected_calibration_error(probabilities, truth),
        "brier": float(np.mean((probabilities.astype(np.float64) - truth) ** 2)),
        "log_loss": float(metrics.log_loss(truth, probabilities.astype(np.float64))),
    }


def graded_metrics(probabilities: Array, labels: Array) -> dict[str, float | None]:
    """Compute Pearson and Spearman correlation and the mean squared error of grades in [0, 1].

    A correlation with something constant is not defined: None. Raises DataError if there are no pairs.
    """
    stats = import_extra("scipy.stats", "train", "evaluation")

    if len(labels) == 0:
        raise DataError("evaluating needs pairs, but there are none")
    probabilities, labels = probabilities.astype(np.float64), labels.astype(np.float64)
    error = float(np.mean((probabilities - labels) ** 2))
    if len(labels) < 2 or np.ptp(probabilities) == 0 or np.ptp(labels) == 0:
        return {"pearson": None, "spearman": None, "mean_squared_error": error}
    return {
        "pearson": float(stats.pearsonr(labels, probabilities).statistic),
        "spearman": float(stats.spearmanr(labels, probabilities).statistic),
        "mean_squared_error": error,
    }


def expected_calibration_error(probabilities: Array, truth: Array, bins: int = ECE_BINS) -> float:
    """Mean gap between probability and share of same pairs, over ``bins`` bins that hold equally many pairs.

    With equal-mass bins, as Nixon et al. 2019 ("Measuring calibration in deep learning") advise; pairs of equal
    probability share a bin, so that the order of the pairs does not matter. In [0, 1].
    """
    bin_of_pair = equal_mass_bins(probabilities, bins)
    # the gap of a bin, times its pairs
    gaps = np.bincount(bin_of_pair, weights=probabilities.astype(np.float64) - truth, minlength=bins)
    return float(np.abs(gaps).sum() / len(probabilities))


def ece_by_chance(probabilities: Array, bins: int = ECE_BINS, draws: int = 2000, seed: int = 0) -> float:
    """ECE below which right probabilities stay in 39 of 40 samples of so many pairs.

    The ECE of a sample is above 0 even where the probabilities (n,) are exactly right, for shares vary. Each bin's sum
    of gaps is drawn from the normal distribution that the labels, independent of each other, would give it; labels of
    pairs that share texts are not, and chance gives them more.
    """
    bin_of_pair = equal_mass_bins(probabilities, bins)
    wide = probabilities.astype(np.float64)
    spread = np.sqrt(np.bincount(bin_of_pair, weights=wide * (1 - wide), minlength=bins))
    drawn = np.abs(np.random.default_rng(seed).normal(size=(draws, bins)) * spread).sum(axis=1)
    return float(np.quantile(drawn, 0.975) / len(probabilities))


def equal_mass_bins(probabilities: Array, bins: int) -> Array:
    """Give each pair its bin, (n,); pairs of equal probability share one."""
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    first_ranks = np.cumsum(counts) - counts
    bin_of_pair: Array = (first_ranks * bins // len(probabilities))[place]
    return bin_of_pair


def check_both_classes(truth: Array) -> None:
    """Raise DataError unless some pairs are the same and some are not."""
    if len(truth) == 0 or truth.all() or not truth.any():
        found = f"all {len(truth)} have label {int(truth[0])}" if len(truth) else "there are none"
        raise DataError(f"evaluating needs pairs that are the same and pairs that are not, but {found}")
