from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import SMALL, Run, run_on_a_full_disk, write_pairs
from textsiam.cli.pair_options import LabelOptions
from textsiam.cli.row_options import RowOptions
from textsiam.training.config import TrainConfig
from textsiam.training.presets import described_presets
from textsiam.training.toml_options import READING


def test_a_file_to_a_model_folder(run: Run, tmp_path: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 256), tmp_path / "model"
    result = run("train", pairs, "--out", out, *SMALL)
    assert result.code == 0
    assert "256 pairs" in result.err
    assert "dev accuracy" in result.out
    # decisions.json is there only if higher scores are more often the same, which so few steps may not reach
    assert sorted(path.name for path in out.iterdir() if path.name != "decisions.json") == [
        *("README.md", "calibration.json", "config.json", "manifest.json", "seen_texts.bin"),
        *("train.toml", "vocabulary.model", "weights.safetensors"),
    ]
    steps = [json.loads(line) for line in (tmp_path / "model.run" / "log.jsonl").read_text("utf-8").splitlines()]
    assert sum("loss" in step for step in steps) == 2 * -(-230 // 32)


def test_the_folders_toml_trains_the_same_model_again(run: Run, tmp_path: Path) -> None:
    pairs, dev = write_pairs(tmp_path / "pairs.csv", 128), write_pairs(tmp_path / "dev.csv", 64, start=500)
    assert run("train", pairs, "--dev", dev, "--out", tmp_path / "one", *SMALL).code == 0
    again = run("train", pairs, "--dev", dev, "--out", tmp_path / "two", "--config", tmp_path / "one" / "train.toml")
    assert again.code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]


def test_the_command_line_wins_over_the_toml_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('encoder = "bag"\ndim = 12\nepochs = 1\nbatch_size = 16\n', encoding="utf-8")
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    options = ("--vocabulary-size", 50, "--dim", 10, "--balanced")
    assert run("train", pairs, "--out", tmp_path / "m", "--config", tmp_path / "c.toml", *options).code == 0
    config = TrainConfig.from_toml(tmp_path / "m" / "train.toml")
    assert (config.encoder, config.dim, config.epochs, config.balanced) == ("bag", 10, 1, True)


def test_the_command_line_wins_over_the_toml_file_and_both_over_the_preset(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('preset = "accurate"\nepochs = 1\nunits = 8\ndim = 12\n', encoding="utf-8")
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    train = ("train", pairs, "--config", tmp_path / "c.toml", "--vocabulary-size", 50, "--batch-size", 16, "--dim", 10)
    assert run(*train, "--out", tmp_path / "one").code == 0
    wanted = {"epochs": 1, "units": 8, "dim": 10, "vocabulary_size": 50, "batch_size": 16}
    kept = (tmp_path / "one" / "train.toml").read_text(encoding="utf-8")
    assert TrainConfig.from_toml(tmp_path / "one" / "train.toml") == TrainConfig.preset("accurate", wanted)
    assert "preset" not in kept  # the options alone, whatever the preset will be later
    assert run(*train, "--out", tmp_path / "two", "--preset", "fast").code == 0
    assert TrainConfig.from_toml(tmp_path / "two" / "train.toml") == TrainConfig.preset("fast", wanted)


def test_a_preset_that_would_set_nothing_beside_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    pairs, written = write_pairs(tmp_path / "pairs.csv", 64), tmp_path / "c.toml"
    written.write_text(TrainConfig().to_toml(), encoding="utf-8")
    result = run("train", pairs, "--out", tmp_path / "m", "--config", written, "--preset", "fast")
    assert result.code == 2
    assert f"--preset fast sets nothing that {written} does not set, whose options win; leave one out" in result.err


def test_an_unknown_preset_and_the_help(run: Run, tmp_path: Path) -> None:
    for name, message in (
        ("fats", "preset is 'fats', expected one of fast, balanced, accurate; did you"),
        ("", "is ''"),
    ):
        refused = run("train", tmp_path / "pairs.csv", "--out", tmp_path / "m", "--preset", name)
        assert (refused.code, message in refused.err) == (2, True)
    told = "".join(run("train", "--help").out.replace("│", "").split())
    assert "".join(described_presets().split()) in told


def test_texts_without_labels_pretrain_and_stand_in_the_toml_file(run: Run, tmp_path: Path) -> None:
    pairs, texts = write_pairs(tmp_path / "pairs.csv", 64), tmp_path / "texts.txt"
    texts.write_text("".join(f"zebra of the sea {n}\n" for n in range(40)), encoding="utf-8")
    result = run("train", pairs, "--texts", texts, "--pretrain-epochs", 2, "--out", tmp_path / "one", *SMALL)
    assert result.code == 0
    assert "distinct texts, epochs: 2" in result.out
    again = run("train", pairs, "--config", tmp_path / "one" / "train.toml", "--out", tmp_path / "two")
    assert again.code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]
    bad = run("train", pairs, "--pretrain-epochs", 2, "--out", tmp_path / "three", *SMALL)
    assert (bad.code, "pretrain_epochs is 2, but there are no texts (--texts)" in bad.err) == (2, True)


