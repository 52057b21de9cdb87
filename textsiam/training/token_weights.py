"""What tokens count in a weighted bag, from how often they stand in the training texts."""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.text.tokenizer import PAD_ID, TokenIds

SIF = 1e-3
BLOCK_TEXTS = 50_000  # texts whose tokens are sorted at one time


def token_weights(tokens: TokenIds, vocabulary_size: int, weighting: str) -> Array:
    """Give each token its weight, float32 (V,), above 0; padding has 0.

    ``tokens`` are the distinct training texts. "idf" is log((1 + n) / (1 + d)) + 1 for a token in d of n texts, as
    scikit-learn smooths it. "sif" (smooth inverse frequency) is a / (a + p) for a token that is a share p of all
    tokens, with a = 0.001 (Arora, Liang, Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017).
    """
    if weighting == "idf":
        weight_V = np.log((1 + len(tokens)) / (1 + _texts_with(tokens, vocabulary_size))) + 1
    else:
        count_V = np.bincount(tokens.ids, minlength=vocabulary_size)
        weight_V = SIF / (SIF + count_V / max(len(tokens.ids), 1))
    weight_V[PAD_ID] = 0
    return weight_V.astype(np.float32)


def _texts_with(tokens: TokenIds, vocabulary_size: int) -> Array:
    """Count the texts that have each token, int64 (V,)."""
    found_V = np.zeros(vocabulary_size, np.int64)
    for start in range(0, len(tokens), BLOCK_TEXTS):
        offsets = tokens.offsets[start : start + BLOCK_TEXTS + 1]
        ids = tokens.ids[offsets[0] : offsets[-1]]
        keys = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)) * vocabulary_size + ids
        keys.sort()
        found_V += np.bincount(keys[np.diff(keys, prepend=-1) > 0] % vocabulary_size, minlength=vocabulary_size)
    return found_V
