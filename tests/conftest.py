"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of real corpora, or skip."""
    named = os.environ.get("TEXTSIAM_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real corpora: set TEXTSIAM_DATA to a folder that holds them (looked for {folder})")
    return folder
