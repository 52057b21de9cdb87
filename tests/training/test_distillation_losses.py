from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK
from textsiam.training.distillation_losses import LogitDistillationLoss, VectorDistillationLoss

LOGITS = st.floats(-30, 30, width=32)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@QUICK
@given(st.lists(st.tuples(LOGITS, LOGITS), min_size=1, max_size=6), st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_logit_distillation_by_hand(pairs: list[tuple[float, float]], temperature: float) -> None:
    terms = []
    for student, teacher in pairs:
        wanted, x = _sigmoid(teacher / temperature), student / temperature
        # -log sigmoid(x) = log(1 + exp(-x)), by log1p of what is below 1
        minus_log_same = max(-x, 0) + math.log1p(math.exp(-abs(x)))
        minus_log_other = max(x, 0) + math.log1p(math.exp(-abs(x)))
        terms.append(wanted * minus_log_same + (1 - wanted) * minus_log_other)
    student_B, teacher_B = (torch.tensor(side) for side in zip(*pairs, strict=True))
    loss = LogitDistillationLoss(temperature)(student_B, teacher_B)
    assert loss.item() == pytest.approx(temperature**2 * sum(terms) / len(terms), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 3.0, 50.0])
def test_the_gradient_of_logits_by_hand(temperature: float) -> None:
    students, teachers = [0.3, -2.0, 4.0], [1.5, -2.0, -1.0]
    given_B = torch.tensor(students, requires_grad=True)
    LogitDistillationLoss(temperature)(given_B, torch.tensor(teachers)).backward()
    assert given_B.grad is not None
    for got, s, t in zip(given_B.grad.tolist(), students, teachers, strict=True):
        by_hand = temperature * (_sigmoid(s / temperature) - _sigmoid(t / temperature)) / 3
        assert got == pytest.approx(by_hand, abs=1e-6)
        if temperature == 50:
            assert got == pytest.approx((s - t) / 4 / 3, abs=1e-3)


def test_vector_distillation_by_hand() -> None:
    mapped = [[1.0, 2.0, -1.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]
    teacher = [[2.0, 0.0, 1.0], [3.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    terms = []
    for u, v in zip(mapped, teacher, strict=True):
        dot = sum(x * y for x, y in zip(u, v, strict=True))
        norms = math.sqrt(sum(x * x for x in u)) * math.sqrt(sum(y * y for y in v))
        terms.append(1 - (dot / norms if norms else 0.0))
    assert terms[1] == 0
    loss = VectorDistillationLoss()(torch.tensor(mapped), torch.tensor(teacher))
    assert loss.item() == pytest.approx(sum(terms) / 3, abs=1e-6)


def test_of_vectors_of_length_1_the_mean_squared_error_is_twice_the_loss_over_their_dimension() -> None:
    random = torch.Generator().manual_seed(0)
    u, v = (torch.nn.functional.normalize(torch.randn(5, 7, generator=random)) for _ in range(2))
    squared = torch.nn.functional.mse_loss(u, v).item()
    assert 2 * VectorDistillationLoss()(u, v).item() / 7 == pytest.approx(squared, rel=1e-5)
