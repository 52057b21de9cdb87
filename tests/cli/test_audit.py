from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import textsiam
from tests.cli.conftest import Run, write_pairs
from tests.data.test_audit import PLANTED
from tests.training.conftest import make_rows


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    with (tmp_path / "planted.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text_a", "text_b", "label"), *PLANTED])
    return tmp_path / "planted.csv"


def test_the_summary_names_rows_and_shows_chains(run: Run, planted: Path) -> None:
    result = run("audit", planted)
    assert result.code == 0
    lines = {line[:18].strip(): line[18:].strip() for line in result.out.splitlines() if not line.startswith(" ")}
    assert lines["pairs"] == "11   36.4% the same; rows count from 1, a header is none"
    assert lines["contradictions"].endswith("the same two texts, different labels: rows 1, 3; 8, 9")
    assert lines["repeats"].endswith("rows 2, 7")
    assert lines["self pairs"] == "2   a text with itself: rows 8, 9; 1 called not the same: rows 9"
    assert "    row 6: crimson cat = scarlet cat = a red cat = red cat" in result.out.splitlines()
    assert "without a word" not in lines


def test_json_holds_what_the_library_says(run: Run, planted: Path, tmp_path: Path) -> None:
    test = write_pairs(tmp_path / "test.csv", 30)
    values = json.loads(run("audit", planted, "--test", test, "--json").out)
    assert values == json.loads(json.dumps(textsiam.audit(planted, others={str(test): test}).to_dict()))


def test_leaks_into_other_files(run: Run, tmp_path: Path) -> None:
    starts = {"p": 0, "t": 20, "o": 900}
    pairs, test, other = (write_pairs(tmp_path / f"{name}.csv", 40, start) for name, start in starts.items())
    result = run("audit", pairs, "--test", test, "--test", other)
    found = textsiam.audit(pairs, others={"t": test, "o": other}).leaks
    assert found["t"].shared_texts > 0
    shown = [line.split()[3] for line in result.out.splitlines() if line.startswith("  texts in both")]
    assert shown == [str(found["t"].shared_texts), str(found["o"].shared_texts)]
    assert "without a word" in result.out


@pytest.mark.parametrize(
    "options", [("--test", "none.csv"), ("--test", "{pairs}", "--test", "{pairs}"), ("--label-range", "x")]
)
def test_bad_input(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    pairs = write_pairs(tmp_path / "p.csv", 10)
    result = run("audit", pairs, *(option.format(pairs=pairs) for option in options))
    assert result.code == 2
    assert result.out == ""


def test_suspects_are_written_by_rising_probability(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, out = write_pairs(tmp_path / "p.csv", 30), tmp_path / "suspects.csv"
    probabilities = np.linspace(0.9, 0.05, 30).astype(np.float32)
    monkeypatch.setattr("textsiam.training.suspects.label_probabilities", lambda pairs, **options: probabilities)
    result = run("audit", pairs, "--suspects", out)
    assert result.code == 0
    with out.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["row", "text_a", "text_b", "label", "label_probability"]
    read = textsiam.read_pairs(pairs)
    wanted = [row for row in range(29, -1, -1) if probabilities[row] <= 0.2]
    assert len(wanted) > 3
    for line, row in zip(rows, wanted, strict=True):
        assert line == [str(row + 1), *read[row][:2], str(int(read[row][2])), f"{probabilities[row]:.4f}"]
    assert f"{out}: {len(wanted)} pairs whose label is likely wrong, of 30" in result.err
    before = out.read_bytes()
    assert "is there already" in run("audit", pairs, "--suspects", out).err
    assert "there is no folder" in run("audit", pairs, "--suspects", tmp_path / "none" / "s.csv").err
    assert "is a folder" in run("audit", pairs, "--suspects", tmp_path).err
    assert out.read_bytes() == before
    assert run("audit", pairs, "--suspects", out, "--overwrite").code == 0


def test_suspects_never_take_the_place_of_an_input(run: Run, tmp_path: Path) -> None:
    pairs, test = write_pairs(tmp_path / "p.csv", 30), write_pairs(tmp_path / "t.csv", 30, 50)
    before = pairs.read_bytes(), test.read_bytes()
    for out in (pairs, test, tmp_path / "." / "p.csv"):
        result = run("audit", pairs, "--test", test, "--suspects", out, "--overwrite")
        assert (result.code, "--suspects is the input" in result.err) == (2, True)
    assert (pairs.read_bytes(), test.read_bytes()) == before


def test_suspects_of_models_near_chance_are_not_to_be_trusted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write_pairs(tmp_path / "p.csv", 40)
    told = np.random.default_rng(1).random(40).astype(np.float32)
    monkeypatch.setattr("textsiam.training.suspects.label_probabilities", lambda pairs, **options: told)
    assert "near chance: do not trust" in run("audit", pairs, "--suspects", tmp_path / "s.csv").err
    monkeypatch.setattr("textsiam.training.suspects.label_probabilities", lambda pairs, **options: told / 4 + 0.75)
    assert "chance" not in run("audit", pairs, "--suspects", tmp_path / "s.csv", "--overwrite").err


def test_suspects_of_grades_are_refused_before_anything_is_done(run: Run, tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("text_a,text_b,label\na,b,3\nc,d,1\n", encoding="utf-8")
    result = run("audit", tmp_path / "g.csv", "--label-range", "0,5", "--suspects", tmp_path / "s.csv")
    assert (result.code, result.out, "these are graded" in result.err) == (2, "", True)


@pytest.mark.slow
def test_suspects_of_a_corpus_are_found(run: Run, tmp_path: Path) -> None:
    pairs, out = tmp_path / "p.csv", tmp_path / "suspects.csv"
    turned = set(range(7, 400, 40))
    with pairs.open("w", encoding="utf-8", newline="") as file:
        rows = [(a, b, int(label) ^ (row in turned)) for row, (a, b, label) in enumerate(make_rows(1200))]
        csv.writer(file).writerows([("text_a", "text_b", "label"), *rows])
    assert run("audit", pairs, "--suspects", out).code == 0
    found = [int(line.split(",")[0]) - 1 for line in out.read_text(encoding="utf-8").splitlines()[1:]]
    assert set(found[: len(turned)]) == turned
