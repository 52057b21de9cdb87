from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.making import random_weights
from textsiam.arrays import Array
from textsiam.index.cosines import CosineFrame
from textsiam.index.matrix import Matrix
from textsiam.index.scorer import Frame
from textsiam.model.architecture import Architecture
from textsiam.model.products import FRAMES, frame_of

WIDTH = 12


def some_vectors(number: int, seed: int = 0, kinds: int = 5) -> Array:
    random = np.random.default_rng(seed)
    centres = random.normal(0, 2, size=(kinds, WIDTH))
    found = centres[random.integers(kinds, size=number)] + random.normal(0, 0.5, size=(number, WIDTH))
    found[:: number // 3 + 1] = 0
    return found.astype(np.float32)


def frame_for(head: str, vectors: Array) -> Frame:
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    if head == "squared_euclidean":  # as trained ones are: further apart is less the same
        weights["head.output.weight"] = -np.abs(weights["head.output.weight"])
    frame = frame_of(head, weights, vectors)
    assert frame is not None
    return frame


def products(frame: Frame, query: Array, vectors: Array) -> Array:
    left, right = frame.sides(query[None])[0].astype(np.float64), frame.sides(vectors)[1].astype(np.float64)
    found: Array = right @ left[0]
    return found


def check(matrix: Matrix, there: dict[int, Array], queries: Array, count: int, at_least: float) -> None:
    ids = np.array(sorted(there))
    for query, near in zip(queries, matrix.near(queries, count, at_least), strict=True):
        scores = products(matrix.frame, query, np.stack([there[number] for number in ids]))
        slack = 1e-4 * max(1.0, float(np.abs(scores).max()))
        reaching = set(ids[scores >= at_least + slack].tolist())
        got = set(near.ids.tolist())
        assert len(got) == len(near.ids)
        if matrix.frame.ranking != "bound":
            assert got <= set(ids[scores >= at_least - slack].tolist())
        if near.all:
            assert reaching <= got
        else:
            assert len(got) == count
            least = min(scores[np.searchsorted(ids, number)] for number in got)
            assert (scores > least + slack).sum() <= count
            assert {int(number) for number in ids[scores > least + slack]} <= got


@pytest.mark.parametrize("count", [1, 7, 1000])
@pytest.mark.parametrize("head", sorted(FRAMES))
def test_the_highest_products_are_found(head: str, count: int) -> None:
    vectors, queries = some_vectors(700), some_vectors(20, seed=1)
    frame = frame_for(head, vectors)
    scores = np.concatenate([products(frame, query, vectors) for query in queries])
    for share in (0.0, 0.5, 0.99):
        at_least = float(np.quantile(scores, share)) if share else -np.inf
        matrix = Matrix(frame, float(np.quantile(scores, 0.9)))
        for first in range(0, 700, 100):
            matrix.append(np.arange(first, first + 100) * 3 + 1, vectors[first : first + 100])
            matrix.get_ready()
        assert len(matrix) == 700
        assert matrix.last_id == 699 * 3 + 1
        check(matrix, {3 * at + 1: vector for at, vector in enumerate(vectors)}, queries, count, at_least)


def test_bounds_alone_give_all_that_may_reach() -> None:
    vectors = some_vectors(300)
    frame = frame_for("manhattan", vectors)
    matrix = Matrix(frame, -1.0)
    matrix.append(np.arange(300), vectors)
    matrix.get_ready()
    (near,) = matrix.near(vectors[7:8], 3, -20.0)
    assert near.all
    reaching = np.flatnonzero(products(frame, vectors[7], vectors) >= -20)
    assert len(reaching) > 3
    assert set(reaching.tolist()) <= set(near.ids.tolist())


def test_few_components_are_looked_at_of_vectors_with_few_directions() -> None:
    random = np.random.default_rng(3)
    vectors = (random.normal(size=(3000, 6)) @ random.normal(size=(6, 64))).astype(np.float32)
    matrix = Matrix(CosineFrame(), 0.9)
    matrix.append(np.arange(3000), vectors)
    matrix.get_ready()
    assert matrix._short.shape[1] < 20
    check(matrix, dict(enumerate(vectors)), vectors[:5], 10, 0.5)


Steps = st.lists(st.tuples(st.sampled_from(["add", "drop", "ask"]), st.integers(0, 60)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(Steps, st.sampled_from(sorted(FRAMES)), st.integers(0, 3))
def test_rows_come_and_go(steps: list[tuple[str, int]], head: str, seed: int) -> None:
    everything = some_vectors(800, seed)
    frame = frame_for(head, everything)
    matrix = Matrix(frame, -0.5)
    there: dict[int, Array] = {}
    following = 1
    for step, number in [("add", 5), *steps, ("ask", 5)]:
        if step == "add" and following + number < 800:
            ids = np.arange(following, following + number)
            matrix.append(ids, everything[ids])
            matrix.get_ready()
            there |= {int(each): everything[each] for each in ids}
            following += number
        elif step == "drop":
            gone = sorted(there)[number % 7 :: 2]
            matrix.drop(gone)
            there = {each: vector for each, vector in there.items() if each not in gone}
        if there:
            check(matrix, there, everything[-2:], max(1, number), -np.inf)
            check(matrix, there, everything[-2:], max(1, number), -3.0)
        assert len(matrix) == len(there)
