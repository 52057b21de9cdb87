"""Pairs as token ids: every distinct text once, pairs as places among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from textsiam.arrays import Array
from textsiam.data.numbering import number_keys, text_keys
from textsiam.data.pairs import Pairs
from textsiam.progress import progress
from textsiam.text.tokenizer import TokenIds, Tokenizer

BLOCK_TEXTS = 50_000  # texts that are str at one time
COUNTS = [field.name for field in fields(TokenIds) if field.name not in ("ids", "offsets")]


@dataclass(frozen=True, slots=True)
class TokenizedPairs:
    """N pairs over n distinct texts.

    ``tokens`` holds the texts' ids; ``index_a`` and ``index_b`` (int64, (N,)) say which text stands on which side;
    ``labels`` (float32, (N,)) are in [0, 1]. A teacher's ``teacher_logits`` (float32, (N,)) of the pairs, or its
    ``teacher_vectors`` (float32, (n, E)) of the texts, come with distillation alone; then NaN is no label or logit.
    """

    tokens: TokenIds
    index_a: Array
    index_b: Array
    labels: Array
    teacher_logits: Array | None = None
    teacher_vectors: Array | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pair_lengths(self) -> Array:
        """Tokens of the longer text of each pair, int64 (N,)."""
        lengths = self.tokens.lengths
        return np.maximum(lengths[self.index_a], lengths[self.index_b])


@dataclass(frozen=True, slots=True)
class DistinctTexts:
    """Where the n distinct texts of N pairs stand.

    They are numbered in the order of their first appearance, the first texts of all pairs before the second ones.
    ``index_a`` and ``index_b`` (int64, (N,)) are the numbers of the pairs' texts. ``first`` (int64, (n,), rising) says
    where a number stands first: below N it is the first text of that pair, from N on the second one of pair
    ``first`` - N.
    """

    index_a: Array
    index_b: Array
    first: Array

    @classmethod
    def of(cls, pairs: Pairs, *, show_progress: bool = False) -> DistinctTexts:
        """Find them in one pass over the texts."""
        with progress("finding distinct texts", 2 * len(pairs), "texts", show=show_progress) as bar:
            keys = text_keys(pairs.texts(), bar, 2 * len(pairs))
        high, low = (np.concatenate([half[::2], half[1::2]]) for half in keys.T)
        del keys
        numbers, first = number_keys(high, low)
        return cls(numbers[: len(pairs)], numbers[len(pairs) :], first)

    def blocks(self, pairs: Pairs) -> Iterator[list[str]]:
        """Give the texts in the order of their numbers, some at a time."""
        turn = int(np.searchsorted(self.first, len(pairs)))
        for start in range(0, turn, BLOCK_TEXTS):
            yield pairs.select(self.first[start : min(start + BLOCK_TEXTS, turn)]).text_a
        for start in range(turn, len(self.first), BLOCK_TEXTS):
            yield pairs.select(self.first[start : start + BLOCK_TEXTS] - len(pairs)).text_b


def token_blocks(
    pairs: Pairs, texts: DistinctTexts, tokenizer: Tokenizer, *, show_progress: bool = False
) -> Iterator[TokenIds]:
    """Give the ids of the distinct texts in the order of their numbers, block by block."""
    with progress("tokenizing", len(texts.first), "distinct texts", show=show_progress) as bar:
        for block in texts.blocks(pairs):
            yield tokenizer.encode(block)
            bar.advance(len(block))


def tokenize_pairs(pairs: Pairs, tokenizer: Tokenizer, *, show_progress: bool = False) -> TokenizedPairs:
    """Turn pairs into ids in memory, each distinct text tokenized once, in order of first appearance."""
    texts = DistinctTexts.of(pairs, show_progress=show_progress)
    blocks = list(token_blocks(pairs, texts, tokenizer, show_progress=show_progress))
    return TokenizedPairs(joined(blocks), texts.index_a, texts.index_b, pairs.labels)


def joined(blocks: Sequence[TokenIds]) -> TokenIds:
    """Lay blocks of texts end to end."""
    return TokenIds(
        ids=np.concatenate([np.zeros(0, np.int32), *(block.ids for block in blocks)]),
        offsets=offsets_of(block.lengths for block in blocks),
        **{name: sum(getattr(block, name) for block in blocks) for name in COUNTS},
    )


def offsets_of(lengths: Iterable[Array]) -> Array:
    """Join blocks of texts' lengths to the offsets of all texts, int64 (n + 1,)."""
    return np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))


def pairs_in_both(train: Pairs, dev: Pairs) -> int:
    """Count the dev pairs that are training pairs too, in either order; holds the texts of dev in memory."""
    wanted = [frozenset((a, b)) for a, b, _ in dev]
    open_ones = set(wanted)
    found = {pair for pair in (frozenset((a, b)) for a, b, _ in train) if pair in open_ones}
    return sum(pair in found for pair in wanted)
