from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from textsiam.arrays import Array
from textsiam.index import search
from textsiam.index.search import pairs_reaching

QUICK = settings(deadline=None, max_examples=60)


def found(left: Array, right: Array, at_least: float, **options: int | bool | None) -> set[tuple[int, int]]:
    parts = list(pairs_reaching(left, right, at_least, **options))  # type: ignore[arg-type] # of several types
    pairs = [(int(i), int(j)) for part in parts for i, j in zip(part.left, part.right, strict=True)]
    assert len(pairs) == len(set(pairs))
    return set(pairs)


def products(left: Array, right: Array) -> Array:
    return left.astype(np.float64) @ right.astype(np.float64).T


def check(left: Array, right: Array, at_least: float, *, one_list: bool, **options: int | None) -> None:
    """All that reach are there; what is there beside them misses by rounding alone."""
    exact = products(left, right)
    lengths = np.linalg.norm(left, axis=1).max() * np.linalg.norm(right, axis=1).max()
    allowed = {(int(i), int(j)) for i, j in zip(*np.nonzero(exact >= at_least - 1e-5 * lengths), strict=True)}
    wanted = {(int(i), int(j)) for i, j in zip(*np.nonzero(exact >= at_least), strict=True)}
    if one_list:
        allowed, wanted = ({(i, j) for i, j in pairs if i < j} for pairs in (allowed, wanted))
    pairs = found(left, right, at_least, one_list=one_list, **options)
    assert wanted <= pairs <= allowed


@QUICK
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 70),
    others=st.integers(1, 70),
    width=st.integers(1, 12),
    components=st.none() | st.integers(1, 12),
    block=st.integers(1, 40),
    share=st.floats(0, 1),
    one_list=st.booleans(),
)
def test_every_block_and_bound_gives_what_brute_force_does(
    seed: int, rows: int, others: int, width: int, components: int | None, block: int, share: float, one_list: bool
) -> None:
    random = np.random.default_rng(seed)
    left = (random.normal(size=(rows, width)) * random.uniform(0, 3, size=width)).astype(np.float32)
    right = left if one_list else random.normal(size=(others, width)).astype(np.float32)
    at_least = float(np.quantile(products(left, right), share))
    check(left, right, at_least, one_list=one_list, components=components, block=block, threads=2)


def test_what_is_equal_is_found_at_a_cosine_of_one() -> None:
    random = np.random.default_rng(1)
    some = random.normal(size=(300, 40)).astype(np.float32)
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    twice = np.concatenate([some, some])
    assert found(twice, twice, 1.0, one_list=True) == {(n, n + 300) for n in range(300)}


def test_zero_vectors_have_products_of_zero() -> None:
    nothing = np.zeros((3, 4), dtype=np.float32)
    assert found(nothing, nothing, 0.1, one_list=True) == set()
    assert found(nothing, nothing, 0.0, one_list=True) == {(0, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize(("at_least", "count"), [(np.inf, 0), (-np.inf, 10)])
def test_no_pair_or_every_pair_can_be_asked_for(at_least: float, count: int) -> None:
    some = np.eye(5, dtype=np.float32)
    assert len(found(some, some, at_least, one_list=True)) == count


def test_nothing_is_found_in_nothing() -> None:
    assert found(np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32), 0.5, one_list=True) == set()


def test_the_sample_chooses_a_short_bound_where_it_pays() -> None:
    random = np.random.default_rng(2)
    width = 256
    tame = (random.normal(size=(3000, width)) * np.geomspace(1, 0.001, width)).astype(np.float32)
    tame /= np.linalg.norm(tame, axis=1, keepdims=True)
    assert search._best_components(tame, tame, 0.9) < 64
    wild = random.normal(size=(3000, width)).astype(np.float32)
    wild /= np.linalg.norm(wild, axis=1, keepdims=True)
    assert search._best_components(wild, wild, -1.0) == width


def test_parts_come_in_order_and_tell_how_much_was_looked_at() -> None:
    some = np.random.default_rng(3).normal(size=(100, 8)).astype(np.float32)
    parts = list(pairs_reaching(some, some, 1.0, one_list=True, block=16, threads=3))
    firsts = [int(part.left.min()) // 16 for part in parts if len(part.left)]
    assert firsts == sorted(firsts)
    assert len(parts) == 7 * 8 // 2  # tiles
    assert sum(part.looked_at for part in parts) == 100 * 101 // 2


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_a_consumer_that_stops_early_leaves_no_thread_behind() -> None:
    some = np.random.default_rng(4).normal(size=(2000, 8)).astype(np.float32)
    before = threading.active_count(), blas_threads()
    parts = pairs_reaching(some, some, 0.0, one_list=True, block=32, threads=2)
    next(parts)
    assert threading.active_count() > before[0]
    assert blas_threads() == {1}
    parts.close()
    assert (threading.active_count(), blas_threads()) == before
