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


@pytest.mark.parametrize(
    "command", [["quickstart"], ["vocab", "build"], ["train"], ["evaluate"], ["score"], ["export", "onnx"]]
)
def test_help_of_each_command_shows_an_example(run: Run, command: list[str]) -> None:
    assert f"Example: textsiam {' '.join(command)}" in run(*command, "--help").out


def test_version(run: Run) -> None:
    assert run("--version").out.strip() == textsiam.__version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "there is no command 'trian' of textsiam; did you mean train?\n"),
        (["--versoin"], "there is no option --versoin of textsiam; did you mean --version?\n"),
        (["--"], "a command is missing; see textsiam --help\n"),
        (["index", "--", "--help"], "--help stands behind --, where it is a text; leave out the --\n"),
        (["--", "train"], "train stands behind --, where it is a text; leave out the --\n"),
        (["--verson", "--", "x"], "there is no option --verson of textsiam; did you mean --version?\n"),
        (["--", "trian"], "there is no command 'trian' of textsiam; did you mean train?\n"),
        (["index", "--halp"], "there is no option --halp of textsiam index; did you mean --help?\n"),
        (
            ["index", "join"],
            "'join' of textsiam index; expected one of add, find, groups, mark, remove, export, check, ",
        ),
        (["train"], "PAIRS is missing; see textsiam train --help"),
        (["train", "nowhere.csv"], "--out is missing: give the model folder to write"),
        (["train", "nowhere.csv", "--out"], "--out has no value, expected one behind it"),
        (["train", "nowhere.csv", "--out", "m", "--out", "n"], "--out is given more than once"),
        (["train", "nowhere.csv", "--out", "m", "--epoch", "3"], "no option --epoch of textsiam train; did you mean"),
        (["train", "a.csv", "b.csv", "c d.csv", "--out", "m"], "'b.csv', 'c d.csv' are more than textsiam train takes"),
        (["train", "nowhere.csv", "--out", "m", "--label-range", "-1,1"], "is written --label-range=-1,1"),
        (["train", "nowhere.csv", "--out", "m", "--dropout", "none"], "--dropout is 'none', expected a number"),
        (["train", "nowhere.csv", "--out", "m", "--header=maybe"], "--header is 'maybe', expected true or false"),
        (["vocab", "build", "a.csv"], "--out is missing; see textsiam vocab build --help"),
        (["vocab", "build", "a.csv", "--out", "v.model", "--character-coverage", "all"], "is 'all', expected a number"),
        (["score", "nowhere", "a", "b"], "nowhere is not there"),
        (["score", "nowhere", "a", "b", "c"], "'c' is more than textsiam score takes; a text or a path with spaces"),
        (["score", "m", "-5 degrees", "b"], "textsiam score MODEL -- '-5 degrees' ..."),
        (["score", "m", "--5 degrees", "b"], "textsiam score MODEL -- '--5 degrees' ..."),
        (["score", "m", "a.csv", "--labels", "A=1"], "no option --labels of textsiam score; see textsiam score --help"),
    ],
)
def test_bad_calls_are_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("given", ["1.5", "2.0", "many", "none", ""])
@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            ["train", "nowhere.csv"],
            [
                *("--epochs", "--dim", "--units", "--layers", "--head-units", "--max-tokens", "--batch-size"),
                *("--seed", "--vocabulary-size", "--evaluate-every", "--patience", "--threads"),
            ],
        ),
        (["vocab", "build", "nowhere.csv"], ["--size", "--sample-size", "--seed"]),
        (["quickstart"], ["--pairs", "--seed"]),
    ],
)
def test_whole_numbers_are_not_rounded(run: Run, command: list[str], options: list[str], given: str) -> None:
    for option in options:
        result = run(*command, "--out", "m", option, given)
        assert result.code == 2
        assert result.err == f"textsiam: {option} is {given!r}, expected a whole number\n"


def test_python_m_textsiam_is_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "textsiam", "score", "nowhere", "a", "b"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("textsiam: nowhere is not there")


def test_help_without_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "textsiam", "train", "--help"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "--epochs" in done.stdout


def test_what_a_terminal_cannot_show_is_escaped(tmp_path: Path, model_folder: Path) -> None:
    rows = "".join(f"the {n} a,the {n} b,{n % 2},\u4e2d\u6587\n" for n in range(8))
    (tmp_path / "pairs.csv").write_text("text_a,text_b,label,kind\n" + rows, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "textsiam", "evaluate", model_folder, tmp_path / "pairs.csv", "--by", "kind"],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    )
    assert (done.returncode, b"\\u4e2d\\u6587" in done.stdout) == (0, True)


_INTERRUPTED_IMPORTS = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from textsiam.cli import main
sys.exit(main(["score", "nowhere", "a", "b"]))
"""


@pytest.mark.parametrize("module", ["textsiam.cli.app", "cyclopts", "textsiam.cli.score", "numpy", "sentencepiece"])
def test_ctrl_c_is_heard_while_modules_are_imported(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_IMPORTS, module], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (130, "textsiam: interrupted\n")


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
