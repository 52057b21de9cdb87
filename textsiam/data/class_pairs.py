"""Pairs out of texts that have classes: two texts of one class are the same, two of different classes are not.

In what is to be trained on, the texts of a class are joined in rings, so that pairs of label 1 link them all, and
losses that mine a batch (triplets) know each class as one group. What is to be judged on takes each text once, so that
every pair stands for itself, and intervals are honest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from textsiam.errors import OptionError, check_integer
from textsiam.text.checks import checked_texts

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs

Ends = NDArray[np.int64]
Classes: TypeAlias = "Iterable[Hashable] | NDArray[Any]"


def class_pairs(texts: Iterable[str], classes: Classes, *, rounds: int = 1, seed: int = 0) -> Pairs:
    """Give pairs to train on, half of them of one class, of ``texts`` (n) and their ``classes`` (n, hashable).

    Both are taken in their order, whatever index a pandas Series has.

    In each of ``rounds``, each text is joined with the next one of its class in a random ring (label 1), and with a
    random text of another class (label 0): about 2 n pairs, equal for equal ``seed``. Raises OptionError where the two
    lists differ in length, there are fewer than two classes, or none has two texts.
    """
    texts, numbers = checked_texts(texts), _numbered(classes)
    _check_numbers(numbers, len(texts))
    check_integer("rounds", rounds, least=1)
    check_integer("seed", seed, least=0)
    random = np.random.default_rng(seed)
    same, different = [], []
    for _ in range(rounds):
        rings = np.concatenate([_ring(members) for members in _members(numbers, random)], axis=1)
        same.append(rings)
        different.append(_with_others(random.permutation(len(numbers))[: rings.shape[1]], numbers, random))
    return _as_pairs(texts, np.concatenate(same, axis=1), np.concatenate(different, axis=1), random)


def separate_pairs(texts: Iterable[str], classes: Classes, *, seed: int = 0) -> Pairs:
    """Give pairs to judge on: half of them of one class, each text in one pair at most, equal for equal ``seed``.

    About n / 2 pairs of n texts; up to a fifth fewer as classes are of a size that four does not divide, and fewer
    where most texts have a class of their own, or one class has most. Raises OptionError as ``class_pairs`` does, and
    where no pairs of both labels can be made so.
    """
    texts, numbers = checked_texts(texts), _numbered(classes)
    _check_numbers(numbers, len(texts))
    check_integer("seed", seed, least=0)
    random = np.random.default_rng(seed)
    same, rest, classes_of = [], [], _members(numbers, random)
    for members, share in zip(classes_of, _shares(np.bincount(numbers), random).tolist(), strict=True):
        same.append(members[: 2 * share].reshape(-1, 2).T)
        rest.append(members[2 * share :])
    different = _matched(random.permutation(np.concatenate(rest)), numbers, random)
    joined = np.concatenate(same, axis=1)
    count = min(joined.shape[1], different.shape[1])
    if not count:
        raise _no_pairs(numbers)
    return _as_pairs(texts, random.permutation(joined, axis=1)[:, :count], different[:, :count], random)


def _numbered(classes: Classes) -> Ends:
    """Give the number of each text's class, int64 (n,), in the order in which classes appear."""
    if isinstance(classes, str):
        raise OptionError("classes is one text, expected a class for each text")
    places: dict[Hashable, int] = {}
    return np.array([places.setdefault(one, len(places)) for one in classes], dtype=np.int64)


def _check_numbers(numbers: Ends, count: int) -> None:
    """Raise OptionError unless there are pairs of both labels of ``count`` texts of these classes."""
    if len(numbers) != count:
        raise OptionError(f"there are {count:,} texts and {len(numbers):,} classes, expected one for each text")
    if count == 0 or numbers.max() < 1 or np.bincount(numbers).max() < 2:
        raise _no_pairs(numbers)


def _no_pairs(numbers: Ends) -> OptionError:
    return OptionError(
        f"{len(numbers):,} texts of {len(set(numbers.tolist())):,} classes make no pairs of both labels; expected two "
        "classes or more, two texts in one of them, and for separate pairs two others of different classes"
    )


def _shares(sizes: Ends, random: np.random.Generator) -> Ends:
    """Say how many pairs of its own each class gives, int64 (K,), so that a half of the texts is in such pairs.

    A quarter of the class's size, rounded down. Of classes of two or three texts as many give a pair as the half asks
    for; larger ones give one more where rounding down leaves a fifth of the half or more open.
    """
    shares = np.where(sizes > 1, np.maximum(sizes // 4, 1), 0)
    wanted = max(int(sizes.sum()) // 4, 1)
    missing = wanted - int(shares.sum())
    if missing < 0:
        small = random.permutation(np.flatnonzero((sizes == 2) | (sizes == 3)))
        if len(sizes) == 2:  # of two texts nothing would be left that is of another class than the rest
            small = small[np.argsort(sizes[small], kind="stable")]
        shares[small[:-missing]] = 0
    elif missing * 5 >= wanted:
        shares[random.permutation(np.flatnonzero(sizes > 3))[:missing]] += 1
    return shares


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
    _, classes, counts = np.unique(numbers[texts], return_inverse=True, return_counts=True)
    if len(texts) % 2 and counts.max() > half:  # who is left over had better be of the class that has most
        place = np.flatnonzero(classes == counts.argmax())[-1]
        texts[[place, -1]] = texts[[-1, place]]
    left, right = texts[:half], texts[half : 2 * half]
    for _ in range(100):  # each mends most of what clashes; what still does then has too few others
        wrong = np.flatnonzero(numbers[left] == numbers[right])
        if not len(wrong):
            break
        for place, other in zip(wrong, random.integers(half, size=len(wrong)), strict=True):
            right[place], right[other] = right[other], right[place]
    apart = numbers[left] != numbers[right]
    return np.stack([left[apart], right[apart]])


def _as_pairs(texts: list[str], same: Ends, different: Ends, random: np.random.Generator) -> Pairs:
    from textsiam.data.pairs import Pairs

    ends = np.concatenate([same, different], axis=1)
    labels = np.repeat([1, 0], [same.shape[1], different.shape[1]])
    order = random.permutation(len(labels))
    rows = zip(*ends[:, order].tolist(), labels[order].tolist(), strict=True)
    return Pairs.from_rows([(texts[a], texts[b], label) for a, b, label in rows])
