from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run, start
from tests.cli.making_index import ROWS, entries, make_index, other_model, write_rows
from textsiam.index.database import FORMAT
from textsiam.index.store import Entry

WHOLE = {key: (text, {"lang": lang}) for key, text, lang in ROWS}


def test_a_table_is_added_and_once_more_changes_nothing(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows, index = write_rows(tmp_path / "rows.csv"), tmp_path / "faq.index"
    first = run("index", "add", index, rows, "--model", model_folder, "--attributes", "lang")
    assert first.code == 0
    assert first.err.endswith("5 new, 0 replaced, 0 unchanged; 1 blank, which nothing is the same as; it holds 5\n")
    assert entries(index) == WHOLE
    again = run("index", "add", index, rows, "--attributes", "lang")  # the index names the model
    assert again.code == 0
    assert "0 new, 0 replaced, 5 unchanged" in again.err
    assert entries(index) == WHOLE


def test_settings_are_kept_in_the_index(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder, "--threshold", 0.875, "--linkage", "complete")
    with textsiam.DuplicateIndex.open(index) as opened:
        assert (opened.threshold, opened.model_folder) == (0.875, str(model_folder.resolve()))
    promised = textsiam.PairModel.load(model_folder).threshold_for(precision=0.6)
    result = run("index", "add", index, "--key", "x", "--text", "y", "--precision", 0.6)
    assert "its precision was promised where 50%" in result.err
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.threshold == promised


def test_lines_have_their_places_as_keys(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "faq.txt").write_text("one, text\n\nanother\n", encoding="utf-8")
    assert run("index", "add", tmp_path / "i", tmp_path / "faq.txt", "--model", model_folder).code == 0
    assert entries(tmp_path / "i") == {"faq.txt:1": ("one, text", {}), "faq.txt:3": ("another", {})}


def test_attributes_of_records_keep_their_types(run: Run, tmp_path: Path, model_folder: Path) -> None:
    records = [
        {"key": 7, "text": "a", "year": 2024, "tags": ["x", "y"], "open": True, "score": None},
        {"key": "b", "text": "b", "year": "2024", "score": 0.5},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    names = "year,tags,open,score"
    result = run(
        "index", "add", tmp_path / "i", tmp_path / "rows.jsonl", "--model", model_folder, "--attributes", names
    )
    assert result.code == 0
    assert entries(tmp_path / "i") == {
        "7": ("a", {"year": 2024, "tags": ["x", "y"], "open": True}),
        "b": ("b", {"year": "2024", "score": 0.5}),
    }


def test_parquet_is_read_and_its_dates_become_texts(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    columns = {"id": [1, 2], "text": ["a", "b"], "year": [2024, 2025], "day": pyarrow.array([0, 1], pyarrow.date32())}
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(columns), tmp_path / "rows.parquet")
    result = run(
        "index", "add", tmp_path / "i", tmp_path / "rows.parquet", "--model", model_folder, "--attributes", "year,day"
    )
    assert result.code == 0
    assert entries(tmp_path / "i") == {
        "1": ("a", {"year": 2024, "day": "1970-01-01"}),
        "2": ("b", {"year": 2025, "day": "1970-01-02"}),
    }


def test_the_column_of_keys_can_be_given(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv", [("a", "b", "c")], ("x", "text", "y"))
    missing = run("index", "add", tmp_path / "i", rows, "--model", model_folder)
    assert missing.code == 2
    assert "no one column of keys is known by its name (key or id); the columns are: x, text, y" in missing.err
    assert not (tmp_path / "i").exists()
    for column, key in (("y", "c"), ("1", "a")):
        assert run("index", "add", tmp_path / "i", rows, "--model", model_folder, "--key-column", column).code == 0
        assert key in entries(tmp_path / "i")


def test_one_text(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = tmp_path / "i"
    added = run("index", "add", index, "--key", "k", "--text", "hello", "--model", model_folder)
    assert "1 new" in added.err
    assert "1 unchanged" in run("index", "add", index, "--key", "k", "--text", "hello").err
    clash = run("index", "add", index, "--key", "k", "--text", "other")
    assert clash.code == 2
    assert "key 'k' is in the index already, with another text, 'hello'" in clash.err
    assert "1 replaced" in run("index", "add", index, "--key", "k", "--text", "other", "--replace").err
    assert entries(index) == {"k": ("other", {})}


@pytest.mark.parametrize("rows_at_once", [2, 1000])
def test_a_key_with_another_text_stops_at_its_line(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("textsiam.cli.index_rows.ROWS_AT_ONCE", rows_at_once)
    rows = write_rows(
        tmp_path / "rows.csv", [("a", "1"), ("b", "2"), ("b", "2"), ("a", "3"), ("c", "4")], ("id", "text")
    )
    call = ("index", "add", tmp_path / "i", rows, "--model", model_folder)
    stopped = run(*call)
    assert stopped.code == 2
    where = "the index" if rows_at_once == 2 else "line 2"
    assert f"rows.csv, line 5: key 'a' is in {where} already, with another text, '1'; mend one, or" in stopped.err
    assert ("2 rows of" in stopped.err and "the same command goes on" in stopped.err) == (rows_at_once == 2)
    skipped = run(*call, "--on-error", "skip")
    assert skipped.code == 0
    assert "skipped 1 bad rows of 5" in skipped.err
    assert entries(tmp_path / "i") == {"a": ("1", {}), "b": ("2", {}), "c": ("4", {})}
    replaced = run(*call, "--replace")
    assert replaced.code == 0
    assert entries(tmp_path / "i")["a"] == ("3", {})


def test_other_attributes_are_another_entry(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    before = entries(index)
    assert {attributes["lang"] for _, attributes in before.values()} == {"en", "de"}
    # of attributes that are not read nothing is said: those that are there stay
    assert "0 new, 0 replaced, 5 unchanged" in run("index", "add", index, tmp_path / "rows.csv", "--replace").err
    assert entries(index) == before
    others = write_rows(tmp_path / "others.csv", [(key, text, "fr") for key, text, _ in ROWS], ("id", "text", "lang"))
    result = run("index", "add", index, others, "--attributes", "lang")
    assert result.code == 2
    assert "line 2: key 'd1' is in the index already, with other attributes" in result.err
    assert "0 new, 5 replaced" in run("index", "add", index, others, "--attributes", "lang", "--replace").err
    assert entries(index) == {key: (text, {"lang": "fr"}) for key, text, _ in ROWS}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"id": "a", "text": "x"}\n{"id": "", "text": "y"}\n', "line 2, column id: is empty, expected a key"),
        ('{"id": "a", "text": "x"}\n{"id": "b\\u0000", "text": "y"}\n', "line 2: key has a null character"),
        ('{"id": "a", "text": "x"}\n{"id": "b", "text": 5}\n', "line 2, column text: is int 5, expected a text"),
        ('{"id": "a", "text": "x"}\n{"id": "b", "text": "y", "lang": "\\ud800"}\n', "line 2: attributes of key 'b'"),
        ('{"id": "a", "text": "x"}\nnot json\n', "line 2: is not JSON"),
    ],
)
def test_bad_rows_are_named_by_their_lines_or_left_out(
    run: Run, tmp_path: Path, model_folder: Path, content: str, problem: str
) -> None:
    first = content.replace('"x"}', '"x", "lang": "en"}')
    (tmp_path / "rows.jsonl").write_text(first, encoding="utf-8")
    call = ("index", "add", tmp_path / "i", tmp_path / "rows.jsonl", "--model", model_folder, "--attributes", "lang")
    result = run(*call)
    assert result.code == 2
    assert problem in result.err
    assert not (tmp_path / "i").exists()
    skipped = run(*call, "--on-error", "skip")
    assert skipped.code == 0
    assert "skipped 1 bad rows of 2" in skipped.err
    assert problem in skipped.err
    assert entries(tmp_path / "i") == {"a": ("x", {"lang": "en"})}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "there is nothing to add: give a file of texts, or one text with --key KEY --text TEXT"),
        (("--key", "k"), "there is nothing to add"),
        (("rows.csv", "--key", "k", "--text", "t"), "--key and --text add one text, but the file"),
        (("--key", "k", "--text", "t", "--attributes", "a"), "go with a file of texts, but one text was given"),
        (("rows.csv", "--threshold", 0.5, "--precision", 0.5), "--threshold and --precision cannot go together"),
        (("rows.csv", "--attributes", "langs"), "there is no column 'langs' (did you mean 'lang'?)"),
        (("rows.csv", "--linkage", "single"), "linkage is 'single', expected one of"),
        (("empty.csv",), "has no text"),
    ],
)
def test_bad_calls_make_no_index(
    run: Run, tmp_path: Path, model_folder: Path, options: tuple[object, ...], problem: str
) -> None:
    write_rows(tmp_path / "rows.csv")
    write_rows(tmp_path / "empty.csv", [])
    given = [tmp_path / str(option) if str(option).endswith(".csv") else option for option in options]
    result = run("index", "add", tmp_path / "i", *given, "--model", model_folder)
    assert result.code == 2
    assert problem in result.err
    assert not (tmp_path / "i").exists()


