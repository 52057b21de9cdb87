"""Every block of the documentation runs, and the page of the command line says what the commands say.

The examples on that page run in test_examples.py.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from pathlib import Path

import pytest

import textsiam
from tests.docs.conftest import working_in
from tests.docs.pages import DOCS, GENERATED, PAGES, blocks_of, run_page
from tests.docs.stand_ins import STAND_INS

pytestmark = pytest.mark.xdist_group("docs")  # one process runs the tutorial
TUTORIAL = DOCS / "tutorial.md"
RUN = [page for page in PAGES if page != TUTORIAL and any(block.language != "text" for block in blocks_of(page))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_no_paragraph_breaks_off_before_a_heading(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    code = [sum(line.startswith("```") for line in lines[:number]) % 2 for number in range(len(lines))]
    headings = [number for number, line in enumerate(lines) if line.startswith("#") and not code[number]]
    assert headings[0] == 0
    assert [lines[number] for number in headings[1:] if lines[number - 1]] == []


@pytest.mark.slow
def test_the_tutorial_leaves_what_other_pages_start_from(tutorial_folder: Path) -> None:
    assert {"pairs.csv", "dev.csv", "test.csv", "questions.csv"} <= {path.name for path in tutorial_folder.iterdir()}
    assert textsiam.PairModel.load(tutorial_folder / "models" / "mine").architecture.head == "cosine"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_block_of_a_page_runs(page: Path, tutorial_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(tutorial_folder, folder)
    needs = {block.needs for block in blocks_of(page) if block.needs}
    with working_in(folder), contextlib.ExitStack() as stack:
        run_page(page, {need: stack.enter_context(STAND_INS[need]()) for need in needs})


def test_nothing_but_a_gpu_a_server_and_the_network_has_a_stand_in() -> None:
    assert {block.needs for page in PAGES for block in blocks_of(page)} == {"", *STAND_INS}


def test_the_page_of_the_command_line_is_what_the_commands_say() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    making = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(making)
    made = making.page()
    assert "| `--char-ngrams STR` |" in made
    assert GENERATED.read_text(encoding="utf-8") == made, "stale; run: python docs/make_reference.py"
