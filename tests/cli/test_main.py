from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import SMALL, Run, start, write_pairs


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    for command in ("quickstart", "vocab", "train", "evaluate", "score"):
        assert command in result.out


@pytest.mark.parametrize("command", [["quickstart"], ["vocab", "build"], ["train"], ["evaluate"], ["score"]])
def test_help_of_each_command_shows_an_example(run: Run, command: list[str]) -> None:
    assert f"Example: textsiam {' '.join(command)}" in run(*command, "--help").out


def test_version(run: Run) -> None:
    assert run("--version").out.strip() == textsiam.__version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "trian"),
        (["train"], "requires an argument"),
        (["score", "nowhere", "a", "b"], "nowhere is not there"),
        (["train", "nowhere.csv", "--out", "m", "--epoch", "3"], "--epoch"),
        (["train", "nowhere.csv", "--out", "m", "--epochs", "many"], "many"),
    ],
)
def test_bad_calls_are_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert message in result.err


def test_python_m_textsiam_is_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textsiam", "score", "nowhere", "a", "b"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("textsiam: nowhere is not there")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_keeps_a_checkpoint_and_prints_how_to_go_on(tmp_path: Path) -> None:
    pairs, out = write_pairs(tmp_path / "pairs.csv", 256), tmp_path / "model"
    process = start("train", pairs, "--out", out, *SMALL[:-1], 9999)
    log = tmp_path / "model.run" / "log.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    last = err.splitlines()[-1]
    assert last.startswith("textsiam: interrupted; the checkpoint is kept in")
    assert last.endswith("--resume")
    assert not out.exists()
    resume = last.split("go on with: textsiam ")[1].split()
    second = start(*resume)
    steps = log.read_text(encoding="utf-8").count("loss")
    while log.read_text(encoding="utf-8").count("loss") <= steps and time.monotonic() < deadline:
        time.sleep(0.05)
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=60)
    assert second.returncode == 130
    assert log.read_text(encoding="utf-8").count("loss") > steps
