from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from tests.training.test_ranking_losses import Vectors, cosine, has_finite_gradient, random_vectors
from textsiam.training.triplet_losses import BatchAllTripletLoss, BatchHardTripletLoss, SemiHardTripletLoss

GROUPS = [
    [0, 0, 1, 1, 2, 3, 2, 4],
    [5, 5, 5, 5, 6, 6, 8, 8],
    [0, 0, 1, 1, 2, -1, -1, -1],  # what rounding adds is no text
    [0, 1, 2, 3, 4, 5, 6, 7],  # no positive
    [0] * 8,  # no negative
    [0, 0, 0, -1, -1, -1, -1, -1],
    [-1] * 8,
]


def _anchors(vectors: Vectors, groups: list[int]) -> Iterator[tuple[list[float], list[float]]]:
    """Give for each anchor its distances to positives and to negatives."""
    for anchor, group in enumerate(groups):
        if group != -1:
            distances = [1 - cosine(vectors[anchor], other) for other in vectors]
            positives = [d for n, d in enumerate(distances) if n != anchor and groups[n] == group]
            negatives = [d for n, d in enumerate(distances) if groups[n] not in (-1, group)]
            yield positives, negatives


def _mean(terms: list[float]) -> float:
    return sum(terms) / len(terms) if terms else 0.0


def _all_by_hand(vectors: Vectors, groups: list[int], margin: float) -> float:
    terms = [p - n + margin for positives, negatives in _anchors(vectors, groups) for p in positives for n in negatives]
    return _mean([term for term in terms if term > 0])


def _hard_by_hand(vectors: Vectors, groups: list[int], margin: float) -> float:
    found = [(p, n) for p, n in _anchors(vectors, groups) if p and n]
    return _mean([max(0.0, max(positives) - min(negatives) + margin) for positives, negatives in found])


def _semi_hard_by_hand(vectors: Vectors, groups: list[int], margin: float) -> float:
    terms = []
    for positives, negatives in _anchors(vectors, groups):
        for positive in positives if negatives else []:
            farther = [negative for negative in negatives if negative > positive]
            terms.append(max(0.0, positive - (min(farther) if farther else max(negatives)) + margin))
    return _mean(terms)


BY_HAND: dict[type[torch.nn.Module], Callable[[Vectors, list[int], float], float]] = {
    BatchAllTripletLoss: _all_by_hand,
    BatchHardTripletLoss: _hard_by_hand,
    SemiHardTripletLoss: _semi_hard_by_hand,
}


@pytest.mark.parametrize("groups", GROUPS, ids=str)
@pytest.mark.parametrize("margin", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("loss_class", BY_HAND)
def test_by_hand(loss_class: type[torch.nn.Module], margin: float, groups: list[int]) -> None:
    for seed in range(5):
        vectors = random_vectors(len(groups), seed)
        loss = loss_class(margin)(vectors, torch.tensor(groups))
        expected = BY_HAND[loss_class](vectors.tolist(), groups, margin)
        assert loss.item() == pytest.approx(expected, abs=1e-5)
        assert has_finite_gradient(loss, vectors)


@pytest.mark.parametrize("loss_class", BY_HAND)
def test_equal_vectors_have_finite_gradients(loss_class: type[torch.nn.Module]) -> None:
    vectors = torch.ones(6, 4, requires_grad=True)
    loss = loss_class(0.3)(vectors, torch.tensor([0, 0, 1, 1, 2, 2]))
    assert loss.item() == pytest.approx(0.3, abs=1e-5)
    assert has_finite_gradient(loss, vectors)
