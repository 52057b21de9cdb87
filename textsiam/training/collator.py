"""From row numbers to one padded batch that holds each distinct text of both sides once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.text.buckets import padded
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.subword_sampling import SubwordSampling

ROUND_TEXTS, ROUND_TOKENS = 64, 8


@dataclass(frozen=True, slots=True)
class PairBatch:
    """B pairs over U distinct texts, and perhaps empty ones behind them.

    ``ids_UT`` (int64) is padded with 0 behind each text's ``lengths_U``; ``index_a`` and ``index_b`` (int64, (B,)) say
    which of the U texts stand on the two sides; ``labels_B`` (float32) are in [0, 1]. Texts that are known to be the
    same share their number in ``groups_U`` (int64); that of the empty texts behind is -1. ``teacher_B`` (float32) are a
    teacher's logits, ``teacher_UE`` (float32) its vectors, zeros for the empty texts behind; None without a teacher.
    """

    ids_UT: torch.Tensor
    lengths_U: torch.Tensor
    index_a: torch.Tensor
    index_b: torch.Tensor
    labels_B: torch.Tensor
    groups_U: torch.Tensor
    teacher_B: torch.Tensor | None = None
    teacher_UE: torch.Tensor | None = None

    def to(self, device: torch.device) -> PairBatch:
        """Move to a device; to a GPU from pinned memory, without waiting."""
        if device.type == "cpu":
            return self
        parts: dict[str, torch.Tensor | None] = {field.name: getattr(self, field.name) for field in fields(self)}
        there = {name: part for name, part in parts.items() if part is not None}
        return PairBatch(**{name: part.pin_memory().to(device, non_blocking=True) for name, part in there.items()})


class PaddedCollator:
    """Makes batches of ``pairs``, with ``rounded`` shapes: padded to multiples of 8 tokens, and of 64 texts from 64 on.

    ``groups`` (int64, (n,)) is the number of each distinct text's group, as ``known_same`` gives it; without it every
    text is a group of its own. With ``sampling`` texts are cut anew for each batch.

    Libraries that prepare a program for each new shape (cuDNN; oneDNN in bf16) are faster if shapes come again. It
    takes half a millisecond of a step of 30 or more: to collate in a thread, ahead of the step, would gain nothing.
    """

    def __init__(
        self,
        pairs: TokenizedPairs,
        *,
        rounded: bool = False,
        groups: Array | None = None,
        sampling: SubwordSampling | None = None,
    ) -> None:
        self.pairs, self.rounded, self.groups, self.sampling = pairs, rounded, groups, sampling

    def __call__(self, rows: np.ndarray, seed: Sequence[int] = ()) -> PairBatch:
        """Collate the pairs with these row numbers, int64 (B,); ``seed`` (whole numbers from 0) is for ``sampling``."""
        pairs = self.pairs
        both = np.concatenate([pairs.index_a[rows], pairs.index_b[rows]])
        distinct, place = np.unique(both, return_inverse=True)
        ids_UT, lengths_U = padded(pairs.tokens, distinct)
        if self.sampling is not None:
            ids_UT, lengths_U = self.sampling(ids_UT, lengths_U, seed)
        groups_U = distinct if self.groups is None else self.groups[distinct]
        sides = (place[: len(rows)], place[len(rows) :])
        return self._taught(self.batch(ids_UT, lengths_U, groups_U, *sides, pairs.labels[rows]), rows, distinct)

    def batch(
        self, ids_UT: Array, lengths_U: Array, groups_U: Array, index_a: Array, index_b: Array, labels_B: Array
    ) -> PairBatch:
        """Make a batch of what it holds, its shapes rounded if they are to be."""
        if self.rounded:
            steps = -ids_UT.shape[1] % ROUND_TOKENS
            texts = -len(ids_UT) % ROUND_TEXTS if len(ids_UT) >= ROUND_TEXTS else 0
            ids_UT, lengths_U = np.pad(ids_UT, ((0, texts), (0, steps))), np.pad(lengths_U, (0, texts))
            groups_U = np.pad(groups_U, (0, texts), constant_values=-1)
        arrays = (ids_UT, lengths_U, index_a, index_b, labels_B, groups_U)
        return PairBatch(*map(torch.from_numpy, arrays))

    def _taught(self, batch: PairBatch, rows: Array, distinct: Array) -> PairBatch:
        """Add what a teacher says of the pairs and of the ``distinct`` texts, with zeros for those behind them."""
        logits, vectors = self.pairs.teacher_logits, self.pairs.teacher_vectors
        if logits is not None:
            batch = replace(batch, teacher_B=torch.from_numpy(logits[rows]))
        if vectors is not None:
            behind = len(batch.lengths_U) - len(distinct)
            batch = replace(batch, teacher_UE=torch.from_numpy(np.pad(vectors[distinct], ((0, behind), (0, 0)))))
        return batch
