"""A large file is read without filling memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROWS = 1_000_000
PROGRAM = """
import pathlib, re, sys
from textsiam.data.read import read_pairs

def peak():  # of this process alone; what getrusage gives starts at the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) // 1024

read_pairs([("a", "b", 1)])
before = peak()
pairs = read_pairs(sys.argv[1])
print(len(pairs), peak() - before)
held = list(pairs)
print(len(held), peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_a_million_pairs_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.tsv"
    words = "a question of some length that takes its place " * 3
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("text_a\ttext_b\tlabel\n")
        file.writelines(f'{words}{i}\t"{words}""{i}"""\t{i % 2}\n' for i in range(ROWS))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], check=True, capture_output=True, text=True)
    (count, grown), (held, grown_when_held) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert count == held == ROWS
    assert grown < 250  # MB
    assert grown_when_held > 250  # so the measure does see what is held
