import importlib
import os
from types import ModuleType

import pytest


@pytest.fixture
def timing() -> ModuleType:
    return importlib.import_module("timing")


def test_subjects_take_turns_and_prepare_untimed(timing: ModuleType) -> None:
    order: list[str] = []

    def subject(name: str) -> object:
        def prepare() -> object:
            order.append(f"prepare {name}")
            return lambda: order.append(name)

        return prepare

    runs = timing.interleave({"a": subject("a"), "b": subject("b")}, rounds=2)
    assert order == ["prepare a", "a", "prepare b", "b"] * 3
    assert [len(runs[name].wall) for name in "ab"] == [2, 2]


def test_median_and_cores_of_runs(timing: ModuleType) -> None:
    runs = timing.Runs(wall=[1.0, 2.0, 9.0], cpu=[2.0, 4.0, 12.0])
    assert runs.seconds == 2.0
    assert runs.cores == 18 / 12


def test_threads_are_set_for_the_process_alone(timing: ModuleType) -> None:
    before = dict(os.environ)
    assert timing.on_threads(1, os.getenv, "OMP_NUM_THREADS") == "1"
    assert timing.on_threads(1, os.getpid) != os.getpid()
    assert dict(os.environ) == before


def test_markdown_has_a_cell_for_each_column(timing: ModuleType) -> None:
    table = timing.markdown(("", "a"), [["x", 1]], ["note"])
    assert table == "|  | a |\n| --- | --- |\n| x | 1 |\n\nnote"
