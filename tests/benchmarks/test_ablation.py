from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

import textsiam
from textsiam.training.config import TrainConfig


@pytest.fixture
def ablation() -> ModuleType:
    return importlib.import_module("ablation")


def test_a_line_replaces_what_the_ones_before_it_set(ablation: ModuleType) -> None:
    plain, wide, undropped = (ablation.options_of(name) for name in ("plain", "wide", "no-dropout"))
    assert plain == list(ablation.PLAIN)
    assert wide.count("--units") == 1
    assert wide[wide.index("--units") + 1] == "128"
    assert wide[wide.index("--char-ngrams") + 1] == "3,4,5"
    assert undropped[undropped.index("--dropout") + 1] == "0"
    assert len(undropped) == len(plain) + 2
    assert ablation.options_of("ngram-dropout")[-4:] == ["--ngrams", "2", "--ngram-dropout", "0.5"]
    assert ablation.options_of("balanced")[-1] == "--balanced"


def test_every_option_is_one_of_training(ablation: ModuleType) -> None:
    names = {f"--{name.replace('_', '-')}" for name in TrainConfig.__dataclass_fields__} | {"--texts"}
    for name in ablation.PIECES:
        given = {option for option in ablation.options_of(name) if option.startswith("--")}
        assert given <= names


def test_differences_are_between_runs_of_one_seed(ablation: ModuleType) -> None:
    def run(accuracy: float) -> dict[str, float]:
        return {"minutes": 2.0, "accuracy": accuracy, "roc_auc": 0.9, "unlinked_roc_auc": 0.8}

    results = {"plain": {"7": run(0.8), "8": run(0.81)}, "char": {"7": run(0.82), "8": run(0.825), "9": run(0.9)}}
    lines = ablation.table(results, ["a note"]).splitlines()
    assert lines[2].endswith("| - | 7, 8 | 2.0 | 80.50% | - | 0.9000 | 0.8000 |")
    assert lines[3] == (
        "| with character n-grams | LSTM of 64, MLP head, 3 epochs | 7, 8, 9 | 2.0 | 84.83% | +1.75 (+2.00, +1.50)"
        " | 0.9000 | 0.8000 |"
    )
    assert lines[-1] == "a note"


def test_a_line_is_trained_and_judged_on_dev(
    ablation: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, dev, _ = textsiam.split_pairs(textsiam.sample_pairs(300), test=0.1, dev=0.4, seed=7)
    data = tmp_path / "data"
    importlib.import_module("splits").write_folder(data, {"train": train, "dev": dev, "test": train})
    out = tmp_path / "out"
    out.mkdir()
    small = (
        "--encoder",
        "lstm",
        "--units",
        "4",
        "--dim",
        "8",
        "--epochs",
        "1",
        "--vocabulary-size",
        "200",
        "--batch-size",
        "64",
    )
    monkeypatch.setattr(ablation, "PLAIN", small)
    found = ablation.run_piece("pretraining", "8", data / "train.tsv", data / "dev.tsv", out)
    model = textsiam.PairModel.load(out / "pretraining-8")
    assert "seed = 8" in model.train_toml
    report = textsiam.evaluate(model, dev)
    assert found["accuracy"] == pytest.approx(report.accuracy)
    assert found["roc_auc"] == found["unlinked_roc_auc"] == pytest.approx(report.roc_auc)
    monkeypatch.setattr(ablation, "PLAIN", [option for option in small if option not in ("--vocabulary-size", "200")])
    ablation.run_piece("char", "8", data / "train.tsv", data / "dev.tsv", out)
    shared = textsiam.Vocabulary.load(out / "vocabulary.model")
    assert textsiam.PairModel.load(out / "char-8").details["vocabulary_sha256"] == shared.sha256
    assert shared.sha256 == textsiam.build_vocabulary(train.texts()).sha256
    texts = (out / "texts.txt").read_text(encoding="utf-8").splitlines()
    assert set(texts) == set(train.texts())
    assert len(texts) == len(set(texts))


def test_a_part_of_the_pairs_is_drawn_once(ablation: ModuleType, tmp_path: Path) -> None:
    pairs = textsiam.sample_pairs(60)
    importlib.import_module("splits").write_folder(tmp_path / "data", {"train": pairs})
    drawn = ablation.drawn_pairs(tmp_path / "data" / "train.tsv", 20, tmp_path)
    found = list(textsiam.read_pairs(drawn))
    assert len(found) == 20
    places = [list(pairs).index(pair) for pair in found]
    assert places == sorted(set(places))
    assert places != list(range(20))
    written = drawn.stat().st_mtime_ns
    assert ablation.drawn_pairs(tmp_path / "data" / "train.tsv", 20, tmp_path) == drawn
    assert drawn.stat().st_mtime_ns == written
