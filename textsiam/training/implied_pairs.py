"""Pairs that the training pairs imply: the same over other texts, or different since a text of one's group is.

The labels of the given pairs are taken at their word, but for groups that contradict themselves. A wrong label 1 joins
two groups and implies further wrong pairs: where labels are noisy, add few or none.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from textsiam.arrays import Array
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.known_same import (
    groups_over_equal_ids,
    id_digests,
    is_among,
    number_digests,
    number_equal_ids,
    pair_keys,
)

PER_TEXT = 4  # implied pairs of one label that a text stands in at most: large groups imply far more than small ones
STREAM = (0, 1)  # behind the seed: random numbers other than those of the sampler's epochs


@dataclass(frozen=True, slots=True)
class AddedPairs:
    """M pairs over the texts of the given pairs, to train on besides these.

    ``index_a`` and ``index_b`` (int64, (M,)) say which text stands on which side; ``labels`` (float32, (M,)) are 0 or
    1, or NaN where there is none.
    """

    index_a: Array
    index_b: Array
    labels: Array

    def behind(self, pairs: TokenizedPairs) -> TokenizedPairs:
        """Give ``pairs``, to whose texts these belong, with these behind them."""
        return TokenizedPairs(
            pairs.tokens,
            np.concatenate([pairs.index_a, self.index_a]),
            np.concatenate([pairs.index_b, self.index_b]),
            np.concatenate([pairs.labels, self.labels]),
        )

    def apart_from(self, pairs: TokenizedPairs, dev: TokenizedPairs) -> AddedPairs:
        """Leave out what ``dev`` holds too, in either order; ``pairs`` have the texts. Texts of equal ids are one."""
        ends = np.stack([self.index_a, self.index_b])
        used = np.flatnonzero(np.bincount(ends.ravel(), minlength=1))
        offsets = pairs.tokens.offsets
        digests = [
            id_digests(pairs.tokens, zip(offsets[used], offsets[used + 1], strict=True), len(used)),
            id_digests(dev.tokens, pairwise(dev.tokens.offsets), len(dev.tokens)),
        ]
        numbers, first = number_digests(np.concatenate(digests))
        mine = pair_keys(numbers[np.searchsorted(used, ends)], len(first))
        theirs = pair_keys(numbers[len(used) + np.stack([dev.index_a, dev.index_b])], len(first))
        kept = ~np.isin(mine, theirs)
        return AddedPairs(self.index_a[kept], self.index_b[kept], self.labels[kept])

    def fingerprint(self) -> str:
        """Give a digest of these pairs."""
        parts = (self.index_a, self.index_b, self.labels)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def implied_pairs(pairs: TokenizedPairs, *, share: float, seed: int) -> AddedPairs:
    """Choose up to ``share`` x N pairs at random out of those that N ``pairs`` imply; equal ones for equal seeds.

    ``pairs``: N > 0, labels 0 or 1. ``share`` >= 0. An implied pair has label 1 if its texts are in one group of
    ``known_same``, and label 0 if a text of the one's group and a text of the other's are given with label 0. None is
    given already, in either order, and none comes twice; texts of equal token ids are one text. A group that has a pair
    of label 0 inside implies nothing. The share of label 1 is that of ``pairs``: the kind that gives out first bounds
    the other. A text stands in at most PER_TEXT pairs of each label, and every group is asked for its first pairs
    before any is asked for more.
    """
    known = _Known.of(pairs, random := np.random.default_rng([seed, *STREAM]))
    rate, most = float(np.mean(pairs.labels, dtype=np.float64)), int(share * len(pairs))
    same = known.choose(known.same(), math.ceil(most * rate), random)
    different = known.choose(known.different(random), math.ceil(most * (1 - rate)), random)
    bounds = [found.shape[1] / part for found, part in ((same, rate), (different, 1 - rate)) if part]
    total = int(min([most, *bounds]))
    same = same[:, : round(total * rate)]
    different = different[:, : total - same.shape[1]]
    labels = np.repeat(np.array([1, 0], np.float32), [same.shape[1], different.shape[1]])
    index_a, index_b = known.first[np.concatenate([same, different], axis=1)]
    return AddedPairs(index_a, index_b, labels)


@dataclass(frozen=True, slots=True)
class _Known:
    """What pairs say of their m distinct texts, numbered from 0, and of the groups that these form.

    ``first`` (m,): a text of each number. ``members`` (m,): the numbers group by group, in random order within each;
    those of a group begin at its ``starts``, and are as many as its ``sizes``. ``group_of`` (m,): each number's group.
    ``sound``: groups that do not contradict themselves. ``given``: keys of the given pairs, rising. ``differing``
    (2, E): every two sound groups that are given to differ, once; ``times`` (E,): by how many pairs.
    """

    first: Array
    members: Array
    group_of: Array
    starts: Array
    sizes: Array
    sound: Array
    given: Array
    differing: Array
    times: Array

    @classmethod
    def of(cls, pairs: TokenizedPairs, random: np.random.Generator) -> _Known:
        numbers, first = number_equal_ids(pairs.tokens)
        group_of = groups_over_equal_ids(pairs, numbers, first)[first]
        sizes = np.bincount(group_of)
        texts = numbers[np.stack([pairs.index_a, pairs.index_b])]
        ends = group_of[texts[:, pairs.labels == 0]]
        sound = np.ones(len(sizes), dtype=bool)
        sound[ends[0, ends[0] == ends[1]]] = False
        ends = ends[:, sound[ends].all(axis=0)]
        apart = np.sort(pair_keys(ends, len(sizes)))  # np.unique of NumPy 2.4 takes twenty times as long
        new = np.flatnonzero(np.diff(apart, prepend=-1))
        mixed = random.permutation(len(first))
        return cls(
            first=first,
            members=mixed[np.argsort(group_of[mixed], kind="stable")],
            group_of=group_of,
            starts=np.cumsum(sizes) - sizes,
            sizes=sizes,
            sound=sound,
            given=np.sort(pair_keys(texts, len(first))),
            differing=np.stack(np.divmod(apart[new], len(sizes))),
            times=np.diff(new, append=len(apart)),
        )

    def same(self) -> Iterator[Array]:
        """Give pairs within groups, int64 (2, C), in rounds: each member with its neighbour, the next but one, ...

        A group's members stand in a ring, so that no pair comes twice and each text is in two pairs a round.
        """
        places = np.flatnonzero((self.sound & (self.sizes > 2))[self.group_of[self.members]])
        groups = self.group_of[self.members[places]]
        sizes, starts = self.sizes[groups], self.starts[groups]
        for step in range(1, PER_TEXT // 2 + 1):
            # halfway round a ring each pair would come twice
            fits = (2 * step < sizes) | ((2 * step == sizes) & (places - starts < step))
            near, start, size = places[fits], starts[fits], sizes[fits]
            yield self.members[np.stack([near, start + (near - start + step) % size])]

    def different(self, random: np.random.Generator) -> Iterator[Array]:
        """Give pairs across groups that differ, int64 (2, C), in rounds: one for each given pair that says so a round.

        All p x q pairs of two groups are numbered so that those which follow each other share no text, as far as
        possible: i goes to members i mod p and (i + i // lcm(p, q)) mod q. Each given pair takes the next number.
        """
        counts = self.sizes[self.differing]
        many = counts.max(axis=0) > 1  # of groups of one text each, their pair is given
        counts, starts, times = counts[:, many], self.starts[self.differing[:, many]], self.times[many]
        all_pairs, period = counts[0] * counts[1], np.lcm(*counts)
        begin = random.integers(all_pairs)
        which = np.repeat(np.arange(len(times)), times)
        taken = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
        for _ in range(PER_TEXT):
            left = taken < all_pairs[which]
            which, taken = which[left], taken[left]
            i = (begin[which] + taken) % all_pairs[which]
            yield self.members[starts[:, which] + np.stack([i, i + i // period[which]]) % counts[:, which]]
            taken = taken + times[which]

    def choose(self, rounds: Iterable[Array], most: int, random: np.random.Generator) -> Array:
        """Take up to ``most`` pairs out of the first rounds that have them, int64 (2, M), at random within a round.

        Leaves out pairs that are given, and those that would put a text into more than PER_TEXT pairs.
        """
        chosen = np.zeros((2, 0), dtype=np.int64)
        uses = np.zeros(len(self.first), dtype=np.int64)
        for found in rounds:
            if chosen.shape[1] >= most:
                break
            is_given = is_among(pair_keys(found, len(self.first)), self.given)
            new = random.permutation(np.flatnonzero(~is_given))
            fresh = found[:, new]
            fresh = fresh[:, _within(fresh, uses)]
            np.add.at(uses, fresh, 1)
            chosen = np.concatenate([chosen, fresh], axis=1)
        return chosen[:, :most]


def _within(found: Array, uses: Array) -> Array:
    """Tell which of the pairs (2, C), taken in their order, put no text into more than PER_TEXT pairs, bool (C,)."""
    texts = found.T.reshape(-1)
    order = np.argsort(texts, kind="stable")
    ordered = texts[order]
    earlier = np.empty(len(texts), dtype=np.int64)  # pairs before this one that have this text, taken or not
    earlier[order] = np.arange(len(texts)) - np.searchsorted(ordered, ordered)
    fits: Array = earlier + uses[texts] < PER_TEXT
    return fits[::2] & fits[1::2]
