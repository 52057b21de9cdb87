"""The built-in sample corpus: pairs of help-desk questions, equal for equal seed, hard and fair.

Pairs are drawn in *quads*: two texts of one question and two of another, joined in a ring of four pairs,

    x1 ── duplicate ── x2
    │                  │
    not              not            (or crosswise: x1 - y2, x2 - y1)
    │                  │
    y1 ── duplicate ── y2

so every text occurs as often in duplicates as in others, and nothing about one text alone can tell the label. The two
questions differ in one of four ways: one slot ("slot"), two slots exchanged ("order"), the opposite ("negation"), or
another intent of the same topic ("intent"). In half of the "order" quads all four texts hold the same words: there the
duplicates have their clauses exchanged, and only the order of the words tells them from the others.
"""

from __future__ import annotations

import random
from collections import Counter
from numbers import Integral
from typing import TYPE_CHECKING, NamedTuple

from textsiam.data.sample_catalogue import CORE, FULL
from textsiam.data.sample_family import KINDS, PAIRS_IN_QUAD, FamilySource
from textsiam.errors import OptionError

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs

MIN_PAIRS, MAX_CORE_PAIRS, MAX_PAIRS = 10, 10_000, 50_000


class SamplePair(NamedTuple):
    """A pair of the sample corpus; ``kind`` is "duplicate" for label 1, else how the two questions differ."""

    text_a: str
    text_b: str
    label: int
    kind: str


def sample_rows(n: int = 8000, *, seed: int = 0) -> list[SamplePair]:
    """Give ``n`` pairs of help-desk questions (10 to 50,000), half of them duplicates, equal for equal ``seed``.

    The others are, in equal parts, of kind "slot", "order", "negation" and "intent"; from 26 pairs on, each of these
    occurs. No pair occurs twice, nor
    turned round; components (texts joined by any pair) have at most 20 pairs. Up to 10,000 pairs are drawn from
    73 intents and up to 10 values a slot, more pairs from 111 intents and up to 23 values.
    Raises OptionError for an ``n`` out of range.
    """
    if isinstance(n, bool) or not isinstance(n, Integral):
        raise OptionError(f"n is {n!r}, expected a whole number of pairs")
    if not MIN_PAIRS <= n <= MAX_PAIRS:
        raise OptionError(f"n is {n}, expected {MIN_PAIRS} to {MAX_PAIRS} pairs of the sample corpus")
    rng = random.Random(f"textsiam sample {seed}")
    quads = -(-n // PAIRS_IN_QUAD)
    needs = Counter({kind: quads // len(KINDS) + (place < quads % len(KINDS)) for place, kind in enumerate(KINDS)})
    source = FamilySource(CORE if n <= MAX_CORE_PAIRS else FULL, rng)
    rows: list[SamplePair] = []
    while needs.total():
        for text_x, text_y, kind in source.family(needs):
            text_a, text_b = (text_x, text_y) if rng.random() < 0.5 else (text_y, text_x)
            rows.append(SamplePair(text_a, text_b, int(kind == "duplicate"), kind))
    del rows[n:]
    rng.shuffle(rows)
    return rows


def sample_pairs(n: int = 8000, *, seed: int = 0) -> Pairs:
    """Give the pairs of ``sample_rows`` as ``Pairs``, with the extra column "kind".

    Raises OptionError for an ``n`` out of range, and MissingExtraError without the extra "train".
    """
    from textsiam.data.read import read_pairs

    return read_pairs([row._asdict() for row in sample_rows(n, seed=seed)], keep=["kind"])
