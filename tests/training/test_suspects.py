from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import textsiam
from tests.model.making import fitting
from tests.training.conftest import make_rows
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError
from textsiam.training import suspects
from textsiam.training.suspects import _deal, label_probabilities

FLIPPED = [5, 40, 77, 120, 163, 210, 251, 290]


def _bag(config: textsiam.TrainConfig, **options: object) -> textsiam.TrainConfig:
    return textsiam.TrainConfig(**fitting({**dataclasses.asdict(config), "encoder": "bag", **options}))


def flipped(number: int = 320) -> Pairs:
    rows = [(a, b, 1 - label if row in FLIPPED else label) for row, (a, b, label) in enumerate(make_rows(number))]
    return Pairs.from_rows(rows)


def test_labels_that_were_turned_round_are_the_least_probable(toy_config: textsiam.TrainConfig) -> None:
    config = _bag(toy_config, learning_rate=0.03, epochs=6)
    found = label_probabilities(flipped(), config=config, seed=1)
    assert found.shape == (320,)
    assert found.dtype == np.float32
    # a few labels that are wrong mislead the models too
    assert len(set(np.argsort(found)[: len(FLIPPED)].tolist()) & set(FLIPPED)) >= len(FLIPPED) - 1
    assert found[FLIPPED].mean() < 0.25
    assert np.delete(found, FLIPPED).mean() > 0.65
    again = label_probabilities(flipped(), config=config, seed=1)
    assert found.tobytes() == again.tobytes()


def test_no_pair_is_judged_by_a_model_that_saw_one_linked_to_it(
    toy_config: textsiam.TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = flipped(120)
    components, seen = textsiam.question_components(pairs), []

    def spied(given: Pairs, **options: Any) -> textsiam.PairModel:
        seen.append({text for pair in given for text in pair[:2]})
        return textsiam.train(given, **options)

    monkeypatch.setattr(suspects, "train", spied)
    config = _bag(toy_config, epochs=1)
    label_probabilities(pairs, config=config, folds=3)
    assert len(seen) == 3
    for component in range(components.max() + 1):
        texts = {text for pair in pairs.select(components == component) for text in pair[:2]}
        inside = [bool(texts & known) for known in seen]
        assert sorted(inside) == [False, True, True]
        assert all(texts <= known for known, is_in in zip(seen, inside, strict=True) if is_in)


def test_parts_hold_whole_components_and_about_as_many_pairs() -> None:
    components = np.repeat(np.arange(30), [40, *range(1, 30)])
    dealt = _deal(components, 4, seed=0)
    assert all(len(set(dealt[components == component])) == 1 for component in range(30))
    sizes = np.bincount(dealt)
    assert sizes.max() - sizes.min() <= 2
    alike = np.arange(40)
    assert (_deal(alike, 4, seed=0) != _deal(alike, 4, seed=1)).any()


@pytest.mark.parametrize(("number", "batch"), [(99_999, textsiam.TrainConfig().batch_size), (100_000, 512)])
def test_many_pairs_are_taken_in_larger_batches(number: int, batch: int) -> None:
    config = suspects._quick(number, seed=9)
    assert (config.batch_size, config.encoder, config.seed) == (batch, "bag", 9)


def test_what_cannot_be_judged_is_told(toy_config: textsiam.TrainConfig) -> None:
    with pytest.raises(OptionError, match="folds is 1, expected an integer of at least 2"):
        label_probabilities(flipped(), folds=1)
    hub = [("the same", f"other {n}", n % 2) for n in range(50)]
    with pytest.raises(DataError, match="hang together over shared texts in 1 components, expected at least 4"):
        label_probabilities(hub, config=toy_config)
    with pytest.raises(DataError, match="these are graded"):
        label_probabilities(textsiam.read_pairs([("a", "b", 3), ("c", "d", 1)], label_range=(0, 5)))
