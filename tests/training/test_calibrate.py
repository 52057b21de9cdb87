from __future__ import annotations

import math

import numpy as np
import pytest

from textsiam.training.calibrate import fit_calibration


def test_recovers_the_logistic_curve_that_made_the_labels() -> None:
    random = np.random.default_rng(0)
    raw = random.uniform(-1, 1, 200_000).astype(np.float32)
    labels = (random.random(len(raw)) < 1 / (1 + np.exp(-(4 * raw - 1)))).astype(np.float32)
    calibration = fit_calibration(raw, labels, graded=False)
    assert calibration.slope == pytest.approx(4, rel=0.03)
    assert calibration.intercept == pytest.approx(-1, rel=0.05)
    assert calibration.threshold == pytest.approx(0.5, abs=0.03)
    assert calibration.prior == pytest.approx(labels.mean())


def test_is_the_best_fit_of_the_log_loss() -> None:
    random = np.random.default_rng(1)
    raw = random.normal(size=300).astype(np.float32)
    labels = (raw + random.normal(size=300) > 0).astype(np.float32)
    best = fit_calibration(raw, labels, graded=False)
    positives, negatives = labels.sum(), (1 - labels).sum()

    def platt_loss(slope: float, intercept: float) -> float:
        loss = 0.0
        for score, label in zip(raw.tolist(), labels.tolist(), strict=True):
            target = (positives + 1) / (positives + 2) if label else 1 / (negatives + 2)
            p = 1 / (1 + math.exp(-(slope * score + intercept)))
            loss -= target * math.log(p) + (1 - target) * math.log(1 - p)
        return loss

    least = platt_loss(best.slope, best.intercept)
    for step in (-0.01, 0.01):
        assert platt_loss(best.slope + step, best.intercept) > least
        assert platt_loss(best.slope, best.intercept + step) > least


def test_a_dev_set_without_errors_gives_a_finite_slope() -> None:
    calibration = fit_calibration(np.array([-1, -0.5, 0.5, 1.0]), np.array([0, 0, 1, 1]), graded=False)
    assert 0 < calibration.slope < 100
    assert (
        calibration.probability(np.array([-0.5]))[0]
        < calibration.threshold
        <= calibration.probability(np.array([0.5]))[0]
    )


def test_constant_scores_give_the_prior() -> None:
    calibration = fit_calibration(np.full(100, 0.7, dtype=np.float32), np.arange(100) % 4 == 0, graded=False)
    assert calibration.probability(np.array([0.7]))[0] == pytest.approx(0.25, abs=0.02)


def test_grades_are_met_on_average() -> None:
    random = np.random.default_rng(2)
    raw = random.uniform(-1, 1, 2000)
    labels = np.clip((raw + 1) / 2 + random.normal(scale=0.1, size=2000), 0, 1)
    calibration = fit_calibration(raw, labels, graded=True)
    assert calibration.probability(raw).mean() == pytest.approx(labels.mean(), abs=0.005)
    assert calibration.threshold == 0.5
