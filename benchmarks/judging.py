"""From the scores of a row to its figures: the threshold is chosen on dev, test is looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textsiam import Pairs, question_components
from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.evaluation.intervals import component_bootstrap, roc_auc_of
from textsiam.model.calibration import best_accuracy_threshold


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a row gives.

    ``dev``, ``test``: scores in [0, 1], one a pair, higher for what is more likely the same; ``minutes`` from reading
    the pairs to a model that can score; ``threshold``: the model's own, fitted on dev; None: the most accurate one on
    dev; ``parameters``: numbers that were fitted or come with the model, None where that says nothing; ``setting``:
    what was chosen on dev, and other remarks.
    """

    dev: Array
    test: Array
    minutes: float
    threshold: float | None = None
    parameters: int | None = None
    setting: str = ""


def dev_accuracy(scores: Array, labels: Array) -> float:
    """Accuracy on dev at its own best threshold, by which settings are chosen."""
    return accuracy(scores, labels, best_accuracy_threshold(scores, labels))


def accuracy(scores: Array, labels: Array, threshold: float) -> float:
    """Share of pairs that a threshold gets right."""
    return float(((scores >= threshold) == (labels > 0.5)).mean())


def best_setting(tried: dict[str, Scored], labels: Array) -> Scored:
    """Choose what is most accurate on dev, whose labels are given; minutes are those of all trials together."""
    chosen = max(tried, key=lambda name: dev_accuracy(tried[name].dev, labels))
    best = tried[chosen]
    others = ", ".join(f"{name} {dev_accuracy(scored.dev, labels):.2%}" for name, scored in tried.items())
    return Scored(
        dev=best.dev,
        test=best.test,
        minutes=sum(scored.minutes for scored in tried.values()),
        parameters=best.parameters,
        setting=f"{chosen}; accuracy on dev: {others}",
    )


def figures(scored: Scored, dev: Pairs, test: Pairs, parts: dict[str, Array]) -> dict[str, Any]:
    """Compute a row's figures, as JSON values; ``parts`` are masks bool (n,) of test that get figures of their own."""
    threshold = scored.threshold
    if threshold is None:
        threshold = best_accuracy_threshold(scored.dev, dev.labels)
    everything = {"test": np.ones(len(test), dtype=bool), **parts}
    return {
        "parameters": scored.parameters,
        "minutes": scored.minutes,
        "setting": scored.setting,
        "threshold": threshold,
        "dev_accuracy": accuracy(scored.dev, dev.labels, threshold),
        **{name: _of_part(scored.test, threshold, test, mask) for name, mask in everything.items()},
    }


def _of_part(scores: Array, threshold: float, test: Pairs, mask: Array) -> dict[str, Any]:
    metrics = import_extra("sklearn.metrics", "bench", "this benchmark")
    pairs, scores = test.select(mask), scores[mask]
    truth, components = pairs.labels > 0.5, question_components(pairs)
    right = (scores >= threshold) == truth
    return {
        "pairs": len(pairs),
        "label_mean": float(truth.mean()),
        "accuracy": float(right.mean()),
        "accuracy_interval": component_bootstrap(components, right),
        "roc_auc": float(metrics.roc_auc_score(truth, scores)),
        "roc_auc_interval": component_bootstrap(components, roc_auc_of(scores, truth)),
        "average_precision": float(metrics.average_precision_score(truth, scores)),
    }


def cosine_scores(a: Array, b: Array) -> Array:
    """Give (1 + cosine) / 2 of the rows of two arrays (n, d), float32 (n,); a row of zeros has cosine 0."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = np.divide(np.einsum("nd,nd->n", a, b), norms, out=np.zeros(len(a), dtype=a.dtype), where=norms > 0)
    scores: Array = ((1 + np.clip(cosines, -1, 1)) / 2).astype(np.float32)
    return scores


def scores_by_vectors(encode: Any, pairs: Sequence[Pairs]) -> list[Array]:
    """Score pairs by the cosine of their texts' vectors; ``encode`` gets every distinct text once."""
    places: dict[str, int] = {}
    for part in pairs:
        for text in part.texts():
            places.setdefault(text, len(places))
    vectors = np.asarray(encode(list(places)), dtype=np.float32)
    return [
        cosine_scores(*(vectors[[places[text] for text in texts]] for texts in (part.text_a, part.text_b)))
        for part in pairs
    ]
