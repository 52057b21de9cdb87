"""Every command and every line of Python in the README works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import write_pairs
from textsiam.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def _install_lines() -> list[str]:
    return [line for block in _blocks("sh") for line in block.splitlines() if line.startswith("python3 -m venv")]


def test_one_line_installs_and_runs_and_one_installs_and_tests() -> None:
    first, second = _install_lines()
    assert first.endswith("pip install '.[train]' && textsiam quickstart")
    assert "pip install -e '.[dev]' && pytest" in second
    windows = _blocks("powershell")[0]
    assert "textsiam quickstart" in windows
    assert "pytest" in windows


@pytest.mark.slow
def test_the_commands_then_the_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_pairs(tmp_path / "pairs.csv", 600)
    write_pairs(tmp_path / "test.csv", 50, start=1000)
    write_pairs(tmp_path / "new-pairs.csv", 50, start=2000)
    questions = (f"{number},tell me of item {number % 7},en" for number in range(30))
    (tmp_path / "questions.csv").write_text("\n".join(["id,question,lang", *questions]), encoding="utf-8")
    (tmp_path / "new.csv").write_text("question\nTell me of item 3\n", encoding="utf-8")
    commands = [line for block in _blocks("sh") for line in block.splitlines() if line.startswith("textsiam ")]
    assert len(commands) == 11
    for command in commands:
        arguments = shlex.split(command)[1:]
        if arguments[0] == "train":
            arguments += ["--epochs", "1", "--vocabulary-size", "100", "--threads", "1"]
        assert main(arguments) == 0, capsys.readouterr().err
    assert (
        (tmp_path / "scored.csv")
        .read_text(encoding="utf-8")
        .startswith("id,question1,question2,is_duplicate,probability")
    )
    assert (tmp_path / "grouped.csv").read_text(encoding="utf-8").startswith("id,question,lang,group,kept")
    assert (
        (tmp_path / "matched.csv").read_text(encoding="utf-8").startswith("question,match,match_text,probability\nTell")
    )
    (block,) = _blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert "roc auc" in capsys.readouterr().out


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_changelog_knows_the_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
