from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import textsiam
from tests.cli.conftest import SMALL, Run, write_pairs
from textsiam.model.folder import read_folder


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    shutil.copytree(model_folder, tmp_path / "model")
    return tmp_path / "model"


def test_all_that_dev_shows(run: Run, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    assert model.decisions is not None
    lines = run("threshold", model_folder).out.splitlines()
    assert lines[0] == f"in use: {model.calibration.threshold:.4f} (accuracy), prior {model.calibration.prior:.4f}"
    assert lines[1].startswith("on 64 dev pairs")
    assert lines[3].split() == ["threshold", "precision", "at", "least", "recall", "at", "least"]
    shown = [[float(cell) for cell in line.split()] for line in lines[4:]]
    expected = [
        [d.threshold, d.precision, d.precision_low, d.recall, d.recall_low]
        for d in model.decisions.seen(model.calibration)
    ]
    assert shown == [pytest.approx(row, abs=5e-5) for row in expected[::-1]]
    values = json.loads(run("threshold", model_folder, "--json").out)
    assert values["threshold"] == model.calibration.threshold
    assert [one["precision_low"] for one in values["thresholds"]] == [row[2] for row in expected[::-1]]


def test_what_is_in_use_is_shown_beside_another_prior(run: Run, model_folder: Path) -> None:
    calibration = textsiam.PairModel.load(model_folder).calibration
    lines = run("threshold", model_folder, "--prior", 0.01).out.splitlines()
    assert lines[0] == f"in use: {calibration.threshold:.4f} (accuracy), prior {calibration.prior:.4f}"
    assert "for prior 0.0100" in lines[1]
    values = json.loads(run("threshold", model_folder, "--prior", 0.01, "--json").out)
    assert (values["threshold"], values["prior"]) == (calibration.threshold, calibration.prior)
    assert {one["prior"] for one in values["thresholds"]} == {0.01}


@pytest.mark.parametrize("goal", [("--precision", 0.6), ("--recall", 0.6), ("--cost", "3,1"), ("--value", 0.7)])
@pytest.mark.parametrize("prior", [(), ("--prior", 0.4)])
def test_a_threshold_is_chosen_and_nothing_changes(
    run: Run, folder: Path, goal: tuple[str, object], prior: tuple[object, ...]
) -> None:
    before, model = read_folder(folder), textsiam.PairModel.load(folder)
    values = json.loads(run("threshold", folder, *goal, *prior, "--json").out)
    share = 0.4 if prior else None
    goals = {"--precision": {"precision": 0.6}, "--recall": {"recall": 0.6}, "--cost": {"cost": (3, 1)}}
    if goal[0] == "--value":
        assert (values["threshold"], values["policy"]) == (float(np.float32(0.7)), "given")
    else:
        assert values == json.loads(json.dumps(model.decide(**goals[goal[0]], prior=share)._asdict()))  # type: ignore[arg-type] # of several types
    assert values["prior"] == (share or model.calibration.prior)
    assert read_folder(folder) == before
    shown = run("threshold", folder, *goal, *prior).out.splitlines()
    assert shown[0].split() == ["threshold", f"{values['threshold']:.4f}"]
    assert shown[1].split() == ["prior", f"{values['prior']:.4f}"]
    if values["precision"] is None:  # dev was not asked: what it shows of the nearest threshold
        assert model.decisions is not None
        seen = model.decisions.seen(model.calibration_at(share))
        near = min(seen, key=lambda one: abs(one.threshold - values["threshold"]))
        assert shown.pop(2).split()[:4] == ["dev", "shows", "of", f"{near.threshold:.4f}"]
        values |= {"precision": near.precision, "recall": near.recall}
    assert [line.split()[:2] for line in shown[2:]] == [
        [name, f"{values[name]:.4f}"] for name in ("precision", "recall")
    ]


def test_set_changes_threshold_prior_and_card_and_nothing_else(run: Run, folder: Path) -> None:
    before, model = read_folder(folder), textsiam.PairModel.load(folder)
    result = run("threshold", folder, "--recall", 0.6, "--prior", 0.3, "--set")
    decision = model.decide(recall=0.6, prior=0.3)
    assert (
        f"threshold {decision.threshold:.4f} (recall=0.6), before {model.calibration.threshold:.4f} (accuracy)"
        in result.err
    )
    after, changed = read_folder(folder), textsiam.PairModel.load(folder)
    assert {name for name in after if after[name] != before[name]} == {"calibration.json", "README.md"}
    assert set(after) == set(before)
    wanted = {"threshold": decision.threshold, "policy": "recall=0.6", "prior": 0.3}
    wanted |= {"dev_threshold": model.calibration.threshold}
    assert changed.calibration == dataclasses.replace(model.calibration, **wanted)  # type: ignore[arg-type] # of several types
    assert f"| threshold | {decision.threshold:.4f} (recall=0.6, precision at least" in changed.card
    assert "share of same pairs is 0.3; on dev it was" in changed.card
    model.set_threshold(decision)
    assert (model.card, model.calibration) == (changed.card, changed.calibration)
    pair = ("what about the drum number 1", "tell me of drum item 5")
    assert f"(threshold {decision.threshold:.4f})" in run("score", folder, *pair).out
    assert float(run("score", folder, *pair).out.split()[0]) == pytest.approx(model.score(*pair), abs=1e-4)
    assert run("threshold", folder, "--recall", 0.6).out.splitlines()[0].split()[1] == f"{decision.threshold:.4f}"


def test_trained_goes_back_to_what_training_chose(run: Run, folder: Path) -> None:
    before, model = read_folder(folder), textsiam.PairModel.load(folder)
    assert run("threshold", folder, "--value", 0.9, "--prior", 0.01, "--set").code == 0
    assert run("threshold", folder, "--cost", "3,1", "--set").code == 0
    changed = read_folder(folder)
    shown = run("threshold", folder, "--trained").out.splitlines()
    assert read_folder(folder) == changed
    result = run("threshold", folder, "--trained", "--set")
    assert result.out.splitlines() == shown
    assert f"threshold {model.calibration.threshold:.4f} (accuracy), before 0.7500 (cost=3,1)" in result.err
    assert read_folder(folder) == before
    # what dev shows is told for the prior that comes back
    assert model.decisions is not None
    seen = model.decisions.seen(model.calibration)
    near = min(seen, key=lambda one: abs(one.threshold - model.calibration.threshold))
    assert shown[3].split()[:2] == ["precision", f"{near.precision:.4f}"]


def test_where_dev_shows_nothing_no_figures_are_borrowed(run: Run, folder: Path) -> None:
    model = textsiam.PairModel.load(folder)
    assert model.decisions is not None
    highest = model.decisions.seen(model.calibration)[0].threshold
    lines = run("threshold", folder, "--value", (1 + highest) / 2).out.splitlines()
    assert lines[2].startswith("dev tells nothing of it, only of ")
    assert len(lines) == 3


def test_what_an_earlier_version_replaced_cannot_come_back(run: Run, folder: Path) -> None:
    model = textsiam.PairModel.load(folder)
    model.calibration = dataclasses.replace(model.calibration, threshold=0.9, policy="precision=0.8")
    model.save(folder)
    result = run("threshold", folder, "--trained", "--set")
    assert result.code == 2
    assert "replaced by an earlier textsiam; give a value, or train again" in result.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--precision", 0.999), "precision 0.999 cannot be promised: with 95% confidence, the 64 dev pairs"),
        (("--precision", 0.9, "--recall", 0.9), "--precision and --recall cannot go together; give one"),
        (("--precision", 2), "precision is 2.0, expected a share above 0 and below 1"),
        (("--precision", "high"), "high"),
        (("--value", 1.5), "value (--value) is 1.5, expected a probability from 0 to 1"),
        (("--cost", "3"), "cost (--cost) is '3', expected FP,FN"),
        (("--cost", "3,1,2"), "cost (--cost) is '3,1,2', expected FP,FN"),
        (("--cost", "3,x"), "cost (--cost) is '3,x', expected FP,FN"),
        (("--cost", "3,0"), "cost is (3.0, 0.0), expected two numbers above 0"),
        (("--prior", 1), "prior is 1.0, expected the share of same pairs"),
        (("--trained", "--value", 0.5), "--value and --trained cannot go together; give one"),
        (("--trained", "--prior", 0.5), "--trained goes back to dev's prior; leave out --prior"),
        (("--set",), "--set needs one of --precision, --recall, --cost, --value, --trained"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    run: Run, folder: Path, options: tuple[object, ...], problem: str
) -> None:
    before = read_folder(folder)
    result = run("threshold", folder, *options, *(() if "--set" in options else ("--set",)))
    if options == ("--prior", 1):
        result = run("threshold", folder, *options)
    assert result.code == 2
    assert problem in result.err
    assert read_folder(folder) == before


def test_a_model_of_grades_has_no_shares(run: Run, tmp_path: Path) -> None:
    rows = [f"what about the apple {n},tell me of {'apple' if n % 2 else 'drum'} {n},{n % 6}\n" for n in range(90)]
    (tmp_path / "graded.csv").write_text("text_a,text_b,label\n" + "".join(rows), encoding="utf-8")
    assert run("train", tmp_path / "graded.csv", "--label-range", "0,5", "--out", tmp_path / "m", *SMALL).code == 0
    result = run("threshold", tmp_path / "m", "--precision", 0.9)
    assert (result.code, "learned grades" in result.err) == (2, True)
    assert run("threshold", tmp_path / "m").out == "in use: 0.5000 of the range of grades (half)\n"
    assert run("threshold", tmp_path / "m", "--value", 0.7, "--set").code == 0
    assert textsiam.PairModel.load(tmp_path / "m").calibration.threshold == float(np.float32(0.7))
    assert run("threshold", tmp_path / "m", "--trained", "--set").code == 0
    assert run("threshold", tmp_path / "m").out == "in use: 0.5000 of the range of grades (half)\n"
    result = run("score", tmp_path / "m", "a", "b", "--prior", 0.1)
    assert (result.code, "learned grades" in result.err) == (2, True)


def test_a_file_in_place_of_a_folder(run: Run, tmp_path: Path) -> None:
    assert "expected a model folder" in run("threshold", write_pairs(tmp_path / "p.csv", 3)).err
    assert "is not there" in run("threshold", tmp_path / "none").err


def test_scores_for_another_prior(run: Run, model_folder: Path, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 20)
    assert run("score", model_folder, pairs, "--out", tmp_path / "rare.csv", "--prior", 0.01).code == 0
    model, read = textsiam.PairModel.load(model_folder), textsiam.read_pairs(pairs)
    expected = model.score_pairs(zip(read.text_a, read.text_b, strict=True), prior=0.01)
    lines = (tmp_path / "rare.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [float(line.rsplit(",", 1)[1]) for line in lines] == pytest.approx(expected.tolist(), abs=1e-6)
    one = run("score", model_folder, read.text_a[0], read.text_b[0], "--prior", 0.01)
    assert float(one.out.split()[0]) == pytest.approx(float(expected[0]), abs=1e-4)
    assert "prior is 0" in run("score", model_folder, "a", "b", "--prior", 0).err