def test_a_new_index_needs_a_model(run: Run, tmp_path: Path) -> None:
    result = run("index", "add", tmp_path / "i", write_rows(tmp_path / "rows.csv"))
    assert result.code == 2
    assert "is not there; to make it, give --model DIR" in result.err
    assert not (tmp_path / "i").exists()


def test_what_is_no_index_is_left_as_it_is(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows = write_rows(tmp_path / "rows.csv")
    (tmp_path / "notes").write_text("x" * 2000, encoding="utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE mine (a)")
    newer = make_index(run, tmp_path, model_folder)
    with contextlib.closing(sqlite3.connect(newer)) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 1}")
    for path, problem in (
        (tmp_path / "notes", "is no index, but another kind of file"),
        (tmp_path / "other", "is an SQLite file of another program"),
        (newer, f"has index format {FORMAT + 1}, this textsiam reads up to {FORMAT}; upgrade textsiam"),
        (tmp_path, "is a folder, expected an index file"),
    ):
        before = path.read_bytes() if path.is_file() else b""
        result = run("index", "add", path, rows, "--model", model_folder)
        assert result.code == 2
        assert problem in result.err
        assert not path.is_file() or path.read_bytes() == before


def test_another_model_is_refused(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, other = make_index(run, tmp_path, model_folder), other_model(model_folder, tmp_path / "other")
    result = run("index", "add", index, tmp_path / "rows.csv", "--model", other)
    assert result.code == 2
    assert "was made with another model; open it with that one (--model)" in result.err
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.model_folder == str(model_folder.resolve())


def test_a_model_that_moved_is_given_once(run: Run, tmp_path: Path, model_folder: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(model_folder, tmp_path / "model")
    index = make_index(run, tmp_path, tmp_path / "model")
    (tmp_path / "model").rename(moved)
    gone = run("index", "find", index, "apple")
    assert gone.code == 2
    assert f"it is the model that {index} names: give --model DIR, or make the vectors anew" in gone.err
    assert run("index", "find", index, "apple", "--model", moved).code == 0
    assert run("index", "find", index, "apple").code == 0
    shutil.rmtree(moved)
    other_model(model_folder, moved)
    changed = run("index", "find", index, "apple")
    assert changed.code == 2
    assert "was made with another model; open it with that one (--model), or" in changed.err
    assert f"tried was {moved}, which it names" in changed.err


def test_ctrl_c_says_that_the_same_command_goes_on(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textsiam.cli.index_rows.ROWS_AT_ONCE", 2)
    add_many = textsiam.DuplicateIndex.add_many
    calls = []

    def add_twice(self: textsiam.DuplicateIndex, rows: Iterable[Entry], *, replace: bool = False) -> int:
        calls.append(rows)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return add_many(self, rows, replace=replace)

    monkeypatch.setattr(textsiam.DuplicateIndex, "add_many", add_twice)
    rows, index = write_rows(tmp_path / "rows.csv"), tmp_path / "i"
    call = ("index", "add", index, rows, "--model", model_folder, "--attributes", "lang")
    result = run(*call)
    assert result.code == 130
    first, last = result.err.splitlines()[-2:]
    assert first == f"{index}: 4 rows of {rows} are in it, the same command goes on with the rest"
    assert last == "textsiam: interrupted"
    assert len(entries(index)) == 4
    assert "1 new, 0 replaced, 4 unchanged" in run(*call).err
    assert entries(index) == WHOLE


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL, and sends Ctrl-C to no single process")
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_goes_on_after_a_kill(
    run: Run, tmp_path: Path, model_folder: Path, kind: signal.Signals
) -> None:
    texts = {f"k{number}": f"tell me of item {number}" for number in range(100_000)}
    rows = write_rows(tmp_path / "rows.csv", list(texts.items()), ("id", "text"))
    index, deadline = tmp_path / "i", time.monotonic() + 60
    call = ("index", "add", index, rows, "--model", model_folder)
    process = start(*call)
    while _count(index) == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(kind)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (-9 if kind == signal.SIGKILL else 130)
    assert ("the same command goes on" in err) == (kind == signal.SIGINT)
    assert 0 < _count(index) < len(texts)
    assert run(*call).code == 0
    assert {key: text for key, (text, _) in entries(index).items()} == texts
    assert "problem" not in run("index", "check", index).out


def _count(index: Path) -> int:
    with contextlib.suppress(textsiam.DuplicateIndexError), textsiam.DuplicateIndex.open(index, create=False) as opened:
        return len(opened)
    return 0
