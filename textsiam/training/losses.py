"""Losses over a batch of pairs, each the mean over the pairs; labels in [0, 1], 1 = same.

A loss takes what its Inputs say (a cosine, a distance, a logit); ``objective`` joins it to a head. Labels between
0 and 1 weigh the two terms of a loss. ``positive_weight`` (> 0) multiplies the term of label 1; the mean is over the
number of pairs all the same. Losses that look beyond one pair are in ``ranking_losses`` and
``triplet_losses``.
"""

from __future__ import annotations

import torch
from torch import nn


class CosineEmbeddingLoss(nn.Module):
    """Pull the cosine of same pairs to 1, push that of others below ``margin``: y (1 - cos) + (1 - y) max(0, cos - m).

    Inputs: cosine (B,) in [-1, 1]; labels (B,) in [0, 1]. Margin in [-1, 1].

    Relations: prefer ContrastiveLoss where near misses are many: it squares the errors, so that pairs which are almost
    right pull less. Prefer BinaryCrossEntropyLoss with the mlp head where no index has to search the vectors.
    """

    def __init__(self, margin: float = 0.5, positive_weight: float = 1.0) -> None:
        super().__init__()
        self.margin, self.positive_weight = margin, positive_weight

    def forward(self, cosine_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        pull = self.positive_weight * labels_B * (1 - cosine_B)
        push = (1 - labels_B) * (cosine_B - self.margin).clamp(min=0)
        return (pull + push).mean()


class ContrastiveLoss(nn.Module):
    """Pull same pairs together, push others at least ``margin`` apart: y d^2 + (1 - y) max(0, m - d)^2.

    Hadsell, Chopra, LeCun, "Dimensionality reduction by learning an invariant mapping", 2006 (there with a factor 1/2).

    Inputs: distance (B,) >= 0: 1 - cosine (in [0, 2]) or Euclidean; labels (B,) in [0, 1]. Margin > 0.

    Relations: the first choice for vectors that an index searches. CosineEmbeddingLoss has the same optimum but linear
    terms: prefer it where labels are noisy, since a wrong label then pulls no harder for being far off.
    OnlineContrastiveLoss leaves out the easy pairs. Add InBatchLoss where unrelated texts come too near each other.
    """

    def __init__(self, margin: float, positive_weight: float = 1.0) -> None:
        super().__init__()
        self.margin, self.positive_weight = margin, positive_weight

    def forward(self, distance_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        pull = self.positive_weight * labels_B * distance_B.square()
        push = (1 - labels_B) * (self.margin - distance_B).clamp(min=0).square()
        return (pull + push).mean()


class OnlineContrastiveLoss(nn.Module):
    """The contrastive loss of a batch's hard pairs alone: easy ones count as 0.

    Hard are same pairs that are farther apart than the nearest other pair of the batch, and other pairs that are nearer
    than the farthest same pair. Reimers and Gurevych use it in sentence-transformers. Without pairs of both kinds it is
    0. Of several processes each looks for hard pairs in its own part of the batch alone.

    Inputs: distance (B,) >= 0: 1 - cosine (in [0, 2]) or Euclidean; labels (B,), 0 or 1. Margin > 0.

    Relations: ContrastiveLoss goes on pulling pairs that are in the right order already; prefer this one where that
    order is what counts. Small batches have few hard pairs, and wrong labels are always hard: prefer ContrastiveLoss
    for either.
    """

    def __init__(self, margin: float, positive_weight: float = 1.0) -> None:
        super().__init__()
        self.margin, self.positive_weight = margin, positive_weight

    def forward(self, distance_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        same_B, fixed_B = labels_B == 1, distance_B.detach()
        nearest_other = fixed_B.masked_fill(same_B, torch.inf).amin()
        farthest_same = fixed_B.masked_fill(~same_B, -torch.inf).amax()
        hard_B = torch.where(same_B, fixed_B > nearest_other, fixed_B < farthest_same)
        error_B = torch.where(same_B, distance_B, (self.margin - distance_B).clamp(min=0))
        weight_B = torch.where(same_B, self.positive_weight, 1.0)
        return (error_B.square() * (weight_B * hard_B)).mean()


class BinaryCrossEntropyLoss(nn.Module):
    """Logistic loss of a head's logit: -y log p - (1 - y) log(1 - p) with p = sigmoid(logit).

    Inputs: logit (B,); labels (B,) in [0, 1].

    Relations: the most accurate choice for 0/1 labels when pairs are scored one by one; with the mlp head its vectors
    alone (by cosine) are no duplicates' finder: prefer ContrastiveLoss for an index, or add InBatchLoss. Prefer
    SquaredErrorLoss for grades.
    """

    def __init__(self, positive_weight: float = 1.0) -> None:
        super().__init__()
        self.positive_weight = positive_weight

    def forward(self, logit_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        # with a weight torch computes by another formula, which differs in the last bit
        weight = None if self.positive_weight == 1 else logit_B.new_full((), self.positive_weight)
        return nn.functional.binary_cross_entropy_with_logits(logit_B, labels_B, pos_weight=weight)


class SquaredErrorLoss(nn.Module):
    """(prediction - label)^2, for graded labels scaled to [0, 1].

    Inputs: prediction (B,): a cosine, or a probability; labels (B,) in [0, 1].

    Relations: for grades, such as similarity from 0 to 5. For 0/1 labels prefer BinaryCrossEntropyLoss (mlp head) or
    ContrastiveLoss (cosine head), which do not ask unrelated texts to be exactly orthogonal. Prefer CoSENTLoss where
    only the order of grades counts.
    """

    def forward(self, prediction_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        return nn.functional.mse_loss(prediction_B, labels_B)
