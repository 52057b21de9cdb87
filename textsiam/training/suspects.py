"""Labels that are likely wrong: pairs that models trained without them judge otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.components import question_components
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, check_integer
from textsiam.training.config import TrainConfig
from textsiam.training.dev_scores import production_scores
from textsiam.training.train import train

FOLDS = 4
# learns in minutes what there is to learn without order
QUICK = {"encoder": "bag", "ngrams": 2, "head": "mlp", "epochs": 3, "learning_rate": 5e-3}
LARGE_BATCH, MANY = 512, 100_000  # pairs a step, from so many pairs on


def label_probabilities(
    pairs: Any, *, config: TrainConfig | None = None, folds: int = FOLDS, seed: int = 0, show_progress: bool = False
) -> Array:
    """Give the probability of each pair's label, float32 (n,), by models that were trained without it.

    The pairs are dealt out to ``folds`` parts, whole components to one, so that no linked pair tells the label; each
    part is judged by a model that was trained, with ``config`` (None: a bag of words and bigrams), on the others. Low
    ones are likely label errors (Northcutt et al. 2021, "Confident learning"), or pairs that such a model cannot
    understand. Raises DataError for graded labels or fewer components than folds, OptionError for folds below 2, and as
    ``textsiam.train`` does.
    """
    pairs = pairs if isinstance(pairs, Pairs) else read_pairs(pairs)
    check_integer("folds", folds, least=2)
    if pairs.graded:
        raise DataError("suspects are found among labels of 0 and 1, these are graded")
    fold = _deal(question_components(pairs), folds, seed)
    config = _quick(len(pairs), seed) if config is None else config
    found: Array = np.empty(len(pairs), dtype=np.float32)
    for number in range(folds):
        inside = fold == number
        model = train(pairs.select(~inside), config=config, show_progress=show_progress)
        part = pairs.select(inside)
        probabilities = model.calibration.probability(production_scores(model, part))
        found[inside] = np.where(part.labels > 0.5, probabilities, 1 - probabilities)
    return found


def _quick(number: int, seed: int) -> TrainConfig:
    options: dict[str, Any] = {**QUICK, "seed": seed} | ({"batch_size": LARGE_BATCH} if number >= MANY else {})
    return TrainConfig(**options)


def _deal(components: Array, folds: int, seed: int) -> Array:
    """Give each pair its part, int64 (n,): the largest components first, each to the part that has the fewest pairs."""
    sizes = np.bincount(components)
    if len(sizes) < folds:
        raise DataError(
            f"the pairs hang together over shared texts in {len(sizes)} components, expected at least {folds}, one for "
            "each fold"
        )
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    held, part_of = np.zeros(folds, dtype=np.int64), np.empty(len(sizes), dtype=np.int64)
    for component in order.tolist():
        part_of[component] = held.argmin()
        held[part_of[component]] += sizes[component]
    return part_of[components]
