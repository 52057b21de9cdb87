from __future__ import annotations

import gzip
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run, run_on_a_full_disk, start, write_pairs
from textsiam.text.vocabulary import Vocabulary


def test_pair_files_and_text_files_to_a_vocabulary(run: Run, tmp_path: Path) -> None:
    pairs, texts = write_pairs(tmp_path / "pairs.csv", 50), tmp_path / "more.txt.gz"
    with gzip.open(texts, "wt", encoding="utf-8") as file:
        file.writelines(f"a plain text about zebra {n}\n" for n in range(30))
    out = tmp_path / "v.model"
    result = run("vocab", "build", pairs, texts, "--size", 70, "--type", "bpe", "--symbols", "<url>", "--out", out)
    assert result.code == 0
    vocabulary = Vocabulary.load(out)
    assert f"{vocabulary.size:,} tokens" in result.out
    card = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert card["source"]["texts"] == 2 * 50 + 30
    assert card["options"]["type"] == "bpe"


def test_how_rows_are_read_can_be_said(run: Run, tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.csv", tmp_path / "v.model"
    pairs.write_bytes('id;foo;bar\n1;"a zebra;a "horse"\nbad\n2;a mule;a \xff donkey\n'.encode("latin-1"))
    build = ("vocab", "build", pairs, "--columns", "2,3", "--type", "word", "--size", 40, "--out", out)
    how = ("--delimiter", ";", "--quoting", "none")
    stopped = run(*build, *how, "--header")
    assert (stopped.code, "line 3" in stopped.err) == (2, True)
    assert run(*build, *how, "--header", "--on-error", "skip").code == 0
    card = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert card["source"]["texts"] == 2
    guessed = run(*build, *how, "--on-error", "skip")
    assert f"{pairs}: the first row is taken for a pair; if it holds column names: --header" in guessed.err
    assert "first row" not in run(*build, *how, "--on-error", "skip", "--no-header").err


def test_a_size_too_large_is_said(run: Run, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 20)
    result = run("vocab", "build", pairs, "--size", 30_000, "--out", tmp_path / "v.model")
    assert result.code == 0
    assert "30,000" in result.err or "30000" in result.err


def test_bad_input(run: Run, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 20)
    for arguments, message in (
        ([tmp_path / "none.csv", "--out", tmp_path / "v.model"], "does not exist"),
        ([pairs, "--type", "wrod", "--out", tmp_path / "v.model"], "did you mean 'word'"),
        ([pairs, "--size", 3, "--out", tmp_path / "v.model"], "size"),
        (["--out", tmp_path / "v.model"], "at least one file"),
    ):
        result = run("vocab", "build", *arguments)
        assert result.code == 2
        assert message in result.err
        assert not (tmp_path / "v.model").exists()


@pytest.mark.parametrize(("file", "out"), [("mine.json", "mine.model"), ("mine.model", "mine.model")])
def test_a_file_that_is_read_is_not_overwritten(run: Run, tmp_path: Path, file: str, out: str) -> None:
    # neither can be understood as texts: it is refused before a file is read
    given = tmp_path / file
    given.write_bytes(b"\xff\x00")
    (tmp_path / "sub").mkdir()
    for files, spelled in (([given], out), ([write_pairs(tmp_path / "pairs.csv", 20), given], f"sub/../{out}")):
        result = run("vocab", "build", *files, "--out", tmp_path / spelled)
        assert result.code == 2
        assert f"would overwrite {given}, which is one of the FILES" in result.err
        assert given.read_bytes() == b"\xff\x00"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_file_that_is_read_under_another_name_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    write_pairs(tmp_path / "mine.json", 20)
    (tmp_path / "pairs.csv").symlink_to(tmp_path / "mine.json")
    result = run("vocab", "build", tmp_path / "pairs.csv", "--out", tmp_path / "mine.model")
    assert result.code == 2
    assert "would overwrite" in result.err


def test_a_file_of_the_users_in_the_place_of_the_card_is_kept(run: Run, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.csv", 20)
    (tmp_path / "mine.json").write_text('{"mine": 1}', encoding="utf-8")
    result = run("vocab", "build", pairs, "--out", tmp_path / "mine.model")
    assert result.code == 2
    assert "not a vocabulary's card" in result.err
    assert "reading texts" not in result.err
    assert (tmp_path / "mine.json").read_text(encoding="utf-8") == '{"mine": 1}'


def test_a_full_disk_leaves_the_earlier_vocabulary(run: Run, tmp_path: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 200), tmp_path / "v.model"
    assert run("vocab", "build", pairs, "--size", 60, "--out", out).code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run_on_a_full_disk(
        "vocab", "build", pairs, "--size", 70, "--out", out, limit_bytes=1_000, temporary=tmp_path
    )
    assert result.code == 2
    assert result.err.splitlines()[-1].startswith(f"textsiam: {out}: File too large")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_is_heard_while_sentencepiece_learns(tmp_path: Path) -> None:
    texts, random = tmp_path / "texts.txt", np.random.default_rng(0)
    letters = random.choice(list("abcdefghijklm"), (30_000, 7))
    words = np.array(["".join(row) for row in letters])
    rows = words[random.integers(len(words), size=(60_000, 8))]
    texts.write_text("\n".join(" ".join(row) for row in rows), encoding="utf-8")
    process = start("vocab", "build", texts, "--size", 8000, "--out", tmp_path / "v.model")
    assert process.stderr is not None
    while "learning a unigram vocabulary" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(1)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - asked < 5
    assert process.returncode == 130
    assert err.splitlines()[-1] == "textsiam: interrupted"
    assert list(tmp_path.iterdir()) == [texts]
