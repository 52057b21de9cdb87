from __future__ import annotations

import math

import pytest
import torch

from textsiam.model.architecture import Architecture
from textsiam.training.heads import HEAD_MODULES

PARTS = Architecture(encoder="bag", dim=6, head_units=5)
SQUARED = Architecture(encoder="bag", dim=6, head="squared_euclidean")


def _vectors() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    u, v = torch.randn(9, 6), torch.randn(9, 6)
    u[0], v[1] = 0, 0
    v[2] = u[2]
    return u, v


def test_cosine_and_distance_by_hand() -> None:
    u, v = _vectors()
    cosines, distances = HEAD_MODULES["cosine"](PARTS, 0.0)(u, v), HEAD_MODULES["euclidean"](PARTS, 0.0)(u, v)
    for row, (a, b) in enumerate(zip(u.tolist(), v.tolist(), strict=True)):
        norms = math.sqrt(sum(x * x for x in a)) * math.sqrt(sum(x * x for x in b))
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        assert cosines[row].item() == pytest.approx(dot / norms if norms else 0.0, abs=1e-6)
        assert distances[row].item() == pytest.approx(-math.dist(a, b), abs=1e-5)


@pytest.mark.parametrize("name", sorted(HEAD_MODULES))
def test_symmetric_and_with_finite_gradients(name: str) -> None:
    u, v = _vectors()
    u.requires_grad_()
    head = HEAD_MODULES[name](PARTS, 0.0)
    raw = head(u, v)
    assert torch.equal(raw, head(v, u))
    raw.sum().backward()
    assert u.grad is not None
    assert u.grad.isfinite().all()  # also where two vectors are equal, and where one is zero


def test_dot_product_and_other_distances_by_hand() -> None:
    u, v = _vectors()
    linear = HEAD_MODULES["squared_euclidean"](SQUARED, 0.0)
    torch.nn.init.normal_(linear.get_parameter("output.weight"))
    torch.nn.init.constant_(linear.get_parameter("output.bias"), 0.3)
    weights = linear.get_parameter("output.weight")[0].tolist()
    dots, nearness, logits = (
        HEAD_MODULES["dot"](PARTS, 0.0)(u, v),
        HEAD_MODULES["manhattan"](PARTS, 0.0)(u, v),
        linear(u, v),
    )
    for row, (a, b) in enumerate(zip(u.tolist(), v.tolist(), strict=True)):
        sides = list(zip(a, b, strict=True))
        assert dots[row].item() == pytest.approx(sum(x * y for x, y in sides), abs=1e-5)
        assert nearness[row].item() == pytest.approx(-sum(abs(x - y) for x, y in sides), abs=1e-5)
        logit = sum(w * (x - y) ** 2 for w, (x, y) in zip(weights, sides, strict=True)) + 0.3
        assert logits[row].item() == pytest.approx(logit, abs=1e-5)


def test_at_first_a_squared_distance_speaks_against_the_same() -> None:
    u, v = _vectors()
    logits = HEAD_MODULES["squared_euclidean"](SQUARED, 0.0)(u, v)
    assert logits[2] == 0
    assert (logits[[0, 1, *range(3, 9)]] < 0).all()


def test_mlp_by_hand() -> None:
    u, v = _vectors()
    head = HEAD_MODULES["mlp"](PARTS, 0.0)
    weights = {name: value.tolist() for name, value in head.state_dict().items()}
    raw = head(u, v)
    for row, (a, b) in enumerate(zip(u.tolist(), v.tolist(), strict=True)):
        features = [abs(x - y) for x, y in zip(a, b, strict=True)]
        features += [x * y for x, y in zip(a, b, strict=True)] + [x + y for x, y in zip(a, b, strict=True)]
        hidden = [
            max(0.0, sum(w * f for w, f in zip(line, features, strict=True)) + bias)
            for line, bias in zip(weights["hidden.weight"], weights["hidden.bias"], strict=True)
        ]
        logit = sum(w * h for w, h in zip(weights["output.weight"][0], hidden, strict=True)) + weights["output.bias"][0]
        assert raw[row].item() == pytest.approx(logit, abs=1e-5)


def test_dropout_works_only_in_training() -> None:
    u, v = _vectors()
    head = HEAD_MODULES["mlp"](PARTS, 0.5)
    assert not torch.equal(head(u, v), head(u, v))
    head.eval()
    assert torch.equal(head(u, v), head(u, v))
