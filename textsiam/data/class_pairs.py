"""Pairs out of texts that have classes: two texts of one class are the same, two of different classes are not.

In what is to be trained on, the texts of a class are joined in rings, so that pairs of label 1 link them all, and
losses that mine a batch (triplets) know each class as one group. What is to be judged on takes each text once, so that
every pair stands for itself, and intervals are honest.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from textsiam.errors import OptionError, check_integer

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs

Ends = NDArray[np.int64]
Classes: TypeAlias = "Sequence[Hashable] | NDArray[Any]"


def class_pairs(texts: Sequence[str], classes: Classes, *, rounds: int = 1, seed: int = 0) -> Pairs:
    """Give pairs to train on, half of them of one class, of ``texts`` (n) and their ``classes`` (n, hashable).

    In each of ``rounds``, each text is joined with the next one of its class in a random ring (label 1), and with a
    random text of another class (label 0): about 2 n pairs, equal for equal ``seed``. Raises OptionError where the two
    lists differ in length, there are fewer than two classes, or none has two texts.
    """
    numbers = _numbered(texts, classes)
    check_integer("rounds", rounds, least=1)
    check_integer("seed", seed, least=0)
    random = np.random.default_rng(seed)
    same, different = [], []
    for _ in range(rounds):
        rings = np.concatenate([_ring(members) for members in _members(numbers, random)], axis=1)
        same.append(rings)
        different.append(_with_others(random.permutation(len(numbers))[: rings.shape[1]], numbers, random))
    return _as_pairs(texts, np.concatenate(same, axis=1), np.concatenate(different, axis=1), random)


def separate_pairs(texts: Sequence[str], classes: Classes, *, seed: int = 0) -> Pairs:
    """Give pairs to judge on: half of them of one class, each text in one pair at most, equal for equal ``seed``.

    About n / 2 pairs of n texts. Raises OptionError as ``class_pairs`` does.
    """
    numbers = _numbered(texts, classes)
    check_integer("seed", seed, least=0)
    random = np.random.default_rng(seed)
    same, rest = [], []
    for members in _members(numbers, random):
        paired = 2 * max(1, len(members) // 4) if len(members) > 1 else 0
        same.append(members[:paired].reshape(-1, 2).T)
        rest.append(members[paired:])
    different = _matched(random.permutation(np.concatenate(rest)), numbers, random)
    joined = np.concatenate(same, axis=1)
    count = min(joined.shape[1], different.shape[1])
    return _as_pairs(texts, random.permutation(joined, axis=1)[:, :count], different[:, :count], random)


def _numbered(texts: Sequence[str], classes: Classes) -> Ends:
    """Give the number of each text's class, int64 (n,), in the order in which classes appear."""
    if len(texts) != len(classes):
        raise OptionError(f"there are {len(texts):,} texts and {len(classes):,} classes, expected one for each text")
    places: dict[Hashable, int] = {}
    numbers = np.array([places.setdefault(one, len(places)) for one in classes], dtype=np.int64)
    if len(places) < 2 or np.bincount(numbers).max() < 2:
        raise OptionError(
            f"{len(texts):,} texts of {len(places):,} classes make no pairs of both labels; expected two classes or "
            "more, and two texts in one of them"
        )
    return numbers


def _members(numbers: Ends, random: np.random.Generator) -> list[Ends]:
    """Give the texts of each class, in a random order."""
    return [random.permutation(np.flatnonzero(numbers == one)) for one in range(int(numbers.max()) + 1)]


def _ring(members: Ends) -> Ends:
    """Join each of k members with the next one, the last with the first: int64 (2, k); two are joined once."""
    count = len(members) if len(members) > 2 else len(members) - 1
    return np.stack([members, np.roll(members, -1)])[:, :count]


def _with_others(texts: Ends, numbers: Ends, random: np.random.Generator) -> Ends:
    """Join each of k texts with a random one of another class: int64 (2, k)."""
    others = random.integers(len(numbers), size=len(texts))
    while (wrong := numbers[others] == numbers[texts]).any():
        others[wrong] = random.integers(len(numbers), size=int(wrong.sum()))
    return np.stack([texts, others])


def _matched(texts: Ends, numbers: Ends, random: np.random.Generator) -> Ends:
    """Match texts in a random order with one of another class each, int64 (2, k); those left over are left out."""
    half = len(texts) // 2
    left, right = texts[:half], texts[half : 2 * half]
    for _ in range(100):  # each mends most of what clashes; what still does then has too few others
        wrong = np.flatnonzero(numbers[left] == numbers[right])
        if not len(wrong):
            break
        for place, other in zip(wrong, random.integers(half, size=len(wrong)), strict=True):
            right[place], right[other] = right[other], right[place]
    apart = numbers[left] != numbers[right]
    return np.stack([left[apart], right[apart]])


def _as_pairs(texts: Sequence[str], same: Ends, different: Ends, random: np.random.Generator) -> Pairs:
    from textsiam.data.pairs import Pairs

    ends = np.concatenate([same, different], axis=1)
    labels = np.repeat([1, 0], [same.shape[1], different.shape[1]])
    order = random.permutation(len(labels))
    rows = zip(*ends[:, order].tolist(), labels[order].tolist(), strict=True)
    return Pairs.from_rows([(texts[a], texts[b], label) for a, b, label in rows])
