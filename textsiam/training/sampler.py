"""Batches of pairs of like length in a random order, decided by seed and epoch alone."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array

POOL_BATCHES = 64  # batches sorted by length together: little padding, and batches stay random


class LengthBucketSampler:
    """Plans an epoch's batches.

    ``lengths`` (int, (N,)) are the pairs' lengths in tokens, ``labels`` (float, (N,)) in [0, 1]. With ``balanced``,
    each epoch draws the rarer class (label >= 0.5 or below) as often as the other. The last batch may be smaller.
    """

    def __init__(
        self, lengths: Array, labels: Array, *, batch_size: int, balanced: bool = False, seed: int = 0
    ) -> None:
        self.lengths, self.batch_size, self.seed = lengths, batch_size, seed
        is_same = labels >= 0.5
        self.classes = [np.flatnonzero(is_same), np.flatnonzero(~is_same)] if balanced else [np.arange(len(lengths))]
        self.rows_per_class = max(len(rows) for rows in self.classes)

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches that ``batches`` gives for any epoch."""
        return -(-self.pairs_per_epoch // self.batch_size)

    @property
    def pairs_per_epoch(self) -> int:
        """Number of pairs in an epoch's batches, repeated ones included."""
        return self.rows_per_class * len(self.classes)

    def batches(self, epoch: int) -> list[Array]:
        """Return the epoch's batches of row numbers; equal for equal seed and epoch."""
        random = np.random.default_rng([self.seed, epoch])
        rows = random.permutation(np.concatenate([self._draw(rows, random) for rows in self.classes]))
        pool = POOL_BATCHES * self.batch_size
        batches = []
        for start in range(0, len(rows), pool):
            near = rows[start : start + pool]
            near = near[np.argsort(self.lengths[near], kind="stable")]
            batches += [near[first : first + self.batch_size] for first in range(0, len(near), self.batch_size)]
        return [batches[number] for number in random.permutation(len(batches))]

    def _draw(self, rows: Array, random: np.random.Generator) -> Array:
        """Repeat ``rows`` up to the larger class's number: all as often as fits, the rest drawn without repeating."""
        times, rest = divmod(self.rows_per_class, len(rows))
        return np.concatenate([np.tile(rows, times), random.permutation(rows)[:rest]])
