"""The pairs that a model gets most wrong, with what each word had to do with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.evaluation.evaluation import Evaluation
from textsiam.explanation import Explanation, explain
from textsiam.model.pair_model import PairModel
from textsiam.progress import progress

WORDS_EXPLAINED = 120  # in both texts: an LSTM of 64 takes 2 seconds for these
WORDS_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A pair, ``number`` of those evaluated from 1 on, that is labelled otherwise than the model says.

    ``probability`` and ``label`` are in [0, 1]. ``explanation`` is None where the texts have more than 120 words.
    """

    number: int
    text_a: str
    text_b: str
    probability: float
    label: float
    explanation: Explanation | None

    def words(self, sign: int) -> list[str]:
        """Name the words that speak most for the same (``sign`` 1) or against (-1), with their parts of the logit."""
        words = () if self.explanation is None else self.explanation.words
        speaking = sorted((word for word in words if sign * word.contribution > 0), key=lambda w: -abs(w.contribution))
        return [f"{word.word} {word.contribution:+.2f}" for word in speaking[:WORDS_NAMED]]


def worst_mistakes(
    result: Evaluation, model: PairModel, pairs: Pairs, most: int, *, show_progress: bool = False
) -> tuple[list[Mistake], list[Mistake]]:
    """Give the ``most`` pairs, at most, that score highest where they should not, and those that score lowest.

    Of 0/1 labels the false positives and the false negatives at the threshold; of grades the largest errors of either
    sign. ``pairs`` are those that ``result`` is of.
    """
    error = result.probabilities.astype(np.float64) - result.labels
    called = error > 0 if result.threshold is None else result.probabilities >= result.threshold
    same = error < 0 if result.threshold is None else result.labels > 0.5
    high = _largest(error, called & ~same, most)
    low = _largest(-error, ~called & same, most)
    with progress("explaining mistakes", len(high) + len(low), "pairs", show=show_progress) as bar:
        found = []
        for place in (*high, *low):
            found.append(_mistake(result, model, pairs, place))
            bar.advance(1)
    return found[: len(high)], found[len(high) :]


def _largest(values: Array, among: Array, most: int) -> list[int]:
    """Give the places of the largest values among some; of equal ones the first."""
    places = np.flatnonzero(among)
    ranked: list[int] = places[np.argsort(-values[places], kind="stable")][:most].tolist()
    return ranked


def _mistake(result: Evaluation, model: PairModel, pairs: Pairs, place: int) -> Mistake:
    text_a, text_b, label = pairs[place]
    short = len(text_a.split()) + len(text_b.split()) <= WORDS_EXPLAINED
    return Mistake(
        number=place + 1,
        text_a=text_a,
        text_b=text_b,
        probability=float(result.probabilities[place]),
        label=label,
        explanation=explain(model, text_a, text_b) if short else None,
    )
