from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd
import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import ROWS, make_index
from textsiam.index.relations import Verdict


def verdicts(index: Path) -> list[tuple[str, str, int]]:
    with textsiam.DuplicateIndex.open(index) as opened:
        return [(*_both(verdict), verdict.label) for verdict in opened.verdicts()]


def _both(verdict: Verdict) -> tuple[str, str]:
    first, second = sorted((verdict.text_a, verdict.text_b))
    return first, second


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
        (("d1",), "KEY_B is missing: give two keys, or --pairs FILE"),
        ((), "KEY_A is missing: give two keys, or --pairs FILE"),
        (("d1", "a1", "--pairs", "p.csv"), "--pairs FILE says what is the same; leave out keys, --same"),
        (("--pairs", "p.csv", "--same"), "--pairs FILE says what is the same; leave out keys, --same"),
        (("--pairs", "p.csv", "--label-range", "0,5"), "--label-range is for grades"),
        (("d1", "a1", "--same", "--columns", "1,2,3"), "the options that say how to read go with --pairs FILE"),
    ],
)
def test_bad_marks(run: Run, tmp_path: Path, model_folder: Path, arguments: tuple[str, ...], problem: str) -> None:
    index = make_index(run, tmp_path, model_folder)
    result = run("index", "mark", index, *arguments)
    assert result.code == 2
    assert problem in result.err
    assert verdicts(index) == []


FILE = "key_a,key_b,label\nd1,a1,0\nd2,d1,1\nd1,a1,0\n"


def test_the_pairs_of_a_file_are_kept(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, file = make_index(run, tmp_path, model_folder), tmp_path / "reviewed.csv"
    file.write_text(FILE, encoding="utf-8")
    result = run("index", "mark", index, "--pairs", file)
    assert (result.code, result.err) == (0, f"{index}: 3 pairs, 1 the same and 2 different\n")
    texts = {key: text for key, text, _ in ROWS}
    expected = {(*sorted((texts["d1"], texts["a1"])), 0), (*sorted((texts["d1"], texts["d2"])), 1)}
    assert set(verdicts(index)) == expected
    file.write_text("a1;is;d1\nd2;is not;d1\n", encoding="utf-8")  # what was said before is replaced
    others = ("--columns", "1,3,2", "--labels", "is=1,is not=0", "--no-header")
    assert run("index", "mark", index, "--pairs", file, *others).code == 0
    assert {(a, b, 1 - label) for a, b, label in verdicts(index)} == expected


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_keys_may_be_numbers(run: Run, tmp_path: Path, model_folder: Path, ending: str) -> None:
    frame, texts, file = (
        pd.DataFrame({"id": [1, 2], "text": ["red", "blue"]}),
        tmp_path / "t.csv",
        tmp_path / f"p.{ending}",
    )
    frame.to_csv(texts, index=False)
    assert run("index", "add", tmp_path / "i", texts, "--model", model_folder, "--threshold", 0.5).code == 0
    marks = pd.DataFrame({"key_a": [1], "key_b": [2], "label": [1]})
    {
        "csv": functools.partial(marks.to_csv, index=False),
        "jsonl": functools.partial(marks.to_json, orient="records", lines=True),
        "parquet": marks.to_parquet,
    }[ending](file)
    assert (
        run("index", "mark", tmp_path / "i", "--pairs", file).err
        == f"{tmp_path / 'i'}: 1 pair, 1 the same and 0 different\n"
    )
    assert verdicts(tmp_path / "i") == [("blue", "red", 1)]
    marks["key_a"] = [1.5]
    marks.to_json(tmp_path / "odd.jsonl", orient="records", lines=True)
    assert (
        "column key_a: is float 1.5, expected a text"
        in run("index", "mark", tmp_path / "i", "--pairs", tmp_path / "odd.jsonl").err
    )


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("d1,x,1", ": key 'x' is not in the index"),
        ("d1,d3,1", ": keys 'd1' and 'd3' have the same text"),
        ("d1,none,1", ": an empty text is not the same as anything"),
        ("d1,a1,1", "would be both; change those first"),
        ("d1,a1,maybe", ", column label: is 'maybe', expected 1 where they are the same and 0 where not"),
    ],
)
def test_of_a_file_with_a_wrong_row_nothing_is_kept(
    run: Run, tmp_path: Path, model_folder: Path, rows: str, problem: str
) -> None:
    index, file = make_index(run, tmp_path, model_folder), tmp_path / "reviewed.csv"
    file.write_text(f"{FILE}{rows}\n", encoding="utf-8")
    result = run("index", "mark", index, "--pairs", file)
    assert result.code == 2
    assert result.err.startswith(f"textsiam: {file}, line 5")
    assert problem in result.err
    assert verdicts(index) == []


def test_bad_rows_of_a_file_are_skipped_where_that_is_asked_for(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, file = make_index(run, tmp_path, model_folder), tmp_path / "reviewed.csv"
    file.write_text(f"{FILE}d1,a1,maybe\n", encoding="utf-8")
    result = run("index", "mark", index, "--pairs", file, "--on-error", "skip")
    assert result.code == 0
    assert "skipped 1 bad rows of 4" in result.err
    assert len(verdicts(index)) == 2
    file.write_text("key_a,key_b,label\nd1,a1,maybe\n", encoding="utf-8")
    assert "has no pair" in run("index", "mark", index, "--pairs", file, "--on-error", "skip").err


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
