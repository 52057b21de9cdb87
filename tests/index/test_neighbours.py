from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.index import neighbours
from textsiam.index.neighbours import nearest


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 80), st.integers(1, 12), st.integers(1, 30), st.integers(1, 30))
def test_they_are_the_highest_products(seed: int, number: int, count: int, rows: int, columns: int) -> None:
    unit = np.random.default_rng(seed).normal(size=(number, 6)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "ROWS", rows)
        patch.setattr(neighbours, "COLUMNS", columns)
        found = nearest(unit, count, threads=2)
    assert found.shape == (number, min(count, number - 1))
    exact = unit.astype(np.float64) @ unit.astype(np.float64).T
    for row, places in enumerate(found.tolist()):
        assert row not in places
        assert len(set(places)) == len(places)
        others = sorted((exact[row, other] for other in range(number) if other != row), reverse=True)
        assert sorted(exact[row, places], reverse=True) == pytest.approx(others[: len(places)], abs=1e-4)


def test_a_single_row_has_none() -> None:
    assert nearest(np.ones((1, 3), dtype=np.float32), 5).shape == (1, 0)
    assert nearest(np.ones((0, 3), dtype=np.float32), 5).shape == (0, 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 40), st.integers(0, 60), st.integers(1, 12), st.integers(1, 30))
def test_they_can_be_taken_among_other_rows(seed: int, number: int, others: int, count: int, block: int) -> None:
    random = np.random.default_rng(seed)
    unit, among = (random.normal(size=(rows, 6)).astype(np.float32) for rows in (number, others))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "ROWS", block)
        patch.setattr(neighbours, "COLUMNS", block)
        found = nearest(unit, count, among=among, threads=2)
    assert found.shape == (number, min(count, others))
    exact = unit.astype(np.float64) @ among.astype(np.float64).T
    for row, places in enumerate(found.tolist()):
        assert len(set(places)) == len(places)
        assert sorted(exact[row, places], reverse=True) == pytest.approx(
            sorted(exact[row], reverse=True)[: len(places)], abs=1e-4
        )
