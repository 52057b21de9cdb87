from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import SMALL, Run, write_pairs
from textsiam.model.pair_model import PairModel
from textsiam.training.distill_config import DistillConfig


def test_a_model_teaches_from_a_file_to_a_folder(run: Run, model_folder: Path, tmp_path: Path) -> None:
    pairs, dev = write_pairs(tmp_path / "pairs.csv", 128), write_pairs(tmp_path / "dev.csv", 64, start=500)
    given = (pairs, "--teacher", model_folder, "--dev", dev, "--out", tmp_path / "one", *SMALL)
    result = run("distill", *given, "--teacher-weight", 0.6, "--extra-pairs", 0.5)
    assert result.code == 0
    assert "distilled from" in result.out
    assert "and 64 pairs without a label" in result.out
    config = DistillConfig.from_toml(tmp_path / "one" / "train.toml")
    assert (config.teacher_weight, config.extra_pairs, config.dim) == (0.6, 0.5, 8)
    toml = tmp_path / "one" / "train.toml"
    again = run("distill", pairs, "--teacher", model_folder, "--out", tmp_path / "two", "--config", toml)
    assert again.code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]


def test_two_models_teach_together(run: Run, model_folder: Path, tmp_path: Path) -> None:
    pairs, dev = write_pairs(tmp_path / "pairs.csv", 128), write_pairs(tmp_path / "dev.csv", 64, start=500)
    given = (pairs, "--teacher", model_folder, "--dev", dev, *SMALL)
    assert run("distill", *given, "--out", tmp_path / "one").code == 0
    both = run("distill", *given, "--teacher", tmp_path / "one", "--out", tmp_path / "two")
    assert both.code == 0
    told = PairModel.load(tmp_path / "two").details["distilled"]["teacher"]
    assert told == f"{PairModel.load(model_folder)!r}, {PairModel.load(tmp_path / 'one')!r}"
    assert "distilled from" in both.out
    assert run("distill", *given, "--teacher", tmp_path / "none", "--out", tmp_path / "three").code == 2


def test_probabilities_that_textsiam_score_wrote_teach(run: Run, model_folder: Path, tmp_path: Path) -> None:
    pairs, dev = write_pairs(tmp_path / "pairs.csv", 128), write_pairs(tmp_path / "dev.csv", 64, start=500)
    assert run("score", model_folder, pairs, "--out", tmp_path / "scored.csv").code == 0
    options = ("--teacher", tmp_path / "scored.csv", "--teacher-output", "probability", "--dev", dev)
    assert run("distill", pairs, *options, "--out", tmp_path / "m", *SMALL).code == 0
    assert PairModel.load(tmp_path / "m").details["distilled"]["teacher"] == "scored.csv"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--teacher"),
        (("--teacher", "nothing"), "nothing"),
        (("--teacher", "short.npy"), "expected numbers of shape (64), one row for each pair"),
        (("--teacher", "pairs.csv"), "has no column 'logit'"),
        (("--teacher", "short.npy", "--teacher-weight", 2), "teacher_weight is 2.0, expected a number, 0.001 to 1"),
        (("--teacher", "short.npy", "--target", "logit"), "did you mean 'logits'"),
        (("--teacher", "empty"), "empty"),
        (("--teacher", "short.npy", "--teacher", "pairs.csv"), "must all be models or model folders, but short.npy is"),
        (("--empty-teacher",), "--teacher is missing"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    write_pairs(tmp_path / "dev.csv", 64, start=500)
    np.save(tmp_path / "short.npy", np.zeros(3))
    (tmp_path / "empty").mkdir()
    result = run("distill", pairs, "--dev", "dev.csv", "--out", "m", *SMALL, *options)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("name", ["init", "vectors", "texts"])
def test_what_only_training_starts_from_is_not_passed_over(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "c.toml").write_text(f'[reading]\n{name} = "file"\n', encoding="utf-8")
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    result = run("distill", pairs, "--teacher", "m", "--out", tmp_path / "m", "--config", tmp_path / "c.toml")
    assert result.code == 2
    assert f"{name} in [reading] of {tmp_path / 'c.toml'} is none of the files that this command reads" in result.err
    assert "(dev, vocab)" in result.err


def test_options_of_distillation_are_none_of_training(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("teacher_weight = 0.5\n", encoding="utf-8")
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    result = run("train", pairs, "--out", tmp_path / "m", "--config", tmp_path / "c.toml")
    assert result.code == 2
    assert "teacher_weight" in result.err
