"""How much of what a model is evaluated on stood in its training pairs, and what it is worth on the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.evaluation.metrics import binary_metrics, graded_metrics
from textsiam.model.seen_texts import SeenTexts


@dataclass(frozen=True, kw_only=True)
class Leaks:
    """What training pairs held of the texts of evaluated pairs.

    ``texts`` are the distinct ones, ``seen_texts`` those that the training pairs hold too. ``linked_pairs`` are pairs
    that a chain of evaluated pairs, each sharing a text with the next, leads to a seen text: which of them are the same
    can be known without reading. ``unlinked_pairs`` are the others, and ``unlinked`` their metrics, at the same
    threshold; None where they are all pairs, or have one label alone.
    """

    texts: int
    seen_texts: int
    linked_pairs: int
    unlinked_pairs: int
    unlinked: dict[str, float | None] | None

    def __str__(self) -> str:
        pairs = self.linked_pairs + self.unlinked_pairs
        lines = [
            f"{'texts in training':<20}{self.seen_texts:>10,}   of {self.texts:,}",
            f"{'pairs linked to it':<20}{self.linked_pairs:>10,}   of {pairs:,}",
        ]
        for name, value in (self.unlinked or {}).items():
            if value is not None:
                lines.append(f"{name.replace('_', ' '):<20}{value:>10.4f}   of the {self.unlinked_pairs:,} others")
        return "\n".join(lines)


def find_leaks(seen: SeenTexts, pairs: Pairs, probabilities: Array, threshold: float, components: Array) -> Leaks:
    """Look the texts of pairs up among the seen ones, and compute the metrics of pairs that nothing links to them.

    ``components`` are those of the pairs, as ``question_components`` gives them.
    """
    is_seen = seen.holds(pairs.texts()).reshape(-1, 2)  # text a, text b, text a, ...
    linked = np.bincount(components, weights=is_seen.any(axis=1))[components] > 0
    some, labels = SeenTexts.of(pairs.texts()), pairs.labels[~linked]
    return Leaks(
        texts=len(some),
        seen_texts=len(some & seen),
        linked_pairs=int(linked.sum()),
        unlinked_pairs=int((~linked).sum()),
        unlinked=_metrics(probabilities[~linked], labels, threshold, graded=pairs.graded) if linked.any() else None,
    )


def _metrics(probabilities: Array, labels: Array, threshold: float, *, graded: bool) -> dict[str, float | None] | None:
    if graded:
        return graded_metrics(probabilities, labels) if len(labels) else None
    truth = labels > 0.5
    return dict(binary_metrics(probabilities, labels, threshold)) if truth.any() and not truth.all() else None
