from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import textsiam
from textsiam.arrays import Array
from textsiam.model.calibration import Calibration


@pytest.fixture
def decisions() -> ModuleType:
    return importlib.import_module("decisions")


def drawn(pairs: int) -> tuple[Array, Array, Array]:
    random = np.random.default_rng(1)
    labels = (random.random(pairs) < 0.5).astype(np.float32)
    return random.normal(np.where(labels > 0.5, 1.5, -1.5)).astype(np.float32), labels, np.arange(pairs) // 2


def test_a_half_is_judged_by_what_the_other_one_fitted(decisions: ModuleType) -> None:
    raw, labels, components = drawn(8000)
    fitted_on = components % 2 == 0
    half = decisions.judge_half(raw, labels, components, fitted_on, 0.95)
    # the labels of the half that is judged have no part in threshold and calibration
    turned = np.where(fitted_on, labels, 1 - labels)
    other = decisions.judge_half(raw, turned, components, fitted_on, 0.95)
    assert half.method == other.method
    assert half.precision == pytest.approx(1 - other.precision)
    assert 0.94 < half.precision < 1
    assert 0.3 < half.recall < 0.9
    assert half.ece < 0.05
    assert other.ece > 0.5
    refused = decisions.judge_half(raw, labels, components, fitted_on, 0.99999)
    assert (refused.precision, refused.recall) == (None, None)
    assert refused.ece == half.ece


def test_the_table_of_a_model(
    decisions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train, dev, test = textsiam.split_pairs(textsiam.sample_pairs(600), test=0.3, dev=0.3, seed=1)
    importlib.import_module("splits").write_folder(tmp_path / "data", {"dev": dev, "test": test})
    config = textsiam.TrainConfig(encoder="bag", dim=8, epochs=1, vocabulary_size=300, head="cosine", batch_size=32)
    model = textsiam.train(train, dev=dev, config=config, out=tmp_path / "m")
    arguments = [
        "--model",
        str(tmp_path / "m"),
        "--data",
        str(tmp_path / "data"),
        "--halves",
        "3",
        "--precision",
        "0.5",
    ]
    monkeypatch.setattr(sys, "argv", ["decisions.py", *arguments])
    decisions.main()
    out = capsys.readouterr().out
    assert f"| ECE on test | {textsiam.evaluate(model, test).ece:.4f} (" in out
    assert "halves with precision 0.5 or more" in out
    assert isinstance(model.calibration, Calibration)
