"""The folder that the tutorial makes: its files and its model, which the other pages go on from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from tests.docs.pages import DOCS, run_page


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before, threads = Path.cwd(), torch.get_num_threads()
    os.chdir(folder)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        os.chdir(before)
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tutorial_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "tutorial"
    folder.mkdir()
    with working_in(folder):
        run_page(DOCS / "tutorial.md")
    return folder
