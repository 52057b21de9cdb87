"""Losses that rank: cosines of a batch's pairs among each other, or its texts by how near they are to one of them.

They look beyond one pair, so what they give depends on what else is in the batch. Of several processes each looks at
its own part of the batch alone.
"""

from __future__ import annotations

import torch
from torch import nn

from textsiam.training.heads import EPSILON


def unit_vectors(vectors_UD: torch.Tensor) -> torch.Tensor:
    """Scale vectors to length 1; zero stays zero."""
    lengths_U1: torch.Tensor = torch.linalg.vector_norm(vectors_UD, dim=1, keepdim=True)
    return vectors_UD / lengths_U1.clamp(min=EPSILON)


class CoSENTLoss(nn.Module):
    """Every pair's cosine above those of pairs with lower labels: log(1 + sum exp((cos_low - cos_high) / t)).

    Su, "CoSENT: a more effective sentence vector scheme than Sentence-BERT", 2022 (https://kexue.fm/archives/8847).

    Inputs: cosine (B,) in [-1, 1]; labels (B,) in [0, 1], of which only the order counts. Temperature > 0. 0 if all
    labels are equal.

    Relations: asks for no cosine in particular, only for their order, which is what Spearman's correlation and ROC-AUC
    measure: prefer it to SquaredErrorLoss for grades. Prefer ContrastiveLoss where an index needs a fixed threshold to
    mean the same everywhere, and InBatchLoss where most pairs are the same.
    """

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, cosine_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
        """Return the loss of the whole batch, a scalar."""
        excess_BB = (cosine_B[:, None] - cosine_B[None, :]) / self.temperature
        unordered_BB = labels_B[:, None] >= labels_B[None, :]
        excesses = excess_BB.masked_fill(unordered_BB, -torch.inf).flatten()
        loss: torch.Tensor = torch.logsumexp(torch.cat([excesses.new_zeros(1), excesses]), dim=0)
        return loss


class InBatchLoss(nn.Module):
    """Find the other text of a same pair among all texts of the batch: cross-entropy of cosine / t, both ways.

    Henderson et al., "Efficient natural language response suggestion for Smart Reply", 2017 (multiple negatives);
    van den Oord, Li, Vinyals, "Representation learning with contrastive predictive coding", 2018 (InfoNCE).

    Inputs: vectors (U, D) of the batch's distinct texts; index_a, index_b, labels (B,), 0 or 1; groups (U,): texts that
    are known to be the same share a number, and are never negatives of each other; -1 is no text. All others are,
    those of pairs with label 0 among them. Temperature > 0. The mean over the pairs of label 1; 0 if there are none.

    Relations: the strongest signal where same pairs are many and others few or easy, for each text is compared with
    hundreds; larger batches help. It takes texts for different that no pair tells to be the same: add it with a small
    weight to BinaryCrossEntropyLoss or ContrastiveLoss, which learn from labelled near misses, where those are what
    counts. BatchHardTripletLoss looks at the one hardest text in place of all.
    """

    def __init__(self, temperature: float = 0.05) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(
        self,
        vectors_UD: torch.Tensor,
        index_a: torch.Tensor,
        index_b: torch.Tensor,
        labels_B: torch.Tensor,
        groups_U: torch.Tensor,
    ) -> torch.Tensor:
        """Return the mean loss over both ways of the pairs of label 1, a scalar."""
        units_UD = unit_vectors(vectors_UD)
        same_B = labels_B == 1
        anchors_P = torch.cat([index_a[same_B], index_b[same_B]])
        wanted_P = torch.cat([index_b[same_B], index_a[same_B]])
        logits_PU = units_UD[anchors_P] @ units_UD.T / self.temperature
        groups_P1 = groups_U[anchors_P][:, None]
        negative_PU = (groups_U != groups_P1) & (groups_U >= 0)
        positive_P1 = (units_UD[anchors_P] * units_UD[wanted_P]).sum(dim=1, keepdim=True) / self.temperature
        all_logits = torch.cat([positive_P1, logits_PU.masked_fill(~negative_PU, -torch.inf)], dim=1)
        loss_P = torch.logsumexp(all_logits, dim=1) - positive_P1[:, 0]
        return loss_P.sum() / max(len(loss_P), 1)
