from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tests.model.making import random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.fingerprint import fingerprint_of
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary
from textsiam.training.config import TrainConfig


def test_every_part_that_vectors_follow_from_counts() -> None:
    architecture = Architecture(encoder="bag", dim=8, head="cosine")
    weights = {name: np.asarray(array) for name, array in random_weights(architecture, 20).items()}
    first = fingerprint_of(architecture, b"vocabulary", weights)
    assert len(first) == 32
    assert fingerprint_of(architecture, b"vocabulary", dict(reversed(weights.items()))) == first
    name = next(iter(weights))
    touched = weights[name].copy()
    touched.flat[0] = np.nextafter(touched.flat[0], np.float32(9))
    others = {
        fingerprint_of(dataclasses.replace(architecture, max_tokens=7), b"vocabulary", weights),
        fingerprint_of(architecture, b"vocabularz", weights),
        fingerprint_of(architecture, b"vocabulary", {**weights, name: touched}),
        fingerprint_of(architecture, b"vocabulary", {**weights, name: weights[name].T}),
    }
    assert len(others | {first}) == 5


def test_a_saved_model_keeps_its_fingerprint(tmp_path: Path) -> None:
    proto = build_vocabulary(["red cat", "blue dog", "green bird"], size=25).proto
    config = TrainConfig(encoder="bag", dim=8, head="cosine")  # an architecture that has more
    model = PairModel(architecture=config, vocabulary=proto, weights=random_weights(config, Tokenizer(proto).size))
    model.save(tmp_path / "model")
    assert PairModel.load(tmp_path / "model").fingerprint() == model.fingerprint()


def test_a_calibration_is_known_by_all_but_its_threshold() -> None:
    first = Calibration(slope=2.0, intercept=1.0)
    assert dataclasses.replace(first, threshold=0.9, dev_threshold=0.3).identity() == first.identity()
    others = [Calibration(slope=2.0, intercept=1.5), Calibration(slope=3.0, intercept=1.0), first.at(0.1)]
    assert len({first.identity(), *(other.identity() for other in others)}) == 4
