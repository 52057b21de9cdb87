"""Every option of distillation: those of training, and what the teacher counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

from textsiam.errors import OptionError
from textsiam.model.options import option
from textsiam.training.config import TrainConfig

AUTO_TARGET, LOGITS, VECTORS = "auto", "logits", "vectors"
OUTPUTS = LOGIT, PROBABILITY = "logit", "probability"
OF_LOSS = ("loss", "margin", "temperature", "positive_weight", "label_smoothing")
OF_LOGITS = ("teacher_temperature", "teacher_output", "extra_pairs")
OF_LABELS = (*OF_LOSS, "balanced", "implied", "teacher_weight")  # without use where no pair has a label


@dataclass(frozen=True, kw_only=True)
class DistillConfig(TrainConfig):
    """The options of training, and how a teacher takes part in it; checked at birth.

    Parameters
    ----------
    target
        What the student learns of the teacher: its "logits" of pairs or its "vectors" of texts. "auto" takes vectors
        where texts are given, logits where pairs are.
    teacher_weight
        Share of the teacher in the loss of a labelled pair; its label has the rest. Pairs without a label have the
        teacher alone.
    teacher_temperature
        What the logits of teacher and student are divided by; above 1, pairs that the teacher is sure of are told apart
        more.
    teacher_output
        Whether a file or function of a teacher gives a "logit" for each pair, or a "probability", which is turned into
        one.
    extra_pairs
        How many pairs without a label to add, at most, for each training pair, for the teacher to judge: texts of the
        training pairs, each with one that shares rare tokens. 0.5 adds up to half as many; 0 adds none. Pairs of dev
        are never added.
    """

    target: str = option(AUTO_TARGET, choices=(AUTO_TARGET, LOGITS, VECTORS))
    teacher_weight: float = option(0.7, low=1e-3, high=1)
    teacher_temperature: float = option(1.0, low=0.1, high=100)
    teacher_output: str = option(LOGIT, choices=OUTPUTS)
    extra_pairs: float = option(0.0, low=0, high=5)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse(("hard_negatives",), "a teacher judges (extra_pairs adds near pairs that it does)")
        if self.target == VECTORS:
            self.refuse(OF_LOGITS, "vectors are learned")
        if self.teacher_weight == 1:
            self.refuse(OF_LOSS, "teacher_weight is 1, and labels count nothing")
        if self.extra_pairs:
            self.refuse(("balanced",), "extra pairs, which have no label, are added")

    def refuse(self, names: tuple[str, ...], reason: str) -> None:
        """Raise OptionError where an option that has no use, for this ``reason``, is not at its default."""
        default_of = {field.name: field.default for field in fields(self)}
        for name in names:
            value = getattr(self, name)
            if value != default_of[name]:
                raise OptionError(f"{name} is {value!r}, but has no use where {reason}; leave it out")
