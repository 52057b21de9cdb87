"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

# A process that is started in the background by a script ignores Ctrl-C, and so do its children: those that are tested
# here must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real corpora, or skip."""
    named = os.environ.get("TEXTSIAM_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real corpora: set TEXTSIAM_DATA to a folder that holds them (looked for {folder})")
    return folder
