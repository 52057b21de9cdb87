"""The embedding bag in NumPy. Shapes: B texts, T tokens, R n-grams of a text, D embedding, V vocabulary, K buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.encoders.ngrams import BUCKET_TOKENS, ngram_rows, sum_in_halves, sum_stepwise
from textsiam.model.weights import TOKEN_WEIGHT
from textsiam.text.buckets import exact_length_buckets
from textsiam.text.tokenizer import TokenIds

FEW_TEXTS = 4  # up to here, text by text is faster


class NumpyBagEncoder:
    """Mean of the token embeddings, weighted or not, and added to it that of the n-grams' embeddings, if any."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        self.embedding_VD = weights["encoder.embedding.weight"]
        self.weight_V = weights.get(TOKEN_WEIGHT)
        if self.weight_V is not None:
            self.embedding_VD = self.embedding_VD * self.weight_V[:, None]
        self.state_VD = weights["encoder.embedding.weight"]
        self.ngram_KD = weights.get("encoder.ngram_embedding.weight")

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        if len(tokens) <= FEW_TEXTS:
            for row, ids_T in enumerate(tokens):
                if len(ids_T):
                    vectors[row] = self._encoded(ids_T, _sum)
            return vectors
        for length, rows in exact_length_buckets(tokens.lengths, BUCKET_TOKENS):
            places_B = tokens.offsets[rows]
            ids_TB = tokens.ids[np.arange(length)[:, None] + places_B]
            vectors[rows] = self._encoded(ids_TB, sum_stepwise)
        return vectors

    def read(self, tokens: TokenIds) -> tuple[Array, Array]:
        """Return the vectors, and the embeddings as the tokens' states."""
        return self(tokens), self.state_VD[tokens.ids]

    def _encoded(self, ids: Array, sum_of: Callable[[Array, Array], Array]) -> Array:
        """Encode one text, (T,) to (D,), or texts of one length, (T, B) to (B, D)."""
        vectors = sum_in_halves(sum_of, self.embedding_VD, ids)
        if self.weight_V is None:
            vectors *= np.float32(1 / len(ids))
        else:
            vectors /= sum_in_halves(_sum, self.weight_V, ids)[..., None]
        if self.ngram_KD is not None and len(ids) > 1:
            runs = ngram_rows(ids.astype(np.int64), self.architecture.ngrams, self.architecture.buckets)
            row_R = np.concatenate(list(runs))
            vectors += sum_in_halves(sum_of, self.ngram_KD, row_R) * np.float32(1 / len(row_R))
        return vectors


def _sum(table: Array, row_T: Array) -> Array:
    """Add up rows of a table, (D,), or numbers of one for each text."""
    total: Array = table[row_T].sum(axis=0)
    return total
