"""How like the few texts of each class a text is, as log odds of the model's own comparison."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_choice, check_integer
from textsiam.integrations.text_encoder import unit_vectors
from textsiam.model.pair_model import PairModel

METHODS = ("prototype", "neighbors")
COMPARED_AT_ONCE = 20_000  # pairs of vectors


class Known(NamedTuple):
    """What is known of C classes: m ``texts``, their ``vectors`` (m, D), and the class of each, 0 to C - 1, (m,)."""

    texts: list[str]
    vectors: Array
    places: Array


def check_method(method: str, n_neighbors: int, model: PairModel) -> None:
    """Raise OptionError unless ``method`` and ``n_neighbors`` can be, with the head of ``model``."""
    check_choice("method", method, METHODS)
    check_integer("n_neighbors", n_neighbors, least=1)
    if method == "prototype" and model.architecture.head == "alignment":
        raise OptionError("method is 'prototype', but head 'alignment' compares tokens, not vectors; take 'neighbors'")


def prototype_log_odds(model: PairModel, texts: list[str], known: Known) -> Array:
    """Return log odds, float64 (n, C), that each text says the same as the prototype of each class.

    That is the mean of a class's vectors, which for the cosine have length 1 first: else long ones counted more.
    """
    vectors = unit_vectors(known.vectors) if model.architecture.head == "cosine" else known.vectors
    members = (known.places == np.arange(known.places.max() + 1)[:, None]).astype(np.float32)
    prototypes = (members @ vectors / members.sum(axis=1, keepdims=True)).astype(np.float32)
    return _log_odds_of_vectors(model, model.encode(texts), prototypes)


def neighbor_log_odds(model: PairModel, texts: list[str], known: Known, *, n_neighbors: int) -> Array:
    """Return the mean log odds, float64 (n, C), that each text says the same as the nearest texts of each class.

    Of a class that has fewer than ``n_neighbors`` texts, all count.
    """
    if model.architecture.head == "alignment":
        pairs = ((text, other) for text in texts for other in known.texts)
        odds = model.calibration.logit(model.score_details(pairs).raw).reshape(len(texts), len(known.texts))
    else:
        odds = _log_odds_of_vectors(model, model.encode(texts), known.vectors)
    of_class = [odds[:, known.places == place] for place in range(known.places.max() + 1)]
    return np.stack([np.sort(part, axis=1)[:, -n_neighbors:].mean(axis=1) for part in of_class], axis=1)


def _log_odds_of_vectors(model: PairModel, vectors: Array, others: Array) -> Array:
    """Compare vectors (n, D) with others (m, D), all with all: float64 (n, m)."""
    step = max(1, COMPARED_AT_ONCE // len(others))
    parts = [np.zeros((0, len(others)))]
    for start in range(0, len(vectors), step):
        some = vectors[start : start + step]
        raw = model.compare_raw(np.repeat(some, len(others), axis=0), np.tile(others, (len(some), 1)))
        parts.append(model.calibration.logit(raw).reshape(len(some), len(others)))
    return np.concatenate(parts)
