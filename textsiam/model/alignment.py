"""The alignment head in NumPy: tokens of both texts, each beside those of the other text that are like it.

Shapes: B pairs of a block, P = 2B sides of pairs, T tokens (padded), N tokens of all texts of a block, D states, W
comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.encoders.encoder import TokenEncoder
from textsiam.model.heads import NumpyMLPHead
from textsiam.text.buckets import length_batches
from textsiam.text.tokenizer import TokenIds

BLOCK_PAIRS, BLOCK_TOKENS = 256, 8_192  # of the longer texts, with padding: memory grows with their product
NOWHERE = np.float32(-1e9)  # score of a token behind the end


class NumpyAlignment:
    """Scores pairs by their tokens; what it computes, training/alignment.py says."""

    def __init__(self, encoder: TokenEncoder, weights: Mapping[str, Array]) -> None:
        self.encoder = encoder
        self.token_DW, self.token_bias_W = weights["head.token.weight"].T, weights["head.token.bias"]
        self.own_WW, self.own_bias_W = weights["head.own.weight"].T, weights["head.own.bias"]
        self.compared_XW = weights["head.compared.weight"].T
        self.sharpness = np.exp(weights["head.sharpness"][0]) / np.float32(len(self.own_WW) ** 0.5)
        mlp = {name.replace(".mlp", ""): value for name, value in weights.items() if name.startswith("head.mlp.")}
        self.mlp = NumpyMLPHead(mlp)

    def __call__(self, tokens: TokenIds, index_a: Array, index_b: Array) -> Array:
        """Return the logits, float32 (n,), of pairs whose sides are the texts ``index_a`` and ``index_b`` (n,)."""
        # the same text is the first of a pair whichever way round it is given: the scores are equal to the last bit
        first, second = np.minimum(index_a, index_b), np.maximum(index_a, index_b)
        raw = np.empty(len(first), dtype=np.float32)
        lengths = np.maximum(tokens.lengths[first], tokens.lengths[second])
        by_length = np.argsort(lengths, kind="stable")
        for rows in length_batches(lengths, by_length, BLOCK_PAIRS, BLOCK_TOKENS):
            texts, sides_P = np.unique(np.concatenate([first[rows], second[rows]]), return_inverse=True)
            raw[rows] = self._score(tokens.take(texts), sides_P)
        return raw

    def _score(self, tokens: TokenIds, sides_P: Array) -> Array:
        """Score the pairs whose sides are these texts, the first sides of all pairs before the second ones."""
        vectors_UD, states_ND = self.encoder.read(tokens)
        # behind the last token a zero state, which a text without tokens has in place of one
        states_ND = np.concatenate([states_ND, np.zeros((1, states_ND.shape[1]), dtype=np.float32)])
        starts_P = np.where(tokens.lengths > 0, tokens.offsets[:-1], len(states_ND) - 1)[sides_P]
        lengths_P = np.maximum(tokens.lengths, 1)[sides_P]
        step_T = np.arange(lengths_P.max())
        places_PT = np.minimum(starts_P[:, None] + step_T, len(states_ND) - 1)
        inside_PT = step_T < lengths_P[:, None]
        token_NW = np.maximum(states_ND @ self.token_DW + self.token_bias_W, 0)
        own_NW = token_NW @ self.own_WW + self.own_bias_W
        x_PTW = token_NW[places_PT]
        share_PTT = self._shares(x_PTW, inside_PT)
        y_PTW = share_PTT @ _other_side(x_PTW)
        found_PTW = np.concatenate([np.abs(x_PTW - y_PTW), x_PTW * y_PTW], axis=2) @ self.compared_XW
        found_PTW += own_NW[places_PT]
        np.maximum(found_PTW, 0, out=found_PTW)
        found_PTW *= inside_PT[:, :, None]
        mean_PW = found_PTW.sum(axis=1) / lengths_P[:, None].astype(np.float32)
        a_BX, b_BX = np.split(np.concatenate([found_PTW.max(axis=1), mean_PW], axis=1), 2)
        return self.mlp(*np.split(vectors_UD[sides_P], 2), a_BX + b_BX, np.abs(a_BX - b_BX))

    def _shares(self, x_PTW: Array, inside_PT: Array) -> Array:
        """Give the shares of attention of each side's tokens among those of the other side, (P, T, T)."""
        a_BTW, b_BTW = np.split(x_PTW, 2)
        score_BTT = (a_BTW @ b_BTW.swapaxes(1, 2)) * self.sharpness
        score_PTT = np.concatenate([score_BTT, score_BTT.swapaxes(1, 2)])
        score_PTT = np.where(_other_side(inside_PT)[:, None], score_PTT, NOWHERE)
        score_PTT -= score_PTT.max(axis=2, keepdims=True)
        np.exp(score_PTT, out=score_PTT)
        score_PTT /= score_PTT.sum(axis=2, keepdims=True)
        return np.asarray(score_PTT)


def _other_side(x: Array) -> Array:
    """Swap the sides of the pairs, which lie one behind the other along the first axis."""
    return np.roll(x, len(x) // 2, axis=0)
