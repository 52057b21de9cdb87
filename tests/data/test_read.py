from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, OptionError

# what tables like to turn into something else
ROWS = [("NA", "null", 1.0), ("nan", "", 0.0), ("007", "1e5", 0.0), ("None", 'say "yes",\nthen\tgo', 1.0)]


def write_csv(path: Path, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("text_a", "text_b", "label"), *ROWS])
    return path


def write_jsonl(path: Path) -> Path:
    records = [{"text_a": a, "text_b": b, "label": label} for a, b, label in ROWS]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def write_parquet(path: Path) -> Path:
    a, b, labels = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"text_a": a, "text_b": b, "label": labels}), path)
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    "p.csv": write_csv,
    "p.tsv": lambda path: write_csv(path, "\t"),
    "p.txt": lambda path: write_csv(path, ";"),
    "p.jsonl": write_jsonl,
    "p.json": write_jsonl,
    "p.parquet": write_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_pairs(tmp_path: Path, name: str) -> None:
    pairs = read_pairs(WRITERS[name](tmp_path / name))
    assert list(pairs) == ROWS
    assert pairs.report is not None
    assert (pairs.report.rows, pairs.report.kept, pairs.report.empty_texts) == (4, 4, 1)
    assert pairs.fingerprint() == Pairs.from_rows(ROWS).fingerprint()


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl"])
@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", lambda data: pa.compress(data, codec="zstd", asbytes=True)),
    ],
)
def test_every_compression(tmp_path: Path, name: str, ending: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / (name + ending)
    path.write_bytes(pack(WRITERS[name](tmp_path / name).read_bytes()))
    pairs = read_pairs(str(path))
    assert list(pairs) == ROWS
    assert pairs.report is not None
    assert "compressed with " in str(pairs.report)


def test_datasets_frames_rows_and_pairs() -> None:
    pairs = read_pairs(ROWS)
    assert list(pairs) == ROWS
    assert read_pairs(pairs) is pairs
    assert list(read_pairs(iter(ROWS))) == ROWS
    assert list(read_pairs(pairs.dataset)) == ROWS
    assert list(read_pairs(pairs.dataset.to_iterable_dataset())) == ROWS
    assert list(read_pairs(pairs[1:].dataset)) == ROWS[1:]
    frame = pd.DataFrame(ROWS, columns=["question1", "question2", "is_duplicate"])
    arrow = pa.Table.from_pandas(frame)
    for table in (frame, pl.from_pandas(frame), arrow, arrow.to_batches()[0]):
        assert list(read_pairs(table)) == ROWS
        swapped = read_pairs(table, columns=("question2", "question1", 3), keep=["is_duplicate"])
        assert list(swapped) == [(b, a, label) for a, b, label in ROWS]
        assert swapped.extra("is_duplicate") == [str(label) for *_, label in ROWS]


def test_what_is_missing_from_a_column_that_is_kept_is_an_empty_text() -> None:
    columns = {"text_a": ["a", "b"], "text_b": ["c", "d"], "label": [1, 0], "number": [3, None], "text": [None, "x"]}
    frame = pd.DataFrame(columns).astype({"number": "Int64", "text": "string"})
    for table in (frame, pl.DataFrame(columns), pa.table(columns)):
        pairs = read_pairs(table, keep=["number", "text"])
        assert (pairs.extra("number"), pairs.extra("text")) == (["3", ""], ["", "x"])


def test_tables_of_other_classes_and_names_that_look_like_patterns() -> None:
    class Geo(pd.DataFrame):  # type: ignore[misc] # pandas ships no types
        """Stands for geopandas' class, which has a method of this name, too."""

        def to_arrow(self) -> None:
            raise AssertionError("it is a pandas DataFrame")

    assert list(read_pairs(Geo(ROWS, columns=["question1", "question2", "is_duplicate"]))) == ROWS
    frame = pl.DataFrame([("a", "b", 1, "c"), ("d", "e", 0, "f")], schema=["*", "^t.*$", "label", "text"], orient="row")
    assert list(read_pairs(frame, columns=(1, 2, 3))) == [("a", "b", 1), ("d", "e", 0)]
    objects = frame.with_columns(pl.Series("o", [object(), None], dtype=pl.Object))
    assert len(read_pairs(objects, columns=(1, 2, 3))) == 2
    with pytest.raises(DataError, match="column o: holds Python objects, expected texts or numbers; cast it first"):
        read_pairs(objects, columns=(1, 2, 3), keep=["o"])
    for kind in (pd.DataFrame, pl.DataFrame, pa.Table):
        with pytest.raises(DataError, match="cannot read pairs from type, expected a path"):
            read_pairs(kind)
    large = pl.DataFrame({"text_a": ["a"], "text_b": ["b"], "label": pl.Series([1], dtype=pl.Int128)})
    with pytest.raises(DataError, match=r"a column of this data frame cannot be read \(.*\); cast it first"):
        read_pairs(large)


def test_dates_that_python_cannot_hold_matter_only_where_they_are_kept() -> None:
    columns = {"text_a": ["a", "b"], "text_b": ["c", "d"], "label": [1, 0], "seen": [10**18, 1]}
    table = pl.DataFrame(columns).with_columns(pl.col("seen").cast(pl.Datetime("us")))
    days = pl.DataFrame({**columns, "seen": [10**8, 1]}).with_columns(pl.col("seen").cast(pl.Date))
    for far in (table, days, table.to_arrow()):
        assert list(read_pairs(far)) == [("a", "c", 1), ("b", "d", 0)]
        with pytest.raises(DataError, match="line 1, column seen: cannot be read"):
            read_pairs(far, keep=["seen"])
        assert list(read_pairs(far, keep=["seen"], on_error="skip")) == [("b", "d", 0)]


def test_bad_rows_of_tables_are_told_with_their_numbers() -> None:
    columns = {"text_a": ["a", "b", "c"], "text_b": ["d", None, "f"], "label": [1, 0, 2]}
    for table in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        with pytest.raises(DataError, match="line 2, column text_b: is missing"):
            read_pairs(table)
        pairs = read_pairs(table, on_error="skip")
        assert pairs.report is not None
        assert [problem.line for problem in pairs.report.problems] == [2, 3]
        assert list(pairs) == [("a", "d", 1)]
        with pytest.raises(DataError, match="no rows"):
            read_pairs(table[:0])
    with pytest.raises(DataError, match=r"from a LazyFrame, whose rows are not read yet; give \.collect\(\) of it"):
        read_pairs(pl.LazyFrame(columns))
    twice = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["text_a", "text_b", "text_a"])
    with pytest.raises(DataError, match="more than one column is called 'text_a'"):
        read_pairs(twice)


