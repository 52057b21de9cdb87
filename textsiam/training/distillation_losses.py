"""Losses that train a student on what a teacher says, each the mean over pairs or texts.

A loss takes what its Inputs say; ``distillation`` joins it to a network, and to the losses of labels.
"""

from __future__ import annotations

import torch
from torch import nn

from textsiam.training.heads import EPSILON


class LogitDistillationLoss(nn.Module):
    """T^2 times the cross-entropy of the student's probability sigmoid(s / T) against the teacher's, sigmoid(t / T).

    Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network", 2015. Its gradient, T (sigmoid(s / T) -
    sigmoid(t / T)), keeps its size as T grows, and comes near (s - t) / 4, that of squared logits. Against the squared
    error it forgives the student what does not matter, logits of pairs about which the teacher is sure.

    Inputs: logit (B,) and teacher's logit (B,), finite. Temperature T > 0. Its lowest value is not 0, but T^2 times
    the entropy of the teacher's probabilities.

    Relations: add it to BinaryCrossEntropyLoss where there are labels. A higher temperature tells apart pairs that the
    teacher is sure of: raise it where that order counts, leave it at 1 where the teacher is calibrated. Prefer
    VectorDistillationLoss where the teacher gives vectors alone.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, logit_B: torch.Tensor, teacher_B: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        wanted_B = torch.sigmoid(teacher_B / self.temperature)
        entropy = nn.functional.binary_cross_entropy_with_logits(logit_B / self.temperature, wanted_B)
        return self.temperature**2 * entropy


class VectorDistillationLoss(nn.Module):
    """1 - cosine of the student's vector, mapped to the teacher's dimension, and the teacher's vector.

    Reimers and Gurevych, "Making monolingual sentence embeddings multilingual using knowledge distillation", 2020, take
    the mean squared error of vectors of one dimension. Of vectors scaled to length 1 that is twice this, over their
    dimension; the length, in which teachers do not say what a text means, is left to the student.

    Inputs: mapped vectors (N, E) and teacher's vectors (N, E). A vector of zeros has the cosine 0 with any other.

    Relations: prefer LogitDistillationLoss where the teacher compares pairs: it teaches the head too, and a student too
    small for all that a vector holds then keeps what tells pairs apart.
    """

    def forward(self, mapped_NE: torch.Tensor, teacher_NE: torch.Tensor) -> torch.Tensor:
        """Return the mean loss, a scalar."""
        return (1 - nn.functional.cosine_similarity(mapped_NE, teacher_NE, dim=1, eps=EPSILON)).mean()
