"""The embedding bag in NumPy. Shapes: B texts, D embedding, V vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.text.buckets import exact_length_buckets
from textsiam.text.tokenizer import TokenIds

BUCKET_TOKENS = 4_096  # tokens worked on at once: their sums stay in the cache
FEW_TEXTS = 4  # up to here, text by text is faster


class NumpyBagEncoder:
    """Mean of the token embeddings."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        self.embedding_VD = weights["encoder.embedding.weight"]

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        if len(tokens) <= FEW_TEXTS:
            for row, ids in enumerate(tokens):
                vectors[row] = self.embedding_VD[ids].sum(axis=0) * np.float32(1 / max(len(ids), 1))
            return vectors
        for length, rows in exact_length_buckets(tokens.lengths, BUCKET_TOKENS):
            places_B = tokens.offsets[rows]
            sum_BD = self.embedding_VD[tokens.ids[places_B]]
            token_BD = np.empty_like(sum_BD)
            for step in range(1, length):
                # the ids are the tokenizer's own: "clip" only spares the check
                np.take(self.embedding_VD, tokens.ids[places_B + step], axis=0, out=token_BD, mode="clip")
                sum_BD += token_BD
            sum_BD *= np.float32(1 / length)
            vectors[rows] = sum_BD
        return vectors

    def read(self, tokens: TokenIds) -> tuple[Array, Array]:
        """Return the vectors, and the embeddings as the tokens' states."""
        return self(tokens), self.embedding_VD[tokens.ids]
