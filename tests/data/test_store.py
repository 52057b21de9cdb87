from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data import store
from textsiam.data.pairs import Pairs
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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is still mapped")
def test_file_goes_with_the_last_user_of_the_store() -> None:
    filled = written(60_001)
    file = filled.file
    assert file is not None
    pairs = Pairs.from_store(filled, graded=False, label_range=(0, 1), report=None)
    del filled
    part = pairs.select([60_000, 1])
    texts = iter(pairs.texts())
    assert next(texts) == "a0"
    del pairs
    gc.collect()
    assert file.exists()
    assert sum(1 for _ in texts) == 2 * 60_001 - 1
    del texts
    gc.collect()
    assert list(part) == [("a60000", "b60000", 0.0), ("a1", "b1", 1.0)]
    del part
    gc.collect()
    assert not file.exists()


def test_dataset_outlives_its_store() -> None:
    filled = written(60_001)
    file, dataset = filled.file, filled.dataset()
    del filled
    gc.collect()
    assert file is not None
    assert file.exists()
    odd = dataset.select(range(1, 60_001, 2))
    for made in (copy.deepcopy(odd), pickle.loads(pickle.dumps(odd)), odd.rename_column("id", "number")):
        assert (made.num_rows, made[29_999]["text_a"]) == (30_000, "a59999")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forked_child_leaves_the_file_to_its_parent() -> None:
    program = (
        "import gc, os, sys\n"
        "from textsiam.data.store import PairWriter\n"
        "with PairWriter() as writer:\n"
        "    for i in range(60_001): writer.add('a', 'b', 1)\n"
        "    store = writer.finish()\n"
        "file = store.file\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    del store; gc.collect(); sys.exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert file.exists()\n"
        "del store; gc.collect()\n"
        "assert not file.exists()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def on_a_full_disk(**_: object) -> tuple[int, str]:
        link = tmp_path / "full.arrow"
        link.symlink_to("/dev/full")
        return os.open("/dev/null", os.O_RDONLY), str(link)

    monkeypatch.setattr("tempfile.mkstemp", on_a_full_disk)
    with pytest.raises(DataError, match=r"temporary folder is full after [\d,]+ pairs; .*TMPDIR"):
        written(60_001)