def test_how_pairs_are_read_stands_in_the_toml_file_too(run: Run, tmp_path: Path) -> None:
    rows = [f"{n}\tthe {n % 7} a\tsome {n % 5} b\t{n % 5}\n" for n in range(80)]
    for name in ("pairs.tsv", "dev.tsv"):
        (tmp_path / name).write_text("".join(rows), encoding="utf-8")
    how = ("--columns", "2,3,4", "--label-range", "0,4", "--quoting", "none", "--dev", tmp_path / "dev.tsv")
    assert run("train", tmp_path / "pairs.tsv", "--out", tmp_path / "one", *how, *SMALL).code == 0
    toml = tmp_path / "one" / "train.toml"
    assert run("train", tmp_path / "pairs.tsv", "--out", tmp_path / "two", "--config", toml).code == 0
    assert (tmp_path / "two" / "train.toml").read_bytes() == toml.read_bytes()
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("reading = 3\n", "expected a table"),
        ('[reading]\ncolumn = "1"\n', "did you mean 'columns'"),
        ("[reading]\ncolumns = 3\n", "expected a text such as '5,6,4' or a list"),
        ("[reading]\ncolumns = [1, 2.5, 3]\n", "expected a text such as '5,6,4' or a list"),
        ("[reading]\nquoting = 3\n", "expected a text"),
        ('columns = "1,2,3"\n', "columns stands at the top"),
        ('[reading]\nheader = "yes"\n', "expected true or false"),
    ],
)
def test_bad_reading_options_in_the_toml_file(run: Run, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(content, encoding="utf-8")
    result = run("train", tmp_path / "p.csv", "--out", tmp_path / "m", "--config", tmp_path / "c.toml")
    assert result.code == 2
    assert message in result.err


def test_the_toml_file_takes_names_of_both_kinds_columns_as_a_list_and_out(run: Run, tmp_path: Path) -> None:
    rows = [f"{n}\tthe {n} a\tsome {n} b\t{n % 5}\n" for n in range(80)]
    (tmp_path / "pairs.tsv").write_text("id\tone, first\ttwo\tgrade\n" + "".join(rows), encoding="utf-8")
    out = json.dumps(str(tmp_path / "one"))
    how = '[reading]\ncolumns = ["one, first", 3, "grade"]\nlabel-range = "0,4"\n'
    small = "".join(
        f"{name.removeprefix('--')} = {json.dumps(value)}\n"
        for name, value in zip(SMALL[::2], SMALL[1::2], strict=True)
    )
    (tmp_path / "c.toml").write_text(f"out = {out}\n{small}{how}", encoding="utf-8")
    train = ("train", tmp_path / "pairs.tsv", "--config", tmp_path / "c.toml")
    assert run(*train).code == 0
    assert run(*train, "--out", tmp_path / "two").code == 0
    kept = (tmp_path / "one" / "train.toml").read_bytes()
    assert (tmp_path / "two" / "train.toml").read_bytes() == kept
    table = tomllib.loads(kept.decode("utf-8"))
    assert "out" not in table
    assert table["reading"] == {"columns": ["one, first", 3, "grade"], "label_range": "0,4"}


def test_the_table_reading_holds_what_the_options_of_reading_are() -> None:
    fields = [field.name for options in (RowOptions, LabelOptions) for field in dataclasses.fields(options)]
    assert list(READING) == ["dev", "vocab", "init", "vectors", "texts", *fields]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ('on_error = "skip"', ("--on-error", "raise")),
        ('quoting = "none"', ("--quoting", "auto")),
        ("header = false", ("--header",)),
    ],
)
def test_an_option_that_is_named_wins_even_at_its_default(
    run: Run, tmp_path: Path, written: str, named: tuple[str, ...]
) -> None:
    (tmp_path / "c.toml").write_text(f"[reading]\n{written}\n", encoding="utf-8")
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    with pairs.open("a", encoding="utf-8", newline="") as file:
        file.write({"--on-error": "65,a,b,2\n", "--quoting": '65,"a, b",c,1\n', "--header": "65,a,b,1\n"}[named[0]])
    train = ("train", pairs, "--out", tmp_path / "m", "--config", tmp_path / "c.toml", *SMALL, *named)
    result = run(*train)
    if named[0] == "--on-error":
        assert (result.code, "line 66" in result.err) == (2, True)
        return
    assert (result.code, "65 pairs" in result.err) == (0, True)
    name, value = next(iter(tomllib.loads((tmp_path / "m" / "train.toml").read_text("utf-8"))["reading"].items()))
    assert [f"--{name}", *([] if value is True else [value])] == list(named)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "file"), "file is a file, expected a folder to save a model in"),
        (("--device", "gpu"), "device is 'gpu'"),
        (("--dev", "none.csv"), "none.csv: does not exist"),
        (("--vocab", "none.model"), "none.model: there is no such vocabulary"),
        (("--vocab", "v.json"), "has the name of a vocabulary's card"),
        (("--labels", "\udcff=1"), "labels is '\\udcff=1', which is not valid Unicode"),
    ],
)
def test_what_is_wrong_besides_the_pairs_is_told_before_they_are_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pairs.csv").write_text("text_a,text_b,label\na,b,17\n", encoding="utf-8")  # reading it would fail
    Path("file").touch()
    out = () if "--out" in options else ("--out", "m")
    result = run("train", "pairs.csv", *out, *options)
    assert result.code == 2
    assert message in result.err


