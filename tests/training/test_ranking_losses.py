from __future__ import annotations

import math

import pytest
import torch

from textsiam.training.ranking_losses import CoSENTLoss, InBatchLoss

Vectors = list[list[float]]


def cosine(u: list[float], v: list[float]) -> float:
    norms = math.hypot(*u) * math.hypot(*v)
    return sum(a * b for a, b in zip(u, v, strict=True)) / norms if norms else 0.0


def random_vectors(count: int, seed: int = 0) -> torch.Tensor:
    """Draw vectors, of which the last one is zero, as that of an empty text is."""
    vectors = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    vectors[-1] = 0
    return vectors.requires_grad_()


def has_finite_gradient(loss: torch.Tensor, of: torch.Tensor) -> bool:
    torch.autograd.backward(loss)
    assert of.grad is not None
    return bool(of.grad.isfinite().all())


def _cosent_by_hand(cosines: list[float], labels: list[float], temperature: float) -> float:
    total = 1.0
    for high, label in zip(cosines, labels, strict=True):
        for low, lower_label in zip(cosines, labels, strict=True):
            if label > lower_label:
                total += math.exp((low - high) / temperature)
    return math.log(total)


@pytest.mark.parametrize("temperature", [0.05, 1.0])
@pytest.mark.parametrize("labels", [[1, 0, 1, 0, 0], [0.2, 0.8, 0.5, 0.5, 1], [1] * 5, [0] * 5], ids=str)
def test_cosent_by_hand(temperature: float, labels: list[float]) -> None:
    cosines = [0.9, 0.95, -0.3, -0.8, 0.4]
    given = torch.tensor(cosines, requires_grad=True)
    loss = CoSENTLoss(temperature)(given, torch.tensor(labels, dtype=torch.float32))
    assert loss.item() == pytest.approx(_cosent_by_hand(cosines, labels, temperature), rel=1e-5, abs=1e-6)
    assert has_finite_gradient(loss, given)


def test_cosent_pushes_pairs_into_the_order_of_their_labels() -> None:
    cosines = torch.tensor([0.1, 0.2, 0.3], requires_grad=True)
    CoSENTLoss()(cosines, torch.tensor([1.0, 0.0, 0.5])).backward()
    assert cosines.grad is not None
    assert cosines.grad[0] < 0 < cosines.grad[1]


def _in_batch_by_hand(
    vectors: Vectors, pairs: list[tuple[int, int, int]], groups: list[int], temperature: float
) -> float:
    terms = []
    for a, b, label in pairs:
        if label == 1:
            for anchor, wanted in ((a, b), (b, a)):
                score = math.exp(cosine(vectors[anchor], vectors[wanted]) / temperature)
                total = score
                for other, group in enumerate(groups):
                    if group not in (-1, groups[anchor]):
                        total += math.exp(cosine(vectors[anchor], vectors[other]) / temperature)
                terms.append(-math.log(score / total))
    return sum(terms) / len(terms) if terms else 0.0


@pytest.mark.parametrize("temperature", [0.05, 0.5])
@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ([(0, 1, 1), (2, 3, 1), (4, 5, 0)], [0, 0, 1, 1, 2, 3]),
        ([(0, 1, 1), (2, 3, 1), (4, 5, 0)], [0, 0, 0, 0, 2, 3]),  # both pairs are known to be the same
        ([(0, 1, 1), (2, 3, 1), (2, 3, 1)], [0, 0, 1, 1, -1, -1]),  # what rounding adds is no text
        ([(0, 5, 1), (5, 5, 1), (1, 2, 0)], [0, 1, 2, 3, 4, 0]),  # the empty text, also beside itself
        ([(0, 1, 0), (2, 3, 0), (4, 5, 0)], [0, 1, 2, 3, 4, 5]),  # no positive
        ([(0, 1, 1), (2, 3, 1), (4, 5, 1)], [0] * 6),  # no negative
    ],
    ids=str,
)
def test_in_batch_by_hand(pairs: list[tuple[int, int, int]], groups: list[int], temperature: float) -> None:
    vectors = random_vectors(6)
    index_a, index_b, labels = (torch.tensor(part) for part in zip(*pairs, strict=True))
    loss = InBatchLoss(temperature)(vectors, index_a, index_b, labels.float(), torch.tensor(groups))
    expected = _in_batch_by_hand(vectors.tolist(), pairs, groups, temperature)
    assert loss.item() == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert has_finite_gradient(loss, vectors)


def test_in_batch_never_pushes_texts_that_are_known_to_be_the_same() -> None:
    vectors = random_vectors(5, seed=1)
    ends = torch.tensor([0]), torch.tensor([1]), torch.ones(1)
    torch.autograd.backward(InBatchLoss(1.0)(vectors, *ends, torch.tensor([7, 7, 7, 3, 4])))
    assert vectors.grad is not None
    assert not vectors.grad[2].any()
    assert vectors.grad[[0, 1, 3]].any(dim=1).all()
