from __future__ import annotations

import csv
import functools
import json
from pathlib import Path

import pandas as pd
import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import clear_index, make_index, other_model, write_rows


def test_a_table_of_what_is_the_same(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, threshold = clear_index(run, tmp_path, model_folder)
    model = textsiam.PairModel.load(model_folder)
    text = "tell me of drum item 2"
    result = run("index", "find", index, text)
    assert result.code == 0
    title, header, *lines = result.out.splitlines()
    assert title == text
    assert header.split() == ["probability", "cosine", "key", "text"]
    assert [line.split(maxsplit=3)[2:] for line in lines] == [
        ["d2", text],
        ["d1", "what about the drum number 2"],
        ["d3", "What about  the DRUM number 2"],
    ]
    probability = model.score(text, "what about the drum number 2")
    assert probability >= threshold
    assert [line.split()[0] for line in lines] == ["1.0000", f"{probability:.4f}", f"{probability:.4f}"]
    assert len(run("index", "find", index, text, "--limit", 1).out.splitlines()) == 3


def test_several_texts_and_what_is_near_where_nothing_is_the_same(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, _ = clear_index(run, tmp_path, model_folder)
    texts = ("tell me of drum item 2", "", "what about the apple number 1 or not")
    result = run("index", "find", index, *texts, "--threshold", 0.99999)
    assert result.code == 0
    assert result.out.splitlines()[0] == texts[0]
    assert len(result.out.splitlines()) == 3
    assert "'': nothing is the same as a blank text" in result.err
    with textsiam.DuplicateIndex.open(index, textsiam.PairModel.load(model_folder)) as opened:
        (nearest,) = opened.find(texts[2], threshold=0, limit=1)
    near = f"nothing reaches 1.0000; nearest, at {nearest.probability:.4f}, is {nearest.key}: {nearest.text}\n"
    assert f"'{texts[2]}': {near}" in result.err
    shown = run("index", "find", index, texts[2], "--threshold", 0).out
    assert shown.splitlines()[2].split()[2] == nearest.key


def test_json(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, threshold = clear_index(run, tmp_path, model_folder)
    texts = ["tell me of drum item 2", "what about the apple number 1 or not"]
    found = json.loads(run("index", "find", index, *texts, "--json", "--threshold", 0.99999).out)
    with textsiam.DuplicateIndex.open(index, textsiam.PairModel.load(model_folder)) as opened:
        matches = opened.find_many(texts, threshold=0.99999)
        (nearest,) = opened.find(texts[1], threshold=0, limit=1)
    assert found == [
        {"text": texts[0], "threshold": 0.99999, "matches": [m._asdict() for m in matches[0]], "nearest": None},
        {"text": texts[1], "threshold": 0.99999, "matches": [], "nearest": nearest._asdict()},
    ]
    assert json.loads(run("index", "find", index, texts[0], "--json").out)[0]["threshold"] == threshold


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (("--where", "lang=en"), ["a"]),
        (("--where", "lang=en", "--where", "lang=de"), ["a", "b"]),
        (("--where", "year=2024"), ["a", "c", "d"]),
        (("--where", "year=2024", "--where", "lang=en"), ["a"]),
        (("--where", "open=true"), ["b"]),
        (("--where=lang=x=y",), ["c"]),
        (("--where", "lang=fr"), []),
    ],
)
def test_attributes(run: Run, tmp_path: Path, model_folder: Path, where: tuple[str, ...], keys: list[str]) -> None:
    records = [
        {"key": "a", "text": "apple", "lang": "en", "year": 2024, "open": False},
        {"key": "b", "text": "apple 1", "lang": "de", "year": 2023, "open": True},
        {"key": "c", "text": "apple 2", "lang": "x=y", "year": "2024"},
        {"key": "d", "text": "apple 3", "year": 2024.0},
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    names = ("--attributes", "lang,year,open")
    assert run("index", "add", tmp_path / "i", tmp_path / "r.jsonl", "--model", model_folder, *names).code == 0
    result = run("index", "find", tmp_path / "i", *where, "what apple", "--threshold", 0, "--json")
    assert sorted(match["key"] for match in json.loads(result.out)[0]["matches"]) == keys
    if not keys:
        assert "no entry has these attributes" in run("index", "find", tmp_path / "i", "what apple", *where).err


ODD = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "[1e400]",
    '"\\ud800"',
    "1" * 400,
    "1" * 5000,
    "[" * 99_999,
]


@pytest.mark.parametrize("value", ODD, ids=[f"{value:.12}{len(value)}" for value in ODD])
def test_what_no_attribute_can_be_is_a_text(run: Run, tmp_path: Path, model_folder: Path, value: str) -> None:
    with textsiam.DuplicateIndex.open(tmp_path / "i", textsiam.PairModel.load(model_folder)) as index:
        index.add("a", "apple", attributes={"n": value})
        index.add("b", "apple", attributes={"n": "1"})
    call = ("index", "find", tmp_path / "i", "apple", "--model", model_folder, "--json", "--where", f"n={value}")
    result = run(*call)
    assert result.code == 0
    assert [match["key"] for match in json.loads(result.out)[0]["matches"]] == ["a"]


def test_whole_numbers_may_be_longer_than_floats(run: Run, tmp_path: Path, model_folder: Path) -> None:
    with textsiam.DuplicateIndex.open(tmp_path / "i", textsiam.PairModel.load(model_folder)) as index:
        index.add("a", "apple", attributes={"n": int("1" * 400)})
    call = ("index", "find", tmp_path / "i", "apple", "--model", model_folder, "--where", f"n={'1' * 400}")
    assert "apple" in run(*call).out.splitlines()[-1]


@pytest.mark.parametrize("rows_at_once", [2, 100])
def test_the_best_for_each_text_of_a_file(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("textsiam.cli.index_find_file.ROWS_AT_ONCE", rows_at_once)
    index, threshold = clear_index(run, tmp_path, model_folder)
    rows = [("1", "tell me of drum item 2"), ("2", ""), ("3", "what about the apple number 1"), ("4", "zzz")]
    texts, out = write_rows(tmp_path / "new.csv", rows, ("n", "question")), tmp_path / "out.csv"
    call = ("index", "find", index, "--texts", texts, "--out", out, "--where", "lang=de")
    result = run(*call, "--threshold", threshold)
    assert result.code == 0
    with out.open(encoding="utf-8", newline="") as file:
        names, *written = list(csv.reader(file))
    assert names == ["n", "question", "match", "match_text", "probability"]
    probability = textsiam.PairModel.load(model_folder).score(rows[0][1], "What about  the DRUM number 2")
    assert written[:3] == [
        [*rows[0], "d3", "What about  the DRUM number 2", f"{probability:.6f}"],
        [*rows[1], "", "", ""],
        [*rows[2], "a1", "what about the apple number 1", "1.000000"],
    ]
    found = sum(row[2] != "" for row in written)
    assert f"out.csv: 4 texts, {found} of them are in {index} from probability {threshold:.4f} on" in result.err
    assert "is there already" in run(*call).err
    out = tmp_path / "out.jsonl"
    assert run(*call[:4], texts, "--out", out, "--threshold", 1).code == 0
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [record["match"] for record in records] == ["d2", None, "a1", None]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_several_for_each_text_of_a_file(run: Run, tmp_path: Path, model_folder: Path, ending: str) -> None:
    index, _ = clear_index(run, tmp_path, model_folder)
    rows = [("1", "tell me of drum item 2"), ("2", ""), ("3", "what about the apple number 1")]
    texts, out = write_rows(tmp_path / "new.csv", rows, ("n", "question")), tmp_path / f"out.{ending}"
    call = ("index", "find", index, "--texts", texts, "--out", out, "--limit", 3, "--threshold", 0)
    assert run(*call).code == 0
    with textsiam.DuplicateIndex.open(index, textsiam.PairModel.load(model_folder)) as opened:
        matches = [opened.find(text, limit=3, threshold=0) for _, text in rows]
    assert list(map(len, matches)) == [3, 0, 3]
    expected = [(n, match.key) for (n, _), ones in zip(rows, matches, strict=True) for match in ones]
    frame = {"csv": pd.read_csv, "jsonl": functools.partial(pd.read_json, lines=True), "parquet": pd.read_parquet}
    written = frame[ending](out)
    found = written[written["match"].notna()]
    assert list(zip(found["n"].astype(str), found["match"], strict=True)) == expected
    assert len(written) == 7


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "there is nothing to look for: give texts, or --texts FILE --out FILE"),
        (("--texts", "rows.csv"), "give --out FILE to write what is found for the texts of rows.csv"),
        (("a", "--texts", "rows.csv", "--out", "o.csv"), "leave out texts and --json"),
        (("a", "--out", "o.csv"), "go with --texts FILE, but texts were given"),
        (("rows.csv",), "'rows.csv' is a file, expected a text; for those of a file: --texts rows.csv --out FILE"),
        (("a", "--where", "lang"), "where (--where) is 'lang', expected NAME=VALUE, such as lang=en"),
        (("--texts", "rows.csv", "--out", "o.csv", "--limit", "0"), "limit (--limit) is 0, expected an integer of at"),
        (("a", "--limit", "0"), "limit is 0, expected an integer of at least 1"),
        (("a", "--limit", "1.5"), "--limit is '1.5', expected a whole number"),
        (("a", "--threshold", "1.5"), "threshold is 1.5, expected a probability"),
        (("--texts", "rows.csv", "--out", "rows.csv", "--overwrite"), "--out is the input rows.csv"),
        (("--texts", "bad.csv", "--out", "o.csv"), "bad.csv has a column 'match' already; rename it first"),
        (("-5 degrees",), "textsiam index find INDEX -- '-5 degrees' ..."),
    ],
)
def test_bad_calls(
    run: Run,
    tmp_path: Path,
    model_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    index = make_index(run, tmp_path, model_folder)
    write_rows(tmp_path / "bad.csv", names=("id", "text", "match"))
    before = sorted(tmp_path.iterdir())
    result = run("index", "find", index, *arguments)
    assert result.code == 2
    assert problem in result.err
    assert sorted(tmp_path.iterdir()) == before


def test_bad_rows_of_a_file(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, out = make_index(run, tmp_path, model_folder), tmp_path / "out.csv"
    (tmp_path / "new.csv").write_text("n,text\n1,a\n2\n3,b\n", encoding="utf-8")
    call = ("index", "find", index, "--texts", tmp_path / "new.csv", "--out", out)
    result = run(*call)
    assert result.code == 2
    assert "new.csv, line 3" in result.err
    assert not out.exists()
    assert "skipped 1 bad rows of 3" in run(*call, "--on-error", "skip").err
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3


def test_the_index_and_its_model_must_be_there(run: Run, tmp_path: Path, model_folder: Path) -> None:
    missing = run("index", "find", tmp_path / "none", "a", "--model", model_folder)
    assert missing.code == 2
    assert "none is not there, expected an index file as textsiam index add makes it" in missing.err
    assert not (tmp_path / "none").exists()
    with textsiam.DuplicateIndex.open(tmp_path / "i", textsiam.PairModel.load(model_folder)) as index:
        index.add("a", "apple")
    nameless = run("index", "find", tmp_path / "i", "a")
    assert nameless.code == 2
    assert f"{tmp_path / 'i'} names no model; give --model DIR" in nameless.err
    other = run("index", "find", tmp_path / "i", "a", "--model", other_model(model_folder, tmp_path / "other"))
    assert other.code == 2
    assert "was made with another model" in other.err
    assert run("index", "find", tmp_path / "i", "apple", "--model", model_folder).code == 0
    assert "apple" in run("index", "find", tmp_path / "i", "APPLE").out


def test_that_a_graph_is_missing_is_said_until_it_is_made(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch")
    monkeypatch.setattr("textsiam.index.locations.APPROXIMATE_FROM", 4)
    index = make_index(run, tmp_path, model_folder)
    Path(f"{index}.near").unlink(missing_ok=True)
    assert f"once: textsiam index compact {index}" in run("index", "find", index, "apple").err
    assert run("index", "compact", index).code == 0
    assert "compact" not in run("index", "find", index, "apple").err


def test_attributes_that_no_entry_has_are_told_with_those_there_are(
    run: Run, tmp_path: Path, model_folder: Path
) -> None:
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "find", index, "apple", "--where", "language=en")
    assert result.code == 0
    assert "no entry has these attributes; entries have: lang" in result.err
