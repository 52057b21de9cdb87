from __future__ import annotations

import numpy as np

from textsiam.arrays import unit_vectors


def test_vectors_get_length_one_and_the_zero_vector_stays() -> None:
    given = np.array([[3, 4], [0, 0], [-1e-12, 0], [1e18, 0]], dtype=np.float32)
    unit = unit_vectors(given)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], atol=1e-7)
    assert given[0].tolist() == [3, 4]
    assert unit_vectors(given[:0]).shape == (0, 2)


def test_vectors_shorter_than_the_least_stay_short() -> None:
    given = np.array([[3, 4], [0, 0], [-1e-12, 0], [0, 2e-8]], dtype=np.float32)
    unit = unit_vectors(given, 1e-8)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, 0.0], [-1e-4, 0.0], [0.0, 1.0]], rtol=1e-6)
