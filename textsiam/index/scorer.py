"""What finding duplicates needs of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from textsiam.arrays import Array


class Bound(Protocol):
    """Pairs (i, j) that can reach a threshold have ``left[i] @ right[j] >= at_least``; see ``PairModel.products``."""

    @property
    def left(self) -> Array:
        """float32 (n, K)."""

    @property
    def right(self) -> Array:
        """float32 (n, K)."""

    @property
    def at_least(self) -> float:
        """Infinite where no pair can, minus infinity where all might."""


class Threshold(Protocol):
    """What a model calls the same."""

    @property
    def threshold(self) -> float:
        """The probability from which on."""


class Scorer(Protocol):
    """A model, such as ``PairModel``."""

    @property
    def calibration(self) -> Threshold:
        """What the model calls the same, if nothing else is asked for."""

    def encode(self, texts: Iterable[str]) -> Array:
        """Give a vector of each text, float32 (n, D)."""

    def compare_vectors(self, u: Array, v: Array) -> Array:
        """Give the probability, float32 (n,), of vectors (n, D) against (n, D); OptionError if it compares texts."""

    def score_pairs(self, pairs: Iterable[Sequence[str]]) -> Array:
        """Give the probability of each pair of texts, float32 (n,)."""

    def products(self, vectors: Array, threshold: float) -> Bound | None:
        """Say which products of the vectors can reach a probability; None where products tell nothing."""
