"""The student while it learns: its network with what translates to the teacher's terms, and the sum of its losses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt
import torch
from torch import nn

from textsiam.training.collator import PairBatch
from textsiam.training.distill_config import LOGITS, DistillConfig
from textsiam.training.distillation_losses import LogitDistillationLoss, VectorDistillationLoss
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective, logit_of_log

TRANSLATION = "translation."  # before the names of weights that the model does not keep


class ScaledLogit(nn.Module):
    """A logit a x raw + b of a cosine or negative distance, a > 0, both learned: what calibration fits afterwards."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(scale).log())
        self.offset = nn.Parameter(torch.tensor(offset))

    def forward(self, raw_B: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return self.log_scale.exp() * raw_B + self.offset


class LogProbabilityLogit(nn.Module):
    """The logit of a probability that is given as its logarithm."""

    def forward(self, raw_B: torch.Tensor) -> torch.Tensor:
        """Return (B,)."""
        return logit_of_log(raw_B)


# How the raw scores of a head become logits; those of other heads are. The starts put the logit 0 half-way between
# where the contrastive losses want pairs that are the same and others.
_LOGIT_OF: dict[str, Callable[[], nn.Module]] = {
    "cosine": lambda: ScaledLogit(10.0, -6.0),
    "euclidean": lambda: ScaledLogit(4.0, 4.0),
    "manhattan": LogProbabilityLogit,
}


class StudentNetwork(SiameseNetwork):
    """A siamese network, and what translates its scores or vectors to the teacher's terms: no part of the model.

    ``teacher_size``: E, the dimension of the teacher's vectors; None where its logits are learned.
    """

    def __init__(
        self,
        config: DistillConfig,
        vocabulary_size: int,
        teacher_size: int | None,
        encoder: nn.Module | None = None,
    ) -> None:
        super().__init__(config.architecture, vocabulary_size, *config.dropouts, encoder)
        self.translation: nn.Module
        if teacher_size is None:
            self.translation = _LOGIT_OF.get(config.head, nn.Identity)()
        else:
            self.translation = nn.Linear(self.vector_size, teacher_size, bias=False)
            # it starts as a rotation as far as it can: cosines of the student's vectors are near those of the mapped
            nn.init.orthogonal_(self.translation.weight)

    def numpy_weights(self) -> dict[str, npt.NDArray[Any]]:
        """Copy the weights of the model alone."""
        return {name: value for name, value in super().numpy_weights().items() if not name.startswith(TRANSLATION)}


class DistillationObjective(Objective):
    """Of each pair the teacher's loss and, where it has a label, the losses that the configuration asks for.

    A labelled pair counts ``teacher_weight`` x teacher's loss + the rest x label's loss, another the teacher's alone; a
    pair without anything to learn counts 0, and the mean is over all pairs of the batch. ``distilled``: what the model
    card tells of the teacher.
    """

    def __init__(
        self, config: DistillConfig, student: StudentNetwork, *, graded: bool, labelled: bool, told: Mapping[str, Any]
    ) -> None:
        # without labels their kind is that of dev alone, which no loss needs to learn
        super().__init__(config, graded=graded and labelled)
        self.distilled = told
        if not labelled or config.teacher_weight == 1:
            self.name, self.options, self.needs_known_same = "distillation", {}, False
        self.of_logits = told["target"] == LOGITS
        self.weight = config.teacher_weight
        # in a tuple, for a module would take the student's weights for its own
        self.student = (student,)
        self.teacher_loss = LogitDistillationLoss(config.teacher_temperature)
        self.vector_loss = VectorDistillationLoss()

    def forward(self, raw_B: torch.Tensor, vectors_UD: torch.Tensor, batch: PairBatch) -> torch.Tensor:
        """Return the loss of raw scores (B,) and text vectors (U, D) of a batch, a scalar."""
        has_label_B = ~batch.labels_B.isnan()
        total = self._taught(raw_B, vectors_UD, batch, ~has_label_B)
        if not has_label_B.any():
            return total
        total = total + self.weight * self._taught(raw_B, vectors_UD, batch, has_label_B)
        if self.weight == 1:
            return total
        share = (1 - self.weight) * has_label_B.float().mean()
        return total + share * super().forward(raw_B[has_label_B], vectors_UD, _labelled(batch, has_label_B))

    def _taught(
        self, raw_B: torch.Tensor, vectors_UD: torch.Tensor, batch: PairBatch, chosen_B: torch.Tensor
    ) -> torch.Tensor:
        """Return the teacher's loss of the chosen pairs (bool (B,)): their sum, over the number of all pairs."""
        if self.of_logits:
            return self._of_logits(raw_B, batch, chosen_B)
        return self._of_vectors(vectors_UD, batch, chosen_B)

    def _of_logits(self, raw_B: torch.Tensor, batch: PairBatch, chosen_B: torch.Tensor) -> torch.Tensor:
        assert batch.teacher_B is not None
        known_B = chosen_B & ~batch.teacher_B.isnan()
        if not known_B.any():
            return 0 * raw_B.sum()  # a sum that has gradients
        logit = self.student[0].translation(raw_B[known_B])
        loss: torch.Tensor = self.teacher_loss(logit, batch.teacher_B[known_B])
        return loss * known_B.float().mean()

    def _of_vectors(self, vectors_UD: torch.Tensor, batch: PairBatch, chosen_B: torch.Tensor) -> torch.Tensor:
        """Count both texts of each pair; a vector of zeros, such as that of an empty text, teaches nothing."""
        assert batch.teacher_UE is not None
        ends = torch.cat([batch.index_a[chosen_B], batch.index_b[chosen_B]])
        known = ends[batch.teacher_UE[ends].any(dim=1)]
        if not len(known):
            return 0 * vectors_UD.sum()
        mapped = self.student[0].translation(vectors_UD)[known]
        loss: torch.Tensor = self.vector_loss(mapped, batch.teacher_UE[known])
        return loss * (len(known) / (2 * len(batch.labels_B)))


def _labelled(batch: PairBatch, has_label_B: torch.Tensor) -> PairBatch:
    """Give the part of a batch that has labels; texts of other pairs alone are no texts of it."""
    if has_label_B.all():
        return batch
    index_a, index_b = batch.index_a[has_label_B], batch.index_b[has_label_B]
    used_U = torch.zeros_like(batch.groups_U, dtype=torch.bool)
    used_U[torch.cat([index_a, index_b])] = True
    return dataclasses.replace(
        batch,
        index_a=index_a,
        index_b=index_b,
        labels_B=batch.labels_B[has_label_B],
        groups_U=batch.groups_U.masked_fill(~used_U, -1),
    )
