"""Every block of the documentation runs, and the page of the command line says what the commands say."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

import textsiam
from tests.docs.conftest import working_in
from tests.docs.pages import DOCS, GENERATED, PAGES, blocks_of, run_page
from tests.index.postgres_server import running_server

pytestmark = pytest.mark.xdist_group("docs")  # one process runs the tutorial
ADDRESS = "postgresql://user@host/database"
TUTORIAL = DOCS / "tutorial.md"
RUN = [page for page in PAGES if page != TUTORIAL and any(block.language != "text" for block in blocks_of(page))]
# blocks that are not run, by page, and why
SKIPPED = {
    "how-to/gpu.md": ["needs a GPU", "starts several processes"],
    "how-to/mteb.md": ["downloads the data of a task"],
    "how-to/postgresql.md": ["needs a PostgreSQL server", "needs a PostgreSQL server"],
}


@pytest.mark.slow
def test_the_tutorial_leaves_what_other_pages_start_from(tutorial_folder: Path) -> None:
    assert {"pairs.csv", "dev.csv", "test.csv", "questions.csv"} <= {path.name for path in tutorial_folder.iterdir()}
    assert textsiam.PairModel.load(tutorial_folder / "models" / "mine").architecture.head == "cosine"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_block_of_a_page_runs(page: Path, tutorial_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(tutorial_folder, folder)
    with working_in(folder):
        run_page(page)


@pytest.mark.slow
def test_the_blocks_of_postgresql_run_where_there_is_a_server(tutorial_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(tutorial_folder, folder)
    with running_server() as url, working_in(folder):

        def with_server(body: str) -> str:
            assert ADDRESS in body
            return body.replace(f"{ADDRESS}?", f"{url}&").replace(ADDRESS, url)

        assert run_page(DOCS / "how-to" / "postgresql.md", {"needs a PostgreSQL server": with_server}) == 3


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    found = {
        page.relative_to(DOCS).as_posix(): [block.skip for block in blocks_of(page) if block.skip] for page in PAGES
    }
    assert {name: reasons for name, reasons in found.items() if reasons} == SKIPPED


def test_the_page_of_the_command_line_is_what_the_commands_say() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    making = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(making)
    made = making.page()
    assert "| `--char-ngrams STR` |" in made
    assert GENERATED.read_text(encoding="utf-8") == made, "stale; run: python docs/make_reference.py"
