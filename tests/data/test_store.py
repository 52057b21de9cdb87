from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data import store
from textsiam.data.store import ArrowStore, PairWriter
from textsiam.errors import DataError


def written(count: int) -> ArrowStore:
    with PairWriter(["id"]) as writer:
        for i in range(count):
            writer.add(f"a{i}", f"b{i}", i % 2, str(i))
        return writer.finish()


@pytest.mark.parametrize(
    "count",
    [1, store.BATCH_ROWS, store.ROWS_IN_MEMORY, store.ROWS_IN_MEMORY + 1, store.ROWS_IN_MEMORY + store.BATCH_ROWS],
)
def test_rows_come_back_from_memory_and_from_the_file(count: int) -> None:
    filled = written(count)
    assert (filled.file is not None) == (count > store.ROWS_IN_MEMORY)
    assert [text for batch in filled.strings("text_b", None) for text in batch] == [f"b{i}" for i in range(count)]
    np.testing.assert_array_equal(filled.labels(None), np.arange(count) % 2)
    dataset = filled.dataset()
    assert dataset.num_rows == count
    assert dataset[count - 1] == {
        "text_a": f"a{count - 1}",
        "text_b": f"b{count - 1}",
        "label": (count - 1) % 2,
        "id": str(count - 1),
    }


LARGE = written(60_001)


@settings(deadline=None)
@given(st.lists(st.integers(0, 60_000), max_size=50), st.booleans())
def test_rows_are_taken_in_the_order_asked_for(rows: list[int], many: bool) -> None:
    wanted = np.array(rows * (300 if many else 1), dtype=np.int64)
    batches = list(LARGE.strings("text_a", wanted))
    assert [text for batch in batches for text in batch] == [f"a{i}" for i in wanted]
    assert all(0 < len(batch) <= store.BATCH_ROWS for batch in batches)
    np.testing.assert_array_equal(LARGE.labels(wanted), wanted % 2)


def test_file_goes_when_the_process_ends_and_when_writing_fails(tmp_path: Path) -> None:
    program = (
        "import tempfile, pathlib, sys\n"
        "from textsiam.data.store import PairWriter\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "def fill(fail):\n"
        "    with PairWriter() as writer:\n"
        "        for i in range(60_001): writer.add('a', 'b', 1)\n"
        "        if fail: raise KeyError\n"
        "        return writer.finish()\n"
        "store = fill(False)\n"
        "assert list(pathlib.Path(sys.argv[1]).glob('textsiam-*/*')) == [store.file]\n"
        "try: fill(True)\n"
        "except KeyError: pass\n"
        "assert list(pathlib.Path(sys.argv[1]).glob('textsiam-*/*')) == [store.file]\n"
        "print(len(list(store.strings('text_a', None))))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True)
    assert done.stdout == "7\n"
    if sys.platform != "win32":  # Windows keeps a file that is still mapped
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_a_full_disk(**_: object) -> tuple[int, str]:
        link = tmp_path / "full.arrow"
        link.symlink_to("/dev/full")
        return os.open("/dev/null", os.O_RDONLY), str(link)

    monkeypatch.setattr("tempfile.mkstemp", on_a_full_disk)
    with pytest.raises(DataError, match=r"temporary folder is full after [\d,]+ pairs; .*TMPDIR"):
        written(60_001)
