"""Pairs as token ids: every distinct text once, pairs as places among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.text.tokenizer import TokenIds, Tokenizer


@dataclass(frozen=True, slots=True)
class TokenizedPairs:
    """N pairs over n distinct texts.

    ``tokens`` holds the texts' ids; ``index_a`` and ``index_b`` (int64, (N,)) say which text stands on which side;
    ``labels`` (float32, (N,)) are in [0, 1].
    """

    tokens: TokenIds
    index_a: Array
    index_b: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pair_lengths(self) -> Array:
        """Tokens of the longer text of each pair, int64 (N,)."""
        return np.maximum(self.tokens.lengths[self.index_a], self.tokens.lengths[self.index_b])


def tokenize_pairs(pairs: Pairs, tokenizer: Tokenizer) -> TokenizedPairs:
    """Turn pairs into ids, each distinct text tokenized once, in order of first appearance."""
    place: dict[str, int] = {}
    index_a = _places(pairs.text_a, place)
    index_b = _places(pairs.text_b, place)
    return TokenizedPairs(tokenizer.encode(list(place)), index_a, index_b, pairs.labels)


def pairs_in_both(train: Pairs, dev: Pairs) -> int:
    """Count the dev pairs that are training pairs too, in either order."""
    wanted = [frozenset(pair) for pair in zip(dev.text_a, dev.text_b, strict=True)]
    open_ones = set(wanted)
    found = {pair for pair in map(frozenset, zip(train.text_a, train.text_b, strict=True)) if pair in open_ones}
    return sum(pair in found for pair in wanted)


def _places(texts: list[str], place: dict[str, int]) -> Array:
    return np.fromiter((place.setdefault(text, len(place)) for text in texts), dtype=np.int64, count=len(texts))
