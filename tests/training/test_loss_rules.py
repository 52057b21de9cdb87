from __future__ import annotations

import pytest

from textsiam.errors import OptionError
from textsiam.model.architecture import HEADS
from textsiam.training.loss_rules import HEAD_LOSSES, LOSS_RULES, WeightedLoss, parse_losses, resolve_losses, spelled


def test_every_head_has_losses_and_every_loss_a_head() -> None:
    assert set(HEAD_LOSSES) == set(HEADS)
    assert {loss for losses in HEAD_LOSSES.values() for loss in losses} == set(LOSS_RULES)


@pytest.mark.parametrize(
    ("text", "losses"),
    [
        ("bce", [("bce", 1.0)]),
        ("contrastive+in_batch:0.5", [("contrastive", 1.0), ("in_batch", 0.5)]),
        (" auto + cosent : 2e-1 ", [("auto", 1.0), ("cosent", 0.2)]),
        ("bce:3", [("bce", 3.0)]),
    ],
)
def test_a_sum_is_read(text: str, losses: list[tuple[str, float]]) -> None:
    assert list(parse_losses(text)) == losses
    assert parse_losses(spelled(parse_losses(text))) == parse_losses(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bec", "loss is 'bec', expected one of auto, bce, .*; did you mean 'bce'"),
        ("bce+in-batch", r"a loss of 'bce\+in-batch' is 'in-batch', expected .*; did you mean 'in_batch'"),
        ("bce+", r"loss 'bce\+' lacks a name; expected losses joined by \+"),
        ("", "loss '' lacks a name"),
        ("bce,in_batch", "loss is 'bce,in_batch', expected one of"),
        (
            "bce+in_batch:half",
            r"the weight of in_batch in loss 'bce\+in_batch:half' is 'half', expected a number above",
        ),
        ("bce:", "the weight of bce in loss 'bce:' is ''"),
        ("bce:0", "is '0', expected a number above 0"),
        ("bce:-1", "is '-1', expected a number above 0"),
        ("bce:inf", "is 'inf', expected a number above 0"),
        ("bce:nan", "is 'nan', expected a number above 0"),
        ("bce+in_batch+bce:2", "has bce twice; give it once"),
    ],
)
def test_what_is_no_sum_of_losses_is_refused(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_losses(text)


@pytest.mark.parametrize(
    ("text", "head", "message"),
    [
        ("bce+contrastive", "cosine", "loss 'bce' does not go with head 'cosine', expected one of contrastive, "),
        ("in_batch", "mlp", r"'in_batch' .* head 'mlp', expected one of bce, .*added to that, as in bce\+in_batch"),
        ("triplet_all+cosent", "euclidean", "loss 'triplet_all' does not go with head 'euclidean'"),
        ("auto+bce", "mlp", "has bce twice"),
    ],
)
def test_losses_must_go_with_the_head(text: str, head: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        resolve_losses(text, head, graded=False)


def test_losses_of_cosines_can_be_added_to_those_of_any_head() -> None:
    for head in HEADS:
        first = WeightedLoss(HEAD_LOSSES[head][0])
        assert resolve_losses("auto+in_batch:0.5", head, graded=False) == (first, WeightedLoss("in_batch", 0.5))
    assert resolve_losses("bce+contrastive", "mlp", graded=False) == (WeightedLoss("bce"), WeightedLoss("contrastive"))


@pytest.mark.parametrize("loss", sorted(LOSS_RULES))
def test_only_some_losses_learn_grades(loss: str) -> None:
    head = next(head for head, losses in HEAD_LOSSES.items() if loss in losses)
    if LOSS_RULES[loss].graded:
        assert resolve_losses(loss, head, graded=True) == (WeightedLoss(loss),)
    else:
        with pytest.raises(OptionError, match=f"loss '{loss}' needs labels that are 0 or 1, but these are graded"):
            resolve_losses(loss, head, graded=True)
