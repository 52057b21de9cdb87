from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from textsiam.errors import DataError, OptionError
from textsiam.index import candidates, run_folder
from textsiam.index.duplicates import Duplicates, find_duplicates
from textsiam.index.matches import find_matches
from textsiam.index.run_folder import Run, Scored
from textsiam.index.search import pairs_reaching
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "pairs_reaching", partial(pairs_reaching, block=24))
    monkeypatch.setattr(candidates, "SCORED_AT_ONCE", 100)


class Stopping:
    """Lets a search do some steps, then interrupts it as Ctrl-C does; counts the steps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.allowed, self.steps, self.after = 10**9, 0, False
        add = Run.add

        def stop(run: Run, part: Scored) -> None:
            if self.steps == self.allowed and not self.after:
                raise KeyboardInterrupt
            add(run, part)
            self.steps += 1
            if self.steps == self.allowed and self.after:
                raise KeyboardInterrupt

        monkeypatch.setattr(Run, "add", stop)


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Stopping:
    return Stopping(monkeypatch)


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("head", ["cosine", "euclidean", "mlp"])
def test_a_search_that_is_stopped_again_and_again_finds_the_same(
    make_model: MakeModel,
    texts: list[str],
    tmp_path: Path,
    stopping: Stopping,
    monkeypatch: pytest.MonkeyPatch,
    head: str,
    after: bool,
    seconds: float,
) -> None:
    monkeypatch.setattr(run_folder, "SECONDS", seconds)
    model, folder = make_model(head), tmp_path / "run"
    whole = find_duplicates(texts, model, neighbours=10)
    all_steps, done, stops = stopping.steps, 0, 0
    assert all_steps >= 6
    found = None
    while found is None:
        stopping.steps, stopping.allowed, stopping.after = 0, 2, after
        try:
            found = find_duplicates(texts, model, neighbours=10, run_folder=folder, resume=stops > 0)
        except KeyboardInterrupt:
            stops += 1
        done += stopping.steps
    assert stops >= 3
    assert done == all_steps  # none twice
    assert (found.pairs, found.groups, found.recall) == (whole.pairs, whole.groups, whole.recall)
    assert len(found.pairs) > 20
    stopping.steps = 0
    again = find_duplicates(texts, model, neighbours=10, run_folder=folder, resume=True)  # all is there
    assert (again.pairs, stopping.steps) == (whole.pairs, 0)


@pytest.mark.parametrize("head", ["cosine", "mlp"])
def test_two_lists_go_on_too(
    make_model: MakeModel, texts: list[str], against: list[str], tmp_path: Path, stopping: Stopping, head: str
) -> None:
    model = make_model(head)
    search: Any = partial(find_matches, texts, against, model, neighbours=10)
    whole = search()
    stopping.steps, stopping.allowed = 0, 3
    with pytest.raises(KeyboardInterrupt):
        search(run_folder=tmp_path / "run")
    stopping.steps, stopping.allowed = 0, 10**9
    assert search(run_folder=tmp_path / "run", resume=True).pairs == whole.pairs
    assert stopping.steps > 0
    with pytest.raises(OptionError, match="keeps a search of other texts"):
        find_matches(texts, against[:-2], model, neighbours=10, run_folder=tmp_path / "run", resume=True)


def stopped(texts: list[str], model: Any, folder: Path, stopping: Stopping, **options: Any) -> None:
    stopping.steps, stopping.allowed = 0, 3
    with pytest.raises(KeyboardInterrupt):
        find_duplicates(texts, model, run_folder=folder, **options)
    stopping.steps, stopping.allowed = 0, 10**9


def test_another_input_does_not_go_on(
    make_model: MakeModel, texts: list[str], tmp_path: Path, stopping: Stopping
) -> None:
    model, folder = make_model("cosine"), tmp_path / "run"
    stopped(texts, model, folder, stopping)
    other = PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights={**model.weights, EMBEDDING: np.roll(model.weights[EMBEDDING], 1, axis=0)},
        calibration=model.calibration,
    )
    graded = make_model("cosine")
    graded.calibration = dataclasses.replace(graded.calibration, slope=graded.calibration.slope * 1.01)
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    for given in (
        {"texts": [*texts, "red today here now"], "model": model},
        {"texts": [texts[0] + "!", *texts[1:]], "model": model},
        {"texts": texts, "model": other},
        {"texts": texts, "model": graded},
        {"texts": texts, "model": model, "threshold": 0.71},
        {"texts": texts, "model": model, "neighbours": 99},
    ):
        with pytest.raises(
            OptionError, match=r"run keeps a search of other texts, another model or other options; start"
        ):
            find_duplicates(**given, run_folder=folder, resume=True)  # type: ignore[arg-type] # of several types
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    find_duplicates(texts, model, run_folder=folder, resume=True)


def test_without_resume_an_old_folder_is_replaced(
    make_model: MakeModel, texts: list[str], tmp_path: Path, stopping: Stopping
) -> None:
    folder = tmp_path / "run"
    stopped(texts, make_model("cosine"), folder, stopping)
    (folder / ".run.npz.abcdef.part").write_bytes(b"cut short by a kill")
    found = find_duplicates(texts, make_model("euclidean"), run_folder=folder)
    assert found.pairs == find_duplicates(texts, make_model("euclidean")).pairs
    assert not any(path.suffix == ".part" for path in folder.iterdir())


def test_a_folder_that_cannot_be_is_told(make_model: MakeModel, texts: list[str], tmp_path: Path) -> None:
    def search(**options: Any) -> Duplicates:
        return find_duplicates(texts, make_model("cosine"), **options)

    with pytest.raises(OptionError, match="resume is True without run_folder"):
        search(resume=True)
    with pytest.raises(OptionError, match=r"there is no search in .*run to resume; start without resume \(--resume\)"):
        search(run_folder=tmp_path / "run", resume=True)
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(OptionError, match="is there and holds something else; name another"):
            search(run_folder=folder)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
    search(run_folder=tmp_path / "run")
    (kept,) = (tmp_path / "run").glob("0*.npz")
    kept.write_bytes(kept.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"\.npz: is damaged \(.*\); start without resume"):
        search(run_folder=tmp_path / "run", resume=True)


def test_too_many_pairs_leave_no_folder(
    make_model: MakeModel, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_PAIRS", 50)
    with pytest.raises(OptionError, match="more than 50 pairs"):
        find_duplicates(texts, make_model("cosine"), threshold=0.01, run_folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_pairs_that_were_kept_count_for_the_limit(
    make_model: MakeModel, texts: list[str], tmp_path: Path, stopping: Stopping, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, folder = make_model("cosine"), tmp_path / "run"
    number = len(find_duplicates(texts, model)._found.left)
    stopped(texts, model, folder, stopping)
    monkeypatch.setattr(candidates, "MOST_PAIRS", number - 1)
    with pytest.raises(OptionError, match="more than"):
        find_duplicates(texts, model, run_folder=folder, resume=True)


def test_an_interrupted_write_is_done_again_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path / "run")
    run.begin("x")
    some = np.arange(3)
    write = Run._write

    def write_and_stop(run: Run, name: str, **arrays: Any) -> None:
        write(run, name, **arrays)
        monkeypatch.setattr(Run, "_write", write)
        raise KeyboardInterrupt

    def search() -> None:
        with run.kept():
            run.add(Scored(some, some + 1, np.ones(3, np.float32), 7))
            monkeypatch.setattr(Run, "_write", write_and_stop)
            run.write()

    with pytest.raises(KeyboardInterrupt):
        search()
    again = Run(tmp_path / "run", resume=True)
    again.begin("x")
    assert (again.done, again.looked_at, [part.left.tolist() for part in again.parts]) == (1, 7, [[0, 1, 2]])
