"""How like the few texts of each class a text is: by the model's own comparison, or by the cosine of vectors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.errors import OptionError, check_choice, check_integer
from textsiam.model.pair_model import PairModel

METHODS = ("prototype", "neighbors")
AUTO, OWN, COSINE = "auto", "model", "cosine"
COMPARED_AT_ONCE = 20_000  # pairs of vectors


class Known(NamedTuple):
    """What is known of C classes: m ``texts``, their ``vectors`` (m, D), and the class of each, 0 to C - 1, (m,)."""

    texts: list[str]
    vectors: Array
    places: Array


class ClassScorer:
    """Compares texts with classes; checked at birth.

    ``method``, ``n_neighbors`` and ``comparison`` as FewShotClassifier takes them; ``by_cosine`` says what the latter
    came to. Raises OptionError for what they cannot be, with the head of ``model``.
    """

    def __init__(self, model: PairModel, method: str, n_neighbors: int, comparison: str) -> None:
        check_choice("method", method, METHODS)
        check_integer("n_neighbors", n_neighbors, least=1)
        check_choice("comparison", comparison, (AUTO, OWN, COSINE))
        head = model.architecture.head
        self.model, self.method, self.n_neighbors = model, method, n_neighbors
        # mlp learns to judge texts that are near each other anyway, others it ranks no better than its vectors do;
        # alignment ranks far better than its vectors, but has no use for a mean of them
        leaves_choice = head == "mlp" or (head == "alignment" and method == "prototype")
        self.by_cosine = comparison == COSINE or (comparison == AUTO and leaves_choice)
        if method == "prototype" and head == "alignment" and not self.by_cosine:
            raise OptionError(
                "comparison is 'model', but head 'alignment' compares tokens and has no use for a prototype; take "
                "comparison 'cosine' or method 'neighbors'"
            )

    def scores(self, texts: list[str], known: Known) -> Array:
        """Return log odds or cosines, float64 (n, C), with each class's prototype, or their mean with its nearest."""
        if self.method == "prototype":
            return self._compare(self.model.encode(texts), self._prototypes(known))
        if self.model.architecture.head == "alignment" and not self.by_cosine:
            pairs = ((text, other) for text in texts for other in known.texts)
            raw = self.model.score_details(pairs).raw.reshape(len(texts), len(known.texts))
            scores = self.model.calibration.logit(raw)
        else:
            scores = self._compare(self.model.encode(texts), known.vectors)
        of_class = [scores[:, known.places == place] for place in range(known.places.max() + 1)]
        return np.stack([np.sort(part, axis=1)[:, -self.n_neighbors :].mean(axis=1) for part in of_class], axis=1)

    def probabilities(self, texts: list[str], known: Known, scores: Array) -> Array:
        """Return the model's own probability, float32 (n,), that each text says the same as its best class.

        That is what the ``scores``, (n, C), are log odds of; where they are cosines, the nearest text of the class is
        compared, for these probabilities are made for two texts.
        """
        if not self.by_cosine:
            return np.asarray(np.exp(-np.logaddexp(0, -scores.max(axis=1))), dtype=np.float32)
        cosines = self._compare(self.model.encode(texts), known.vectors)
        cosines[known.places != scores.argmax(axis=1)[:, None]] = -np.inf
        nearest = [known.texts[place] for place in cosines.argmax(axis=1)]
        return self.model.score_pairs(zip(texts, nearest, strict=True))

    def _prototypes(self, known: Known) -> Array:
        """Give the mean of each class's vectors, float32 (C, D), for cosines those of length 1: no text counts more."""
        as_units = self.by_cosine or self.model.architecture.head == "cosine"
        vectors = unit_vectors(known.vectors) if as_units else known.vectors
        members = (known.places == np.arange(known.places.max() + 1)[:, None]).astype(np.float32)
        return np.asarray(members @ vectors / members.sum(axis=1, keepdims=True), dtype=np.float32)

    def _compare(self, vectors: Array, others: Array) -> Array:
        """Compare vectors (n, D) with others (m, D), all with all: float64 (n, m)."""
        if self.by_cosine:
            return np.asarray(unit_vectors(vectors) @ unit_vectors(others).T, dtype=np.float64)
        step = max(1, COMPARED_AT_ONCE // len(others))
        parts = [np.zeros((0, len(others)))]
        for start in range(0, len(vectors), step):
            some = vectors[start : start + step]
            raw = self.model.compare_raw(np.repeat(some, len(others), axis=0), np.tile(others, (len(some), 1)))
            parts.append(self.model.calibration.logit(raw).reshape(len(some), len(others)))
        return np.concatenate(parts)
