"""The convolutional encoder in NumPy.

What a token adds to a filter at each place of its window depends on the token alone, and is looked up. Shapes: B texts
of one length, T tokens, W windows, U filters of one width, D embedding, G products of a token, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.encoders.lookup import Product, ProductTable
from textsiam.text.buckets import exact_length_buckets
from textsiam.text.tokenizer import TokenIds

BUCKET_TOKENS = 512  # tokens worked on at once


class NumpyCNNEncoder:
    """Filters of several widths, the largest value of each over the text (Kim 2014)."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        names = [f"encoder.filters.{width}" for width in architecture.filter_widths]
        places = [
            place_UD.T
            for name, width in zip(names, architecture.filter_widths, strict=True)
            for place_UD in np.split(weights[f"{name}.weight"], width, axis=1)
        ]
        input_DG = np.concatenate(places, axis=1)
        no_bias_G = np.zeros(input_DG.shape[1], dtype=np.float32)
        self.table = ProductTable(weights["encoder.embedding.weight"], Product(input_DG, no_bias_G))
        self.bias_D = np.concatenate([weights[f"{name}.bias"] for name in names])

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        for length, rows in exact_length_buckets(tokens.lengths, BUCKET_TOKENS):
            ids_BT = tokens.ids[tokens.offsets[rows][:, None] + np.arange(length)]
            product_BTG = np.empty((*ids_BT.shape, self.table.product_VG.shape[1]), dtype=np.float32)
            self.table.of(ids_BT)(slice(None), product_BTG)
            vectors[rows] = np.maximum(self._largest(product_BTG) + self.bias_D, 0)
        return vectors

    def _largest(self, product_BTG: Array) -> Array:
        """Add up each window's products, and give the largest sums, (B, D)."""
        units, place, largest = self.architecture.units, 0, []
        for width in self.architecture.filter_widths:
            # a text shorter than the window has one, and nothing behind its end
            windows = max(product_BTG.shape[1] - width + 1, 1)
            inside = min(width, product_BTG.shape[1])
            sum_BWU = product_BTG[:, :windows, place * units : (place + 1) * units].copy()
            for step in range(1, inside):
                column = (place + step) * units
                sum_BWU += product_BTG[:, step : step + windows, column : column + units]
            largest.append(sum_BWU.max(axis=1))
            place += width
        return np.concatenate(largest, axis=1)
