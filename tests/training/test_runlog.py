from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from textsiam.errors import TrainingError
from textsiam.training.runlog import FILE, RunLog


def _steps(folder: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def test_one_json_object_a_line(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run")
    log.add({"step": 1, "loss": torch.tensor(0.5)})
    log.add({"step": 2, "loss": 0.25})
    log.flush()
    lines = (tmp_path / "run" / FILE).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]


def test_a_resumed_run_drops_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    for step in range(1, 8):
        log.add({"step": step})
    log.flush()
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write('{"step": 8, "lo')  # as a kill leaves it
    log = RunLog(tmp_path, from_step=5)
    assert _steps(tmp_path) == [1, 2, 3, 4, 5]
    log.add({"step": 6})
    log.flush()
    assert _steps(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_a_new_run_starts_a_new_log(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"step": 1}\n', encoding="utf-8")
    RunLog(tmp_path)
    assert _steps(tmp_path) == []


def test_without_a_folder_nothing_is_kept() -> None:
    log = RunLog(None)
    log.add({"step": 1})
    log.flush()
    assert log.waiting == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(TrainingError, match="file/run cannot be written"):
        RunLog(tmp_path / "file" / "run")
