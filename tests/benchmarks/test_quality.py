from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import textsiam
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import DistillConfig


@pytest.fixture
def quality() -> ModuleType:
    return importlib.import_module("quality")


def part(accuracy: float) -> dict[str, Any]:
    return {
        "pairs": 1000,
        "label_mean": 0.5,
        "accuracy": accuracy,
        "accuracy_interval": [accuracy - 0.01, accuracy + 0.01],
        "roc_auc": 0.9,
        "roc_auc_interval": [0.89, 0.91],
        "average_precision": 0.875,
    }


def row(**parts: Any) -> dict[str, Any]:
    return {
        "parameters": 12345,
        "minutes": 2.04,
        "megabytes": 900.4,
        "setting": "",
        "threads": 1,
        "machine": "m",
        **parts,
    }


def test_table_has_a_line_for_each_finished_row(quality: ModuleType) -> None:
    results = {
        "published": {"majority": {**row(test=part(0.5), unlinked=part(0.66)), "parameters": None}},
        "disjoint": {"majority": row(test=part(0.64)), "leakage": row(test=part(0.65))},
    }
    lines = quality.table(results, ["a note"]).splitlines()
    assert lines[2] == (
        "| the larger class | - | 2.0 | 900 | 50.00% (49.0% to 51.0%) | 0.9000 (0.890 to 0.910) | 0.8750"
        " | 66.00% | 0.9000 | 64.00% (63.0% to 65.0%) | 0.9000 (0.890 to 0.910) |"
    )
    assert lines[3].startswith(
        "| no text: who is paired with whom, boosted trees | 12,345 | 2.0 | 900 | - | - | - | - | - |"
    )
    assert "published unlinked: 1,000 pairs, 50.0% duplicates" in lines
    assert lines[-1] == "a note"


def test_rows_are_kept_until_their_options_change(
    quality: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = importlib.import_module("kept")
    name = "lstm-contrastive"
    path = quality.result_path(tmp_path, "published", name)
    assert quality.finished(tmp_path, "published", name) is None
    kept.keep_figures(path, quality.ROWS[name].key, {"minutes": 6.5})
    assert quality.finished(tmp_path, "published", name)["minutes"] == 6.5
    assert quality.finished(tmp_path, "disjoint", name) is None
    monkeypatch.setitem(quality.ROWS[name].options, "train", ["--epochs", "9"])
    assert quality.finished(tmp_path, "published", name) is None


def test_a_peer_trains_as_long_as_its_row(quality: ModuleType, tmp_path: Path) -> None:
    options = quality.ROWS["st-lstm-contrastive"].options
    with pytest.raises(SystemExit, match="lstm-contrastive is not finished"):
        quality.with_minutes(options, None, tmp_path, "published")
    like = options["minutes_of"]
    path = quality.result_path(tmp_path, "published", like)
    importlib.import_module("kept").keep_figures(path, quality.ROWS[like].key, {"minutes": 6.5})
    asked = {"loss": "contrastive", "learning_rate": 0.004}
    assert quality.with_minutes(options, None, tmp_path, "published") == {**asked, "minutes": 6.5}
    assert quality.with_minutes(options, 2.0, tmp_path, "published") == {**asked, "minutes": 2.0}
    assert quality.with_minutes({"a": 1}, None, tmp_path, "published") == {"a": 1}


def test_options_of_rows_survive_being_kept(quality: ModuleType) -> None:
    for known in quality.ROWS.values():
        assert json.loads(json.dumps(known.key)) == known.key


def test_rows_of_presets_and_teachers_are_known_by_what_these_stand_for(
    quality: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: json.dumps(row.key) for name, row in quality.ROWS.items()}
    monkeypatch.setitem(quality.PRESETS["accurate"], "units", 9)
    changed = {name for name, row in quality.ROWS.items() if json.dumps(row.key) != before[name]}
    assert changed == {"accurate", "student", "student-of-two"}


def test_every_option_of_a_row_is_one_of_training(quality: ModuleType) -> None:
    for known in quality.ROWS.values():
        kind = DistillConfig if "teachers" in known.options else TrainConfig
        names = {f"--{name.replace('_', '-')}" for name in kind.__dataclass_fields__} | {"--preset"}
        assert {option for option in known.options.get("train", []) if option.startswith("--")} <= names


def test_a_row_is_taught_by_the_models_of_others(quality: ModuleType, tmp_path: Path) -> None:
    splits = importlib.import_module("splits")
    sides = textsiam.split_pairs(textsiam.sample_pairs(300), test=0.2, dev=0.3, seed=7)
    splits.write_folder(tmp_path / "split", dict(zip(splits.SIDES, sides, strict=True)))
    small = ("--encoder", "lstm", "--dim", "8", "--vocabulary-size", "300", "--epochs", "1", "--batch-size", "32")
    for name, more in (("one", ("--units", "8")), ("two", ("--units", "9"))):
        quality.trained(tmp_path / "split", tmp_path / name, [*small, *more])
    scored = quality.trained(tmp_path / "split", tmp_path / "student", [*small, "--units", "8"], ("one", "two"), "bf16")
    assert "threads, bf16, trained on " in scored.setting
    assert scored.test.shape == (len(sides[-1]),)
    card = textsiam.PairModel.load(tmp_path / "student" / "model").card
    told = re.search(r"sha256 ([0-9a-f]{16}) ([0-9a-f]{16}): logits", card)
    assert told is not None
    assert told[1] != told[2]


def test_a_row_is_fitted_and_judged(quality: ModuleType, tmp_path: Path) -> None:
    splits = importlib.import_module("splits")
    sides = textsiam.split_pairs(textsiam.sample_pairs(300), test=0.2, dev=0.2, seed=7)
    splits.write_folder(tmp_path / "split", dict(zip(splits.SIDES, sides, strict=True)))
    found = quality.run_row("majority", {}, "published", tmp_path / "split", tmp_path)
    rate = float(sides[-1].labels.mean())
    assert found["test"]["accuracy"] == pytest.approx(max(rate, 1 - rate))
    assert found["unlinked"]["pairs"] == found["test"]["pairs"]  # the sides share no component
    assert found["megabytes"] > 10
    assert "unlinked" not in quality.run_row("majority", {}, "disjoint", tmp_path / "split", tmp_path)
