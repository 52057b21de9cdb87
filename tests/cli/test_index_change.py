from __future__ import annotations

from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import ROWS, entries, make_index
from textsiam.index.relations import Verdict


def verdicts(index: Path) -> list[tuple[str, str, int]]:
    with textsiam.DuplicateIndex.open(index) as opened:
        return [(*_both(verdict), verdict.label) for verdict in opened.verdicts()]


def _both(verdict: Verdict) -> tuple[str, str]:
    first, second = sorted((verdict.text_a, verdict.text_b))
    return first, second


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


def test_what_a_person_says_is_kept_and_forgotten(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    both = "tell me of drum item 2", "what about the apple number 1"
    assert f"{index}: d2 and a1 are the same" in run("index", "mark", index, "d2", "a1", "--same").err
    assert verdicts(index) == [(*both, 1)]
    assert "a1" in run("index", "find", index, both[0], "--threshold", 1).out
    assert "d2 and a1 are different" in run("index", "mark", index, "d2", "a1", "--different").err
    assert verdicts(index) == [(*both, 0)]
    assert "a1" not in run("index", "find", index, both[0], "--threshold", 0).out
    assert "what was said of a1 and d2 is forgotten" in run("index", "mark", index, "a1", "d2", "--forget").err
    assert verdicts(index) == []
    again = run("index", "mark", index, "a1", "d2", "--forget")
    assert again.code == 0
    assert "nothing was said of a1 and d2" in again.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("d1", "a1"), "give one of --same, --different and --forget"),
        (("d1", "a1", "--same", "--forget"), "give one of --same, --different and --forget"),
        (("d1", "x", "--same"), "key 'x' is not in the index"),
        (("d1", "x", "--forget"), "key 'x' is not in the index"),
        (("d1", "d3", "--different"), "have the same text, of which nothing can be said"),
        (("d1", "none", "--same"), "an empty text is not the same as anything, of which nothing can be said"),
        (("d1",), "KEY_B is missing"),
    ],
)
def test_bad_marks(run: Run, tmp_path: Path, model_folder: Path, arguments: tuple[str, ...], problem: str) -> None:
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "mark", index, *arguments)
    assert result.code == 2
    assert problem in result.err
    assert verdicts(index) == []


@pytest.mark.parametrize("command", [("remove", "a"), ("mark", "a", "b", "--same")])
def test_a_missing_index_is_not_made(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run("index", command[0], tmp_path / "none", *command[1:])
    assert result.code == 2
    assert "none is not there, expected an index file" in result.err
    assert list(tmp_path.iterdir()) == []


def test_an_option_behind_the_dashes_is_said_to_be(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "mark", index, "--", "d1", "a1", "--same")
    assert result.code == 2
    assert "--same stands behind --" in result.err


def test_verdicts_on_texts_that_are_gone_are_forgotten_by_the_texts(
    run: Run, tmp_path: Path, model_folder: Path
) -> None:
    index = make_index(run, tmp_path, model_folder)
    texts = {key: text for key, text, _ in ROWS}
    assert run("index", "mark", index, "d1", "a1", "--different").code == 0
    assert run("index", "remove", index, "d1").code == 0
    assert run("index", "mark", index, "d1", "a1", "--forget").code == 2
    assert run("index", "mark", index, texts["d1"], "a1", "--forget").code == 0
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.verdicts() == []
