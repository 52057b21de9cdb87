from __future__ import annotations

import csv
import gzip
import importlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run, run_on_a_full_disk, start, write_pairs


def _rows(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_two_texts(run: Run, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    result = run("score", model_folder, "what about the apple", "tell me of apple")
    assert result.out.startswith(f"{model.score('what about the apple', 'tell me of apple'):.4f}  ")
    values = json.loads(run("score", model_folder, "", "tell me of apple", "--json").out)
    assert values["probability"] == model.score("", "tell me of apple")
    assert values["same"] == (values["probability"] >= values["threshold"])


def test_what_was_empty_or_cut_is_said(run: Run, model_folder: Path) -> None:
    assert "1 empty" in run("score", model_folder, "", "apple").err
    assert "1 cut short" in run("score", model_folder, "apple " * 500, "apple").err


def test_a_file_keeps_its_columns_and_rows(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textsiam.cli.score_file.ROWS_AT_ONCE", 7)
    pairs, out = write_pairs(tmp_path / "pairs.csv", 50), tmp_path / "out.csv"
    assert run("score", model_folder, pairs, "--out", out).code == 0
    before, after = _rows(pairs), _rows(out)
    assert [row[:-1] for row in after] == before
    assert after[0][-1] == "probability"
    model = textsiam.PairModel.load(model_folder)
    for row in after[1:]:
        assert float(row[-1]) == pytest.approx(model.score(row[1], row[2]), abs=1e-6)


def test_labels_are_not_needed(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text('text_a\ttext_b\tnote\na "b\tc\tx, y\n', encoding="utf-8")
    assert run("score", model_folder, pairs, "--out", tmp_path / "out.tsv", "--column", "p").code == 0
    first, second = (tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines()
    assert first == "text_a\ttext_b\tnote\tp"
    assert second.startswith('a "b\tc\tx, y\t0.')


def test_the_first_row_of_a_file_without_header_is_scored(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs, out = tmp_path / "pairs.tsv", tmp_path / "out.tsv"
    pairs.write_text("a\tb\tPARA\nc\td\tOTHER\n", encoding="utf-8")
    said = run("score", model_folder, pairs, "--out", out, "--columns", "1,2,3", "--no-header")
    assert (said.code, "first row" in said.err) == (0, False)
    assert [row[:3] for row in _rows(out, "\t")] == [["a", "b", "PARA"], ["c", "d", "OTHER"]]


@pytest.mark.parametrize(
    ("first", "columns", "said"),
    [
        ("id,foo,bar,", "2,3", "the first row is taken for a pair; if it holds column names: --header"),
        ("id,foo,bar,", "2,3,4", "the first row is taken for a pair; if it holds column names: --header"),
        ("id,foo,bar,kind", "2,3,4", "is taken for column names (id, foo, bar, kind); if it is a pair: --no-header"),
        ("id,text_a,text_b,kind", "2,3", None),
        ("7,one text,another,1", "2,3,4", None),
        ("id,foo,bar,kind", "foo,bar", None),
    ],
)
def test_what_is_taken_for_granted_of_a_header_is_said(
    run: Run, tmp_path: Path, model_folder: Path, first: str, columns: str, said: str | None
) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"{first}\n8,x,y,0\n9,v,w,1\n", encoding="utf-8")
    score = ("score", model_folder, pairs, "--columns", columns, "--out", tmp_path / "out.csv", "--overwrite")
    lines = [line for line in run(*score).err.splitlines() if "first row" in line]
    assert lines == [] if said is None else [said in line for line in lines] == [True]
    for told in ("--header", "--no-header"):
        if said is not None:
            assert "first row" not in run(*score, told).err


@pytest.mark.parametrize("columns", [(), ("--columns", "text_a,text_b,label")])
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_label_may_be_null(
    run: Run, tmp_path: Path, model_folder: Path, ending: str, columns: tuple[str, ...]
) -> None:
    pairs, out = tmp_path / f"pairs{ending}", tmp_path / "out.jsonl"
    rows = [{"text_a": "x", "text_b": "y", "label": 1}, {"text_a": "v", "text_b": "w", "label": None}]
    if ending == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), pairs)
    elif ending == ".jsonl":
        pairs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pairs.write_text("text_a,text_b,label\nx,y,1\nv,w,\n", encoding="utf-8")
    assert run("score", model_folder, pairs, "--out", out, *columns).code == 0
    scored = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["text_a"] for row in scored] == ["x", "v"]
    assert scored[1]["label"] == ("" if ending == ".csv" else None)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.tsv.gz", "out.parquet"])
def test_half_of_a_surrogate_pair_is_escaped(run: Run, tmp_path: Path, model_folder: Path, name: str) -> None:
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / name
    line = r'{"text_a": "x", "text_b": "y", "note": "n \ud83d", "deep": ["\ud83d"], "k\ud83d": "\u00e9"}'
    pairs.write_text(line + "\n", encoding="utf-8")
    assert run("score", model_folder, pairs, "--out", out).code == 0
    if name == "out.jsonl":
        assert json.loads(out.read_text(encoding="utf-8")).items() >= json.loads(line).items()
        return
    if name == "out.parquet":
        row = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()[0]
    else:
        raw = gzip.decompress(out.read_bytes()) if name.endswith(".gz") else out.read_bytes()
        delimiter = "\t" if name.endswith(".gz") else ","
        row = next(csv.DictReader(raw.decode("utf-8").splitlines(), delimiter=delimiter))
    assert (row["note"], row["deep"], row["k\\ud83d"]) == ("n \\ud83d", '["\\ud83d"]', "é")


@pytest.mark.parametrize("name", ["out.tsv", "out.jsonl", "out.parquet"])
def test_rows_of_several_widths(run: Run, tmp_path: Path, model_folder: Path, name: str) -> None:
    pairs, out = tmp_path / "pairs.tsv", tmp_path / name
    pairs.write_text("a\tb\tx\nc\td\n", encoding="utf-8")
    options = (model_folder, pairs, "--out", out, "--columns", "1,2", "--overwrite")
    assert run("score", *options, "--header").code == 2
    assert run("score", *options).code == 0
    if name == "out.tsv":
        cells = [row[:3] for row in _rows(out, "\t")]
        assert [len(row) for row in _rows(out, "\t")] == [4, 4]
    elif name == "out.jsonl":
        cells = [list(json.loads(line).values())[:3] for line in out.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
        cells = [list(row.values())[:3] for row in rows]
    assert cells == [["a", "b", "x"], ["c", "d", ""]]
    pairs.write_text("a\tb\tx\nc\td\te\tf\n", encoding="utf-8")
    result = run("score", *options)
    assert result.code == 2
    assert "line 2: the row has 4 fields, the first row has 3" in result.err
    assert run("score", *options, "--on-error", "skip").code == 0


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.csv"])
def test_two_columns_of_one_name(run: Run, tmp_path: Path, model_folder: Path, name: str) -> None:
    pairs, out = tmp_path / "pairs.csv", tmp_path / name
    pairs.write_text("text_a,text_b,note,note\na,b,c,d\n", encoding="utf-8")
    result = run("score", model_folder, pairs, "--out", out)
    if name == "out.csv":
        assert _rows(out)[1][:4] == ["a", "b", "c", "d"]
    else:
        assert "has two columns 'note'" in result.err
        assert result.code == 2
        assert not out.exists()


@pytest.mark.parametrize(
    ("pairs", "out", "delimiter"),
    [("p.csv", "o.csv", ";"), ("p.csv", "o.csv.gz", "\t"), ("p.csv", "o.tsv", "\t"), ("p.tsv", "o.csv", ",")],
)
def test_the_delimiter_is_kept_where_the_ending_is(
    run: Run, tmp_path: Path, model_folder: Path, pairs: str, out: str, delimiter: str
) -> None:
    mark = {"o.csv": ";", "o.csv.gz": "\t", "o.tsv": ";"}[out] if pairs == "p.csv" else "\t"
    (tmp_path / pairs).write_text(f"text_a{mark}text_b\nx{mark}y\n", encoding="utf-8")
    assert run("score", model_folder, tmp_path / pairs, "--out", tmp_path / out).code == 0
    raw = (tmp_path / out).read_bytes()
    first = (gzip.decompress(raw) if out.endswith(".gz") else raw).decode("utf-8").splitlines()[0]
    assert first == delimiter.join(["text_a", "text_b", "probability"])


def test_keys_that_come_later(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs, first = tmp_path / "pairs.jsonl", '{"text_a": "x", "text_b": "y"}\n'
    pairs.write_text(first + '{"text_a": "x", "text_b": "y", "id": 7}\n', encoding="utf-8")
    assert "no such keys: id;" in run("score", model_folder, pairs, "--out", tmp_path / "out.csv").err
    kept = run("score", model_folder, pairs, "--out", tmp_path / "out.jsonl")
    assert "no such keys" not in kept.err
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[1])["id"] == 7
    result = run("score", model_folder, pairs, "--out", tmp_path / "new.jsonl", "--column", "id")
    assert result.code == 2
    assert "line 2: has a key 'id' already" in result.err


def test_out_may_not_be_a_folder(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    result = run("score", model_folder, write_pairs(tmp_path / "pairs.csv", 5), "--out", tmp_path / "out.csv")
    assert result.code == 2
    assert "is a folder, expected a file" in result.err


def test_other_formats_in_and_out(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 20)
    results = {}
    for name in ("a.jsonl", "a.tsv", "a.csv.gz", "a.parquet"):
        assert run("score", model_folder, pairs, "--out", tmp_path / name).code == 0
    results["jsonl"] = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    results["tsv"] = list(csv.DictReader((tmp_path / "a.tsv").read_text("utf-8").splitlines(), delimiter="\t"))
    with gzip.open(tmp_path / "a.csv.gz", "rt", encoding="utf-8") as file:
        results["gz"] = list(csv.DictReader(file))
    parquet = pytest.importorskip("pyarrow.parquet")
    results["parquet"] = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    for rows in results.values():
        assert [row["question1"] for row in rows] == [row["question1"] for row in results["jsonl"]]
        for row, other in zip(rows, results["jsonl"], strict=True):
            assert float(row["probability"]) == pytest.approx(other["probability"], abs=1e-6)
    again = run("score", model_folder, tmp_path / "a.jsonl", "--out", tmp_path / "b.jsonl", "--column", "again")
    assert again.code == 0
    for line, row in zip((tmp_path / "b.jsonl").read_text("utf-8").splitlines(), results["jsonl"], strict=True):
        assert json.loads(line) == {**row, "again": row["probability"]}


@pytest.mark.slow
def test_several_workers_write_the_same_file(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 25_000)
    for count in (1, 2):
        out = tmp_path / f"{count}.csv"
        result = run("score", model_folder, pairs, "--out", out, "--workers", count)
        assert result.code == 0
        assert "25,000 pairs scored" in result.err
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    result = run("score", model_folder, pairs, "--out", tmp_path / "0.csv", "--workers", 0)
    assert result.code == 2
    assert "workers is 0" in result.err


def test_parquet_to_parquet_keeps_the_types(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "id": pyarrow.array([7, None, 9]),
        "text_a": ["x", "y", "z"],
        "text_b": ["x", "v", "w"],
        "seen": pyarrow.array([0, 1, None], pyarrow.timestamp("us")),
        "tags": [["a"], [], None],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "in.parquet")
    assert run("score", model_folder, tmp_path / "in.parquet", "--out", tmp_path / "out.parquet").code == 0
    given, scored = (parquet.read_table(tmp_path / name) for name in ("in.parquet", "out.parquet"))
    assert scored.drop_columns("probability").equals(given)
    assert len(set(scored["probability"].to_pylist())) > 1


def test_an_earlier_file_is_kept_unless_it_is_to_be_overwritten(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 5), tmp_path / "out.csv"
    out.write_text("earlier", encoding="utf-8")
    for model in (model_folder, "nowhere"):  # it is told before a model is loaded
        result = run("score", model, pairs, "--out", out)
        assert result.code == 2
        assert f"--out {out} is there already; give another file, or --overwrite to replace it" in result.err
    assert out.read_text(encoding="utf-8") == "earlier"
    assert run("score", model_folder, pairs, "--out", out, "--overwrite").code == 0
    assert len(_rows(out)) == 6
    same = run("score", model_folder, pairs, "--out", pairs, "--overwrite")
    assert (same.code, "--out is the input" in same.err) == (2, True)


def test_swapped_arguments_are_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 5)
    score = ("score", pairs, model_folder)
    for call in (("evaluate", *score[1:]), score, (*score, "--out", tmp_path / "out.csv"), (*score, "a text")):
        result = run(*call)
        assert result.code == 2
        assert result.err == f"textsiam: {pairs} is a file, expected a model folder; were the arguments swapped?\n"


def test_texts_that_are_no_file_names_are_scored(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path / "pairs.csv", 5)
    for texts in (("pairs.csv", "what is in pairs.csv"), ("pairs.csv", "apple"), ("apple " * 500, "pairs.csv")):
        assert run("score", model_folder, *texts).code == 0
    assert run("score", model_folder, "--json", "--", "-5 degrees", "--6 degrees").code == 0


def test_two_texts_get_a_grade_where_grades_were_learned(run: Run, tmp_path: Path, model_folder: Path) -> None:
    model = textsiam.PairModel.load(model_folder)
    model.details |= {"graded": True, "label_range": [1.0, 5.0]}
    model.save(tmp_path / "m")
    grade = 1 + 4 * model.score("the apple", "an apple")
    texts = (tmp_path / "m", "the apple", "an apple")
    assert run("score", *texts).out == f"{grade:.4f}  grade, from 1 to 5\n"
    values = json.loads(run("score", *texts, "--json").out)
    assert values == {"grade": pytest.approx(grade), "label_range": [1, 5], "probability": model.score(*texts[1:])}


def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path, model_folder: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 500), tmp_path / "out.csv"
    out.write_text("earlier", encoding="utf-8")
    score = ("score", model_folder, pairs, "--out", out, "--overwrite")
    result = run_on_a_full_disk(*score, limit_bytes=9_000, temporary=tmp_path)
    assert result.code == 2
    assert result.err.splitlines()[-1].startswith(f"textsiam: {out}: File too large")
    assert out.read_text(encoding="utf-8") == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "pairs.csv"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_leaves_the_earlier_file(tmp_path: Path, model_folder: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 1_000_000), tmp_path / "out.csv"
    out.write_text("earlier", encoding="utf-8")
    process = start("score", model_folder, pairs, "--out", out, "--overwrite")
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".out.csv.*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "textsiam: interrupted"
    assert out.read_text(encoding="utf-8") == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "pairs.csv"]


def test_bad_rows_stop_or_are_skipped_and_listed(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs, out = tmp_path / "pairs.csv", tmp_path / "out.csv"
    pairs.write_bytes(b"text_a,text_b\nx,y\nonly one\nz,\xff\nv,w\n")
    out.write_text("earlier", encoding="utf-8")
    stopped = run("score", model_folder, pairs, "--out", out, "--overwrite")
    assert stopped.code == 2
    assert "line 3" in stopped.err
    assert out.read_text(encoding="utf-8") == "earlier"
    skipped = run("score", model_folder, pairs, "--out", out, "--overwrite", "--on-error", "skip")
    assert skipped.code == 0
    assert "skipped 2 bad rows of 4" in skipped.err
    assert [row[0] for row in _rows(out)] == ["text_a", "x", "v"]
    assert not list(tmp_path.glob(".*"))  # nothing half-written is left


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pairs.csv"], "give --out FILE"),
        (["pairs.csv", "--out", "pairs.csv"], "is the input"),
        (["pairs.csv", "--out", "out.xlsx"], ".xlsx"),
        (["pairs.csv", "--out", "out.csv.zst"], ".zst cannot be written"),
        (["pairs.csv", "--out", "out.parquet.gz"], "leave .gz away"),
        (["none.csv", "--out", "out.csv"], "does not exist"),
        (["pairs.csv", "--out", "out.csv", "--column", "question1"], "has a column 'question1' already"),
        (["pairs.csv", "--out", "nowhere/out.csv"], "there is no folder nowhere"),
        (["pairs.csv", "--out", "out.csv", "--on-error", "ignore"], "on_error (--on-error) is 'ignore'"),
        (["pairs.csv", "--out", "out.csv", "--json"], "--json goes with two texts"),
        (["one text", "another", "--out", "out.csv"], "--out goes with a file"),
        (["one text", "another", "--columns", "1,2"], "go with a file of pairs"),
        (["one text", "another", "--column", "p"], "--column goes with a file of pairs"),
        (["one text", "another", "--overwrite"], "--overwrite goes with a file of pairs"),
        (["pairs.csv", "pairs.csv"], "names of files, expected two texts; the pairs of one file are scored with:"),
        (["pairs.csv", "scored.jsonl"], "pairs.csv --out FILE"),
    ],
)
def test_bad_input(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = write_pairs(tmp_path / "pairs.csv", 5).read_bytes()
    result = run("score", model_folder, *arguments)
    assert result.code == 2
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]
    assert (tmp_path / "pairs.csv").read_bytes() == before


def test_columns_are_taken_where_pydantic_is_imported(run: Run, model_folder: Path, tmp_path: Path) -> None:
    importlib.import_module("pydantic")  # as spaCy and mteb do; cyclopts then lets it check what options become
    pairs = write_pairs(tmp_path / "pairs.csv", 5)
    assert run("score", model_folder, pairs, "--out", tmp_path / "out.csv", "--columns", "2,3").code == 0
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 6
