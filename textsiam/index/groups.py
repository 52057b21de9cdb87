"""Groups of texts by their found pairs, whatever the order of texts and pairs."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array

LINKS_AT_ONCE = 65_536
Link = tuple[float, int, int]  # probability, and the places of two texts
Places = tuple[int, int]

LINKAGES = ("connected", "complete")


class Links(NamedTuple):
    """Places or ids of two texts, int64 (n,) each, and the probabilities, float32 (n,), that they are the same."""

    left: Array
    right: Array
    probabilities: Array

    def without(self, gone: list[int]) -> Links:
        """Give the links of texts that are not ``gone``."""
        stay = ~(np.isin(self.left, gone) | np.isin(self.right, gone))
        return Links(self.left[stay], self.right[stay], self.probabilities[stay])


class Linked(NamedTuple):
    """Places of texts, rising, at least 2, and the probability of the weakest link that holds them together."""

    places: tuple[int, ...]
    weakest: float


def group_name(text: str) -> str:
    """Name a group by its least normalised text: 16 hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def linked_groups(
    links: Links, linkage: str, same: Iterable[Places] = (), different: Iterable[Places] = ()
) -> list[Linked]:
    """Make groups of two texts or more, by their first place.

    "connected": texts that a chain of links joins; ``weakest`` is the best chain's weakest link. "complete": all texts
    of a group are linked to each other, the most probable links first; ``weakest`` is the least probable of all links
    inside. Equal probabilities are taken by rising places.

    Texts of ``same`` pairs are in one group, whatever the links, those of ``different`` ones never: links that would
    join them, by a chain too, are left out, the least probable ones. Nothing may follow from ``same`` that
    ``different`` denies.
    """
    sets, different = _Members(), list(different)
    for a, b in same:
        sets.join(sets.of(a), sets.of(b), 1.0)
    for a, b in different:
        sets.part(sets.of(a), sets.of(b))
    _FORMS[linkage](sets, _ranked(links, {frozenset(pair) for pair in different}))
    return sets.groups()


def _ranked(links: Links, apart: set[frozenset[int]]) -> Iterator[Link]:
    """Give links by falling probability, a few at a time, for as objects of Python millions would not fit."""
    order = np.lexsort((links.right, links.left, -links.probabilities))
    for first in range(0, len(order), LINKS_AT_ONCE):
        some = order[first : first + LINKS_AT_ONCE]
        columns = (links.probabilities[some].tolist(), links.left[some].tolist(), links.right[some].tolist())
        for link in zip(*columns, strict=True):
            if not apart or frozenset(link[1:]) not in apart:
                yield link


class _Members:
    """Disjoint sets of places, each named by one of them (union-find)."""

    def __init__(self) -> None:
        self.name: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        self.weakest: dict[int, float] = {}
        self.apart: dict[int, set[int]] = {}  # name -> names of sets that it must not be joined with

    def of(self, place: int) -> int:
        """Give the name of the set that holds a place."""
        if place not in self.name:
            self.name[place], self.members[place], self.weakest[place] = place, [place], 1.0
        return self.name[place]

    def part(self, first: int, second: int) -> None:
        """Never join two sets."""
        self.apart.setdefault(first, set()).add(second)
        self.apart.setdefault(second, set()).add(first)

    def may_join(self, first: int, second: int) -> bool:
        """Tell whether two sets may become one."""
        return second not in self.apart.get(first, ())

    def join(self, first: int, second: int, probability: float) -> int:
        """Make one set of two names; the larger one keeps its name."""
        if first == second:
            return first
        if len(self.members[first]) < len(self.members[second]):
            first, second = second, first
        for place in self.members[second]:
            self.name[place] = first
        self.members[first] += self.members.pop(second)
        self.weakest[first] = min(self.weakest[first], self.weakest.pop(second), probability)
        for other in self.apart.pop(second, ()):
            self.apart[other].remove(second)
            self.part(first, other)
        return first

    def groups(self) -> list[Linked]:
        """Give all sets of two or more."""
        found = [
            Linked(tuple(sorted(members)), self.weakest[name])
            for name, members in self.members.items()
            if len(members) > 1
        ]
        return sorted(found)


def _connected(sets: _Members, ranked: Iterable[Link]) -> None:
    """Join by falling probability: a link that joins two sets is the best there is between them (Kruskal 1956)."""
    for probability, a, b in ranked:
        first, second = sets.of(a), sets.of(b)
        if first != second and sets.may_join(first, second):
            sets.join(first, second, probability)


def _complete(sets: _Members, ranked: Iterable[Link]) -> None:
    """Join two sets when the last of the links between all of their texts comes by (complete-linkage clustering)."""
    between: dict[int, dict[int, int]] = defaultdict(dict)  # set -> other set -> links seen so far
    for probability, a, b in ranked:
        first, second = sets.of(a), sets.of(b)
        if first == second:
            continue
        seen = between[first].get(second, 0) + 1
        between[first][second] = between[second][first] = seen
        if seen == len(sets.members[first]) * len(sets.members[second]):
            kept = sets.join(first, second, probability)
            _merge(between, kept, second if kept == first else first)


def _merge(between: dict[int, dict[int, int]], kept: int, gone: int) -> None:
    """Add the links of a set that is gone to those of the one that holds its texts now."""
    del between[kept][gone]
    for other, seen in between.pop(gone).items():
        if other != kept:
            between[kept][other] = between[other][kept] = between[kept].get(other, 0) + seen
            del between[other][gone]


_FORMS: dict[str, Callable[[_Members, Iterable[Link]], None]] = {"connected": _connected, "complete": _complete}
