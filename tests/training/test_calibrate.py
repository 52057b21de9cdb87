from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import textsiam
from tests.training.conftest import make_rows
from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.model.calibration import Calibration
from textsiam.training import calibrate
from textsiam.training.calibrate import FITS, fit_calibration, held_out_losses


def alone(raw: Array) -> Array:
    """Components of pairs that share nothing."""
    return np.arange(len(raw))


def drawn(number: int, curve: Calibration, seed: int = 0) -> tuple[Array, Array]:
    """Raw scores, and labels that a calibration curve makes."""
    random = np.random.default_rng(seed)
    raw = random.uniform(-1, 1, number).astype(np.float32)
    return raw, (random.random(number) < curve.probability(raw)).astype(np.float32)


def fit(raw: Array, labels: Array) -> Calibration:
    return fit_calibration(raw, labels, alone(raw), graded=False)


def test_recovers_the_logistic_curve_that_made_the_labels() -> None:
    raw, labels = drawn(200_000, Calibration(slope=4.0, intercept=-1.0))
    calibration = fit(raw, labels)
    points = np.linspace(-1, 1, 9)
    assert calibration.logit(points) == pytest.approx(4 * points - 1, abs=0.12)
    assert calibration.threshold == pytest.approx(0.5, abs=0.03)
    assert calibration.prior == calibration.dev_prior == pytest.approx(labels.mean())


@pytest.mark.parametrize(
    ("method", "curve"),
    [
        ("platt", Calibration(slope=5.0, intercept=-2.0)),
        ("temperature", Calibration(slope=5.0)),
        ("beta", Calibration(method="beta", slope=4.0, bend=(0.3, 2.5, 0.0))),
        ("isotonic", Calibration(method="isotonic", knots=((-0.2, -3.0), (-0.1, -0.5), (0.4, 0.0), (0.5, 2.0)))),
    ],
)
def test_each_method_is_chosen_where_its_curve_made_the_labels(method: str, curve: Calibration) -> None:
    raw, labels = drawn(40_000, curve, seed=3)
    losses = held_out_losses(raw.astype(float), labels.astype(float), alone(raw))
    assert set(losses) == set(FITS)
    # a method that can bend as this one does comes near, and may win by chance
    assert losses[method] <= min(losses.values()) + 3e-4
    if method in ("beta", "isotonic"):  # which Platt's line cannot follow
        assert losses["platt"] > losses[method] + 7e-4
    found = fit(raw, labels)
    assert found.method == min(losses, key=lambda name: losses[name])
    points = np.linspace(-0.9, 0.9, 19)
    inside = np.abs(curve.logit(points)) < 3
    assert found.logit(points)[inside] == pytest.approx(curve.logit(points)[inside], abs=0.35)


def platt_loss(calibration: Calibration, raw: Array, labels: Array) -> float:
    """Log loss of Platt's targets, pair by pair."""
    positives, negatives = labels.sum(), (1 - labels).sum()
    loss = 0.0
    for logit, label in zip(calibration.logit(raw).tolist(), labels.tolist(), strict=True):
        target = label * (positives + 1) / (positives + 2) + (1 - label) / (negatives + 2)
        p = 1 / (1 + math.exp(-logit))
        loss -= target * math.log(p) + (1 - target) * math.log(1 - p)
    return loss


@pytest.mark.parametrize("method", ["platt", "temperature", "beta"])
def test_is_the_best_fit_of_the_log_loss(method: str) -> None:
    random = np.random.default_rng(1)
    raw = random.normal(size=300)
    labels = (raw + random.normal(size=300) > 0).astype(float)
    best = FITS[method](raw, labels)
    assert best is not None
    assert best.method == method
    least = platt_loss(best, raw, labels)
    for step in (-0.01, 0.01):
        others: list[dict[str, Any]] = [{"slope": best.slope + step}] if method == "temperature" else []
        if method == "platt":
            others += [{"slope": best.slope + step}, {"intercept": best.intercept + step}]
        if method == "beta":
            bend = best.bend
            others += [{"bend": (*bend[:place], bend[place] + step, *bend[place + 1 :])} for place in range(3)]
        assert others
        for other in others:
            assert platt_loss(Calibration(**{**vars(best), **other}), raw, labels) > least


def test_isotonic_shares_by_hand() -> None:
    """Pool neighbours that fall until none does; a knot stands at the middle of each pool."""
    raw = np.arange(12.0)
    labels = np.array([0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1.0])
    found = FITS["isotonic"](raw, labels)
    assert found is not None
    top, bottom = 7 / 8, 1 / 8  # Platt's targets of 6 and 6
    pools: list[list[float]] = []
    for place, label in enumerate(labels):
        pools.append([place, top if label else bottom, 1])
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            (x, y, n), (z, w, m) = pools[-2:]
            pools[-2:] = [[(x * n + z * m) / (n + m), (y * n + w * m) / (n + m), n + m]]
    assert [knot[0] for knot in found.knots] == pytest.approx([pool[0] for pool in pools])
    assert [knot[1] for knot in found.knots] == pytest.approx([math.log(y / (1 - y)) for _, y, _ in pools])


def test_isotonic_keeps_a_bounded_number_of_knots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "MOST_KNOTS", 7)
    raw, labels = drawn(5000, Calibration(slope=6.0))
    found = FITS["isotonic"](raw.astype(float), labels.astype(float))
    assert found is not None
    assert len(found.knots) == 7
    assert found.logit(np.linspace(-0.5, 0.5, 5)) == pytest.approx(6 * np.linspace(-0.5, 0.5, 5), abs=0.8)


