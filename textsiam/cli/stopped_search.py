"""The hidden folder beside --out from which a search that was stopped goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SearchStopped(KeyboardInterrupt):
    """Ctrl-C during a search; what it found is kept in ``run_folder``."""

    def __init__(self, run_folder: Path) -> None:
        self.run_folder = run_folder
        super().__init__("the search was stopped")


@contextmanager
def run_folder_of(out: Path) -> Iterator[Path]:
    """Give the folder of a command that writes ``out``, removed when that is done; a Ctrl-C says where it is."""
    folder = out.parent / f".{out.name}.run"
    try:
        yield folder
    except KeyboardInterrupt as interrupt:
        if folder.is_dir():
            raise SearchStopped(folder) from interrupt
        raise
    shutil.rmtree(folder, ignore_errors=True)