def test_a_frame_with_two_columns_of_one_name_is_refused() -> None:
    frame = pd.DataFrame([("a", "b", 1, 0)], columns=["text_a", "text_b", "label", "label"])
    with pytest.raises(DataError, match="more than one column is called 'label'; rename or remove all but one"):
        read_pairs(frame)


def test_pairs_that_have_the_columns_to_keep_come_back() -> None:
    pairs = read_pairs([{"text_a": "x", "text_b": "y", "label": 1, "id": 7}], keep=["id"])
    assert read_pairs(pairs, keep=("id",)) is pairs


def test_class_labels_of_a_dataset() -> None:
    features = datasets.Features(
        {"q1": datasets.Value("string"), "q2": datasets.Value("string"), "label": datasets.ClassLabel(names=["n", "y"])}
    )
    dataset = datasets.Dataset.from_dict({"q1": ["a"], "q2": ["b"], "label": [1]}, features=features)
    assert list(read_pairs(dataset)) == [("a", "b", 1.0)]


def test_several_tables_are_not_one(tmp_path: Path) -> None:
    whole = datasets.DatasetDict({"train": Pairs.from_rows(ROWS).dataset, "test": Pairs.from_rows(ROWS).dataset})
    with pytest.raises(DataError, match="mapping of train, test, expected one table"):
        read_pairs(whole)


def test_grades_are_scaled_and_marks_translated() -> None:
    grades = read_pairs([("a", "b", "1"), ("c", "d", 5), ("e", "f", 2.0)], label_range=(1, 5))
    assert grades.labels.tolist() == [0.0, 1.0, 0.25]
    assert (grades.graded, grades.label_range) == (True, (1, 5))
    marks = read_pairs([("a", "b", "SAME"), ("c", "d", "OTHER")], labels={"SAME": 1, "OTHER": 0})
    assert marks.labels.tolist() == [1.0, 0.0]
    assert not marks.graded


