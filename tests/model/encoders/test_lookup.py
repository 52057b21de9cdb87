from __future__ import annotations

import numpy as np

from textsiam.model.encoders.lookup import Product, ProductTable

RNG = np.random.default_rng(3)
EMBEDDING = RNG.normal(size=(11, 3)).astype(np.float32)
PRODUCT = Product(RNG.normal(size=(3, 8)).astype(np.float32), RNG.normal(size=8).astype(np.float32))


def test_only_rows_that_came_are_filled_in() -> None:
    table = ProductTable(EMBEDDING, PRODUCT)
    table.of(np.array([5, 5, 9]))
    assert np.flatnonzero(table.known_V).tolist() == [5, 9]


def test_what_is_looked_up_is_what_is_computed() -> None:
    ids = np.array([4, 7, 2, 4])
    looked_up, computed = np.empty((2, 3, 8), dtype=np.float32)
    table = ProductTable(EMBEDDING, PRODUCT)
    for _ in range(2):  # the second time from what is there
        table.of(ids)(slice(1, 4), looked_up)
        PRODUCT.of(EMBEDDING[ids])(slice(1, 4), computed)
        assert np.abs(looked_up - computed).max() < 1e-6
        assert np.abs(computed - (EMBEDDING[ids[1:]] @ PRODUCT.input_DG + PRODUCT.bias_G)).max() < 1e-6
