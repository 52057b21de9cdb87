"""Products of token features and a matrix; those of embeddings depend on the token alone, and are looked up.

Shapes: N tokens, D features, G products of a token, such as the gates of an LSTM, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from textsiam.arrays import Array

Fill = Callable[[slice, Array], None]  # writes the products of some tokens, (b, G)


class Product:
    """A matrix and a bias for features that are computed."""

    def __init__(self, input_DG: Array, bias_G: Array) -> None:
        self.input_DG, self.bias_G = input_DG, bias_G

    def of(self, x_ND: Array) -> Fill:
        """Give the filler for tokens with these features."""

        def fill(now: slice, product_BG: Array) -> None:
            np.matmul(x_ND[now], self.input_DG, out=product_BG)
            product_BG += self.bias_G

        return fill


class ProductTable:
    """The products of each token's embedding; rows are filled in when their token first comes."""

    def __init__(self, embedding_VD: Array, product: Product) -> None:
        self.embedding_VD, self.product = embedding_VD, product
        self.product_VG = np.empty((len(embedding_VD), product.bias_G.size), dtype=np.float32)
        self.known_V = np.zeros(len(embedding_VD), dtype=bool)

    def of(self, ids_N: Array) -> Fill:
        """Give the filler for these tokens."""
        if not self.known_V[ids_N].all():
            new = np.unique(ids_N[~self.known_V[ids_N]])
            self.product_VG[new] = self.embedding_VD[new] @ self.product.input_DG + self.product.bias_G
            self.known_V[new] = True  # only now: another thread must not read rows that are not there

        def fill(now: slice, product_BG: Array) -> None:
            np.take(self.product_VG, ids_N[now], axis=0, out=product_BG, mode="clip")  # "clip" spares a check

        return fill
