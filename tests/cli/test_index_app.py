from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import Run
from tests.test_house import HEAVY, loaded_by

COMMANDS = ["add", "find", "groups", "mark", "remove", "export", "check", "compact", "reencode"]


def test_help_names_every_command(run: Run) -> None:
    assert "index" in run("--help").out
    shown = run("index", "--help").out
    for command in COMMANDS:
        assert f"│ {command} " in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command_shows_an_example_and_every_option(run: Run, command: str) -> None:
    shown = run("index", command, "--help").out
    assert f"Example: textsiam index {command} faq.index" in shown
    assert "INDEX  Index file, or postgresql:// address" in shown
    assert "[required]" in shown


def test_a_command_that_is_not_there(run: Run) -> None:
    result = run("index", "fnd", "i")
    assert result.code == 2
    assert "fnd" in result.err


def test_the_commands_load_nothing_heavy() -> None:
    files = ("add", "find", "find_file", "groups", "mark", "remove", "export", "care", "open", "rows")
    loaded = loaded_by("-c", f"import {', '.join(f'textsiam.cli.index_{name}' for name in files)}")
    assert "numpy" in loaded
    assert loaded & (HEAVY | {"usearch"}) == set()


def test_help_without_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "textsiam", "index", "find", "--help"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "--where" in done.stdout
