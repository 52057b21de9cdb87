"""The pairs that a model gets most wrong, with what each word had to do with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.evaluation.evaluation import Evaluation
from textsiam.explanation import Explanation, count_words, explain
from textsiam.model.pair_model import PairModel
from textsiam.progress import progress

WORDS_EXPLAINED = 120  # in both texts: more would take many seconds a pair
WORDS_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A pair, ``number`` of those evaluated from 1 on, that is labelled otherwise than the model says.

    ``probability`` and ``label`` are in [0, 1]. ``times``: how often such a mistake is made with these texts, in either
    order; the first is meant. ``explanation`` is None where the texts have more than 120 words.
    """

    number: int
    text_a: str
    text_b: str
    probability: float
    label: float
    times: int
    explanation: Explanation | None

    def words(self, sign: int) -> list[tuple[str, str, float]]:
        """Give the words that speak most for the same (``sign`` 1) or against (-1): word, side, part of the logit."""
        words = () if self.explanation is None else self.explanation.words
        speaking = sorted((word for word in words if sign * word.contribution > 0), key=lambda w: -abs(w.contribution))
        return [(word.word, word.side, word.contribution) for word in speaking[:WORDS_NAMED]]


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
    high = _largest(error, called & ~same, pairs)
    low = _largest(-error, ~called & same, pairs)
    shown = [*list(high.items())[:most], *list(low.items())[:most]]
    with progress("explaining mistakes", len(shown), "pairs", show=show_progress) as bar:
        found = []
        for place, times in shown:
            found.append(_mistake(result, model, pairs, place, times))
            bar.advance(1)
    number_high = min(most, len(high))
    return found[:number_high], found[number_high:]


def _largest(values: Array, among: Array, pairs: Pairs) -> dict[int, int]:
    """Give the places of the largest values among some, of equal texts the first, and how often these come."""
    places = np.flatnonzero(among)
    texts_a, texts_b = pairs.text_a, pairs.text_b
    first: dict[frozenset[str], int] = {}
    times: dict[int, int] = {}
    for place in places[np.argsort(-values[places], kind="stable")].tolist():
        place_of_texts = first.setdefault(frozenset((texts_a[place], texts_b[place])), place)
        times[place_of_texts] = times.get(place_of_texts, 0) + 1
    return times


def _mistake(result: Evaluation, model: PairModel, pairs: Pairs, place: int, times: int) -> Mistake:
    text_a, text_b, label = pairs[place]
    short = count_words(text_a) + count_words(text_b) <= WORDS_EXPLAINED
    return Mistake(
        number=place + 1,
        text_a=text_a,
        text_b=text_b,
        probability=float(result.probabilities[place]),
        label=label,
        times=times,
        explanation=explain(model, text_a, text_b) if short else None,
    )
