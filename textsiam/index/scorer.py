"""What finding duplicates needs of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from textsiam.arrays import Array


class Frame(Protocol):
    """How vectors, (n, D), become the two sides of products, (n, K) each; see ``PairModel.frame``."""

    @property
    def sides(self) -> Callable[[Array], tuple[Array, Array]]:
        """Make both."""

    @property
    def at_least(self) -> Callable[[float], float]:
        """From a raw score, the bound on the products of pairs that reach it."""

    @property
    def ranking(self) -> str:
        """Cosines ("cosine"), products by which pairs rank ("product"), or bounds alone ("bound")."""

    @property
    def metric(self) -> str:
        """By what raw scores fall or rise: "cosine", "dot", distances "l2" or "l1"; "" for none of these."""


class Calibration(Protocol):
    """What a model calls the same."""

    @property
    def threshold(self) -> float:
        """The probability from which on."""

    def least_raw(self, threshold: float) -> float:
        """Give the lowest raw score whose probability reaches a threshold."""

    def identity(self) -> str:
        """Give what probabilities follow from."""


class Scorer(Protocol):
    """A model, such as ``PairModel``."""

    @property
    def calibration(self) -> Calibration:
        """What the model calls the same, if nothing else is asked for."""

    def encode(self, texts: Iterable[str]) -> Array:
        """Give a vector of each text, float32 (n, D)."""

    def compare_vectors(self, u: Array, v: Array) -> Array:
        """Give the probability, float32 (n,), of vectors (n, D) against (n, D); OptionError if it compares texts."""

    def score_pairs(self, pairs: Iterable[Sequence[str]]) -> Array:
        """Give the probability of each pair of texts, float32 (n,)."""

    def frame(self, vectors: Array) -> Frame | None:
        """Say how products of vectors like these tell raw scores; None for heads of which they tell nothing."""

    def fingerprint(self) -> str:
        """Hash what makes the model's vectors and raw scores."""
