from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.test_duplicates import TEXTS, table
from textsiam.index.matches import Matches

AGAINST = [
    "",
    "tell me of drum item 2",
    "quite another thing",
    "Tell me of  apple ITEM 1",
    "zebra",
    "quite another thing",
]


def lines(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def expected(model_folder: Path, texts: list[str], against: list[str], threshold: float | None = None) -> Matches:
    return textsiam.find_matches(texts, against, textsiam.PairModel.load(model_folder), threshold=threshold)


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def check(rows: list[dict[str, str]], found: Matches) -> None:
    """The added columns are those of the best matches."""
    cells = [
        ("", "", "") if best is None else (str(best.row_b + 1), best.text_b, f"{best.probability:.6f}")
        for best in found.best
    ]
    assert [(row["match"], row["match_text"], row["probability"]) for row in rows] == cells
    assert 1 < len(found.unmatched) < len(rows) - 1


def test_rows_get_their_best_match(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path, against = table(tmp_path / "t.csv"), lines(tmp_path / "a.txt", AGAINST[1:])
    out, pairs = tmp_path / "out.csv", tmp_path / "pairs.csv"
    result = run("duplicates", model_folder, path, "--against", against, "--out", out, "--pairs", pairs)
    assert result.code == 0
    found, rows = expected(model_folder, TEXTS, AGAINST[1:]), read(out)
    assert list(rows[0]) == ["id", "question", "note", "match", "match_text", "probability"]
    assert [row["question"] for row in rows] == TEXTS
    check(rows, found)
    listed = [(int(pair["row_a"]) - 1, int(pair["row_b"]) - 1, pair["text_a"], pair["text_b"]) for pair in read(pairs)]
    assert listed == [pair[:4] for pair in found.pairs]
    none = len(found.unmatched)
    assert (
        f"7 texts against 5: from probability {found.threshold:.4f} on {7 - none} have a match and {none} have none"
        in (result.err)
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_keys_of_the_second_file_stand_in_the_place_of_its_rows(
    run: Run, tmp_path: Path, model_folder: Path, ending: str
) -> None:
    path, against, out = table(tmp_path / "t.csv"), tmp_path / "a.jsonl", tmp_path / f"out.{ending}"
    keys = [f"k{number}" for number in range(len(AGAINST))]
    records = [{"number": key, "question": text} for key, text in zip(keys, AGAINST, strict=True)]
    against.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    options = ("--against", against, "--against-key", "number", "--out", out)
    assert run("duplicates", model_folder, path, *options).code == 0
    best = [None if one is None else keys[one.row_b] for one in expected(model_folder, TEXTS, AGAINST).best]
    frame = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert frame["match"].astype(object).where(frame["match"].notna(), None).tolist() == best
    call = ("duplicates", model_folder, path, "--out", tmp_path / "x.csv", "--against")
    assert "did you mean 'number'" in run(*call, against, "--against-key", "nummer").err
    assert "--against-key has the position 0, but" in run(*call, against, "--against-key", 0).err
    for key, problem in (
        ("k1", "the key 'k1' stands in an earlier line already"),
        (" ", "is empty, expected a key; leave out --against-key"),
    ):
        records[2]["number"] = key
        against.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        bad = run(*call, against, "--against-key", "number", "--overwrite")
        assert bad.code == 2
        assert f"a.jsonl, line 3, column number: {problem}" in bad.err
        skipped = run(*call, against, "--against-key", "number", "--on-error", "skip", "--overwrite")
        assert "a.jsonl: skipped 1 bad rows of 6" in skipped.err
        assert set(pd.read_csv(tmp_path / "x.csv")["match"].dropna()) <= {"k0", "k1", "k3", "k4", "k5"}


def test_json_lines_and_parquet_hold_numbers(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path, against = table(tmp_path / "t.csv"), table(tmp_path / "a.tsv", "\t")
    found = expected(model_folder, TEXTS, TEXTS, 0.99)
    best = [None if one is None else one.row_b + 1 for one in found.best]
    assert None in best
    for name in ("out.jsonl", "out.parquet"):
        options = ("--against", against, "--out", tmp_path / name, "--threshold", 0.99)
        assert run("duplicates", model_folder, path, *options).code == 0
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["match"] for record in records] == best
    assert [record["probability"] is None for record in records] == [one is None for one in best]
    parquet = textsiam.errors.import_extra("pyarrow.parquet", "train", "this test").read_table(tmp_path / "out.parquet")
    assert parquet["match"].to_pylist() == best
    assert parquet["match_text"].to_pylist() == [None if one is None else one.text_b for one in found.best]


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
def test_the_second_file_is_read_in_its_own_way(run: Run, tmp_path: Path, model_folder: Path, name: str) -> None:
    path, out = table(tmp_path / "t.csv", ";"), tmp_path / "out.csv"
    against = tmp_path / name
    if name == "a.txt":
        lines(against, AGAINST)
    elif name == "a.jsonl":
        against.write_text("".join(json.dumps({"title": text, "x": 1}) + "\n" for text in AGAINST), encoding="utf-8")
    else:
        against.write_text("x;title\n" + "".join(f"1;{text}\n" for text in AGAINST), encoding="utf-8")
    options = ("--against", against, "--out", out, "--delimiter", ";", "--text-column", "question")
    assert run("duplicates", model_folder, path, *options).code == 0
    check(read(out, ";"), expected(model_folder, TEXTS, [text for text in AGAINST if text or name != "a.txt"]))


@pytest.mark.parametrize("column", ["b", "2"])
def test_its_column_can_be_given(run: Run, tmp_path: Path, model_folder: Path, column: str) -> None:
    path, against, out = table(tmp_path / "t.csv"), tmp_path / "a.csv", tmp_path / "out.csv"
    against.write_text("a,b\n" + "".join(f"x,{text}\n" for text in AGAINST), encoding="utf-8")
    options = ("--against", against, "--out", out, "--against-column", column, "--header")
    assert run("duplicates", model_folder, path, *options).code == 0
    check(read(out), expected(model_folder, TEXTS, AGAINST))


@pytest.mark.parametrize(
    ("content", "options", "problem"),
    [
        ("text\na\n", ("--linkage", "complete"), "--linkage is for groups, which are not made with --against; leave"),
        ("text\na\n", ("--keep", "first"), "--keep is for groups, which are not made with --against; leave it out"),
        ("a,b\n1,2\n", (), "column of texts is known by its name; the columns are: a, b; give it (--against-column"),
        ("text\na\n", ("--against-column", "0"), "against_column (--against-column) is '0', expected a name, or a"),
        ("text\na\n", ("--against-column", "tex"), "did you mean 'text'?"),
        (
            "text\na\n",
            ("--no-header", "--text-column", 2, "--against-column", "text"),
            "given by position: columns (--against-column 1)",
        ),
        ("text\n", (), "a.csv: has no text"),
    ],
)
def test_bad_input(
    run: Run, tmp_path: Path, model_folder: Path, content: str, options: tuple[object, ...], problem: str
) -> None:
    path, against = table(tmp_path / "t.csv"), tmp_path / "a.csv"
    against.write_text(content, encoding="utf-8")
    result = run("duplicates", model_folder, path, "--against", against, "--out", tmp_path / "out.csv", *options)
    assert result.code == 2
    assert problem in result.err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "t.csv"]


def test_files_that_cannot_go_together(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path, against = table(tmp_path / "t.csv"), table(tmp_path / "a.csv")
    before = against.read_bytes()
    result = run("duplicates", model_folder, path, "--against", against, "--out", against, "--overwrite")
    assert (result.code, against.read_bytes()) == (2, before)
    assert f"--out is the input {against}" in result.err
    out = tmp_path / "out.csv"
    result = run(
        "duplicates", model_folder, path, "--against", against, "--out", out, "--pairs", against, "--overwrite"
    )
    assert (result.code, against.read_bytes()) == (2, before)
    result = run("duplicates", model_folder, path, "--out", out, "--against-column", "text")
    assert "--against-column names a column of the file --against, which is missing; give both" in result.err
    (tmp_path / "m.csv").write_text("text,match\na,b\n", encoding="utf-8")
    result = run("duplicates", model_folder, tmp_path / "m.csv", "--against", against, "--out", out)
    assert "has a column 'match' already; rename it first" in result.err


def test_what_a_head_may_have_missed_is_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path, against = table(tmp_path / "t.csv"), table(tmp_path / "a.csv")
    options = ("--against", against, "--out", tmp_path / "out.csv", "--neighbours", 1)
    result = run("duplicates", model_folder, path, *options)
    assert " of the pairs were found, by a sample of 4 texts compared with all others (" in result.err
