from __future__ import annotations

import numpy as np
import pytest

from tests.model.making import random_weights
from textsiam.model.architecture import VECTOR_HEADS, Architecture
from textsiam.model.heads import NUMPY_HEADS
from textsiam.model.products import FRAMES, products_of

WIDTH, NUMBER = 12, 60


def vectors() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    found = np.random.default_rng(3).normal(1, 2, size=(NUMBER, WIDTH)).astype(np.float32)
    found[7] = 0
    found[8] = found[9]
    return found


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("head", sorted(FRAMES))
def test_what_reaches_a_raw_score_reaches_the_product(head: str, share: float) -> None:
    some = vectors()
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    i, j = np.triu_indices(NUMBER, 1)
    raw = NUMPY_HEADS[head](weights)(some[i], some[j])
    wanted = float(np.quantile(raw, share))
    found = products_of(head, weights, some, wanted)
    assert found is not None
    product = np.einsum("nk,nk->n", found.left[i].astype(np.float64), found.right[j].astype(np.float64))
    assert (product >= found.at_least - 1e-4)[raw >= wanted].all()
    if head != "manhattan":  # of which the product is only a bound
        assert (product < found.at_least + 1e-4)[raw < wanted].all()


@pytest.mark.parametrize("head", sorted(FRAMES))
def test_all_or_none_can_reach(head: str) -> None:
    weights = random_weights(Architecture(encoder="bag", dim=WIDTH, head=head), 50)
    everything, nothing = (products_of(head, weights, vectors(), raw) for raw in (-np.inf, np.inf))
    assert everything is not None
    assert nothing is not None
    assert (everything.at_least, nothing.at_least) == (-np.inf, np.inf)


def test_distances_above_zero_are_out_of_reach() -> None:
    found = products_of("euclidean", {}, vectors(), 0.5)
    assert found is not None
    assert found.at_least == np.inf


def test_other_heads_say_nothing() -> None:
    assert {head for head in VECTOR_HEADS if head not in FRAMES} == {"mlp"}
    assert products_of("mlp", {}, vectors(), 0.5) is None
    assert products_of("alignment", {}, vectors(), 0.5) is None
