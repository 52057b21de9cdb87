from __future__ import annotations

import math

import pytest
import torch

from textsiam.training.losses import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    CosineEmbeddingLoss,
    OnlineContrastiveLoss,
    SquaredErrorLoss,
)

LABELS = [1.0, 0.0, 1.0, 0.0, 0.0, 0.25, 1.0, 0.0]


def _mean(terms: list[float]) -> float:
    return sum(terms) / len(terms)


@pytest.mark.parametrize("margin", [-0.5, 0.0, 0.5, 0.9])
def test_cosine_embedding_by_hand(margin: float) -> None:
    cosines = [0.9, 0.95, -0.3, -0.8, 0.4, 0.6, 1.0, margin]
    terms = [y * (1 - c) + (1 - y) * max(0.0, c - margin) for c, y in zip(cosines, LABELS, strict=True)]
    loss = CosineEmbeddingLoss(margin)(torch.tensor(cosines), torch.tensor(LABELS))
    assert loss.item() == pytest.approx(_mean(terms), abs=1e-6)


def test_cosine_embedding_equals_torch_own_for_0_1_labels() -> None:
    torch.manual_seed(0)
    u, v, labels = torch.randn(50, 7), torch.randn(50, 7), (torch.rand(50) > 0.5).float()
    ours = CosineEmbeddingLoss(0.2)(torch.cosine_similarity(u, v), labels)
    theirs = torch.nn.functional.cosine_embedding_loss(u, v, labels * 2 - 1, margin=0.2)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-6)


@pytest.mark.parametrize("margin", [0.3, 0.8, 2.0])
def test_contrastive_by_hand(margin: float) -> None:
    distances = [0.1, 0.05, 1.3, 1.8, 0.6, 0.4, 0.0, margin]
    terms = [y * d**2 + (1 - y) * max(0.0, margin - d) ** 2 for d, y in zip(distances, LABELS, strict=True)]
    loss = ContrastiveLoss(margin)(torch.tensor(distances), torch.tensor(LABELS))
    assert loss.item() == pytest.approx(_mean(terms), abs=1e-6)


def _online_contrastive_by_hand(distances: list[float], labels: list[float], margin: float) -> float:
    same = [d for d, y in zip(distances, labels, strict=True) if y == 1]
    others = [d for d, y in zip(distances, labels, strict=True) if y == 0]
    if not same or not others:
        return 0.0
    terms = [d**2 for d in same if d > min(others)]
    terms += [max(0.0, margin - d) ** 2 for d in others if d < max(same)]
    return sum(terms) / len(distances)


@pytest.mark.parametrize("margin", [0.3, 0.8, 2.0])
@pytest.mark.parametrize(
    "labels", [[1, 0, 1, 0, 0, 1, 1, 0], [1, 1, 0, 0, 0, 0, 1, 0], [1] * 8, [0] * 8], ids=["mixed", "easy", "1", "0"]
)
def test_online_contrastive_by_hand(margin: float, labels: list[float]) -> None:
    distances = [0.1, 0.05, 1.3, 1.8, 0.6, 0.4, 0.0, margin]
    given = torch.tensor(distances, requires_grad=True)
    loss = OnlineContrastiveLoss(margin)(given, torch.tensor(labels, dtype=torch.float32))
    assert loss.item() == pytest.approx(_online_contrastive_by_hand(distances, labels, margin), abs=1e-6)
    loss.backward()
    assert given.grad is not None
    assert given.grad.isfinite().all()


def test_online_contrastive_has_no_gradient_for_easy_pairs() -> None:
    distances = torch.tensor([0.1, 0.5, 0.4, 0.7], requires_grad=True)
    OnlineContrastiveLoss(0.8)(distances, torch.tensor([1.0, 1.0, 0.0, 0.0])).backward()
    assert distances.grad is not None
    assert (distances.grad != 0).tolist() == [False, True, True, False]


