from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run, write_pairs

TEXTS = ("what about the drum number 1", "tell me of the drum")


def test_table_and_json_say_what_the_library_says(run: Run, model_folder: Path) -> None:
    found = textsiam.explain(textsiam.PairModel.load(model_folder), *TEXTS, orders=4, seed=3)
    options = ("--orders", 4, "--seed", 3)
    assert run("explain", model_folder, *TEXTS, *options).out == f"{found}\n"
    assert json.loads(run("explain", model_folder, *TEXTS, *options, "--json").out) == json.loads(
        json.dumps(found.to_dict())
    )


def test_on_a_terminal_words_are_coloured(run: Run, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", screen)
    assert run("explain", model_folder, *TEXTS).code == 0
    lines = screen.getvalue().splitlines()
    assert lines[0].startswith("probability ")
    for line in lines[3:]:
        assert ("\x1b[32m" if "+" in line else "\x1b[31m") in line


def test_html_is_written_and_not_over_another_file(run: Run, model_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("explain", model_folder, "<b>drum</b>", TEXTS[1], "--html", page).code == 0
    content = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;drum&lt;/b&gt;" in content
    assert "<b>" not in content
    result = run("explain", model_folder, *TEXTS, "--html", page)
    assert (result.code, "is there already" in result.err) == (2, True)
    assert page.read_text(encoding="utf-8") == content
    assert run("explain", model_folder, *TEXTS, "--html", page, "--overwrite").code == 0
    assert page.read_text(encoding="utf-8") != content


def test_bad_input(run: Run, model_folder: Path, tmp_path: Path) -> None:
    assert "expected a model folder" in run("explain", write_pairs(tmp_path / "p.csv", 3), *TEXTS).err
    assert "orders is 0" in run("explain", model_folder, *TEXTS, "--orders", 0).err
    assert "402 words, expected at most 400" in run("explain", model_folder, "a " * 401, "b").err
    assert "page" in run("explain", model_folder, *TEXTS, "--html", tmp_path / "none" / "page.html").err
