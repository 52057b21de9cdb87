"""What the head computes is checked in tests/model, by hand and against its NumPy twin; here, how it learns."""

from __future__ import annotations

import pytest
import torch

from textsiam.model.architecture import Architecture
from textsiam.training.alignment import AlignmentHead
from textsiam.training.encoders.text_states import TextStates

PARTS = Architecture(encoder="bag", dim=6, head="alignment", alignment_units=5, head_units=7)


def _texts() -> TextStates:
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(4, 5, 6, generator=generator)
    states[3] = 0
    return TextStates(torch.randn(4, 6, generator=generator), states, torch.tensor([5, 2, 3, 1]))


def test_symmetric_and_with_finite_gradients() -> None:
    torch.manual_seed(2)
    head, texts = AlignmentHead(PARTS, 0.0), _texts()
    texts.states_UTD.requires_grad_()
    a, b = torch.tensor([0, 1, 2, 3, 3]), torch.tensor([1, 2, 2, 0, 3])
    raw = head(texts, a, b)
    torch.testing.assert_close(raw, head(texts, b, a))
    raw.sum().backward()
    assert texts.states_UTD.grad is not None
    assert texts.states_UTD.grad.isfinite().all()
    for name, weight in head.named_parameters():
        assert weight.grad is not None
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_what_stands_behind_a_text_changes_nothing() -> None:
    torch.manual_seed(3)
    head, texts = AlignmentHead(PARTS, 0.0).eval(), _texts()
    a, b = torch.tensor([0, 1, 1, 2]), torch.tensor([1, 2, 3, 3])
    before = head(texts, a, b)
    for text, length in enumerate(texts.lengths_U.tolist()):
        texts.states_UTD[text, length:] = 1e3
    torch.testing.assert_close(head(texts, a, b), before)
    longer = torch.nn.functional.pad(texts.states_UTD, (0, 0, 0, 4), value=-7.0)
    torch.testing.assert_close(head(texts._replace(states_UTD=longer), a, b), before)


def test_components_are_dropped_of_whole_texts_while_training_alone() -> None:
    torch.manual_seed(5)
    head, seen = AlignmentHead(PARTS, 0.4), []
    head.token.register_forward_pre_hook(lambda _layer, given: seen.append(given[0]))
    states, text = torch.ones(500, 3, 6), torch.zeros(1, dtype=torch.int64)
    for training in (True, False):
        head.train(training)(TextStates(torch.ones(500, 6), states, torch.full((500,), 3)), text, text)
    dropped, whole = seen
    assert torch.equal(dropped, dropped[:, :1].expand(-1, 3, -1))
    assert sorted({round(value, 4) for value in dropped.flatten().tolist()}) == [0, round(1 / 0.6, 4)]
    assert (dropped == 0).float().mean().item() == pytest.approx(0.4, abs=0.05)
    assert torch.equal(whole, states)


def test_it_learns_which_token_stands_for_which() -> None:
    """Texts of the same tokens in another order are the same; one other token makes them differ."""
    torch.manual_seed(4)
    tokens = torch.randn(30, 6)
    first = torch.stack([torch.randperm(30)[:4] for _ in range(300)])
    order = torch.stack([torch.randperm(4) for _ in range(300)])
    second = first.gather(1, order)
    other = torch.arange(300) % 2 == 0
    second[other, 0] = (second[other, 0] + 1 + torch.randint(0, 29, (150,))) % 30
    texts = TextStates(torch.zeros(600, 6), tokens[torch.cat([first, second])], torch.full((600,), 4))
    head, labels = AlignmentHead(PARTS, 0.0), (~other).float()
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    a, b = torch.arange(300), torch.arange(300, 600)
    for _ in range(150):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(head(texts, a, b), labels)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert ((head(texts, a, b) > 0) == labels.bool()).float().mean().item() == pytest.approx(1, abs=0.05)
