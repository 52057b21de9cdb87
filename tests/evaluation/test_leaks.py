from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import textsiam
from textsiam.arrays import Array
from textsiam.evaluation.leaks import Leaks, find_leaks
from textsiam.evaluation.metrics import binary_metrics, graded_metrics
from textsiam.model.pair_model import PairModel
from textsiam.model.seen_texts import SeenTexts
from textsiam.text.normalization import normalize_text

ROWS = [
    ("red cat", "Red  cat now", 1),  # its first text is seen
    ("red cat now", "blue bird", 0),  # linked to it
    ("blue bird", "bird sings", 1),  # linked over two
    ("dog runs", "dog sleeps", 1),
    ("green dog", "GREEN dog", 0),
    ("cat", "dog", 0),
    ("cat", "bird", 1),
]
SEEN = SeenTexts.of(["RED cat", "here now"])
PROBABILITIES = np.array([0.9, 0.8, 0.1, 0.7, 0.2, 0.6, 0.3], dtype=np.float32)


def leaks_of(
    seen: SeenTexts, pairs: textsiam.Pairs, probabilities: Array = PROBABILITIES, threshold: float = 0.5
) -> Leaks:
    return find_leaks(seen, pairs, probabilities, threshold, textsiam.question_components(pairs))


def test_seen_texts_and_linked_pairs_are_counted() -> None:
    pairs = textsiam.Pairs.from_rows(ROWS)
    found = leaks_of(SEEN, pairs)
    assert (found.texts, found.seen_texts) == (10, 1)
    assert (found.linked_pairs, found.unlinked_pairs) == (3, 4)
    assert found.unlinked == binary_metrics(PROBABILITIES[3:], pairs.labels[3:], 0.5)


def test_others_of_one_label_have_no_metrics() -> None:
    found = leaks_of(SEEN, textsiam.Pairs.from_rows(ROWS[:4]), PROBABILITIES[:4])
    assert (found.unlinked_pairs, found.unlinked) == (1, None)


def test_all_or_none_can_be_linked() -> None:
    pairs = textsiam.Pairs.from_rows(ROWS)
    everything = leaks_of(SeenTexts.of(pairs.texts()), pairs)
    assert (everything.seen_texts, everything.linked_pairs, everything.unlinked) == (10, 7, None)
    nothing = leaks_of(SeenTexts.of([]), pairs)
    assert (nothing.seen_texts, nothing.linked_pairs, nothing.unlinked_pairs) == (0, 0, 7)
    assert nothing.unlinked is None  # the metrics of all pairs would come again


def test_grades_have_their_metrics() -> None:
    pairs = textsiam.Pairs.from_rows(
        [(a, b, 2 * label + row % 3) for row, (a, b, label) in enumerate(ROWS)], label_range=(0, 4)
    )
    found = leaks_of(SEEN, pairs)
    assert found.unlinked == graded_metrics(PROBABILITIES[3:], pairs.labels[3:])


def test_evaluate_tells_them_if_the_model_keeps_its_texts(model: PairModel) -> None:
    assert textsiam.evaluate(model, ROWS, draws=0).leaks is None
    keeping = PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights=model.weights,
        calibration=model.calibration,
        seen_texts=SEEN,
    )
    result = textsiam.evaluate(keeping, ROWS, draws=0)
    assert result.leaks == leaks_of(SEEN, textsiam.Pairs.from_rows(ROWS), result.probabilities, 0.4)
    lines = [line.split() for line in str(result).splitlines()]
    assert ["texts", "in", "training", "1", "of", "10"] in lines
    assert ["pairs", "linked", "to", "it", "3", "of", "7"] in lines
    assert result.leaks is not None
    assert result.leaks.unlinked is not None
    assert ["accuracy", f"{result.leaks.unlinked['accuracy']:.4f}", "of", "the", "4", "others"] in lines
    assert json.loads(json.dumps(result.to_dict()))["leaks"]["linked_pairs"] == 3


@pytest.mark.slow
def test_a_trained_model_keeps_its_training_texts_and_those_of_its_start(tmp_path: Path) -> None:
    pairs = textsiam.sample_pairs(400)
    train, dev, test = textsiam.split_pairs(pairs, test=0.2, dev=0.1, seed=1)
    config = textsiam.TrainConfig(encoder="bag", dim=8, epochs=1, vocabulary_size=300, head="cosine", batch_size=32)
    model = textsiam.train(train, dev=dev, config=config, out=tmp_path / "m")
    leaks = textsiam.evaluate(textsiam.PairModel.load(tmp_path / "m"), test).leaks
    assert leaks is not None
    assert (leaks.seen_texts, leaks.linked_pairs) == (0, 0)
    leaks = textsiam.evaluate(model, train).leaks
    assert leaks is not None
    assert (leaks.seen_texts, leaks.unlinked_pairs) == (leaks.texts, 0)
    config = dataclasses.replace(config, vocabulary_size=textsiam.TrainConfig().vocabulary_size)
    further = textsiam.train(test, dev=dev, config=config, init=tmp_path / "m")
    assert further.seen_texts == SeenTexts.of([*train.texts(), *test.texts()])
    model.seen_texts = None  # as of an earlier version: what the start was trained on is not known
    assert textsiam.train(test, dev=dev, config=config, init=model).seen_texts is None


@pytest.mark.realdata
def test_on_qqp_it_finds_what_a_search_by_hand_finds(real_data: Path) -> None:
    train, test = (textsiam.read_pairs(real_data / "qqp" / f"{side}.tsv") for side in ("train", "test"))
    seen = {normalize_text(text) for text in train.texts()}
    reached = {normalize_text(text) for text in test.texts()} & seen
    counted, size = len(reached), 0
    while len(reached) > size:  # until no pair leads further
        size = len(reached)
        for a, b, _ in test:
            ends = {normalize_text(a), normalize_text(b)}
            if ends & reached:
                reached |= ends
    linked = sum(normalize_text(a) in reached for a, _, _ in test)
    found = leaks_of(SeenTexts.of(train.texts()), test, np.linspace(0, 1, len(test)))
    assert (found.seen_texts, found.linked_pairs) == (counted, linked)
    assert found.texts == len({normalize_text(text) for text in test.texts()})
