"""What people give to be scored: texts and pairs of texts, checked, and each distinct text once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.text.checks import checked_texts

TEXTS_AT_ONCE = 20_000  # texts that go to a worker process at a time


def distinct_texts(texts: Iterable[str]) -> tuple[list[str], Array]:
    """Give the distinct texts and, for each text, where it stands among them.

    They are sorted, so that a batch looks the same to the matrix library whichever text came first: this is what makes
    score(a, b) and score(b, a) equal to the last bit.
    """
    given = checked_texts(texts)
    distinct = sorted(set(given))
    return distinct, places_of(given, distinct)


def text_blocks(texts: list[str]) -> Iterator[list[str]]:
    """Cut a list of texts into parts of up to 20,000."""
    return (texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE))


def places_of(given: list[str], distinct: Iterable[str]) -> Array:
    """Give the place of each text among the distinct ones, int64 (n,)."""
    place = {text: number for number, text in enumerate(distinct)}
    return np.fromiter(map(place.__getitem__, given), dtype=np.int64, count=len(given))


def check_pairs(pairs: Sequence[Sequence[str]], start: int) -> None:
    """Raise OptionError that names the position, counted from ``start``, of the first thing that is not a pair."""
    for number, pair in enumerate(pairs, start):
        if not _is_pair(pair):
            raise OptionError(f"pairs[{number}] is {pair!r:.80}, expected (text a, text b), both str")


def _is_pair(pair: Sequence[str]) -> bool:
    if isinstance(pair, str):
        return False
    try:
        text_a, text_b = pair[0], pair[1]
    except (TypeError, LookupError):
        return False
    return isinstance(text_a, str) and isinstance(text_b, str)
