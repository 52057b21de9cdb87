"""From row numbers to one padded batch that holds each distinct text of both sides once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from textsiam.text.buckets import padded
from textsiam.training.corpus import TokenizedPairs

ROUND_TEXTS, ROUND_TOKENS = 64, 8


@dataclass(frozen=True, slots=True)
class PairBatch:
    """B pairs over U distinct texts, and perhaps empty ones behind them.

    ``ids_UT`` (int64) is padded with 0 behind each text's ``lengths_U``; ``index_a`` and ``index_b`` (int64, (B,)) say
    which of the U texts stand on the two sides; ``labels_B`` (float32) are in [0, 1].
    """

    ids_UT: torch.Tensor
    lengths_U: torch.Tensor
    index_a: torch.Tensor
    index_b: torch.Tensor
    labels_B: torch.Tensor

    def to(self, device: torch.device) -> PairBatch:
        """Move to a device; to a GPU from pinned memory, without waiting."""
        if device.type == "cpu":
            return self
        parts = (self.ids_UT, self.lengths_U, self.index_a, self.index_b, self.labels_B)
        return PairBatch(*(part.pin_memory().to(device, non_blocking=True) for part in parts))


class PaddedCollator:
    """Makes batches of ``pairs``, with ``rounded`` shapes: up to multiples of 64 texts and 8 tokens, by padding.

    Libraries that prepare a program for each new shape (cuDNN; oneDNN in bf16) are faster if shapes come again. It
    takes half a millisecond of a step of 30 or more: to collate in a thread, ahead of the step, would gain nothing.
    """

    def __init__(self, pairs: TokenizedPairs, *, rounded: bool = False) -> None:
        self.pairs, self.rounded = pairs, rounded

    def __call__(self, rows: np.ndarray) -> PairBatch:
        """Collate the pairs with these row numbers, int64 (B,)."""
        pairs = self.pairs
        both = np.concatenate([pairs.index_a[rows], pairs.index_b[rows]])
        distinct, place = np.unique(both, return_inverse=True)
        ids_UT, lengths_U = padded(pairs.tokens, distinct)
        if self.rounded:
            texts, steps = -len(ids_UT) % ROUND_TEXTS, -ids_UT.shape[1] % ROUND_TOKENS
            ids_UT, lengths_U = np.pad(ids_UT, ((0, texts), (0, steps))), np.pad(lengths_U, (0, texts))
        return PairBatch(
            ids_UT=torch.from_numpy(ids_UT),
            lengths_U=torch.from_numpy(lengths_U),
            index_a=torch.from_numpy(place[: len(rows)]),
            index_b=torch.from_numpy(place[len(rows) :]),
            labels_B=torch.from_numpy(pairs.labels[rows]),
        )
