"""Triplet losses: an anchor is nearer to a text that is the same than to one that is not, by a margin.

Triplets are mined among the distinct texts of a batch: anchor and positive are two texts of one group, known to be the
same; negative is any text of another group. The distance is 1 - cosine, in [0, 2]; margins lie in (0, 2]. All take

Inputs: vectors (U, D) of the batch's distinct texts; groups (U,): texts that are known to be the same share a number;
-1 is no text. 0 if there is no triplet. Of several processes each mines its own part of the batch alone. Batch-all and
semi-hard mining take memory for each two texts of one group times all texts: keep batches small where groups are large.
"""

from __future__ import annotations

import torch
from torch import nn

from textsiam.training.ranking_losses import unit_vectors

BEYOND = 4.0  # farther than any two texts are


class _TripletLoss(nn.Module):
    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin


class BatchAllTripletLoss(_TripletLoss):
    """Mean of max(0, d(anchor, positive) - d(anchor, negative) + margin) over all triplets where it is above 0.

    Hermans, Beyer, Leibe, "In defense of the triplet loss for person re-identification", 2017 (batch all).

    Relations: the steadiest of the three, for it averages over many triplets: prefer it where labels are noisy.
    """

    def forward(self, vectors_UD: torch.Tensor, groups_U: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        distance_UU, same_UU, other_UU = _compared(vectors_UD, groups_U)
        anchors_P, positives_P = same_UU.nonzero(as_tuple=True)
        violation_PU = distance_UU[anchors_P, positives_P][:, None] - distance_UU[anchors_P] + self.margin
        violation_PU = violation_PU.clamp(min=0) * other_UU[anchors_P]
        return violation_PU.sum() / (violation_PU > 0).sum().clamp(min=1)


class BatchHardTripletLoss(_TripletLoss):
    """Of each anchor the farthest positive against the nearest negative; the mean over the anchors that have both.

    Hermans, Beyer, Leibe, "In defense of the triplet loss for person re-identification", 2017 (batch hard).

    Relations: learns most from a clean batch, but one wrong label, or a text that nobody has labelled as the same, is
    the hardest of all: prefer SemiHardTripletLoss or BatchAllTripletLoss where that is common, InBatchLoss where
    batches are large.
    """

    def forward(self, vectors_UD: torch.Tensor, groups_U: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        distance_UU, same_UU, other_UU = _compared(vectors_UD, groups_U)
        fixed_UU, anchors_U = distance_UU.detach(), torch.arange(len(groups_U), device=groups_U.device)
        farthest_U = fixed_UU.masked_fill(~same_UU, -BEYOND).argmax(dim=1)
        nearest_U = fixed_UU.masked_fill(~other_UU, BEYOND).argmin(dim=1)
        has_both_U = same_UU.any(dim=1) & other_UU.any(dim=1)
        violation_U = distance_UU[anchors_U, farthest_U] - distance_UU[anchors_U, nearest_U] + self.margin
        violation_U = violation_U.clamp(min=0) * has_both_U
        return violation_U.sum() / has_both_U.sum().clamp(min=1)


class SemiHardTripletLoss(_TripletLoss):
    """Of each anchor and positive the nearest negative that is farther than the positive; the mean over all of them.

    Schroff, Kalenichenko, Philbin, "FaceNet: a unified embedding for face recognition and clustering", 2015. Where no
    negative is farther than the positive, the farthest is taken.

    Relations: between the other two. It passes over negatives that are nearer than the positive, which wrong labels
    are among, and does not collapse at the start as BatchHardTripletLoss may.
    """

    def forward(self, vectors_UD: torch.Tensor, groups_U: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        distance_UU, same_UU, other_UU = _compared(vectors_UD, groups_U)
        anchors_P, positives_P = same_UU.nonzero(as_tuple=True)
        positive_P = distance_UU[anchors_P, positives_P]
        # first the negatives farther than the positive, from near to far; behind them the others, from far to near
        fixed_PU, is_negative_PU = distance_UU.detach()[anchors_P], other_UU[anchors_P]
        is_farther_PU = fixed_PU > positive_P.detach()[:, None]
        rank_PU = torch.where(is_farther_PU, fixed_PU, 2 * BEYOND - fixed_PU).masked_fill(~is_negative_PU, torch.inf)
        negative_P = distance_UU[anchors_P, rank_PU.argmin(dim=1)]
        has_negative_P = is_negative_PU.any(dim=1)
        violation_P = (positive_P - negative_P + self.margin).clamp(min=0) * has_negative_P
        return violation_P.sum() / has_negative_P.sum().clamp(min=1)


def _compared(vectors_UD: torch.Tensor, groups_U: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give the distances (U, U), which two different texts are the same, and which are not."""
    units_UD = unit_vectors(vectors_UD)
    distance_UU = 1 - units_UD @ units_UD.T
    is_text_UU = (groups_U >= 0) & (groups_U >= 0)[:, None]
    equal_UU = groups_U == groups_U[:, None]
    itself_UU = torch.eye(len(groups_U), dtype=torch.bool, device=groups_U.device)
    return distance_UU, equal_UU & is_text_UU & ~itself_UU, ~equal_UU & is_text_UU
