from __future__ import annotations

import json
from pathlib import Path

import textsiam
from tests.cli.conftest import Run, write_pairs


def test_table_and_json_say_what_the_library_says(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 100, start=3000)
    model = textsiam.PairModel.load(model_folder)
    model.set_threshold(model.decide(cost=(1, 4)))
    model.save(tmp_path / "other")
    expected = textsiam.compare(textsiam.PairModel.load(model_folder), model, pairs)
    assert run("compare", model_folder, tmp_path / "other", pairs).out == f"{expected}\n"
    values = json.loads(run("compare", model_folder, tmp_path / "other", pairs, "--json").out)
    assert values == json.loads(json.dumps(expected.to_dict()))


def test_bad_input(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 10)
    assert "expected a model folder" in run("compare", model_folder, pairs, pairs).err
    assert "is not there" in run("compare", model_folder, tmp_path / "none", pairs).err
    assert "does not exist" in run("compare", model_folder, model_folder, tmp_path / "none.csv").err
    (tmp_path / "one.csv").write_text("text_a,text_b,label\na,b,1\n", encoding="utf-8")
    result = run("compare", model_folder, model_folder, tmp_path / "one.csv")
    assert (result.code, "all 1 have label 1" in result.err) == (2, True)
