from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import textsiam
from textsiam.cli import main

STS = "main-captions\tMSRvid\t2012test\t{number:04}\t{grade:.3f}\t{a}\t{b}"
SICK = "{number}\t{a}\t{b}\t{grade:.1f}\tNEUTRAL"
SICK_HEAD = "pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment\n"


@pytest.fixture
def transfer() -> ModuleType:
    return importlib.import_module("transfer")


@pytest.fixture(scope="module")
def model() -> textsiam.PairModel:
    vocabulary = textsiam.build_vocabulary(textsiam.sample_pairs(200).texts(), size=300)
    architecture = textsiam.TrainConfig(encoder="bag", dim=8, head="cosine").architecture
    made: textsiam.PairModel = importlib.import_module("peers").random_model(architecture, vocabulary)
    return made


@pytest.mark.parametrize(
    ("name", "head", "line", "low", "high"), [("stsb", "", STS, 0, 5), ("sick", SICK_HEAD, SICK, 1, 5)]
)
def test_files_of_grades_are_read_as_they_are(
    transfer: ModuleType,
    model: textsiam.PairModel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    head: str,
    line: str,
    low: int,
    high: int,
) -> None:
    texts = [('She said "no', "A man sings."), ("Two dogs run", "Two dogs run"), ("A boy", "It rains, a lot")]
    grades = [low, high, (low + high) / 2]
    lines = [
        line.format(number=n, a=a, b=b, grade=grade)
        for n, ((a, b), grade) in enumerate(zip(texts, grades, strict=True), 1)
    ]
    file = tmp_path / "grades.csv"
    file.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    model.save(tmp_path / "model")
    options = transfer.CORPORA[name].reading
    assert main(["evaluate", str(tmp_path / "model"), str(file), "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pairs"] == 3
    assert found["label_mean"] == pytest.approx(0.5)
    assert found["spearman"] is not None


def test_grades_go_on_from_the_model_of_the_base(
    transfer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, Path, list[str]]] = []

    def run_train(train: Path, out: Path, options: list[str]) -> float:
        asked.append((train, out, options))
        return 0.5

    def evaluated(_model: Path, pairs: Path, _reading: Sequence[str]) -> dict[str, Any]:
        assert pairs == tmp_path / "stsb" / "sts-test.csv"
        return {"pairs": 9, "pearson": 0.7, "spearman": 0.6, "brier": None}

    monkeypatch.setattr(transfer, "run_train", run_train)
    monkeypatch.setattr(transfer, "evaluated", evaluated)
    found = transfer.graded("stsb", "lstm-mlp", tmp_path, tmp_path / "out")
    (train, out, options) = asked[0]
    assert train == tmp_path / "stsb" / "sts-train.csv"
    assert options[options.index("--init") + 1] == str(tmp_path / "out" / "published" / "lstm-mlp" / "model")
    assert options[options.index("--dev") + 1] == str(tmp_path / "stsb" / "sts-dev.csv")
    assert out.parent == tmp_path / "out" / "transfer"
    assert (found["minutes"], found["pairs"], found["spearman"], found["pearson"]) == (0.5, 9, 0.6, 0.7)


def test_half_of_paws_is_trained_on_and_the_other_half_shares_no_text(
    transfer: ModuleType, model: textsiam.PairModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = importlib.import_module("splits")
    questions = textsiam.sample_pairs(300)
    splits.write_folder(tmp_path / "qqp", dict.fromkeys(splits.SIDES, questions))
    sentences = [(f"A{n // 2} is in `` B{n} ''", f"B{n} is in A{n // 2} .", n % 3 == 0) for n in range(200)]
    (tmp_path / "paws-wiki").mkdir()
    rows = [f"{n}\t{a}\t{b}\t{int(same)}\n" for n, (a, b, same) in enumerate(sentences, 1)]
    (tmp_path / "paws-wiki" / "dev.tsv").write_text("".join(rows), encoding="utf-8")

    def run_train(train: Path, out: Path, options: list[str]) -> float:
        assert train == tmp_path / "out" / "paws" / "train.tsv"
        assert options[:2] == ["--dev", str(tmp_path / "qqp" / "dev.tsv")]
        assert options[2:4] == ["--init", str(tmp_path / "out" / "published" / "lstm-mlp" / "model")]
        model.save(out)
        return 0.5

    monkeypatch.setattr(transfer, "run_train", run_train)
    (tmp_path / "out" / "transfer").mkdir(parents=True)
    found = transfer.paws("paws", "lstm-mlp", tmp_path, tmp_path / "out")
    train, dev, test = (
        list(textsiam.read_pairs(tmp_path / "out" / "paws" / f"{part}.tsv"))
        for part in ("train", "paws-dev", "paws-test")
    )
    assert train[:300] == list(questions)
    assert sorted([*train[300:], *dev, *test]) == sorted(sentences)
    assert len(test) == 100
    assert len(dev) == 10
    sides = [{text for a, b, _ in side for text in (a, b)} for side in (train[300:], dev, test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert found["paws"]["pairs"] == found["paws_by_its_dev"]["pairs"] == 100
    assert found["paws"]["roc_auc"] == found["paws_by_its_dev"]["roc_auc"]
    assert found["qqp"]["pairs"] == 300
    table = transfer.table({"paws": {"threads": 1, **found}}, "lstm-mlp", found["qqp"])
    assert table.count("| QQP test, trained with") == 2
