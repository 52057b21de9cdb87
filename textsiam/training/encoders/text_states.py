"""What an encoder gives a head that compares tokens."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch


class TextStates(NamedTuple):
    """U texts: their vectors (U, D), and the state of each of their T tokens (padded), (U, T, D).

    ``lengths_U`` (int64) is at least 1: a text without tokens has one, whose state is zero, and the zero vector. States
    behind a text's end are finite, and mean nothing.
    """

    vectors_UD: torch.Tensor
    states_UTD: torch.Tensor
    lengths_U: torch.Tensor


class TokenEncoder(Protocol):
    """An encoder that has a state for each token."""

    def read(self, ids_UT: torch.Tensor, lengths_U: torch.Tensor) -> TextStates:
        """Read padded texts."""
