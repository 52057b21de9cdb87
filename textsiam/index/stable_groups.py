"""Groups of an index, whose ids stay while texts come and go."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from textsiam.index.groups import Links, group_name, linked_groups
from textsiam.index.store import Store
from textsiam.index.verdicts import in_force
from textsiam.text.normalization import normalize_text


class IndexGroup(NamedTuple):
    """Entries whose texts are the same, by their ``keys``, rising.

    ``id`` stays while the group grows; ``merged``: ids that groups had before they became part of this one.
    ``weakest``: the probability of the weakest link that holds it together; 1 where all are copies.
    """

    id: str
    keys: tuple[str, ...]
    weakest: float
    merged: tuple[str, ...]


class _Part(NamedTuple):
    """Texts, by rising ids, that make one group; ``least`` is their least normalised text."""

    ids: tuple[int, ...]
    least: str
    weakest: float


def regroup(store: Store, linkage: str) -> None:
    """Make the groups anew from links and verdicts, and write them; inside of a writing transaction.

    Of the groups that a new one has texts of, the one with most texts in it gives the id. A group that falls apart
    leaves its id to the part that has most of its texts. A group of which none was there before is named by a hash of
    its least text, as in ``find_duplicates``: the order in which texts were added has no part in that.
    """
    before, parts = store.relations.members(), _parts(store, linkage)
    names, merges = named(parts, before, store.relations.merges())
    store.relations.add_merges(merges)
    weakest = {name: part.weakest for name, part in zip(names, parts, strict=True)}
    store.relations.set_groups(
        weakest, {number: name for name, part in zip(names, parts, strict=True) for number in part.ids}
    )


def groups_of(store: Store) -> tuple[IndexGroup, ...]:
    """Read the groups, by their ids."""
    keys: dict[tuple[str, float], list[str]] = defaultdict(list)
    for name, weakest, key in store.relations.grouped_keys():
        keys[name, weakest].append(key)
    merged = defaultdict(list)
    for gone, kept in store.relations.merges().items():
        merged[kept].append(gone)
    return tuple(
        IndexGroup(name, tuple(own), weakest, tuple(sorted(merged[name]))) for (name, weakest), own in keys.items()
    )


def _parts(store: Store, linkage: str) -> list[_Part]:
    links, verdicts = store.relations.links(), store.relations.verdicts()
    judged = in_force(verdicts, store.ids({own for a, b, _ in verdicts for own in (a, b)}))
    ends, repeated = np.union1d(links.left, links.right).tolist(), store.repeated()
    numbers = {*ends, *repeated, *itertools.chain(*judged.same, *judged.different)}
    # empty ones are not the same as anything; placed by their texts, so that the order in which they were added has no
    # part in what becomes of equal links
    texts = {number: text for number, text in _normalized(store, numbers).items() if text}
    placed = sorted(texts, key=lambda number: texts[number])
    place = {number: at for at, number in enumerate(placed)}
    groups = linked_groups(
        _placed(links, placed),
        linkage,
        same=[(place[a], place[b]) for a, b in judged.same],
        different=[(place[a], place[b]) for a, b in judged.different],
    )
    parts = [
        _Part(tuple(sorted(placed[at] for at in group.places)), texts[placed[group.places[0]]], group.weakest)
        for group in groups
    ]
    grouped = {number for part in parts for number in part.ids}
    copied = [_Part((number,), texts[number], 1.0) for number in repeated if number in texts and number not in grouped]
    return sorted([*parts, *copied], key=lambda part: part.least)


def _normalized(store: Store, ids: Iterable[int]) -> dict[int, str]:
    return {number: normalize_text(text.text) for number, text in store.texts(ids).items()}


def _placed(links: Links, placed: list[int]) -> Links:
    """Give links between texts that have a place, by their places, the lower one first."""
    order = np.argsort(placed)
    ids = np.array(placed, dtype=np.int64)[order]
    inside = np.isin(links.left, ids) & np.isin(links.right, ids)
    left, right = (order[np.searchsorted(ids, side[inside])] for side in (links.left, links.right))
    return Links(np.minimum(left, right), np.maximum(left, right), links.probabilities[inside])


def named(
    parts: Iterable[_Part], before: Mapping[int, str], merged: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Name groups by what their texts were in ``before``; give the names, and which old ones became part of which.

    Names in ``merged`` stay taken.
    """
    parts = list(parts)
    shares = [Counter(before[number] for number in part.ids if number in before) for part in parts]
    home: dict[str, int] = {}  # old name -> the part that has most of its texts
    for at, share in enumerate(shares):
        for name, number in share.items():
            if name not in home or number > shares[home[name]][name]:
                home[name] = at
    names, merges = [], {}
    taken = {*home, *merged, *merged.values()}
    for at, (part, share) in enumerate(zip(parts, shares, strict=True)):
        own = sorted((name for name in share if home[name] == at), key=lambda name: (-share[name], name))
        name = own[0] if own else next(free for free in _hashes(part.least) if free not in taken)
        taken.add(name)
        names.append(name)
        merges.update(dict.fromkeys(own[1:], name))
    return names, merges


def _hashes(text: str) -> Iterable[str]:
    """Give names made of a text, the first one as ``find_duplicates`` does."""
    for attempt in itertools.count():
        yield group_name(text if attempt == 0 else f"{text}\0{attempt}")
