"""A model trained on the toy pairs, and the command line as a function."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import textsiam
from tests.training.conftest import make_rows
from textsiam.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line; every error must be one line on stderr that starts with the program's name."""

    def call(*arguments: object) -> Result:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        if code:
            lines = [line for line in err.splitlines() if line.startswith("textsiam:")]
            assert len(lines) == 1
            assert err.splitlines()[-1] == lines[0]
            assert "Traceback" not in err
        return Result(code, out, err)

    return call


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    command = [sys.executable, "-m", "textsiam", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_on_a_full_disk(*arguments: object, limit_bytes: int, temporary: Path) -> Result:
    """Run the command line where no file can grow beyond a limit, which fails as a full disk does."""
    resource = pytest.importorskip("resource", reason="Windows has no file size limit to set")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that the write fails, and not the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    done = subprocess.run(
        [sys.executable, "-m", "textsiam", *map(str, arguments)],
        check=False,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def write_pairs(path: Path, count: int, start: int = 0) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question1", "question2", "is_duplicate"])
        rows = make_rows(count, start=start)
        writer.writerows([number, a, b, int(label)] for number, (a, b, label) in enumerate(rows))
    return path


SMALL = (
    *("--encoder", "bag", "--dim", 8, "--head-units", 8, "--batch-size", 32),
    *("--vocabulary-size", 60, "--device", "cpu", "--threads", 1, "--learning-rate", 0.01),
    *("--epochs", 2),
)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "toy"
    options = {"encoder": "bag", "dim": 16, "head_units": 16, "epochs": 8, "batch_size": 32, "vocabulary_size": 100}
    config = textsiam.TrainConfig(**options, learning_rate=0.02, threads=1)  # type: ignore[arg-type] # of several types
    rows = make_rows(256)
    textsiam.train(rows, dev=make_rows(64, start=1000), config=config, out=folder)
    return folder
