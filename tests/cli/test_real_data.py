"""The same commands on real corpora: graded labels, no header, no quoting, Chinese; scoring on the base install."""

from __future__ import annotations

import csv
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

LSTM = (
    *("--encoder", "lstm", "--head", "cosine", "--pooling", "mean", "--dim", 64, "--units", 64, "--epochs", 5),
    *("--batch-size", 64, "--vocabulary-size", 4000, "--learning-rate", 0.003, "--device", "cpu"),
)


def test_sick(run: Run, real_data: Path, tmp_path: Path) -> None:
    sick, grades = real_data / "sick", ("--label-range", "1,5")
    train = (sick / "SICK_train.txt", "--dev", sick / "SICK_trial.txt", "--out", tmp_path / "m")
    assert run("train", *train, *grades, *LSTM).code == 0
    values = json.loads(run("evaluate", tmp_path / "m", sick / "SICK_test_annotated.txt", *grades, "--json").out)
    assert values["pairs"] == 4927
    assert values["pearson"] > 0.5
    assert values["spearman"] > 0.45
    assert values["accuracy"] is None


def test_sts_benchmark_has_neither_header_nor_quotes(run: Run, real_data: Path, tmp_path: Path) -> None:
    sts, reading = real_data / "stsb", ("--columns", "6,7,5", "--label-range", "0,5")
    train = (sts / "sts-train.csv", "--dev", sts / "sts-dev.csv", "--out", tmp_path / "m")
    assert run("train", *train, *reading, *LSTM).code == 0
    values = json.loads(run("evaluate", tmp_path / "m", sts / "sts-test.csv", *reading, "--json").out)
    assert values["pairs"] == 1379
    assert values["spearman"] > 0.3


def test_lcqmc_is_chinese(run: Run, real_data: Path, tmp_path: Path) -> None:
    corpus = real_data / "lcqmc" / "LCQMC_dev.csv"
    assert run("train", corpus, "--out", tmp_path / "m", *LSTM).code == 0
    model = textsiam.PairModel.load(tmp_path / "m")
    assert max(record["roc_auc"] for record in model.details["history"]) > 0.6


BASE = """
import sys
for name in ("torch", "datasets", "sklearn", "scipy", "pyarrow", "pandas"):
    sys.modules[name] = None  # as where they are not installed
from textsiam.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_base_install_scores_a_file_as_torch_does(run: Run, real_data: Path, tmp_path: Path) -> None:
    with (real_data / "qqp" / "test.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(itertools.islice(csv.reader(file, delimiter="\t"), 1001))
    for name, part in (("some.tsv", rows), ("train.tsv", rows[:1] + rows[501:])):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows(part)
    options = ("--bidirectional", "--head", "mlp", "--epochs", 1, "--batch-size", 64, "--device", "cpu")
    assert run("train", tmp_path / "train.tsv", "--out", tmp_path / "m", "--vocabulary-size", 500, *options).code == 0
    command = ["score", str(tmp_path / "m"), str(tmp_path / "some.tsv"), "--out", str(tmp_path / "base.tsv")]
    subprocess.run([sys.executable, "-c", BASE, *command], check=True)
    assert run(*command[:-1], tmp_path / "torch.tsv", "--device", "cpu").code == 0
    scores = []
    for name in ("base.tsv", "torch.tsv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            scores.append([float(row["probability"]) for row in csv.DictReader(file, delimiter="\t")])
    assert len(scores[0]) == len(scores[1]) == 1000
    assert max(abs(a - b) for a, b in zip(*scores, strict=True)) < 1e-5
