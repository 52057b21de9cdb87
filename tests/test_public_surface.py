"""What a name needs that was not installed is said with the extra that brings it."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = """
import sys
for name in ("torch", "datasets", "sklearn", "scipy", "pyarrow", "pandas", "usearch"):
    sys.modules[name] = None
import textsiam
try:
    {code}
except textsiam.MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize("code", ["textsiam.train", "textsiam.sample_pairs()", "textsiam.read_pairs([('a', 'b', 1)])"])
def test_a_missing_extra_is_named(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED.format(code=code)], capture_output=True, text=True, check=True)
    assert "pip install 'textsiam[train]'" in done.stdout
