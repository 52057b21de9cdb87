"""Texts side by side, by falling length: nothing is computed for padding."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array


class Block:
    """B texts by falling length, ``ids[begins_B[i] : begins_B[i] + lengths_B[i]]``, their tokens step after step."""

    def __init__(self, ids: Array, begins_B: Array, lengths_B: Array) -> None:
        step_T1 = np.arange(lengths_B[0])[:, None]
        self.inside_TB = step_T1 < lengths_B
        sizes_T = self.inside_TB.sum(axis=1)
        self.starts_T = np.cumsum(sizes_T) - sizes_T
        self.sizes: list[int] = sizes_T.tolist()
        self.starts: list[int] = self.starts_T.tolist()
        self.ids, self.begins_B, self.lengths_B = ids, begins_B, lengths_B
        self.places_N = (begins_B + step_T1)[self.inside_TB]
        self.ids_N = ids[self.places_N]

    @property
    def last_B(self) -> Array:
        """Where the last token of each text stands."""
        last_B: Array = self.starts_T[self.lengths_B - 1] + np.arange(len(self.lengths_B))
        return last_B

    @property
    def mirrored_ids_N(self) -> Array:
        """The tokens of each text reversed."""
        ids_N: Array = self.ids[(self.begins_B + self._mirrored_TB)[self.inside_TB]]
        return ids_N

    @property
    def mirror_N(self) -> Array:
        """Where a token stands once its text is reversed."""
        # at every step a text's place among those that run is the same
        mirror_TB: Array = self.starts_T[self._mirrored_TB] + np.arange(len(self.begins_B))
        return mirror_TB[self.inside_TB]

    @property
    def _mirrored_TB(self) -> Array:
        """The step of a token once its text is reversed, below 0 behind a text's end."""
        return np.asarray(self.lengths_B - 1 - np.arange(len(self.sizes))[:, None])

    def attended(self, x_ND: Array, score_N: Array) -> Array:
        """Average each text's x, which is used up; the shares are the softmax of the scores, (B, D)."""
        share_TB = np.full(self.inside_TB.shape, -np.inf, dtype=np.float32)
        share_TB[self.inside_TB] = score_N
        share_TB -= share_TB.max(axis=0)
        np.exp(share_TB, out=share_TB)
        share_TB /= share_TB.sum(axis=0)
        x_ND *= share_TB[self.inside_TB][:, None]
        sum_BD = x_ND[: self.sizes[0]].copy()
        for size, start in zip(self.sizes[1:], self.starts[1:], strict=True):
            sum_BD[:size] += x_ND[start : start + size]
        return sum_BD
