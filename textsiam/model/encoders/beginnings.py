"""Beginnings that texts share ("how do i", "what is the best way to"), so that an LSTM reads each of them once.

Texts are laid in alphabetical order of their tokens, where those that begin alike are neighbours, and taken in groups.
The tokens of a group make a tree: level t holds the different beginnings of t + 1 tokens. Of Quora's half a million
questions a quarter of all tokens are spared. Whatever the order, a level is right: it only spares less.

Shapes: B texts, N beginnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array

DEPTH = 6
"""Tokens of a text that are looked for in others: what goes on alike is rare."""
GROUP_TEXTS = 8_192
GROUP_NUMBERS = 1 << 20  # texts times units: what is kept of a group's beginnings stays below 30 MB
_TOKEN_BITS = 21  # of which 63 hold three: a larger vocabulary is sorted wrongly, and spares less
_WORTH_IT = 0.9  # share of the tokens from which on to look beginnings up takes longer than to read them again


@dataclass(frozen=True, slots=True)
class Level:
    """The different beginnings of so many tokens."""

    ids_N: Array
    """The last token of each."""
    parent_N: Array
    """Which beginning of the level before goes before it; all 0 in the first level."""
    node_B: Array
    """The beginning of each text; of a text that has ended, any."""


def alphabetical_groups(ids: Array, begins: Array, lengths: Array, units: int) -> Iterator[Array]:
    """Give the rows of texts ``ids[begins[i] : begins[i] + lengths[i]]`` with a token, neighbours together.

    The larger the states are (``units``), the smaller the groups.
    """
    rows = np.flatnonzero(lengths)
    size = max(1, min(GROUP_TEXTS, GROUP_NUMBERS // units))
    if len(rows) > 1:
        first = _first_tokens(ids, begins[rows], lengths[rows]) + 1  # 0 behind a text's end
        keys = [(first[t] << 2 * _TOKEN_BITS) | (first[t + 1] << _TOKEN_BITS) | first[t + 2] for t in (0, 3)]
        rows = rows[np.lexsort(keys[::-1])]
    return (rows[start : start + size] for start in range(0, len(rows), size))


def shared_beginnings(ids: Array, begins_B: Array, lengths_B: Array) -> list[Level]:
    """Give the levels of a group, or none where they would spare too little."""
    first_KB = _first_tokens(ids, begins_B, lengths_B)
    # A text opens a beginning if it differs from the text before it there or earlier.
    opens_KB = np.ones(first_KB.shape, bool)
    opens_KB[:, 1:] = np.logical_or.accumulate(first_KB[:, 1:] != first_KB[:, :-1], axis=0)
    runs_KB = np.arange(DEPTH)[:, None] < lengths_B
    opens_KB &= runs_KB
    if opens_KB.sum() > _WORTH_IT * runs_KB.sum():
        return []
    node_KB = np.maximum(opens_KB.cumsum(axis=1) - 1, 0)
    parent_KB = np.vstack([np.zeros_like(node_KB[:1]), node_KB[:-1]])
    levels = zip(first_KB, parent_KB, node_KB, opens_KB, strict=True)
    return [Level(first_B[opens_B], parent_B[opens_B], node_B) for first_B, parent_B, node_B, opens_B in levels]


def _first_tokens(ids: Array, begins_B: Array, lengths_B: Array) -> Array:
    """Give the first tokens of each text, int64 (DEPTH, B), -1 behind its end."""
    steps_K1 = np.arange(DEPTH)[:, None]
    inside_KB = steps_K1 < lengths_B
    first_KB = np.full(inside_KB.shape, -1, np.int64)
    first_KB[inside_KB] = ids[(begins_B + steps_K1)[inside_KB]]
    return first_KB
