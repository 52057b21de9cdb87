"""Which loss goes with which head, what each takes of a batch, and the sum of losses that a configuration asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from textsiam.training.collator import PairBatch
from textsiam.training.config import AUTO_MARGIN, POSITIVE_WEIGHT, TrainConfig
from textsiam.training.heads import CosineHead
from textsiam.training.loss_rules import LOSS_RULES, learns_probability, spelled
from textsiam.training.losses import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    CosineEmbeddingLoss,
    OnlineContrastiveLoss,
    SquaredErrorLoss,
)
from textsiam.training.ranking_losses import CoSENTLoss, InBatchLoss
from textsiam.training.triplet_losses import BatchAllTripletLoss, BatchHardTripletLoss, SemiHardTripletLoss

NEAREST = 1e-3  # distance below which a wrong pair does not count more: the slope of its loss is 1 / distance


class Scored(NamedTuple):
    """A batch with the raw scores of its pairs and the vectors of its texts."""

    raw_B: torch.Tensor
    vectors_UD: torch.Tensor
    batch: PairBatch


Inputs = Callable[[Scored], tuple[torch.Tensor, ...]]


def _of_pairs(transform: Callable[[torch.Tensor], torch.Tensor]) -> Inputs:
    """Give a loss the raw scores, transformed, and the labels."""
    return lambda scored: (transform(scored.raw_B), scored.batch.labels_B)


def _cosine_distance(cosine_B: torch.Tensor) -> torch.Tensor:
    return 1 - cosine_B


def logit_of_log(log_probability_B: torch.Tensor) -> torch.Tensor:
    """Return the logits of probabilities that are given as their logarithms, (B,)."""
    below_0_B = log_probability_B.clamp(max=-NEAREST)
    return below_0_B - torch.log(-torch.expm1(below_0_B))


def _pairs_of_texts(scored: Scored) -> tuple[torch.Tensor, ...]:
    batch = scored.batch
    return scored.vectors_UD, batch.index_a, batch.index_b, batch.labels_B, batch.groups_U


def _groups_of_texts(scored: Scored) -> tuple[torch.Tensor, ...]:
    return scored.vectors_UD, scored.batch.groups_U


_raw, _distance, _negated = _of_pairs(lambda raw_B: raw_B), _of_pairs(_cosine_distance), _of_pairs(torch.neg)
_probability_of_logit, _probability_of_log = _of_pairs(torch.sigmoid), _of_pairs(torch.exp)
# heads that give a logit
_LOGIT_HEADS = ("alignment", "dot", "mlp", "squared_euclidean")
# (head, loss) -> what the loss gets of a scored batch, the loss's class, its default margin (None: it has none)
OBJECTIVES: dict[tuple[str, str], tuple[Inputs, type[nn.Module], float | None]] = {
    ("cosine", "contrastive"): (_distance, ContrastiveLoss, 0.8),
    ("cosine", "cosine_embedding"): (_raw, CosineEmbeddingLoss, 0.5),
    ("cosine", "squared_error"): (_raw, SquaredErrorLoss, None),
    ("cosine", "online_contrastive"): (_distance, OnlineContrastiveLoss, 0.8),
    ("cosine", "cosent"): (_raw, CoSENTLoss, None),
    ("cosine", "in_batch"): (_pairs_of_texts, InBatchLoss, None),
    ("cosine", "triplet_all"): (_groups_of_texts, BatchAllTripletLoss, 0.2),
    ("cosine", "triplet_hard"): (_groups_of_texts, BatchHardTripletLoss, 0.2),
    ("cosine", "triplet_semi_hard"): (_groups_of_texts, SemiHardTripletLoss, 0.2),
    ("euclidean", "contrastive"): (_negated, ContrastiveLoss, 2.0),
    ("euclidean", "online_contrastive"): (_negated, OnlineContrastiveLoss, 2.0),
    ("manhattan", "bce"): (_of_pairs(logit_of_log), BinaryCrossEntropyLoss, None),
    ("manhattan", "squared_error"): (_probability_of_log, SquaredErrorLoss, None),
    **{(head, "bce"): (_raw, BinaryCrossEntropyLoss, None) for head in _LOGIT_HEADS},
    **{(head, "squared_error"): (_probability_of_logit, SquaredErrorLoss, None) for head in _LOGIT_HEADS},
}


class Term(nn.Module):
    """One loss of the sum: of the head's raw scores, or, where it does not go with them, of the vectors' cosines."""

    def __init__(self, name: str, weight: float, config: TrainConfig) -> None:
        super().__init__()
        self.name, self.weight = name, weight
        self.of_head = (config.head, name) in OBJECTIVES
        self.inputs, loss_class, margin = OBJECTIVES[config.head if self.of_head else "cosine", name]
        self.options: dict[str, float] = {}
        if margin is not None:
            self.options["margin"] = margin if config.margin == AUTO_MARGIN else config.margin
        if LOSS_RULES[name].temperature:
            self.options["temperature"] = config.temperature
        if LOSS_RULES[name].positive_weight and config.positive_weight != POSITIVE_WEIGHT:
            self.options["positive_weight"] = config.positive_weight
        self.cosine, self.loss = CosineHead(), loss_class(**self.options)
        if config.label_smoothing and learns_probability(name, config.head):
            self.options["label_smoothing"] = config.label_smoothing

    def forward(self, scored: Scored) -> torch.Tensor:
        """Return the weighted loss, a scalar."""
        if not self.of_head:
            vectors_UD, batch = scored.vectors_UD, scored.batch
            scored = scored._replace(raw_B=self.cosine(vectors_UD[batch.index_a], vectors_UD[batch.index_b]))
        if smoothing := self.options.get("label_smoothing"):
            labels_B = scored.batch.labels_B * (1 - smoothing) + smoothing / 2
            scored = scored._replace(batch=dataclasses.replace(scored.batch, labels_B=labels_B))
        loss: torch.Tensor = self.loss(*self.inputs(scored))
        return loss if self.weight == 1 else self.weight * loss


class Objective(nn.Module):
    """The sum of losses that a configuration asks for.

    ``name`` is the sum as ``loss`` spells it, with what "auto" stands for; ``options`` the margins, temperatures,
    weights of label 1 and smoothing of its losses; ``needs_known_same`` tells whether batches must come with groups of
    texts that are known to be the same; ``distilled`` what the model card tells of a teacher, if there is one.
    """

    distilled: Mapping[str, Any] | None = None

    def __init__(self, config: TrainConfig, *, graded: bool) -> None:
        super().__init__()
        losses = config.losses(graded=graded)
        self.name = spelled(losses)
        # a plain list: losses have no weights that a module would have to know of
        self.terms = [Term(name, weight, config) for name, weight in losses]
        self.options = {term.name: term.options for term in self.terms if term.options}
        self.needs_known_same = any(LOSS_RULES[loss.name].known_same for loss in losses)

    def forward(self, raw_B: torch.Tensor, vectors_UD: torch.Tensor, batch: PairBatch) -> torch.Tensor:
        """Return the loss of raw scores (B,) and text vectors (U, D) of a batch, a scalar."""
        scored = Scored(raw_B, vectors_UD, batch)
        first, *others = (term(scored) for term in self.terms)
        loss: torch.Tensor = sum(others, first)
        return loss
