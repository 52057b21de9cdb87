"""scikit-learn's own checks make tables of numbers: these are spelled as texts, all else is the estimator's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.model.making import random_weights
from textsiam.arrays import Array
from textsiam.integrations.duplicate_classifier import DuplicateClassifier
from textsiam.integrations.few_shot_classifier import FewShotClassifier
from textsiam.integrations.sklearn_texts import text_cells
from textsiam.integrations.text_encoder import TextEncoder
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

COLUMNS, BINS, WIDTH = 20, 12, 0.5


def word(column: int, value: float) -> str:
    """Spell a number: those of one bin and column have one word."""
    place = max(-BINS, min(BINS, round(value / WIDTH)))
    return f"c{min(column, COLUMNS - 1)}{'m' if place < 0 else 'p'}{abs(place)}"


def spelled(table: Array) -> Array:
    """Spell each row of numbers as one text, (n,) objects; what is no finite number stands in its place.

    The numbers themselves follow as a last word, so that different rows are different texts, and can be set apart.
    """
    cells = np.empty(len(table), dtype=object)
    for place, row in enumerate(table.tolist()):
        odd = [cell for cell in row if not isinstance(cell, int | float) or not math.isfinite(cell)]
        words = [] if odd else [word(column, cell) for column, cell in enumerate(row)]
        cells[place] = odd[0] if odd else " ".join([*words, "_".join(f"{cell:.6g}" for cell in row)])
    return cells


def model_of_words() -> PairModel:
    """Make a bag of random embeddings of these words."""
    words = [word(column, place * WIDTH) for column in range(COLUMNS) for place in range(-BINS, BINS + 1)]
    vocabulary = build_vocabulary(words, size=len(words) + 10, type="word").proto
    architecture = Architecture(encoder="bag", dim=64, head="cosine")
    return PairModel(
        architecture=architecture,
        vocabulary=vocabulary,
        weights=random_weights(architecture, Tokenizer(vocabulary).size),
        calibration=Calibration(slope=8.0, intercept=-4.0),
    )


class _OfNumbers:
    """Takes what the checks give: tables of any number of columns."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc] # the estimator comes behind
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = False, True
        return tags


class DuplicateClassifierOfNumbers(_OfNumbers, DuplicateClassifier):
    def _texts_of(self, table: Array) -> tuple[list[str], list[str]]:
        texts = text_cells(spelled(table), "of numbers")
        return texts, [f"{text} again" for text in texts]


class TextEncoderOfNumbers(_OfNumbers, TextEncoder):
    def _texts_of(self, table: Array) -> list[str]:
        return text_cells(spelled(table), "of numbers")


class FewShotClassifierOfNumbers(_OfNumbers, FewShotClassifier):
    def _texts_of(self, table: Array) -> list[str]:
        return text_cells(spelled(table), "of numbers")
