from __future__ import annotations

import numpy as np
import pytest

from tests.model.making import random_weights
from textsiam.model.architecture import VECTOR_HEADS, Architecture
from textsiam.model.heads import NUMPY_HEADS
from textsiam.model.products import FRAMES, frame_of

WIDTH, NUMBER = 12, 60


def vectors() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    found = np.random.default_rng(3).normal(1, 2, size=(NUMBER, WIDTH)).astype(np.float32)
    found[7] = 0
    found[8] = found[9]
    found[10] *= np.float32(1e-10)  # shorter than what a cosine divides by at least
    return found


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("head", sorted(FRAMES))
def test_what_reaches_a_raw_score_reaches_the_product(head: str, share: float) -> None:
    some = vectors()
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    i, j = np.triu_indices(NUMBER, 1)
    raw = NUMPY_HEADS[head](weights)(some[i], some[j])
    wanted = float(np.quantile(raw, share))
    frame = frame_of(head, weights, some)
    assert frame is not None
    at_least, (left, right) = frame.at_least(wanted), frame.sides(some)
    product = np.einsum("nk,nk->n", left[i].astype(np.float64), right[j].astype(np.float64))
    assert (product >= at_least - 1e-4)[raw >= wanted].all()
    if head != "manhattan":  # of which the product is only a bound
        assert (product < at_least + 1e-4)[raw < wanted].all()


@pytest.mark.parametrize("head", sorted(FRAMES))
def test_all_or_none_can_reach(head: str) -> None:
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    frame = frame_of(head, weights, vectors())
    assert frame is not None
    assert (frame.at_least(-np.inf), frame.at_least(np.inf)) == (-np.inf, np.inf)


def test_distances_above_zero_are_out_of_reach() -> None:
    frame = frame_of("euclidean", {}, vectors())
    assert frame is not None
    assert frame.at_least(0.5) == np.inf


def test_other_heads_say_nothing() -> None:
    assert {head for head in VECTOR_HEADS if head not in FRAMES} == {"mlp"}
    assert frame_of("mlp", {}, vectors()) is None
    assert frame_of("alignment", {}, vectors()) is None


@pytest.mark.parametrize("head", sorted(FRAMES))
def test_other_vectors_than_those_it_was_made_of_compare_as_well(head: str) -> None:
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    some = vectors()
    raw = NUMPY_HEADS[head](weights)(some[:30], some[30:])
    for made_of in (some, some[:1], some[7:8] * 0):  # of many, of one, of the zero vector
        frame = frame_of(head, weights, made_of)
        assert frame is not None
        left, right = frame.sides(some[:30])[0], frame.sides(some[30:])[1]
        product = np.einsum("nk,nk->n", left.astype(np.float64), right.astype(np.float64))
        bounds = np.array([frame.at_least(score) for score in raw.tolist()])
        assert (product >= bounds - 2e-4).all()
        if frame.ranking != "bound":
            assert np.abs(product - bounds).max() < 2e-4
