from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from textsiam.index.duplicates import Duplicates

TEXTS = [
    "what about the apple number 1",
    "tell me of apple item 1",
    "what about the drum number 2",
    "What about  the DRUM number 2",
    "",
    "quite another thing",
    "what about the apple number 1",
]


def table(path: Path, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["id", "question", "note"])
        writer.writerows([f"q{number}", text, 'a "note", with marks'] for number, text in enumerate(TEXTS))
    return path


def expected(model_folder: Path, **options: str | float) -> Duplicates:
    return textsiam.find_duplicates(TEXTS, textsiam.PairModel.load(model_folder), **options)  # type: ignore[arg-type]


def check(rows: list[dict[str, str]], found: Duplicates) -> None:
    group = {row: group.id for group in found.groups for row in group.rows}
    assert [row["group"] for row in rows] == [group.get(number, "") for number in range(len(TEXTS))]
    assert [row["kept"] for row in rows] == [str(int(number in found.kept)) for number in range(len(TEXTS))]


def test_rows_get_their_groups_and_whether_they_are_kept(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path = table(tmp_path / "texts.csv")
    result = run("duplicates", model_folder, path, "--out", tmp_path / "out.csv", "--pairs", tmp_path / "pairs.csv")
    assert result.code == 0
    found = expected(model_folder)
    assert len(found.groups) >= 2
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "question", "note", "group", "kept"]
    assert [row["question"] for row in rows] == TEXTS
    check(rows, found)
    with (tmp_path / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    assert [(int(pair["row_a"]) - 1, int(pair["row_b"]) - 1) for pair in pairs] == [pair[:2] for pair in found.pairs]
    assert [(pair["text_a"], pair["text_b"]) for pair in pairs] == [pair[2:4] for pair in found.pairs]
    assert [float(pair["probability"]) for pair in pairs] == pytest.approx(
        [p.probability for p in found.pairs], abs=1e-6
    )
    grouped = sum(len(group.rows) for group in found.groups)
    assert f"7 texts, {grouped} of them in {len(found.groups)} groups from probability" in result.err


@pytest.mark.parametrize(
    ("options", "same"),
    [
        (("--threshold", 0.99), {"threshold": 0.99}),
        (("--linkage", "complete", "--keep", "longest"), {"linkage": "complete", "keep": "longest"}),
    ],
)
def test_options_are_those_of_the_library(
    run: Run, tmp_path: Path, model_folder: Path, options: tuple[object, ...], same: dict[str, str | float]
) -> None:
    path = table(tmp_path / "texts.tsv", "\t")
    assert run("duplicates", model_folder, path, "--out", tmp_path / "out.tsv", *options).code == 0
    with (tmp_path / "out.tsv").open(encoding="utf-8", newline="") as file:
        check(list(csv.DictReader(file, delimiter="\t")), expected(model_folder, **same))


def test_a_promised_precision_chooses_the_threshold(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path, model = table(tmp_path / "texts.csv"), textsiam.PairModel.load(model_folder)
    result = run("duplicates", model_folder, path, "--out", tmp_path / "out.csv", "--precision", 0.6)
    assert result.code == 0
    assert f"threshold {model.threshold_for(precision=0.6):.4f}: its precision was promised where 50%" in result.err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        check(list(csv.DictReader(file)), expected(model_folder, threshold=model.threshold_for(precision=0.6)))


def test_plain_text_and_json_lines_are_read(run: Run, tmp_path: Path, model_folder: Path) -> None:
    lines = [text.replace("apple", 'ap,"ple') or "x" for text in TEXTS]
    (tmp_path / "texts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("duplicates", model_folder, tmp_path / "texts.txt", "--out", tmp_path / "out.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == lines
    assert run("duplicates", model_folder, tmp_path / "texts.txt", "--out", tmp_path / "out.csv").code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == lines
    found = textsiam.find_duplicates(lines, textsiam.PairModel.load(model_folder))
    group = {row: group.id for group in found.groups for row in group.rows}
    assert [row["group"] for row in rows] == [group.get(number) for number in range(len(lines))]
    assert [row["kept"] for row in rows] == [number in found.kept for number in range(len(lines))]
    records = [{"id": number, "text": text} for number, text in enumerate(TEXTS)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert run("duplicates", model_folder, tmp_path / "t.jsonl", "--out", tmp_path / "out.parquet").code == 0
    read = textsiam.errors.import_extra("pyarrow.parquet", "train", "this test").read_table(tmp_path / "out.parquet")
    assert read.column_names == ["id", "text", "group", "kept"]
    assert read["kept"].to_pylist() == [number in expected(model_folder).kept for number in range(len(TEXTS))]


@pytest.mark.parametrize(("column", "header"), [("note", ()), ("3", ("--header",))])
def test_the_column_of_texts_can_be_given(
    run: Run, tmp_path: Path, model_folder: Path, column: str, header: tuple[str, ...]
) -> None:
    path = table(tmp_path / "texts.csv")
    out = tmp_path / "out.csv"
    assert run("duplicates", model_folder, path, "--out", out, "--text-column", column, *header).code == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["group"] for row in rows}) == 1  # all notes are equal
    assert [row["kept"] for row in rows] == ["1", *["0"] * (len(TEXTS) - 1)]


@pytest.mark.parametrize(
    ("content", "options", "problem"),
    [
        ("a,b\n1,2\n", (), "no column of texts is known by its name; the columns are: a, b; give it (--text-column"),
        ("text,title\n1,2\n", (), "more than one column of texts is known by its name"),
        ("text,group\n1,2\n", (), "has a column 'group' already; rename it first"),
        ("text\n", (), "has no text"),
        ("text,id\na,1\nb\n", (), "line 3"),
        ("hello\nHello\n", (), "whether the first row (hello) holds column names cannot be told; give --header or"),
        ("a,b\n1,2\n", ("--text-column", "1"), "whether the first row (a, b) holds column names cannot be told"),
        (
            "text\na\n",
            ("--text-column", "0"),
            "text_column (--text-column) is '0', expected a name, or a number from 1",
        ),
        ("text\na\n", ("--text-column", "tex"), "did you mean 'text'?"),
        ("text\na\n", ("--threshold", 2), "threshold is 2.0, expected a probability above 0"),
        ("text\na\n", ("--threshold", 0.9, "--precision", 0.9), "--threshold and --precision cannot go together"),
        ("text\na\n", ("--linkage", "single"), "linkage is 'single', expected one of connected, complete"),
        ("text,id\na,1\n", ("--no-header", "--text-column", "text"), "given by position: columns (--text-column 1)"),
        ("text\na\n", ("--pairs", "x.tsv"), "expected a name that ends in .csv"),
    ],
)
def test_bad_input(
    run: Run, tmp_path: Path, model_folder: Path, content: str, options: tuple[object, ...], problem: str
) -> None:
    (tmp_path / "texts.csv").write_text(content, encoding="utf-8")
    options = tuple(tmp_path / option if option == "x.tsv" else option for option in options)
    result = run("duplicates", model_folder, tmp_path / "texts.csv", "--out", tmp_path / "out.csv", *options)
    assert result.code == 2
    assert problem in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["texts.csv"]


def test_bad_rows_are_left_out_where_that_is_asked_for(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "texts.csv").write_text("text,id\na,1\nb\na,3\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    result = run("duplicates", model_folder, tmp_path / "texts.csv", "--out", out, "--on-error", "skip")
    assert result.code == 0
    assert "skipped 1 bad rows of 3" in result.err
    assert [line.split(",")[:2] for line in out.read_text(encoding="utf-8").splitlines()] == [
        ["text", "id"],
        ["a", "1"],
        ["a", "3"],
    ]


def test_nothing_is_overwritten_unless_told_to(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path = table(tmp_path / "texts.csv")
    for name in ("out.csv", "pairs.csv"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
        options = ("--out", tmp_path / "new.csv") if name == "pairs.csv" else ("--out", tmp_path / name)
        more = ("--pairs", tmp_path / name) if name == "pairs.csv" else ()
        result = run("duplicates", model_folder, path, *options, *more)
        assert result.code == 2
        assert "is there already" in result.err
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"
    assert run("duplicates", model_folder, path, "--out", path).code == 2
    same = run("duplicates", model_folder, path, "--out", tmp_path / "z.csv", "--pairs", tmp_path / "z.csv")
    assert "--pairs and --out are both" in same.err
    assert run("duplicates", model_folder, path, "--out", tmp_path / "out.csv", "--overwrite").code == 0


def test_marks_in_texts_come_back_from_the_pairs(run: Run, tmp_path: Path, model_folder: Path) -> None:
    texts = ["a\rb", "A\rB", 'c "d", e\nf', 'C "d",  e\nf']
    records = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (tmp_path / "t.jsonl").write_text(records, encoding="utf-8")
    out, pairs = tmp_path / "out.jsonl", tmp_path / "pairs.csv"
    assert run("duplicates", model_folder, tmp_path / "t.jsonl", "--out", out, "--pairs", pairs).code == 0
    with pairs.open(encoding="utf-8", newline="") as file:
        found = {frozenset((row["text_a"], row["text_b"])) for row in csv.DictReader(file)}
    assert {frozenset(texts[:2]), frozenset(texts[2:])} <= found


@pytest.mark.parametrize("rows_at_once", [3, 100])
def test_a_file_that_changes_meanwhile_is_not_written(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("text\na\nb\nc\n", encoding="utf-8")

    def find_and_append(*arguments: object, **options: object) -> Duplicates:
        with path.open("a", encoding="utf-8") as file:
            file.write("d\n")
        return textsiam.find_duplicates(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("textsiam.cli.duplicates.find_duplicates", find_and_append)
    monkeypatch.setattr("textsiam.cli.text_file.ROWS_AT_ONCE", rows_at_once)
    result = run("duplicates", model_folder, path, "--out", tmp_path / "out.csv")
    assert result.code == 2
    assert "has changed while it was read; nothing was written" in result.err
    assert not (tmp_path / "out.csv").exists()


def test_what_a_head_may_have_missed_is_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    path = table(tmp_path / "texts.csv")
    options = ("--out", tmp_path / "out.csv", "--neighbours", 1)
    assert textsiam.PairModel.load(model_folder).architecture.head == "mlp"
    result = run("duplicates", model_folder, path, *options)
    assert " of the pairs were found, by a sample of 4 texts compared with all others (" in result.err
    result = run("duplicates", model_folder, path, *options, "--overwrite", "--threshold", 1)
    assert "pairs may have been missed: of 4 sampled texts none is in one, so none can say how many" in result.err


def test_a_first_row_that_may_be_a_text_is_read_as_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "t.csv").write_text("hello\nHello\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    options = ("--no-header", "--text-column", 1, "--overwrite", "--threshold", 1)
    result = run("duplicates", model_folder, tmp_path / "t.csv", "--out", out, *options)
    assert "2 texts, 2 of them in 1 groups" in result.err
    assert "one group holds 2 of 2 texts" in result.err
    result = run("duplicates", model_folder, tmp_path / "t.csv", "--out", out, "--header", "--overwrite")
    assert "1 texts, 0 of them in 0 groups" in result.err


def test_plain_text_cannot_hold_groups(run: Run, tmp_path: Path, model_folder: Path) -> None:
    result = run("duplicates", model_folder, table(tmp_path / "t.csv"), "--out", tmp_path / "out.txt")
    assert result.code == 2
    assert "which stands for plain text; give a name such as out.csv" in result.err


def test_a_promise_needs_what_dev_shows(run: Run, tmp_path: Path, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    model.decisions = None
    model.save(tmp_path / "m")
    options = ("--out", tmp_path / "out.csv", "--precision", 0.9)
    result = run("duplicates", tmp_path / "m", table(tmp_path / "t.csv"), *options)
    assert result.code == 2
    assert "which this model does not keep; give --threshold" in result.err


def test_a_graph_may_tell_what_is_near(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pytest.importorskip("usearch", reason="the extra ann is not installed")
    path = table(tmp_path / "texts.csv")
    result = run("duplicates", model_folder, path, "--out", tmp_path / "out.csv", "--approximate")
    assert result.code == 0
    assert "100.0% of the pairs were found, by a sample of 4 texts compared with all others" in result.err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        check(list(csv.DictReader(file)), expected(model_folder))
    result = run("duplicates", model_folder, path, "--out", tmp_path / "new.csv", "--no-approximate")
    assert "of the pairs were found" not in result.err
