"""What an export gives against the model that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.data.sample import sample_rows
from textsiam.evaluation.metrics import binary_metrics, graded_metrics
from textsiam.integrations.onnx.pair_model import OnnxPairModel
from textsiam.model.pair_model import PairModel

SAMPLE_PAIRS = 200
_TEXTS = ("", " ", "a", "?!", "\U0001f600 \u0627\u0644", "a long text that goes on and on and " * 40)
METRICS = {"accuracy": "accuracy", "roc_auc": "ROC-AUC", "spearman": "Spearman", "pearson": "Pearson"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``largest_difference``: how far a probability is off at most, on ``pairs`` pairs.

    ``before`` and ``after`` are metrics of the model and of its export on labelled pairs, by name; empty without such.
    """

    pairs: int
    largest_difference: float
    labelled: str = ""
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)

    @property
    def at_most(self) -> str:
        """Write the largest difference in two digits, rounded up."""
        digits = Context(prec=2, rounding=ROUND_CEILING)
        return f"{float(digits.create_decimal_from_float(self.largest_difference)):.2g}"


def measure(model: PairModel, exported: OnnxPairModel, pairs: Any = None) -> Measured:
    """Compare probabilities on labelled ``pairs`` (what ``read_pairs`` takes), else on the sample corpus.

    Texts that are empty, unknown or long are among those of the sample corpus.
    """
    model = model if model.precision == "fp32" else _in_fp32(model)
    if pairs is None:
        rows = [(row.text_a, row.text_b) for row in sample_rows(SAMPLE_PAIRS)]
        rows += [(text_a, text_b) for text_a in _TEXTS for text_b in _TEXTS]
        off = np.abs(model.score_pairs(rows) - exported.score_pairs(rows))
        return Measured(pairs=len(rows), largest_difference=float(off.max()))
    return _measured_on_labels(model, exported, pairs)


def _in_fp32(model: PairModel) -> PairModel:
    """Give the same model in the precision that graphs compute in."""
    return PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights=model.weights,
        calibration=model.calibration,
    )


def _measured_on_labels(model: PairModel, exported: OnnxPairModel, pairs: Any) -> Measured:
    labelled = pairs if isinstance(pairs, Pairs) else read_pairs(pairs)
    rows = list(zip(labelled.text_a, labelled.text_b, strict=True))
    both = [scorer.score_pairs(rows) for scorer in (model, exported)]
    before, after = (_metrics(scores, labelled, model.calibration.threshold) for scores in both)
    return Measured(
        pairs=len(rows),
        largest_difference=float(np.abs(both[0] - both[1]).max()),
        labelled=labelled.fingerprint()[:16],
        before=before,
        after=after,
    )


def _metrics(scores: Array, pairs: Pairs, threshold: float) -> dict[str, float]:
    found: Mapping[str, float | None] = (
        graded_metrics(scores, pairs.labels) if pairs.graded else binary_metrics(scores, pairs.labels, threshold)
    )
    return {name: value for name in METRICS if (value := found.get(name)) is not None}
