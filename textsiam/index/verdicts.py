"""What people say of pairs in an index: it must not contradict itself."""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from textsiam.errors import OptionError
from textsiam.index.relations import Verdict, text_hash
from textsiam.text.normalization import normalize_text


def check_verdict(new: Verdict, others: Iterable[tuple[bytes, bytes, Verdict]]) -> None:
    """Raise OptionError for a verdict on an empty text, and for one of which ``others`` say the contrary.

    They do so where texts that are the same by a chain of verdicts are said not to be; an earlier one on the same two
    texts does not count.
    """
    if not all(map(normalize_text, (new.text_a, new.text_b))):
        raise OptionError("an empty text is not the same as anything, of which nothing can be said; mark two others")
    a, b = text_hash(new.text_a), text_hash(new.text_b)
    together = [*(judged for judged in others if {*judged[:2]} != {a, b}), (a, b, new)]
    same = _same(together)
    for one, other, verdict in together:
        if not verdict.label and other in _reached(one, same):
            raise OptionError(
                f"{new.text_a!r:.60} and {new.text_b!r:.60} cannot be {'the same' if new.label else 'different'}: with "
                f"earlier verdicts {verdict.text_a!r:.60} and {verdict.text_b!r:.60} would be both; change those first"
            )


class InForce(NamedTuple):
    """What follows from verdicts for the texts that are there, by their ids: pairs in one group, and in two."""

    same: list[tuple[int, int]]
    different: list[tuple[int, int]]


def in_force(verdicts: Sequence[tuple[bytes, bytes, Verdict]], known: Mapping[bytes, int]) -> InForce:
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


def _same(verdicts: Iterable[tuple[bytes, bytes, Verdict]]) -> dict[bytes, list[bytes]]:
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
