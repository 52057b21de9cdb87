from __future__ import annotations

import json
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run, write_pairs


def test_table_and_json_say_what_the_library_says(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 100, start=3000)
    expected = textsiam.evaluate(textsiam.PairModel.load(model_folder), pairs)
    assert expected.accuracy is not None
    table = run("evaluate", model_folder, pairs)
    assert table.code == 0
    assert f"{expected.accuracy:.4f}" in table.out
    values = json.loads(run("evaluate", model_folder, pairs, "--json").out)
    assert values == json.loads(json.dumps(expected.to_dict()))
    assert "roc" not in values


def test_curves_are_added_to_the_json(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 100, start=3000)
    text = run("evaluate", model_folder, pairs, "--json", "--curves").out
    assert "Infinity" not in text  # JSON has no such number
    values = json.loads(text)
    assert values["roc"]["false_positive_rate"][0] == 0
    assert values["roc"]["true_positive_rate"][-1] == 1
    assert len(values["precision_recall"]["recall"]) == len(values["precision_recall"]["threshold"])


def test_slices_by_a_column(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path = tmp_path / "test.csv"
    rows = [f"the {n % 7} a,the {n % 3} b,{n % 2},{'north' if n % 3 else 'south'}\n" for n in range(60)]
    path.write_text("text_a,text_b,label,region\n" + "".join(rows), encoding="utf-8")
    values = json.loads(run("evaluate", model_folder, path, "--by", "region", "--json").out)
    assert {name: part["pairs"] for name, part in values["slices"].items()} == {
        "region: north": 40,
        "region: south": 20,
    }


def test_slices_by_traits(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 60, start=3000)
    expected = textsiam.evaluate(textsiam.PairModel.load(model_folder), pairs, slices=True)
    assert "numbers: the same" in expected.slices
    assert run("evaluate", model_folder, pairs, "--slices").out == f"{expected}\n"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("text_a,text_b,label\na,b,1\n", (), "all 1 have label 1"),
        ("text_a,text_b,label\na,b,1\nc,d,0\n", ("--by", "kind"), "kind"),
        ("text_a,text_b,label\na,b,1\nc,d,0\n", ("--by", "label"), "--by is 'label', a name that every pair has"),
        ("text_a,text_b,label\na,b,1\nc,d,0\n", ("--curves",), "--curves goes with --json"),
        ("text_a,text_b,label\na,b,1\nc,d,0\n", ("--device", "gpu"), "device is 'gpu'"),
    ],
)
def test_bad_input(
    run: Run, tmp_path: Path, model_folder: Path, content: str, options: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "test.csv"
    path.write_text(content, encoding="utf-8")
    result = run("evaluate", model_folder, path, *options)
    assert result.code == 2
    assert message in result.err


def test_an_altered_model_folder_is_refused(run: Run, tmp_path: Path, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    model.save(tmp_path / "m")
    weights = tmp_path / "m" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    result = run("evaluate", tmp_path / "m", write_pairs(tmp_path / "test.csv", 10))
    assert result.code == 2
    assert "cut short or altered: weights.safetensors" in result.err


def test_a_report_is_written_beside_the_table(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "test.csv", 100, start=3000)
    expected = textsiam.evaluate(textsiam.PairModel.load(model_folder), pairs, slices=True)
    result = run("evaluate", model_folder, pairs, "--report", tmp_path / "r")
    assert result.code == 0
    assert result.out == f"{expected}\n"
    page = tmp_path / "r" / "report.html"
    assert f"{page}: written" in result.err
    text = page.read_text(encoding="utf-8")
    assert f">{model_folder} on {pairs}</h1>" in text
    assert "negation: none" in text
    assert f"{expected.accuracy:.4f}" in text


def test_a_report_of_grades_has_no_slices(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path = tmp_path / "graded.csv"
    path.write_text("text_a,text_b,label\n" + "".join(f"the {n % 7} a,the {n % 3} b,{n % 6}\n" for n in range(40)))
    assert run("evaluate", model_folder, path, "--label-range", "0,5", "--report", tmp_path / "r").code == 0
    assert "Slices" not in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


def test_a_report_that_exists_is_refused_before_anything_is_scored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    result = run("evaluate", tmp_path / "no-model", tmp_path / "no-pairs", "--report", tmp_path / "r")
    assert result.code == 2
    assert f"the report {tmp_path / 'r'} is there already; give another folder, or remove it" in result.err
    assert list((tmp_path / "r").iterdir()) == []


def test_a_place_where_no_report_can_be_is_refused_before_anything_is_scored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    result = run("evaluate", tmp_path / "no-model", tmp_path / "no-pairs", "--report", tmp_path / "file" / "r")
    assert result.code == 2
    assert f"cannot be made: {tmp_path / 'file'} is no folder that can be written to" in result.err
