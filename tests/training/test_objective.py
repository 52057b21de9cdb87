from __future__ import annotations

import pytest
import torch

from textsiam.training.config import HEAD_LOSSES, TrainConfig
from textsiam.training.losses import ContrastiveLoss, SquaredErrorLoss
from textsiam.training.objective import OBJECTIVES, Objective

RAW, LABELS = torch.tensor([0.9, 0.2, -0.4]), torch.tensor([1.0, 0.0, 1.0])


def test_every_loss_that_the_configuration_allows_has_an_objective() -> None:
    assert {(head, loss) for head, losses in HEAD_LOSSES.items() for loss in losses} == set(OBJECTIVES)


def test_contrastive_takes_one_minus_the_cosine() -> None:
    objective = Objective(TrainConfig(head="cosine", loss="contrastive", margin=0.7), graded=False)
    assert objective(RAW, LABELS).item() == pytest.approx(ContrastiveLoss(0.7)(1 - RAW, LABELS).item())


def test_contrastive_takes_the_euclidean_distance() -> None:
    objective = Objective(TrainConfig(head="euclidean", loss="contrastive", margin=1.5), graded=False)
    assert objective(-RAW.abs(), LABELS).item() == pytest.approx(ContrastiveLoss(1.5)(RAW.abs(), LABELS).item())


def test_squared_error_of_the_mlp_head_takes_its_probability() -> None:
    objective = Objective(TrainConfig(head="mlp", loss="squared_error"), graded=True)
    assert objective(RAW, LABELS).item() == pytest.approx(SquaredErrorLoss()(torch.sigmoid(RAW), LABELS).item())


def test_without_a_margin_it_is_the_losses_own_default() -> None:
    assert Objective(TrainConfig(head="cosine", loss="contrastive"), graded=False).margin == 0.8
    assert Objective(TrainConfig(head="cosine", loss="cosine_embedding", margin=-1), graded=False).margin == -1
    assert Objective(TrainConfig(head="mlp"), graded=False).margin is None
