"""What every encoder does."""

from __future__ import annotations

from typing import Protocol

from textsiam.arrays import Array
from textsiam.text.tokenizer import TokenIds


class Encoder(Protocol):
    """Turns token ids into vectors; a text without tokens becomes the zero vector."""

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""


class TokenEncoder(Encoder, Protocol):
    """An encoder that has a state for each token."""

    def read(self, tokens: TokenIds) -> tuple[Array, Array]:
        """Return the vectors of n texts, float32 (n, D), and the states of their N tokens, float32 (N, D)."""
