from __future__ import annotations

import dataclasses

import pytest
import torch

from textsiam.training.collator import PairBatch
from textsiam.training.distill_config import LOGITS, VECTORS, DistillConfig
from textsiam.training.distillation import DistillationObjective, ScaledLogit, StudentNetwork
from textsiam.training.distillation_losses import LogitDistillationLoss, VectorDistillationLoss
from textsiam.training.losses import BinaryCrossEntropyLoss
from textsiam.training.ranking_losses import InBatchLoss

NAN = float("nan")
RAW = torch.tensor([0.9, -0.4, 2.0, -1.0])
LABELS = torch.tensor([1.0, 0.0, NAN, NAN])
TEACHER = torch.tensor([2.0, NAN, -1.0, NAN])
VECTORS_UD = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
TEACHER_UE = torch.randn(5, 3, generator=torch.Generator().manual_seed(3))
TEACHER_UE[1] = 0
BATCH = PairBatch(
    ids_UT=torch.zeros(5, 1, dtype=torch.int64),
    lengths_U=torch.ones(5, dtype=torch.int64),
    index_a=torch.tensor([0, 1, 2, 4]),
    index_b=torch.tensor([1, 2, 3, 4]),
    labels_B=LABELS,
    groups_U=torch.arange(5),
    teacher_B=TEACHER,
    teacher_UE=TEACHER_UE,
)


def _objective(target: str, *, labelled: bool = True, head: str = "mlp", **options: object) -> DistillationObjective:
    head_units = {"head_units": 4} if head == "mlp" else {}
    config = DistillConfig(encoder="bag", dim=4, head=head, **head_units, **options)  # type: ignore[arg-type] # of several types
    torch.manual_seed(1)
    student = StudentNetwork(config, 10, 3 if target == VECTORS else None)
    return DistillationObjective(config, student, graded=False, labelled=labelled, told={"target": target})


def test_labels_and_logits_are_weighed_pair_by_pair() -> None:
    loss = _objective(LOGITS, teacher_weight=0.6, teacher_temperature=2.0)(RAW, VECTORS_UD, BATCH).item()
    taught = [LogitDistillationLoss(2.0)(RAW[n : n + 1], TEACHER[n : n + 1]).item() for n in (0, 2)]
    labelled = [BinaryCrossEntropyLoss()(RAW[n : n + 1], LABELS[n : n + 1]).item() for n in (0, 1)]
    # the last pair has neither, and counts 0 in the mean
    by_hand = (0.6 * taught[0] + 0.4 * labelled[0]) + 0.4 * labelled[1] + taught[1] + 0
    assert loss == pytest.approx(by_hand / 4, abs=1e-6)


def test_labels_that_count_nothing_have_no_loss_to_tell_of() -> None:
    assert _objective(LOGITS, teacher_weight=0.9).name == "bce"
    assert _objective(LOGITS, teacher_weight=1.0).name == "distillation"
    assert _objective(LOGITS, labelled=False).name == "distillation"


def test_both_texts_of_a_pair_are_taught_but_for_vectors_of_zeros() -> None:
    objective = _objective(VECTORS, teacher_weight=0.5, labelled=True)
    loss = objective(RAW, VECTORS_UD, BATCH).item()
    mapped = objective.student[0].translation(VECTORS_UD)
    of_text = [VectorDistillationLoss()(mapped[n : n + 1], TEACHER_UE[n : n + 1]).item() for n in range(5)]
    labelled = [BinaryCrossEntropyLoss()(RAW[n : n + 1], LABELS[n : n + 1]).item() for n in (0, 1)]
    taught = 0.5 * (of_text[0] + 0) + 0.5 * (0 + of_text[2]) + (of_text[2] + of_text[3]) + 2 * of_text[4]
    assert loss == pytest.approx((taught / 2 + 0.5 * sum(labelled)) / 4, abs=1e-6)


def test_without_labels_the_teacher_has_all() -> None:
    batch = dataclasses.replace(BATCH, labels_B=torch.full((4,), NAN))
    loss = _objective(LOGITS, labelled=False)(RAW, VECTORS_UD, batch).item()
    taught = [LogitDistillationLoss()(RAW[n : n + 1], TEACHER[n : n + 1]).item() for n in (0, 2)]
    assert loss == pytest.approx(sum(taught) / 4, abs=1e-6)


@pytest.mark.parametrize("target", [LOGITS, VECTORS])
def test_a_batch_that_teaches_nothing_has_gradients_of_zero(target: str) -> None:
    nothing = dataclasses.replace(
        BATCH, labels_B=torch.full((4,), NAN), teacher_B=torch.full((4,), NAN), teacher_UE=torch.zeros(5, 3)
    )
    raw_B, vectors_UD = RAW.clone().requires_grad_(), VECTORS_UD.clone().requires_grad_()
    loss = _objective(target, labelled=False)(raw_B, vectors_UD, nothing)
    loss.backward()
    assert loss.item() == 0
    gradient = raw_B.grad if target == LOGITS else vectors_UD.grad
    assert gradient is not None
    assert not gradient.any()


def test_texts_of_pairs_without_a_label_are_no_negatives() -> None:
    batch = dataclasses.replace(BATCH, teacher_B=torch.full((4,), NAN))
    loss = _objective(LOGITS, head="cosine", loss="in_batch", teacher_weight=0.5)(RAW, VECTORS_UD, batch).item()
    groups = torch.tensor([0, 1, 2, -1, -1])
    alone = InBatchLoss()(VECTORS_UD, torch.tensor([0, 1]), torch.tensor([1, 2]), LABELS[:2], groups).item()
    assert loss == pytest.approx(0.5 * alone * 2 / 4, abs=1e-6)


@pytest.mark.parametrize(
    ("head", "raw", "logit"),
    [
        ("cosine", 0.6, 0.0),
        ("cosine", 1.0, 4.0),
        ("euclidean", -1.0, 0.0),
        ("manhattan", -0.693147, 0.0),
        ("dot", 3, 3),
    ],
)
def test_every_head_starts_from_a_logit(head: str, raw: float, logit: float) -> None:
    student = StudentNetwork(DistillConfig(encoder="bag", dim=4, head=head), 10, None)
    assert student.translation(torch.tensor([float(raw)])).item() == pytest.approx(logit, abs=1e-4)


def test_a_learned_logit_rises_with_the_score_whatever_is_learned() -> None:
    module = ScaledLogit(2.0, 0.5)
    assert module(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0.5, 2.5])
    with torch.no_grad():
        module.log_scale.fill_(-100)
    low, high = module(torch.tensor([-1e6, 1e6], dtype=torch.float64)).tolist()
    assert low <= high


def test_the_map_keeps_cosines_at_the_start_and_is_no_part_of_the_model() -> None:
    student = StudentNetwork(DistillConfig(encoder="bag", dim=4, head="cosine"), 10, 6)
    mapped = student.translation(VECTORS_UD)
    for n in range(4):
        before = torch.cosine_similarity(VECTORS_UD[n], VECTORS_UD[n + 1], dim=0).item()
        assert torch.cosine_similarity(mapped[n], mapped[n + 1], dim=0).item() == pytest.approx(before, abs=1e-5)
    assert sorted(student.numpy_weights()) == ["encoder.embedding.weight"]
    assert any(name.startswith("translation.") for name in student.state_dict())
