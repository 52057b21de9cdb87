"""The sample corpus: its counts, its texts, its splits; equal for equal seed."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.normalised import normalised
from textsiam.data.sample import MAX_CORE_PAIRS, MAX_PAIRS, SamplePair, sample_pairs, sample_rows
from textsiam.data.sample_family import KINDS, PAIRS_IN_QUAD, QUADS_IN_FAMILY
from textsiam.data.split import split_pairs
from textsiam.errors import OptionError


@pytest.fixture(scope="module")
def rows() -> list[SamplePair]:
    return sample_rows(8000, seed=0)


def components(rows: list[SamplePair]) -> list[int]:
    """Number of pairs in each component, by plain flooding over the graph of normalised texts."""
    beside: dict[str, list[str]] = {}
    for row in rows:
        a, b = normalised(row.text_a), normalised(row.text_b)
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    sizes = []
    while beside:
        edge = [next(iter(beside))]
        ends = 0
        while edge:
            there = beside.pop(edge.pop(), [])
            ends += len(there)
            edge.extend(there)
        sizes.append(ends // 2)
    return sizes


def test_equal_seed_gives_equal_rows_and_another_seed_gives_others() -> None:
    assert sample_rows(400, seed=3) == sample_rows(400, seed=3)
    first, second = set(sample_rows(400, seed=3)), set(sample_rows(400, seed=4))
    assert len(first & second) < 0.2 * 400


def test_the_global_random_state_neither_matters_nor_changes() -> None:
    random.seed(1)
    before = random.getstate()
    first = sample_rows(60)
    assert random.getstate() == before
    random.seed(2)
    assert sample_rows(60) == first


def test_kinds_have_their_shares(rows: list[SamplePair]) -> None:
    assert Counter(row.kind for row in rows) == {"duplicate": 4000} | dict.fromkeys(KINDS, 1000)
    assert all(row.label == (row.kind == "duplicate") for row in rows)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(10, 700), seed=st.integers(-5, 10**9))
def test_any_number_of_pairs(n: int, seed: int) -> None:
    rows = sample_rows(n, seed=seed)
    assert len(rows) == n
    counts = Counter(row.kind for row in rows)
    assert abs(counts["duplicate"] - n / 2) <= 1
    for kind in KINDS:
        assert abs(counts[kind] - n / 8) <= PAIRS_IN_QUAD
    assert len({frozenset(map(normalised, row[:2])) for row in rows}) == n


def test_every_kind_occurs_from_26_pairs_on() -> None:
    assert any(len({row.kind for row in sample_rows(25, seed=seed)}) < 5 for seed in range(20))
    for n in range(26, 50):
        assert all({row.kind for row in sample_rows(n, seed=seed)} == {"duplicate", *KINDS} for seed in range(20))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "seed"), [(MAX_CORE_PAIRS, 0), (MAX_CORE_PAIRS, 1), (MAX_PAIRS, 0), (MAX_PAIRS, 1)])
def test_the_most_pairs_of_each_catalogue(n: int, seed: int) -> None:
    rows = sample_rows(n, seed=seed)
    assert Counter(row.kind for row in rows) == {"duplicate": n // 2} | dict.fromkeys(KINDS, n // 8)
    assert len({frozenset(map(normalised, row[:2])) for row in rows}) == n
    assert max(components(rows)) <= PAIRS_IN_QUAD * QUADS_IN_FAMILY


@pytest.mark.parametrize("n", [10.5, 20.0, "20", None, True])
def test_number_that_is_no_integer(n: object) -> None:
    with pytest.raises(OptionError, match=r"n is .*, expected a whole number of pairs"):
        sample_pairs(n)  # type: ignore[arg-type]  # what untyped callers pass


@pytest.mark.parametrize("n", [-1, 0, 9, MAX_PAIRS + 1])
def test_number_out_of_range(n: int) -> None:
    with pytest.raises(OptionError, match=rf"n is {n}, expected 10 to 50000"):
        sample_rows(n)


def test_no_pair_is_repeated_and_no_text_is_paired_with_itself(rows: list[SamplePair]) -> None:
    pairs = [frozenset(map(normalised, row[:2])) for row in rows]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) == len(pairs)


def test_components_are_many_and_small(rows: list[SamplePair]) -> None:
    sizes = components(rows)
    assert sum(sizes) == len(rows)
    assert len(sizes) >= 400
    assert max(sizes) <= PAIRS_IN_QUAD * QUADS_IN_FAMILY < 0.02 * len(rows)


def test_duplicates_never_join_what_another_pair_parts(rows: list[SamplePair]) -> None:
    group = {normalised(text): normalised(text) for row in rows for text in row[:2]}

    def root(text: str) -> str:
        while group[text] != text:
            text = group[text]
        return text

    for row in rows:
        if row.label == 1:
            group[root(normalised(row.text_a))] = root(normalised(row.text_b))
    assert all(root(normalised(row.text_a)) != root(normalised(row.text_b)) for row in rows if row.label == 0)


def test_pairs_hold_the_rows_and_split_without_a_shared_text() -> None:
    pairs = sample_pairs(600, seed=5)
    rows = sample_rows(600, seed=5)
    found = zip(pairs.text_a, pairs.text_b, pairs.labels.tolist(), pairs.extra("kind"), strict=True)
    assert [SamplePair(a, b, int(label), kind) for a, b, label, kind in found] == rows
    train, test = split_pairs(pairs, test=0.2, seed=1)
    assert len(train) + len(test) == 600
    assert 90 <= len(test) <= 150
    assert not {*train.text_a, *train.text_b} & {*test.text_a, *test.text_b}
