from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import entries, make_index, other_model, write_rows


def test_check_tells_what_an_index_holds(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder, "--threshold", 0.875)
    run("index", "mark", index, "d1", "a1", "--different")
    result = run("index", "check", index)
    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()] == [
        ["entries", "5"],
        ["distinct", "texts", "4"],
        ["verdicts", "1"],
        ["threshold", "0.8750"],
        ["linkage", "connected"],
        ["model", str(model_folder.resolve())],
        ["attributes", "lang", "(5)"],
        ["nothing", "is", "broken"],
    ]
    assert result.err == ""


def test_check_measures_approximate_search(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("usearch")
    monkeypatch.setattr("textsiam.index.locations.APPROXIMATE_FROM", 20)
    rows = [(f"k{number}", f"tell me of item {number}") for number in range(40)]
    file = write_rows(tmp_path / "rows.csv", rows, ("id", "text"))
    assert run("index", "add", tmp_path / "i", file, "--model", model_folder).code == 0
    assert run("index", "compact", tmp_path / "i").code == 0
    result = run("index", "check", tmp_path / "i", "--sample", 7)
    assert result.code == 0
    assert "recall" in result.out
    assert "%  of the 10 nearest, by approximate search\n" in result.out


def test_check_does_without_the_model(run: Run, tmp_path: Path, model_folder: Path) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    index = make_index(run, tmp_path, model)
    shutil.rmtree(model)
    result = run("index", "check", index)
    assert result.code == 0
    assert "entries" in result.out
    assert f"measuring the search needs the model: {model} is not there" in result.err
    given = run("index", "check", index, "--model", other_model(model_folder, tmp_path / "other"))
    assert given.code == 2
    assert "was made with another model" in given.err


def test_what_is_broken_is_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    with contextlib.closing(sqlite3.connect(index)) as file:
        file.execute("DELETE FROM texts WHERE id = 1")
        file.commit()
    result = run("index", "check", index)
    assert result.code == 2
    assert "problem: 2 entries have no text" in result.out
    assert f"{index} has 1 problems, the first: 2 entries have no text" in result.err
    index.write_bytes(index.read_bytes()[:5000])
    assert run("index", "check", index).code == 2


@pytest.mark.parametrize("command", ["check", "compact"])
def test_what_is_not_there_is_not_made(run: Run, tmp_path: Path, command: str) -> None:
    result = run("index", command, tmp_path / "none")
    assert result.code == 2
    assert "none is not there, expected an index file" in result.err
    (tmp_path / "notes").write_text("x" * 2000, encoding="utf-8")
    assert "is no index, but another kind of file" in run("index", command, tmp_path / "notes").err
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_a_sample_has_a_size(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    assert "sample (--sample) is 0, expected an integer" in run("index", "check", index, "--sample", 0).err


def test_compact_gives_space_back(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows = [(f"k{number}", f"tell me of item {number}") for number in range(3000)]
    file, index = write_rows(tmp_path / "rows.csv", rows, ("id", "text")), tmp_path / "i"
    assert run("index", "add", index, file, "--model", model_folder).code == 0
    (tmp_path / "keys.txt").write_text("".join(f"{key}\n" for key, _ in rows[5:]), encoding="utf-8")
    assert run("index", "remove", index, "--keys", tmp_path / "keys.txt").code == 0
    before = index.stat().st_size
    result = run("index", "compact", index)
    assert result.code == 0
    after = index.stat().st_size
    assert after < before / 2
    assert f"{index}: compacted, {before:,} bytes before, {after:,} after" in result.err
    assert sorted(entries(index)) == ["k0", "k1", "k2", "k3", "k4"]


def test_reencode_takes_another_model(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, other = make_index(run, tmp_path, model_folder), other_model(model_folder, tmp_path / "other")
    whole = entries(index)
    result = run("index", "reencode", index, "--model", other, "--threshold", 0.75)
    assert result.code == 0
    assert f"{index}: 5 entries have vectors of {other}, threshold 0.7500" in result.err
    assert entries(index) == whole
    model = textsiam.PairModel.load(other)
    with textsiam.DuplicateIndex.open(index, model) as opened:
        assert (opened.model_folder, opened.threshold) == (str(other.resolve()), 0.75)
        (match, *_) = opened.find("tell me of apple", threshold=0)
    assert np.float32(match.probability) == pytest.approx(model.score("tell me of apple", match.text), abs=1e-5)
    assert run("index", "find", index, "tell me of apple").code == 0
    assert run("index", "find", index, "tell me of apple", "--model", model_folder).code == 2
    missing = run("index", "reencode", index, "--model", tmp_path / "none")
    assert missing.code == 2
    assert "none is not there, expected a model folder" in missing.err
