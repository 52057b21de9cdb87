"""What people say of pairs in an index: it must not contradict itself."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from textsiam.errors import DataError, OptionError
from textsiam.index.entry_checks import checked_str
from textsiam.index.relations import Verdict, text_hash
from textsiam.text.normalization import normalize_text

Known = tuple[bytes, bytes, Verdict]  # with the hashes of its texts


class Mark(NamedTuple):
    """What a person says of two entries, by their keys."""

    key_a: str
    key_b: str
    duplicate: bool


def is_verdict(value: object) -> bool:
    """Tell whether it is True or False, or 1 or 0 in their place."""
    return isinstance(value, Real | np.bool_) and value in (0, 1)


def checked_marks(rows: Iterable[Any]) -> list[Mark]:
    """Give rows as marks; DataError, with the number of the row, from 1, for one that is none."""
    expected = "(key a, key b, whether they are the same)"
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise OptionError(f"rows is {rows!r:.60}, expected a list of {expected}")
    marks = []
    for line, row in enumerate(rows, 1):
        if not isinstance(row, list | tuple) or len(row) != len(Mark._fields) or not is_verdict(row[2]):
            shown = " ".join(repr(row).split())
            raise DataError(f"is {shown:.80}, expected {expected}", line=line)
        try:
            marks.append(Mark(checked_str("key", row[0]), checked_str("key", row[1]), bool(row[2])))
        except OptionError as error:
            raise DataError(str(error), line=line) from error
    return marks


def verdicts_of(marks: Sequence[Mark], texts: Mapping[str, str], name: str) -> list[Verdict]:
    """Give the verdicts of marks on the ``texts`` of their keys in the index ``name``.

    Raises DataError, with the number of the mark, from 1, for a key that is not there, and texts of which nothing can
    be said.
    """
    return [_verdict(mark, texts, name, line) for line, mark in enumerate(marks, 1)]


def _verdict(mark: Mark, texts: Mapping[str, str], name: str, line: int) -> Verdict:
    missing = [key for key in mark[:2] if key not in texts]
    if missing:
        raise DataError(f"key {missing[0]!r} is not in the index {name}", line=line)
    text_a, text_b = texts[mark.key_a], texts[mark.key_b]
    if text_hash(text_a) == text_hash(text_b):
        said = f"keys {mark.key_a!r} and {mark.key_b!r} have the same text, of which nothing can be said"
        raise DataError(said, line=line)
    if not all(map(normalize_text, (text_a, text_b))):
        said = "an empty text is not the same as anything, of which nothing can be said; mark two others"
        raise DataError(said, line=line)
    return Verdict(text_a, text_b, int(mark.duplicate))


def check_verdicts(new: Sequence[Verdict], others: Sequence[Known]) -> None:
    """Raise DataError, with its number from 1, for the first of ``new`` of which verdicts before it say the contrary.

    They do so where texts that are the same by a chain of verdicts are said not to be. Of ``others``, which are older,
    those on the same two texts as a new one do not count.
    """
    hashed = [(text_hash(verdict.text_a), text_hash(verdict.text_b), verdict) for verdict in new]
    replaced = {frozenset(one[:2]) for one in hashed}
    kept = [one for one in others if frozenset(one[:2]) not in replaced]
    if _contradicted([*kept, *hashed]) is None:
        return
    assert _contradicted(kept) is None  # none was ever kept that contradicts others
    # verdicts up to the first wrong one contradict each other, those before it do not
    count = bisect_left(range(len(new)), True, key=lambda count: bool(_contradicted([*kept, *hashed[:count]])))
    wrong, both = new[count - 1], _contradicted([*kept, *hashed[:count]])
    assert both is not None
    raise DataError(
        f"{wrong.text_a!r:.60} and {wrong.text_b!r:.60} cannot be {'the same' if wrong.label else 'different'}: with "
        f"earlier verdicts {both.text_a!r:.60} and {both.text_b!r:.60} would be both; change those first",
        line=count,
    )


def _contradicted(verdicts: Sequence[Known]) -> Verdict | None:
    """Give a verdict that two texts differ which others, by a chain, say to be the same; None if there is none."""
    same, chain = _same(verdicts), dict[bytes, bytes]()
    for start in same:
        if start not in chain:
            chain |= dict.fromkeys(_reached(start, same), start)
    differ = ((chain.get(a), chain.get(b), verdict) for a, b, verdict in verdicts if not verdict.label)
    return next((verdict for one, other, verdict in differ if one is not None and one == other), None)


class InForce(NamedTuple):
    """What follows from verdicts for the texts that are there, by their ids: pairs in one group, and in two."""

    same: list[tuple[int, int]]
    different: list[tuple[int, int]]


def in_force(verdicts: Sequence[Known], known: Mapping[bytes, int]) -> InForce:
    """Tell what follows for ``known`` texts, by their hashes, by chains through texts that are gone, too."""
    same, first, found = _same(verdicts), dict[bytes, int](), InForce([], [])
    for start in list(same):
        if start not in first:
            chain = _reached(start, same)
            there = sorted(known[own] for own in chain if own in known)
            found.same.extend(itertools.pairwise(there))
            first.update(dict.fromkeys(chain, there[0]) if there else {})
    first = {**known, **first}
    for a, b, verdict in verdicts:
        if not verdict.label and a in first and b in first:
            found.different.append((first[a], first[b]))
    return found


def _same(verdicts: Iterable[Known]) -> dict[bytes, list[bytes]]:
    """Give, for each text, those of which it is said that they are the same."""
    same: dict[bytes, list[bytes]] = defaultdict(list)
    for one, other, verdict in verdicts:
        if verdict.label:
            same[one].append(other)
            same[other].append(one)
    return same


def _reached(start: bytes, same: dict[bytes, list[bytes]]) -> set[bytes]:
    found, waiting = {start}, deque([start])
    while waiting:
        for other in same.get(waiting.popleft(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
