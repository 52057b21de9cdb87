from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.making_index import entries, make_index


def test_entries_are_removed(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "remove", index, "d1", "x", "none", "d1")
    assert result.code == 0
    assert result.err == f"{index}: 2 removed, 1 were not there: 'x'; it holds 3\n"
    assert sorted(entries(index)) == ["a1", "d2", "d3"]


def test_keys_of_a_file(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    missing = [f"x{number}" for number in range(7)]
    (tmp_path / "keys.txt").write_text("\n".join(["a1", "", *missing, "d2"]) + "\n", encoding="utf-8")
    result = run("index", "remove", index, "--keys", tmp_path / "keys.txt")
    assert result.code == 0
    assert "2 removed, 7 were not there: 'x0', 'x1', 'x2', 'x3', 'x4' and 2 more; it holds 3" in result.err
    assert sorted(entries(index)) == ["d1", "d3", "none"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give either KEYS or --keys FILE, one of both"),
        (("a1", "--keys", "k.txt"), "give either KEYS or --keys FILE, one of both"),
        (("--keys", "k.txt"), "k.txt, line 2, column text: is not valid UTF-8"),
        (("--keys", "none.txt"), "none.txt: does not exist"),
        (("-k",), "textsiam index remove INDEX -- '-k' ..."),
    ],
)
def test_bad_calls_remove_nothing(
    run: Run,
    tmp_path: Path,
    model_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.txt").write_bytes(b"a1\n\xff\n")
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "remove", index, *arguments)
    assert result.code == 2
    assert problem in result.err
    assert len(entries(index)) == 5


@pytest.mark.parametrize("command", [("remove", "a"), ("mark", "a", "b", "--same")])
def test_a_missing_index_is_not_made(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run("index", command[0], tmp_path / "none", *command[1:])
    assert result.code == 2
    assert "none is not there, expected an index file" in result.err
    assert list(tmp_path.iterdir()) == []
