from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from tests.model.conftest import MakeModel
from textsiam.errors import OptionError, WorkerError
from textsiam.model import inputs
from textsiam.model.architecture import Architecture
from textsiam.model.pair_model import PairModel
from textsiam.model.workers import workers

LSTM = Architecture(encoder="lstm", dim=8, units=6, bidirectional=True, head="mlp", head_units=5)


class Fragile:
    """Stands in for a model: a worker that is told so dies, as one that the system kills for want of memory."""

    def work(self, item: int) -> int:
        if item < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item


@pytest.mark.slow
def test_several_processes_give_what_one_gives(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(LSTM)
    texts = [f"text {number % 70} of many" for number in range(200)]
    monkeypatch.setattr(inputs, "TEXTS_AT_ONCE", 16)
    alone, shared = model.encode(texts), model.encode(texts, workers=2)
    assert shared.shape == alone.shape
    assert np.abs(shared - alone).max() < 1e-6
    assert model.encode([], workers=2).shape == (0, 12)


@pytest.mark.slow
def test_results_come_in_order_and_items_are_drawn_only_as_needed() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(40):
            drawn.append(item)
            yield item

    with workers(Fragile(), 2) as run:
        results = run("work", items(), int)
        assert next(results) == (0, 0)
        assert len(drawn) <= 5
        assert list(results) == [(item, item * item) for item in range(1, 40)]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(WorkerError, match="take fewer workers"), workers(Fragile(), 2) as run:
        list(run("work", [1, 2, -1, 3], int))


@pytest.mark.parametrize("count", [0, -1, 1.5, "2"])
def test_a_count_that_is_none(count: object, make_model: MakeModel) -> None:
    with pytest.raises(OptionError, match="workers is"):
        make_model(LSTM).encode(["a"], workers=count)  # type: ignore[arg-type] # wrong on purpose


def test_a_model_is_pickled_without_what_it_has_looked_up(make_model: MakeModel) -> None:
    model = make_model(LSTM)
    fresh = len(pickle.dumps(model))
    vectors = model.encode(["some words", "others"])
    packed = pickle.dumps(model)
    assert len(packed) == fresh
    again: PairModel = pickle.loads(packed)
    assert again.encode(["some words", "others"]).tobytes() == vectors.tobytes()
    assert again.calibration == model.calibration