def test_binary_cross_entropy_by_hand() -> None:
    logits = [2.0, -1.0, 0.0, 3.5, -4.0, 0.7, 11.0, -20.0]
    terms = []
    for logit, y in zip(logits, LABELS, strict=True):
        p = 1 / (1 + math.exp(-logit))
        terms.append(-(y * math.log(p) + (1 - y) * math.log(1 - p)))
    loss = BinaryCrossEntropyLoss()(torch.tensor(logits), torch.tensor(LABELS))
    assert loss.item() == pytest.approx(_mean(terms), abs=1e-5)


def test_squared_error_by_hand() -> None:
    predictions = [0.9, 0.1, -0.3, 0.8, 0.4, 0.6, 1.0, 0.0]
    terms = [(p - y) ** 2 for p, y in zip(predictions, LABELS, strict=True)]
    loss = SquaredErrorLoss()(torch.tensor(predictions), torch.tensor(LABELS))
    assert loss.item() == pytest.approx(_mean(terms), abs=1e-6)


WEIGHT = 3.5


def test_the_weight_of_label_1_by_hand() -> None:
    values = [0.9, 0.15, 0.3, 0.8, 0.4, 0.6, 0.05, 0.5]
    given, labels = torch.tensor(values), torch.tensor(LABELS)
    terms: dict[str, list[float]] = {"bce": [], "contrastive": [], "cosine": []}
    for x, y in zip(values, LABELS, strict=True):
        p = 1 / (1 + math.exp(-x))
        terms["bce"].append(-(WEIGHT * y * math.log(p) + (1 - y) * math.log(1 - p)))
        terms["contrastive"].append(WEIGHT * y * x**2 + (1 - y) * max(0.0, 0.7 - x) ** 2)
        terms["cosine"].append(WEIGHT * y * (1 - x) + (1 - y) * max(0.0, x - 0.2))
    for name, loss in (
        ("bce", BinaryCrossEntropyLoss(WEIGHT)),
        ("contrastive", ContrastiveLoss(0.7, WEIGHT)),
        ("cosine", CosineEmbeddingLoss(0.2, WEIGHT)),
    ):
        assert loss(given, labels).item() == pytest.approx(_mean(terms[name]), abs=1e-6), name


def test_the_weight_of_hard_pairs_of_label_1_by_hand() -> None:
    distances, labels, margin = [0.9, 0.15, 0.3, 0.8, 0.4, 0.6, 0.05, 0.5], [1, 0, 1, 0, 0, 1, 1, 0], 0.7
    total = 0.0
    for d, y in zip(distances, labels, strict=True):
        if y == 1 and d > 0.15:
            total += WEIGHT * d**2
        if y == 0 and d < 0.9:
            total += max(0.0, margin - d) ** 2
    loss = OnlineContrastiveLoss(margin, WEIGHT)(torch.tensor(distances), torch.tensor(labels))
    assert loss.item() == pytest.approx(total / 8, abs=1e-6)


def test_a_weight_of_1_changes_no_bit() -> None:
    torch.manual_seed(0)
    labels = (torch.rand(1000) > 0.7).float()
    for weighted, formula in (
        (BinaryCrossEntropyLoss(1.0), torch.nn.functional.binary_cross_entropy_with_logits),
        (ContrastiveLoss(0.7, 1.0), lambda d, y: (y * d.square() + (1 - y) * (0.7 - d).clamp(min=0).square()).mean()),
        (CosineEmbeddingLoss(0.2, 1.0), lambda c, y: (y * (1 - c) + (1 - y) * (c - 0.2).clamp(min=0)).mean()),
    ):
        one, other = (torch.rand(1000, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2))
        first, second = weighted(one, labels), formula(other, labels)
        first.backward()
        second.backward()
        assert torch.equal(first, second)
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)


def test_gradients_pull_the_same_together_and_stop_beyond_the_margin() -> None:
    distances = torch.tensor([0.4, 0.4, 0.9], requires_grad=True)
    ContrastiveLoss(0.8)(distances, torch.tensor([1.0, 0.0, 0.0])).backward()
    assert distances.grad is not None
    assert distances.grad[0] > 0
    assert distances.grad[1] < 0
    assert distances.grad[2] == 0
