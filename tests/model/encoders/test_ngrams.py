from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK, random_weights
from textsiam.model.architecture import Architecture
from textsiam.model.encoders.bag import NumpyBagEncoder
from textsiam.model.encoders.ngrams import (
    MULTIPLIER,
    ROWS_AT_ONCE,
    ngram_count,
    ngram_rows,
    sum_in_halves,
    sum_stepwise,
)
from textsiam.text.tokenizer import TokenIds

TEXTS = st.lists(st.integers(1, 2**31 - 1), max_size=9)


def row_in_whole_numbers(ngram: list[int], buckets: int) -> int:
    mixed = 0
    for token in ngram:
        mixed = (mixed ^ token) * MULTIPLIER % 2**64
    return 1 + mixed // 2**33 % (buckets - 1)


@QUICK
@given(ids=TEXTS, longest=st.integers(2, 5), buckets=st.integers(2, 10_000_000))
def test_numpy_torch_and_whole_numbers_give_the_same_rows(ids: list[int], longest: int, buckets: int) -> None:
    by_hand = [
        [row_in_whole_numbers(ids[start : start + length], buckets) for start in range(len(ids) - length + 1)]
        for length in range(2, longest + 1)
    ]
    in_numpy = ngram_rows(np.array(ids, np.int64), longest, buckets)
    in_torch = ngram_rows(torch.tensor(ids, dtype=torch.int64), longest, buckets)
    assert [rows.tolist() for rows in in_numpy] == by_hand
    assert [rows.tolist() for rows in in_torch] == by_hand
    assert ngram_count(len(ids), longest) == sum(map(len, by_hand))


def test_rows_stay_the_same_for_ever() -> None:
    """Models keep what was learned under these rows."""
    bigrams, trigrams = ngram_rows(np.array([5, 9, 15_999, 9], np.int64), 3, 100_000)
    assert bigrams.tolist() == [94559, 42657, 1322]
    assert trigrams.tolist() == [45921, 36281]


def test_texts_side_by_side_are_hashed_each_for_itself() -> None:
    ids_TB = np.random.default_rng(1).integers(1, 16_000, (7, 5))
    for length, row_TB in enumerate(ngram_rows(ids_TB, 4, 1000), start=2):
        assert row_TB.shape == (8 - length, 5)
        for text in range(5):
            alone = list(ngram_rows(ids_TB[:, text], 4, 1000))[length - 2]
            assert (alone == row_TB[:, text]).all()


def test_rows_are_spread_evenly_and_depend_on_order() -> None:
    pairs_2N = np.array(np.meshgrid(np.arange(1, 301), np.arange(1, 301))).reshape(2, -1)
    (row_1N,) = ngram_rows(pairs_2N, 2, 1001)
    counts = np.bincount(row_1N[0], minlength=1001)
    assert counts[0] == 0
    # 90 on average; of rows drawn at random one in a thousand would lie outside
    assert np.mean((counts[1:] > 58) & (counts[1:] < 124)) > 0.99
    (turned_1N,) = ngram_rows(pairs_2N[::-1], 2, 1001)
    assert np.mean(turned_1N == row_1N) < 0.01


def test_counts_of_arrays_and_tensors() -> None:
    assert ngram_count(np.array([0, 1, 2, 3, 10]), 3).tolist() == [0, 0, 1, 3, 17]
    assert ngram_count(torch.tensor([0, 1, 2, 3, 10]), 3).tolist() == [0, 0, 1, 3, 17]


@pytest.mark.parametrize("rows", [1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 12_000])
def test_sums_stay_exact_however_long_a_text_is(rows: int) -> None:
    table = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)
    row_TB = np.stack([np.full(rows, 1), np.arange(rows) % 3], axis=1)
    exact = table.astype(np.float64)[row_TB].sum(axis=0)
    found = sum_in_halves(sum_stepwise, table, row_TB)
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() / rows < 1e-5
    if rows <= ROWS_AT_ONCE:
        assert (found == sum_stepwise(table, row_TB)).all()


def texts_of(count: int) -> TokenIds:
    """Give texts of 12,000 equal tokens."""
    ids, offsets = np.full(12_000 * count, 7, np.int32), np.arange(count + 1) * 12_000
    return TokenIds(ids, offsets, unknown_tokens=0, unknown_texts=0, empty_texts=0, cut_texts=0)


@pytest.mark.parametrize("options", [{}, {"weighting": "idf"}, {"ngrams": 2, "buckets": 50}])
def test_a_bag_is_exact_for_a_text_of_thousands_of_equal_tokens(options: dict[str, Any]) -> None:
    architecture = Architecture(encoder="bag", dim=16, head="cosine", max_tokens=100_000, **options)
    weights = random_weights(architecture, 20, seed=1)
    row = row_in_whole_numbers([7, 7], 50)
    exact = weights["encoder.embedding.weight"][7].astype(np.float64)
    if "ngrams" in options:
        exact = exact + weights["encoder.ngram_embedding.weight"][row]
    for many in (texts_of(1), texts_of(6)):
        assert np.abs(NumpyBagEncoder(architecture, weights)(many) - exact).max() < 1e-5
