from __future__ import annotations

import math

import pytest
import torch

from textsiam.training.collator import PairBatch
from textsiam.training.config import TrainConfig
from textsiam.training.loss_rules import HEAD_LOSSES, LOSS_RULES
from textsiam.training.losses import BinaryCrossEntropyLoss, ContrastiveLoss, OnlineContrastiveLoss, SquaredErrorLoss
from textsiam.training.objective import OBJECTIVES, Objective
from textsiam.training.ranking_losses import CoSENTLoss, InBatchLoss
from textsiam.training.triplet_losses import BatchHardTripletLoss

RAW, LABELS = torch.tensor([0.9, 0.2, -0.4]), torch.tensor([1.0, 0.0, 1.0])
GROUPS = torch.tensor([0, 1, 0, 2, 2])
VECTORS = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
BATCH = PairBatch(
    ids_UT=torch.zeros(5, 1, dtype=torch.int64),
    lengths_U=torch.ones(5, dtype=torch.int64),
    index_a=torch.tensor([0, 1, 3]),
    index_b=torch.tensor([2, 3, 4]),
    labels_B=LABELS,
    groups_U=GROUPS,
)
COSINES = torch.cosine_similarity(VECTORS[BATCH.index_a], VECTORS[BATCH.index_b])


def _loss(head: str, loss: str, raw: torch.Tensor = RAW, *, graded: bool = False, **options: float) -> float:
    objective = Objective(TrainConfig(head=head, loss=loss, **options), graded=graded)  # type: ignore[arg-type] # options are numbers
    value: float = objective(raw, VECTORS, BATCH).item()
    return value


def test_every_loss_that_the_configuration_allows_has_an_objective() -> None:
    assert {(head, loss) for head, losses in HEAD_LOSSES.items() for loss in losses} == set(OBJECTIVES)


def test_a_default_margin_stands_where_the_loss_has_one_and_lies_in_its_range() -> None:
    for (_, loss), (_, _, margin) in OBJECTIVES.items():
        allowed = LOSS_RULES[loss].margin
        assert (margin is None) == (allowed is None)
        assert margin is None or allowed is None or allowed[0] <= margin <= allowed[1]


def test_contrastive_takes_one_minus_the_cosine() -> None:
    assert _loss("cosine", "contrastive", margin=0.7) == ContrastiveLoss(0.7)(1 - RAW, LABELS).item()
    assert _loss("cosine", "online_contrastive") == OnlineContrastiveLoss(0.8)(1 - RAW, LABELS).item()


def test_contrastive_takes_the_euclidean_distance() -> None:
    distance = RAW.abs()
    assert _loss("euclidean", "contrastive", -distance, margin=1.5) == ContrastiveLoss(1.5)(distance, LABELS).item()


@pytest.mark.parametrize("head", ["dot", "mlp", "squared_euclidean"])
def test_squared_error_of_a_logit_takes_its_probability(head: str) -> None:
    expected = SquaredErrorLoss()(torch.sigmoid(RAW), LABELS).item()
    assert _loss(head, "squared_error", graded=True) == pytest.approx(expected)


def test_losses_of_exp_of_a_distance_take_it_for_a_probability() -> None:
    probability = torch.tensor([0.9, 0.25, 1e-3])
    logit = torch.log(probability / (1 - probability))
    raw = torch.log(probability)
    assert _loss("manhattan", "bce", raw) == pytest.approx(BinaryCrossEntropyLoss()(logit, LABELS).item())
    expected = SquaredErrorLoss()(probability, LABELS).item()
    assert _loss("manhattan", "squared_error", raw) == pytest.approx(expected)


def test_cross_entropy_of_exp_of_a_distance_pulls_however_far_the_texts_are() -> None:
    distance = torch.tensor([0.0, 0.0, 1e4], requires_grad=True)
    loss = Objective(TrainConfig(head="manhattan"), graded=False)(-distance, VECTORS, BATCH)
    loss.backward()
    assert distance.grad is not None
    assert loss.isfinite()
    assert distance.grad.isfinite().all()
    assert distance.grad[2].item() == pytest.approx(1 / 3, rel=1e-3)


