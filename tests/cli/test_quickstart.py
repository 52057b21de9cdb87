from __future__ import annotations

from pathlib import Path

import pytest

import textsiam
import textsiam.cli.quickstart
from tests.cli.conftest import Run


@pytest.mark.slow
def test_prints_what_it_promises_and_leaves_a_model(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ("embedding bag", "LSTM"):
        monkeypatch.setitem(textsiam.cli.quickstart.MODELS[options], "epochs", 1)
    out = tmp_path / "model"
    result = run("quickstart", "--out", out, "--pairs", 400)
    assert result.code == 0
    for expected in (
        *("400 pairs", "components", "accuracy", "ROC-AUC", "word order", "negation", "other slot value"),
        *("neighbouring intent", "Scored test pairs", "Closest pairs", f"Model folder: {out}"),
    ):
        assert expected in result.out
    assert "71 pairs of unrelated texts" in result.out  # a quarter of 284
    assert "epoch 1: dev roc_auc" in result.err
    assert 0 <= textsiam.PairModel.load(out).score("How do I cancel my order?", "cancel an order") <= 1


def test_bad_options(run: Run, tmp_path: Path) -> None:
    result = run("quickstart", "--out", tmp_path / "m", "--pairs", 3)
    assert result.code == 2
    assert "--pairs is 3, expected at least 400" in result.err
    assert run("quickstart", "--out", tmp_path / "m", "--pairs", 60_000).code == 2
