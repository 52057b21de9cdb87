"""The scripts of benchmarks import each other by name, as they do when one of them is started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def scripts() -> Iterator[None]:
    folder = str(Path(__file__).parents[2] / "benchmarks")
    sys.path.append(folder)  # processes that a script starts look there too
    yield
    sys.path.remove(folder)