def test_a_bend_that_would_fall_is_level() -> None:
    raw = np.linspace(-3, 3, 2000)
    share = np.where(raw < 0, 0.4 + 0.1 * (raw < -2), 0.5 + raw / 7)  # falls on the left, rises on the right
    labels = (np.random.default_rng(0).random(2000) < share).astype(float)
    found = FITS["beta"](raw, labels)
    assert found is not None
    assert min(found.bend[:2]) == 0
    assert (np.diff(found.logit(raw)) >= 0).all()


def test_few_pairs_have_platts_method_and_more_have_others() -> None:
    raw, labels = drawn(2000, Calibration(slope=4.0))
    for number, methods in ((99, 1), (100, 3), (999, 3), (1000, 4)):
        assert len(held_out_losses(raw[:number].astype(float), labels[:number], alone(raw[:number]))) == methods


def test_folds_hold_whole_components(monkeypatch: pytest.MonkeyPatch) -> None:
    raw, labels = drawn(300, Calibration(slope=4.0))
    components = np.arange(300) % 40
    seen: list[set[int]] = []

    def spied(part: Array, _labels: Array) -> Calibration:
        left_out = set(components[~np.isin(raw.astype(float), part)].tolist())
        assert not left_out & set(components[np.isin(raw.astype(float), part)].tolist())
        seen.append(left_out)
        return Calibration()

    monkeypatch.setattr(calibrate, "FITS", {"platt": spied, "temperature": spied})
    losses = held_out_losses(raw.astype(float), labels.astype(float), components)
    assert sorted(number for left_out in seen[::2] for number in left_out) == list(range(40))
    expected = -np.mean(np.log(np.where(labels > 0.5, 1 / (1 + np.exp(-raw)), 1 / (1 + np.exp(raw)))))
    assert losses == {"platt": pytest.approx(expected), "temperature": pytest.approx(expected)}


def test_a_dev_set_without_errors_gives_a_finite_slope() -> None:
    calibration = fit(np.array([-1, -0.5, 0.5, 1.0]), np.array([0, 0, 1, 1]))
    assert 0 < calibration.slope < 100
    assert (
        calibration.probability(np.array([-0.5]))[0]
        < calibration.threshold
        <= calibration.probability(np.array([0.5]))[0]
    )


@pytest.mark.parametrize("number", [100, 2000])
def test_constant_scores_give_the_prior(number: int) -> None:
    calibration = fit(np.full(number, 0.7, dtype=np.float32), np.arange(number) % 4 == 0)
    assert calibration.method == "platt"
    assert calibration.probability(np.array([0.7]))[0] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("number", [500, 2000])
def test_scores_that_fall_as_labels_rise_are_seen(number: int) -> None:
    raw, labels = drawn(number, Calibration(slope=4.0))
    found = fit(-raw, labels)
    assert (found.method, found.rises) == ("platt", False)


@pytest.mark.parametrize("number", [80, 2000])
def test_grades_are_met_on_average(number: int) -> None:
    random = np.random.default_rng(2)
    raw = random.uniform(-1, 1, number)
    labels = np.clip((raw + 1) / 2 + random.normal(scale=0.1, size=number), 0, 1)
    calibration = fit_calibration(raw, labels, alone(raw), graded=True)
    assert calibration.probability(raw).mean() == pytest.approx(labels.mean(), abs=0.005)
    assert calibration.threshold == 0.5


def test_a_trained_model_has_calibration_and_decisions_of_its_dev_scores(toy_config: textsiam.TrainConfig) -> None:
    dev = Pairs.from_rows(make_rows(240, start=1000))
    model = textsiam.train(Pairs.from_rows(make_rows(256)), dev=dev, config=toy_config)
    raw = model.score_details(zip(dev.text_a, dev.text_b, strict=True)).raw
    components = textsiam.question_components(dev)
    assert model.calibration == fit_calibration(raw, dev.labels, components, graded=False)
    assert model.decisions is not None
    assert (model.decisions.pairs, model.decisions.same) == (240, int(dev.labels.sum()))
    assert 0 < model.threshold_for(recall=0.5) < 1


def test_dev_pairs_of_one_component_have_platts_method() -> None:
    raw, labels = drawn(300, Calibration(slope=4.0))
    assert held_out_losses(raw.astype(float), labels.astype(float), np.zeros(300, dtype=np.int64)) == {"platt": 0.0}
    assert fit_calibration(raw, labels, np.zeros(300, dtype=np.int64), graded=False).method == "platt"


def test_scores_that_are_0_in_a_fold_have_no_temperature() -> None:
    raw = np.zeros(150)
    raw[7] = 1.0
    labels = np.arange(150.0) % 2
    assert "temperature" not in held_out_losses(raw, labels, alone(raw))
    assert fit(raw, labels).method in FITS


def test_runs_of_equal_means_are_one_knot() -> None:
    raw = np.arange(30.0)
    labels = np.tile([1.0, 0.0, 0.0], 10)  # each three have the mean of all
    labels[-1] = 1
    found = FITS["isotonic"](raw, labels)
    assert found is not None
    shares = [odds for _, odds in found.knots]
    assert min(np.diff(shares)) > 1e-6


def test_a_method_that_fits_no_more_on_all_pairs_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    raw, labels = drawn(2000, Calibration(slope=4.0))
    monkeypatch.setattr(calibrate, "held_out_losses", lambda *_: {"isotonic": 0.1, "platt": 0.2})
    monkeypatch.setitem(FITS, "isotonic", lambda *_: None)
    assert fit(raw, labels).method == "platt"
