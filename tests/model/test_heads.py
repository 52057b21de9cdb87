from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.model.making import QUICK, fitting, random_weights
from textsiam.arrays import Array
from textsiam.model.architecture import VECTOR_HEADS, Architecture
from textsiam.model.heads import NUMPY_HEADS, Head, cosine_similarity

SIZE, HIDDEN, BAG = 3, 5, {"encoder": "bag"}
WEIGHTS = {
    head: random_weights(Architecture(**fitting({**BAG, "dim": SIZE, "head": head, "head_units": HIDDEN})), 4, seed=11)
    for head in VECTOR_HEADS
}
PLAIN_WEIGHTS = {
    head: {name: value.astype(np.float64).tolist() for name, value in weights.items() if name.startswith("head.")}
    for head, weights in WEIGHTS.items()
}


def cosine_by_hand(u: list[float], v: list[float]) -> float:
    dot = sum(a * b for a, b in zip(u, v, strict=True))
    norms = [max(math.sqrt(sum(a * a for a in w)), 1e-8) for w in (u, v)]
    return dot / norms[0] / norms[1]


def euclidean_by_hand(u: list[float], v: list[float]) -> float:
    return -math.sqrt(sum((a - b) ** 2 for a, b in zip(u, v, strict=True)))


def dot_by_hand(u: list[float], v: list[float]) -> float:
    return sum(a * b for a, b in zip(u, v, strict=True))


def manhattan_by_hand(u: list[float], v: list[float]) -> float:
    return -sum(abs(a - b) for a, b in zip(u, v, strict=True))


def squared_euclidean_by_hand(u: list[float], v: list[float]) -> float:
    weights = PLAIN_WEIGHTS["squared_euclidean"]
    terms = [w * (a - b) ** 2 for a, b, w in zip(u, v, weights["head.output.weight"][0], strict=True)]
    return float(sum(terms) + weights["head.output.bias"][0])


def mlp_by_hand(u: list[float], v: list[float]) -> float:
    weights = PLAIN_WEIGHTS["mlp"]
    sides = list(zip(u, v, strict=True))
    features = [abs(a - b) for a, b in sides] + [a * b for a, b in sides] + [a + b for a, b in sides]
    logit = weights["head.output.bias"][0]
    for unit in range(HIDDEN):
        total = weights["head.hidden.bias"][unit]
        for feature, weight in zip(features, weights["head.hidden.weight"][unit], strict=True):
            total += feature * weight
        logit += weights["head.output.weight"][0][unit] * max(total, 0.0)
    return float(logit)


BY_HAND: dict[str, Callable[[list[float], list[float]], float]] = {
    "cosine": cosine_by_hand,
    "dot": dot_by_hand,
    "euclidean": euclidean_by_hand,
    "manhattan": manhattan_by_hand,
    "mlp": mlp_by_hand,
    "squared_euclidean": squared_euclidean_by_hand,
}


def make_head(name: str) -> Head:
    return NUMPY_HEADS[name](WEIGHTS[name])


def vectors(rows: int, low: float = -4, high: float = 4) -> st.SearchStrategy[Array]:
    return arrays(np.float32, (rows, SIZE), elements=st.floats(low, high, width=32))


@pytest.mark.parametrize("name", VECTOR_HEADS)
@QUICK
@given(u=vectors(4), v=vectors(4))
def test_a_head_gives_what_a_loop_gives(name: str, u: Array, v: Array) -> None:
    got = make_head(name)(u, v)
    assert got.shape == (4,)
    assert got.dtype == np.float32
    for row in range(4):
        expected = BY_HAND[name](u[row].astype(np.float64).tolist(), v[row].astype(np.float64).tolist())
        assert got[row] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("name", VECTOR_HEADS)
@QUICK
@given(u=vectors(5, -1e4, 1e4), v=vectors(5, -1e4, 1e4))
def test_the_sides_can_be_swapped_bit_for_bit(name: str, u: Array, v: Array) -> None:
    head = make_head(name)
    assert head(u, v).tobytes() == head(v, u).tobytes()


@pytest.mark.parametrize("name", VECTOR_HEADS)
@pytest.mark.parametrize("rows", [1, 2, 17, 300])
@pytest.mark.parametrize("size", [1, 7, 64, 257])
def test_the_sides_can_be_swapped_bit_for_bit_at_every_size(name: str, rows: int, size: int) -> None:
    rng = np.random.default_rng(rows * 1000 + size)
    u, v = rng.normal(size=(2, rows, size)).astype(np.float32)
    architecture = Architecture(**fitting({**BAG, "dim": size, "head": name, "head_units": 33}))
    head = NUMPY_HEADS[name](random_weights(architecture, 4, seed=size))
    assert head(u, v).tobytes() == head(v, u).tobytes()


@pytest.mark.parametrize("name", VECTOR_HEADS)
def test_no_rows_give_no_scores(name: str) -> None:
    empty = np.zeros((0, SIZE), dtype=np.float32)
    assert make_head(name)(empty, empty).shape == (0,)


def test_a_zero_vector_has_cosine_0_and_its_own_distance() -> None:
    zero, other = np.zeros((1, SIZE), dtype=np.float32), np.array([[3, 4, 0]], dtype=np.float32)
    assert make_head("cosine")(zero, zero).tolist() == [0]
    assert make_head("cosine")(zero, other).tolist() == [0]
    assert make_head("euclidean")(zero, zero).tolist() == [0]
    assert make_head("euclidean")(zero, other).tolist() == [-5]
    assert make_head("manhattan")(zero, zero).tolist() == [0]
    assert make_head("manhattan")(zero, other).tolist() == [-7]
    assert np.isfinite(make_head("mlp")(zero, zero)).all()


@QUICK
@given(vectors(3), st.floats(1e-6, 1e6))
@example(np.full((3, SIZE), 1e-5, dtype=np.float32), 1.0)
def test_a_vector_and_its_multiple_have_cosine_1(u: Array, factor: float) -> None:
    u = u[np.abs(u).max(axis=1) > 1e-6]
    v = (u.astype(np.float64) * factor).astype(np.float32)
    v_is_long = np.linalg.norm(v, axis=1) > 1e-7  # nearer to 0 the cosine fades to 0
    assert cosine_similarity(u, v)[v_is_long] == pytest.approx(1, abs=1e-5)


@QUICK
@given(vectors(6, -1e6, 1e6), vectors(6, -1e6, 1e6))
def test_a_cosine_never_leaves_its_range(u: Array, v: Array) -> None:
    got = cosine_similarity(u, v)
    assert ((got >= -1) & (got <= 1)).all()