def test_a_first_row_taken_for_names_is_told(run: Run, tmp_path: Path) -> None:
    rows = [f"the {n} a,some {n} b,{'SAME' if n % 2 else 'OTHER'}\n" for n in range(64)]
    (tmp_path / "pairs.csv").write_text("x,y,WHAT\n" + "".join(rows), encoding="utf-8")
    train = ("train", tmp_path / "pairs.csv", "--out", tmp_path / "m", "--columns", "1,2,3", *SMALL)
    told = run(*train, "--labels", "SAME=1,OTHER=0")
    assert told.code == 0
    assert "the first row is taken for column names (x, y, WHAT); if it is a pair: --no-header" in told.err


def test_a_ready_vocabulary(run: Run, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    assert run("vocab", "build", pairs, "--size", 50, "--out", tmp_path / "v.model").code == 0
    small = [
        value for pair in zip(SMALL[::2], SMALL[1::2], strict=True) if pair[0] != "--vocabulary-size" for value in pair
    ]
    assert run("train", pairs, "--out", tmp_path / "m", "--vocab", tmp_path / "v.model", *small).code == 0
    assert (tmp_path / "m" / "vocabulary.model").read_bytes() == (tmp_path / "v.model").read_bytes()


def test_columns_labels_and_skipped_rows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    lines = [f"{n}\tPARA\tthe {n % 7} a\tthe {n % 7} b\n" for n in range(40)]
    lines += [f"{n}\tOTHER\tthe {n % 7} a\tsome {n % 5} c\n" for n in range(40)] + ["41\tWHAT\tx\ty\n"]
    path.write_text("".join(lines), encoding="utf-8")
    dev = tmp_path / "dev.tsv"
    dev.write_text("".join(lines[:-1]), encoding="utf-8")
    reading = ("--columns", "3,4,2", "--labels", "PARA=1,OTHER=0", "--no-header")
    refused = run("train", path, "--out", tmp_path / "m", "--dev", dev, *reading, *SMALL)
    assert refused.code == 2
    assert "line 81" in refused.err
    taken = run("train", path, "--out", tmp_path / "m", "--dev", dev, *reading, "--on-error", "skip", *SMALL)
    assert taken.code == 0
    assert "skipped 1 bad rows of 81" in taken.err


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, (), "does not exist"),
        ("", (), "is empty"),
        ("a,b\n1,2\n", (), "columns"),
        ("question1,question2,is_duplicate\n", (), "no rows"),
        ("question1,question2,is_duplicate\n" + "a,b,1\n" * 40, (), "all 40 training pairs have the label 1"),
        ("question1,question2,is_duplicate\n" + "a,b,1\nc,d,0\n" * 5, (), "fewer than a batch of 32"),
        ("question1,question2,is_duplicate\n" + "a,b,1\nc,d,2\n", (), "line 3"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--columns", "x,y,z"), "'x'"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--pooling", "maxx"), "did you mean 'max'"),
        (
            "question1,question2,is_duplicate\na,b,1\n",
            ("--label-range", "many"),
            "label_range (--label-range) is 'many'",
        ),
        ("question1,question2,is_duplicate\na,b,1\n", ("--labels", "YES"), "labels (--labels) is 'YES'"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--labels", "A=nan"), "is 'A=nan', expected WORD=NUMBER"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--labels", "A=1,A=0"), "says twice what 'A' means"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--config", "no.toml"), "no.toml cannot be read"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--vocab", "no.model"), "no.model"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--resume",), "no checkpoint"),
    ],
)
def test_bad_input_is_one_line_and_the_earlier_model_stays(
    run: Run, tmp_path: Path, model_folder: Path, content: str | None, options: tuple[str, ...], message: str
) -> None:
    out = tmp_path / "model"
    earlier = textsiam.PairModel.load(model_folder)
    earlier.save(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    pairs, dev = tmp_path / "pairs.csv", write_pairs(tmp_path / "dev.csv", 64)
    if content is not None:
        pairs.write_text(content, encoding="utf-8")
    if "--resume" in options:
        write_pairs(pairs, 64)
    replaces = () if "--resume" in options else ("--overwrite",)
    result = run("train", pairs, "--dev", dev, "--out", out, *replaces, *SMALL, *options)
    assert result.code == 2
    assert message in result.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_model_that_is_there_is_replaced_only_when_asked_to(run: Run, tmp_path: Path, model_folder: Path) -> None:
    out, pairs = tmp_path / "model", write_pairs(tmp_path / "pairs.csv", 64)
    textsiam.PairModel.load(model_folder).save(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    refused = f"textsiam: --out {out} holds a model; give another folder, or --overwrite to replace it\n"
    for command in (("train", pairs), ("distill", pairs, "--teacher", out), ("train", pairs, "--init", out)):
        result = run(*command, "--out", out)
        assert (result.code, result.err) == (2, refused)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    result = run("train", pairs, "--out", out, "--overwrite", *SMALL)
    assert result.code == 0, result.err
    assert (out / "weights.safetensors").read_bytes() != before["weights.safetensors"]


@pytest.mark.parametrize(
    ("limit_bytes", "rows", "message"),
    [
        (20_000, 51_000, "{temporary}: the disk of the temporary folder cannot be written"),
        (8_000, 64, "the checkpoint in {out}.run could not be saved: File too large"),
        (20_000, 64, "{out} could not be saved: File too large"),
    ],
)
def test_a_full_disk_loses_nothing(
    tmp_path: Path, model_folder: Path, limit_bytes: int, rows: int, message: str
) -> None:
    out, pairs = tmp_path / "model", write_pairs(tmp_path / "pairs.csv", rows)
    textsiam.PairModel.load(model_folder).save(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    command = ("train", pairs, "--out", out, "--overwrite", *SMALL)
    result = run_on_a_full_disk(*command, limit_bytes=limit_bytes, temporary=tmp_path)
    assert result.code == 2
    last = result.err.splitlines()[-1]
    assert last.startswith(f"textsiam: {message.format(out=out, temporary=tmp_path)}")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path not in (out, pairs, tmp_path / "model.run")] == []