def test_losses_of_texts_take_their_vectors() -> None:
    ends = BATCH.index_a, BATCH.index_b, LABELS, GROUPS
    assert _loss("cosine", "in_batch", temperature=0.2) == InBatchLoss(0.2)(VECTORS, *ends).item()
    assert _loss("cosine", "triplet_hard", margin=0.4) == BatchHardTripletLoss(0.4)(VECTORS, GROUPS).item()


def test_a_sum_adds_weighted_losses() -> None:
    ends = BATCH.index_a, BATCH.index_b, LABELS, GROUPS
    expected = 2 * BinaryCrossEntropyLoss()(RAW, LABELS) + 0.5 * InBatchLoss(0.05)(VECTORS, *ends)
    assert _loss("mlp", "bce:2+in_batch:0.5") == pytest.approx(expected.item())
    assert _loss("mlp", "in_batch:0.5+auto:2") == pytest.approx(expected.item())


@pytest.mark.parametrize("head", ["mlp", "euclidean", "dot"])
def test_a_loss_that_does_not_go_with_the_head_takes_cosines(head: str) -> None:
    raw = -RAW.abs()
    expected = _loss(head, "auto", raw) + CoSENTLoss(0.05)(COSINES, LABELS).item()
    assert _loss(head, "auto+cosent", raw) == pytest.approx(expected, rel=1e-5)


def test_squared_error_goes_with_the_head_where_it_can() -> None:
    expected = _loss("mlp", "bce") + SquaredErrorLoss()(torch.sigmoid(RAW), LABELS).item()
    assert _loss("mlp", "bce+squared_error") == pytest.approx(expected)


def test_only_losses_that_mine_ask_for_groups() -> None:
    wanted = {"bce": False, "bce+cosent": False, "bce+in_batch": True, "bce+triplet_semi_hard": True}
    for loss, needed in wanted.items():
        assert Objective(TrainConfig(loss=loss), graded=False).needs_known_same is needed


def test_smoothed_labels_by_hand() -> None:
    smoothed = [0.9, 0.1, 0.9]
    logs = [
        y * math.log(p) + (1 - y) * math.log(1 - p) for y, p in zip(smoothed, torch.sigmoid(RAW).tolist(), strict=True)
    ]
    assert _loss("mlp", "bce", label_smoothing=0.2) == pytest.approx(-sum(logs) / 3, rel=1e-5)
    errors = [(y - math.exp(raw)) ** 2 for y, raw in zip(smoothed, (-RAW.abs()).tolist(), strict=True)]
    found = _loss("manhattan", "squared_error", -RAW.abs(), label_smoothing=0.2)
    assert found == pytest.approx(sum(errors) / 3, rel=1e-5)


def test_the_other_losses_of_a_sum_keep_their_labels() -> None:
    added = _loss("mlp", "bce+contrastive", label_smoothing=0.2) - _loss("mlp", "bce", label_smoothing=0.2)
    assert added == pytest.approx(ContrastiveLoss(0.8)(1 - COSINES, LABELS).item(), rel=1e-4)
    assert BATCH.labels_B is LABELS
    options = Objective(TrainConfig(loss="bce+contrastive", label_smoothing=0.2), graded=False).options
    assert options == {"bce": {"label_smoothing": 0.2}, "contrastive": {"margin": 0.8}}


BOTH = {"bce": {"positive_weight": 4}, "in_batch": {"temperature": 0.1}}


def test_options_are_those_of_the_losses_and_without_one_their_own_defaults() -> None:
    for config, options in (
        (TrainConfig(head="cosine"), {"contrastive": {"margin": 0.8}}),
        (TrainConfig(head="cosine", loss="cosine_embedding", margin=-1), {"cosine_embedding": {"margin": -1}}),
        (TrainConfig(head="mlp"), {}),
        (TrainConfig(positive_weight=4), {"bce": {"positive_weight": 4}}),
        (TrainConfig(loss="bce+in_batch", positive_weight=4, temperature=0.1), BOTH),
        (TrainConfig(loss="bce+in_batch", temperature=0.1), {"in_batch": {"temperature": 0.1}}),
        (
            TrainConfig(head="cosine", loss="contrastive+triplet_all", margin=0.3),
            {"contrastive": {"margin": 0.3}, "triplet_all": {"margin": 0.3}},
        ),
    ):
        assert Objective(config, graded=False).options == options
