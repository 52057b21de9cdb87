"""Keys that an index has already, with another text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import entries, write_rows
from textsiam.index.store import Entry


def test_two_files_of_one_name_are_told_apart_by_their_names(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = tmp_path / "i"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.txt").write_text(f"{folder} text\n", encoding="utf-8")
    assert run("index", "add", index, tmp_path / "a" / "t.txt", "--model", model_folder).code == 0
    clash = run("index", "add", index, tmp_path / "b" / "t.txt")
    assert clash.code == 2
    assert "line 1: key 't.txt:1' is in the index already, with another text, 'a text'; " in clash.err
    assert "the key is the file's name and line: where another file has that name, rename this one, or" in clash.err
    assert "where this one has changed, --replace keeps the later text" in clash.err
    (tmp_path / "b" / "t.txt").rename(tmp_path / "b" / "u.txt")
    assert run("index", "add", index, tmp_path / "b" / "u.txt").code == 0
    assert entries(index) == {"t.txt:1": ("a text", {}), "u.txt:1": ("b text", {})}
    assert "two such files need different names" in " ".join(
        run("index", "add", "--help").out.replace("│", " ").split()
    )


ROWS = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("skip", [True, False])
def test_a_clash_that_another_process_makes_meanwhile(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, skip: bool, times: int
) -> None:
    add_many = textsiam.DuplicateIndex.add_many
    others = [Entry("b", "other", {}), Entry("d", "another", {})][:times]
    waiting = list(others)

    def add_behind_another(self: textsiam.DuplicateIndex, rows: Iterable[Entry], *, replace: bool = False) -> int:
        if waiting:
            with textsiam.DuplicateIndex.open(tmp_path / "i", textsiam.PairModel.load(model_folder)) as other:
                add_many(other, [waiting.pop(0)])
        return add_many(self, rows, replace=replace)

    monkeypatch.setattr(textsiam.DuplicateIndex, "add_many", add_behind_another)
    rows = write_rows(tmp_path / "rows.csv", ROWS, ("id", "text"))
    call = ("index", "add", tmp_path / "i", rows, "--model", model_folder)
    result = run(*call, *(("--on-error", "skip") if skip else ()))
    there: dict[str, tuple[str, dict[str, object]]] = {entry.key: (entry.text, {}) for entry in others}
    if skip:
        assert result.code == 0
        assert f"skipped {times} bad rows of 4" in result.err
        assert "line 3: key 'b' is in the index already, with another text, 'other'" in result.err
        assert f"{4 - times} new, 0 replaced, 0 unchanged" in result.err
        assert entries(tmp_path / "i") == {**{key: (text, {}) for key, text in ROWS}, **there}
    else:
        assert result.code == 2
        assert "rows.csv, line 3: key 'b' is in the index already, with another text, 'other'" in result.err
        assert entries(tmp_path / "i") == {"b": ("other", {})}


def test_what_adding_refuses_is_not_tried_for_ever(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise textsiam.OptionError("no")

    monkeypatch.setattr(textsiam.DuplicateIndex, "add_many", refuse)
    rows = write_rows(tmp_path / "rows.csv", ROWS, ("id", "text"))
    result = run("index", "add", tmp_path / "i", rows, "--model", model_folder, "--on-error", "skip")
    assert result.code == 2
    assert result.err.endswith("textsiam: no\n")
