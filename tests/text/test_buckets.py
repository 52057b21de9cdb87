from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.conftest import made_up_texts
from textsiam.errors import OptionError
from textsiam.text.buckets import exact_length_buckets, length_batches, padded
from textsiam.text.tokenizer import PAD_ID, TokenIds, Tokenizer


def buckets_by_hand(lengths: list[int], max_tokens: int) -> list[tuple[int, list[int]]]:
    found: list[tuple[int, list[int]]] = []
    for length in sorted(set(lengths) - {0}):
        bucket: list[int] = []
        for row, other in enumerate(lengths):
            if other != length:
                continue
            if bucket and (len(bucket) + 1) * length > max_tokens:
                found.append((length, bucket))
                bucket = []
            bucket.append(row)
        found.append((length, bucket))
    return found


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 40), st.sampled_from([np.int64, np.int32]))
def test_every_row_once_in_order(lengths: list[int], max_tokens: int, dtype: type[np.signedinteger]) -> None:
    found = list(exact_length_buckets(np.array(lengths, dtype=dtype), max_tokens))
    assert [(length, rows.tolist()) for length, rows in found] == buckets_by_hand(lengths, max_tokens)
    assert all(type(length) is int and rows.dtype == np.int64 for length, rows in found)
    every_row = sorted(row for _, rows in found for row in rows.tolist())
    assert every_row == [row for row, length in enumerate(lengths) if length > 0]


def test_a_text_longer_than_the_limit_is_a_bucket_of_its_own() -> None:
    found = [(length, rows.tolist()) for length, rows in exact_length_buckets(np.array([100, 3, 100]), 10)]
    assert found == [(3, [1]), (100, [0]), (100, [2])]


@pytest.mark.parametrize("wrong", [0, -5])
def test_wrong_limit_is_refused_at_the_call(wrong: int) -> None:
    with pytest.raises(OptionError, match=f"max_tokens is {wrong}, expected a whole number from 1"):
        exact_length_buckets(np.array([1]), wrong)


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 9), st.integers(1, 40))
def test_batches_are_as_large_as_rows_and_padded_tokens_allow(
    lengths: list[int], most_rows: int, most_tokens: int
) -> None:
    by_length = np.argsort(lengths, kind="stable").astype(np.int64)
    found: list[list[int]] = []
    for row in by_length.tolist():
        fits = found and len(found[-1]) < most_rows and (len(found[-1]) + 1) * lengths[row] <= most_tokens
        found = [*found[:-1], [*found[-1], row]] if fits else [*found, [row]]
    batches = length_batches(np.array(lengths, dtype=np.int64), by_length, most_rows, most_tokens)
    assert [rows.tolist() for rows in batches] == found


def padded_by_hand(tokens: TokenIds, rows: list[int]) -> list[list[int]]:
    longest = max((len(tokens[row]) for row in rows), default=0)
    return [tokens[row].tolist() + [PAD_ID] * (longest - len(tokens[row])) for row in rows]


def test_padded_equals_a_loop(proto: bytes) -> None:
    texts = [*made_up_texts(40, seed=3), "", "abc", ""]
    tokens = Tokenizer(proto).encode(texts)
    generator = np.random.default_rng(0)
    for size in (1, 2, 7, 60):
        rows = generator.integers(0, len(texts), size=size)
        ids, lengths = padded(tokens, rows)
        assert ids.tolist() == padded_by_hand(tokens, rows.tolist())
        assert lengths.tolist() == [len(tokens[row]) for row in rows.tolist()]
        assert [ids.dtype.name, lengths.dtype.name] == ["int64", "int64"]


def test_padded_without_rows_or_tokens(proto: bytes) -> None:
    tokens = Tokenizer(proto).encode(["", "  ", "abc"])
    ids, lengths = padded(tokens, np.array([], dtype=np.int64))
    assert (ids.shape, lengths.shape) == ((0, 0), (0,))
    ids, lengths = padded(tokens, np.array([0, 1]))
    assert (ids.shape, lengths.tolist()) == ((2, 0), [0, 0])
    nothing = Tokenizer(proto).encode([])
    assert padded(nothing, np.array([], dtype=np.int64))[0].shape == (0, 0)
    with pytest.raises(IndexError):
        padded(tokens, np.array([3]))


def test_buckets_and_padded_agree(proto: bytes) -> None:
    tokens = Tokenizer(proto).encode([*made_up_texts(80, seed=4), ""])
    for length, rows in exact_length_buckets(tokens.lengths, 50):
        ids, lengths = padded(tokens, rows)
        assert ids.shape == (len(rows), length)
        assert set(lengths.tolist()) == {length}
        assert (ids != PAD_ID).all()
