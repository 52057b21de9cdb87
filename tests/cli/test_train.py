from __future__ import annotations

import json
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import SMALL, Run, run_on_a_full_disk, write_pairs
from textsiam.training.config import TrainConfig


def test_a_file_to_a_model_folder(run: Run, tmp_path: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 256), tmp_path / "model"
    result = run("train", pairs, "--out", out, *SMALL)
    assert result.code == 0
    assert "256 pairs" in result.err
    assert "dev accuracy" in result.out
    assert sorted(path.name for path in out.iterdir()) == [
        *("README.md", "calibration.json", "config.json", "manifest.json"),
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
        ("[reading]\ncolumns = 3\n", "expected a text"),
        ('[reading]\nheader = "yes"\n', "expected true or false"),
    ],
)
def test_bad_reading_options_in_the_toml_file(run: Run, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(content, encoding="utf-8")
    result = run("train", tmp_path / "p.csv", "--out", tmp_path / "m", "--config", tmp_path / "c.toml")
    assert result.code == 2
    assert message in result.err


def test_a_ready_vocabulary(run: Run, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 64)
    assert run("vocab", "build", pairs, "--size", 50, "--out", tmp_path / "v.model").code == 0
    assert run("train", pairs, "--out", tmp_path / "m", "--vocab", tmp_path / "v.model", *SMALL).code == 0
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
        ("question1,question2,is_duplicate\na,b,1\n", ("--label-range", "many"), "--label-range is 'many'"),
        ("question1,question2,is_duplicate\na,b,1\n", ("--labels", "YES"), "--labels is 'YES'"),
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
    result = run("train", pairs, "--dev", dev, "--out", out, *SMALL, *options)
    assert result.code == 2
    assert message in result.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("limit_bytes", [1_000, 8_000])  # the first stops reading the pairs, the second the checkpoint
def test_a_full_disk_loses_nothing(tmp_path: Path, model_folder: Path, limit_bytes: int) -> None:
    out, pairs = tmp_path / "model", write_pairs(tmp_path / "pairs.csv", 64)
    textsiam.PairModel.load(model_folder).save(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    result = run_on_a_full_disk("train", pairs, "--out", out, *SMALL, limit_bytes=limit_bytes, temporary=tmp_path)
    assert result.code == 2
    last = result.err.splitlines()[-1]
    assert last.startswith("textsiam: ")
    assert "File too large" in last
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
