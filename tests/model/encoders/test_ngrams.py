from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK
from textsiam.model.encoders.ngrams import MULTIPLIER, ngram_count, ngram_rows

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
