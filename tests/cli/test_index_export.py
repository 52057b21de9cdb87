from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import entries, make_index


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_verdicts_are_training_pairs(run: Run, tmp_path: Path, model_folder: Path, ending: str) -> None:
    index, out = make_index(run, tmp_path, model_folder), tmp_path / f"verdicts.{ending}"
    for key_a, key_b, said in (("d1", "d2", "--same"), ("d2", "a1", "--different")):
        assert run("index", "mark", index, key_a, key_b, said).code == 0
    result = run("index", "export", index, "--out", out)
    assert result.code == 0
    assert result.err == f"{out}: 2 training pairs\n"
    pairs = textsiam.read_pairs(out)
    with textsiam.DuplicateIndex.open(index) as opened:
        verdicts = opened.verdicts()
    assert list(map(tuple, verdicts)) == list(zip(pairs.text_a, pairs.text_b, map(int, pairs.labels), strict=True))
    assert sorted(verdict.label for verdict in verdicts) == [0, 1]


def test_entries_have_a_column_for_each_attribute(run: Run, tmp_path: Path, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    rows = [("a", 'one, "text"', {"lang": "en", "tags": ["x"]}), ("b", "two", {"text": "mine", "n": 5}), ("c", "", {})]
    with textsiam.DuplicateIndex.open(tmp_path / "i", model) as index:
        index.add_many(rows)
    result = run("index", "export", tmp_path / "i", "--entries", "--out", tmp_path / "e.csv")
    assert result.code == 0
    assert result.err.endswith("e.csv: 3 entries\n")
    with (tmp_path / "e.csv").open(encoding="utf-8", newline="") as file:
        names, *cells = list(csv.reader(file))
    assert sorted(names[2:]) == ["attributes.text", "lang", "n", "tags"]
    assert [dict(zip(names, row, strict=True)) for row in cells] == [
        {"key": "a", "text": 'one, "text"', "lang": "en", "tags": '["x"]', "attributes.text": "", "n": ""},
        {"key": "b", "text": "two", "lang": "", "tags": "", "attributes.text": "mine", "n": "5"},
        {"key": "c", "text": "", "lang": "", "tags": "", "attributes.text": "", "n": ""},
    ]
    assert run("index", "export", tmp_path / "i", "--entries", "--out", tmp_path / "e.jsonl").code == 0
    records = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()]
    assert records == [
        {"key": "a", "text": 'one, "text"', "lang": "en", "tags": ["x"]},
        {"key": "b", "text": "two", "attributes.text": "mine", "n": 5},
        {"key": "c", "text": ""},
    ]


@pytest.mark.parametrize("ending", ["csv", "jsonl.gz"])
def test_exported_entries_make_the_same_index(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("textsiam.cli.record_file.ROWS_AT_ONCE", 2)
    monkeypatch.setattr("textsiam.cli.index_export.ROWS_AT_ONCE", 2)
    index, out = make_index(run, tmp_path, model_folder), tmp_path / f"entries.{ending}"
    assert run("index", "export", index, "--entries", "--out", out).code == 0
    again = run("index", "add", tmp_path / "again", out, "--model", model_folder, "--attributes", "lang")
    assert again.code == 0
    assert entries(tmp_path / "again") == entries(index)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--out", "rows.csv"), "rows.csv is there already; give another file, or --overwrite"),
        (("--out", "v.csv"), "holds no verdicts to export; textsiam index mark makes them"),
        (("--out", "v.xlsx", "--entries"), "has the ending '.xlsx', expected one of"),
        ((), "--out is missing"),
    ],
)
def test_bad_calls(run: Run, tmp_path: Path, model_folder: Path, options: tuple[str, ...], problem: str) -> None:
    index = make_index(run, tmp_path, model_folder)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run("index", "export", index, *(tmp_path / option if "." in option else option for option in options))
    assert result.code == 2
    assert problem in result.err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_that_is_there_is_replaced_when_told_to(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    assert run("index", "export", index, "--entries", "--out", tmp_path / "rows.csv", "--overwrite").code == 0
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").startswith("key,text,lang\n")


def test_a_missing_index_is_not_made(run: Run, tmp_path: Path) -> None:
    result = run("index", "export", tmp_path / "none", "--out", tmp_path / "o.csv")
    assert result.code == 2
    assert "none is not there, expected an index file" in result.err
    assert list(tmp_path.iterdir()) == []
