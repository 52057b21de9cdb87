from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from textsiam.arrays import Array
from textsiam.errors import TrainingError
from textsiam.training.teacher_store import TeacherStore


def test_a_store_gives_back_what_it_kept_whole_and_under_its_key(tmp_path: Path) -> None:
    asked = 0

    def ask() -> Array:
        nonlocal asked
        asked += 1
        return np.full(3, asked, dtype=np.float32)

    def get(key: str, *, resume: bool) -> float:
        return float(TeacherStore(tmp_path / "t").get(key, ask, resume=resume)[0])

    assert get("a", resume=True) == 1
    assert get("a", resume=True) == 1
    assert get("b", resume=True) == 2
    assert get("b", resume=False) == 3
    file = tmp_path / "t" / "outputs.npy"
    file.write_bytes(file.read_bytes()[:-1])
    assert get("b", resume=True) == 4
    TeacherStore(tmp_path / "t").remove()
    assert not (tmp_path / "t").exists()
    assert TeacherStore(None).get("b", ask, resume=True)[0] == 5


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TrainingError, match="could not be written to"):
        TeacherStore(tmp_path / "file" / "t").get("a", lambda: np.zeros(1), resume=False)
