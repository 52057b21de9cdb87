from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from textsiam.training.memory import keep_freed_memory
torch.set_num_threads(1)
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def work():
    kept = [torch.ones(size << 18) for size in (40, 34, 50)]
    del kept
for _ in range(3):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of Linux's C library")
def test_freed_memory_is_used_again_without_new_pages() -> None:
    faults = {
        mode: int(subprocess.run([sys.executable, "-c", FAULTS, mode], check=True, capture_output=True).stdout)
        for mode in ("leave", "keep")
    }
    assert faults["leave"] > 100_000  # five passes over 31,744 pages
    assert faults["keep"] < faults["leave"] / 3