def test_bad_row_is_raised_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text('question1,question2,is_duplicate\n"a\nb",c,1\nd,e,maybe\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_pairs(path)
    assert (caught.value.file, caught.value.line, caught.value.column) == (path, 4, "is_duplicate")
    assert str(caught.value).startswith(f"{path}, line 4, column is_duplicate: the label 'maybe' is not understood")


def test_third_label_suggests_what_to_do() -> None:
    with pytest.raises(DataError, match=r"line 2, column 3: .*'2' is neither 0 nor 1; grades need label_range"):
        read_pairs([("a", "b", 1), ("c", "d", 2)])
    with pytest.raises(DataError, match=r"outside of label_range \(--label-range 0,5\)"):
        read_pairs([("a", "b", 6)], label_range=(0, 5))


def test_skipped_rows_are_counted_exactly_and_listed_up_to_a_thousand() -> None:
    rows = [("a", "b", i % 3) for i in range(6000)]
    pairs = read_pairs(rows, on_error="skip")
    assert len(pairs) == 4000
    report = pairs.report
    assert report is not None
    assert (report.rows, report.kept, report.problem_count, len(report.problems)) == (6000, 4000, 2000, 1000)
    assert [(problem.line, problem.column) for problem in report.problems[:2]] == [(3, "3"), (6, "3")]
    assert report.problems[999].line == 3000
    assert "... 1,990 more rows left out" in str(report)


def test_lines_with_empty_texts_are_listed_up_to_twenty(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text('text_a,text_b,label\n"a\nb",c,1\n,d,1\n" ",,0\ne,f,0\ng,"\t",1\n', encoding="utf-8")
    report = read_pairs(path).report
    assert report is not None
    assert (report.empty_texts, report.empty_lines) == (4, (4, 5, 7))
    assert "4 texts are empty (lines 4, 5, 7)" in str(report)
    report = read_pairs([("", "b", 1)]).report
    assert report is not None
    assert "1 text is empty (line 1)" in str(report)
    report = read_pairs([("", "b", 1)] * 50).report
    assert report is not None
    assert (report.empty_texts, report.empty_lines) == (50, tuple(range(1, 21)))
    assert report.empty_summary().startswith("50 texts are empty (first lines 1, 2, ")


def test_skipping_every_row_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("text_a,text_b,label\na,b,x\nc,d\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"none of 2 rows could be read; the first: .*line 2, column label: the label"):
        read_pairs(path, on_error="skip")
    path.write_text("text_a,text_b,label\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"pairs\.csv: has a header but no rows"):
        read_pairs(path)


def test_skipping_goes_on_after_each_kind_of_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    good = '{"text_a": "a", "text_b": "b", "label": 1}\n'
    path.write_text(good + "{\n" + good + '{"text_a": "a"}\n' + good, encoding="utf-8")
    pairs = read_pairs(path, on_error="skip")
    assert len(pairs) == 3
    assert pairs.report is not None
    assert [problem.line for problem in pairs.report.problems] == [2, 4]
    assert pairs.report.problems[0].file == str(path)


def test_kept_columns(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("1\ta\tb\tx\n0\tc\td\n", encoding="utf-8")
    pairs = read_pairs(path, columns=(2, 3, 1), keep=["4"])
    assert pairs.extra("4") == ["x", ""]  # rows without a header may be shorter
    with pytest.raises(DataError, match="no column 'id'; the columns are: 1, 2, 3, 4"):
        read_pairs(path, columns=(2, 3, 1), keep=["id"])
    with pytest.raises(OptionError, match="keep names 'label'"):
        read_pairs(path, columns=(2, 3, 1), keep=["label"])


def test_columns_as_the_command_line_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("5.000\tx\ty\tmore\n0.0\tz\tw\n", encoding="utf-8")
    pairs = read_pairs(path, columns=["2", "3", "1"], label_range=(0, 5))
    assert list(pairs) == [("x", "y", 1.0), ("z", "w", 0.0)]


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        (5, {}, DataError, "cannot read pairs from int"),
        (b"a,b", {}, DataError, "cannot read pairs from bytes"),
        ([], {}, DataError, "no rows"),
        ({"train": 1}, {}, DataError, "mapping of train"),
        (ROWS, {"header": True}, OptionError, r"header \(--header\) is True"),
        (ROWS, {"delimiter": ","}, OptionError, r"delimiter \(--delimiter\) is ','"),
        (ROWS, {"quoting": "bogus"}, OptionError, r"quoting \(--quoting\) is 'bogus'"),
        (ROWS, {"quoting": "none"}, OptionError, r"quoting \(--quoting\) is 'none'"),
        (Pairs.from_rows(ROWS), {"quoting": "bogus"}, OptionError, r"quoting \(--quoting\) is 'bogus'"),
        (Pairs.from_rows(ROWS), {"header": False}, OptionError, r"header \(--header\) is False"),
        (Pairs.from_rows(ROWS), {"columns": (1, 2, 3)}, OptionError, "columns is .* Pairs are read already"),
        (Pairs.from_rows(ROWS), {"labels": {"A": 1}}, OptionError, "labels is .* Pairs are read already"),
        (Pairs.from_rows(ROWS), {"label_range": (0, 5)}, OptionError, "label_range is .* Pairs are read already"),
        (Pairs.from_rows(ROWS), {"keep": ["id"]}, DataError, "no extra column 'id'"),
        (ROWS, {"columns": [1.0, 2, 3]}, OptionError, "columns is .* each a name or a position"),
        (ROWS, {"label_range": "05"}, OptionError, "label_range is '05'"),
        (ROWS, {"labels": "SAME=1"}, OptionError, "labels is 'SAME=1', expected a mapping"),
        (ROWS, {"keep": "12"}, OptionError, "keep is '12', expected names of columns"),
        (ROWS, {"keep": ["1", "1"]}, OptionError, "each once"),
        (ROWS, {"on_error": "skp"}, OptionError, "did you mean 'skip'"),
        (ROWS, {"label_range": (5, 0)}, OptionError, "label_range"),
        ("no/such/file.csv", {}, DataError, "does not exist"),
        (".", {}, DataError, "is a folder"),
        ("table.xlsx", {}, DataError, "does not exist"),
    ],
)
def test_what_cannot_be_read_is_refused(
    source: object, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_pairs(source, **options)  # type: ignore[arg-type]  # options of many types


def test_file_is_read_when_it_is_only_half_there(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv.gz"
    packed = gzip.compress(("text_a,text_b,label\n" + "a,b,1\n" * 1000).encode())
    path.write_bytes(packed[:-9])
    for on_error in ("raise", "skip"):
        with pytest.raises(DataError, match=r"pairs\.csv\.gz: is damaged or cut short"):
            read_pairs(path, on_error=on_error)
