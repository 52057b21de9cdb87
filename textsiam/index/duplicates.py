"""textsiam.find_duplicates: which texts of a list are the same, as pairs and as groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from textsiam.errors import check_choice, check_integer, check_model
from textsiam.index.candidates import Reaching, Search, TooManyPairsError
from textsiam.index.corpus import Corpus
from textsiam.index.found import (
    FoundPair,
    FoundRows,
    check_search,
    checked_list,
    checked_threshold,
    copies_of,
)
from textsiam.index.groups import LINKAGES, Links, group_name, linked_groups
from textsiam.index.run_folder import Run
from textsiam.index.scorer import Scorer


class Group(NamedTuple):
    """Rows, rising, whose texts are the same; the ``kept`` one stands for all.

    ``id`` is made of the group's least text: it is the same whatever the order of rows. ``weakest`` is the probability
    of the weakest link that holds the group together; 1 where all are copies.
    """

    id: str
    rows: tuple[int, ...]
    kept: int
    weakest: float


class Grouping(NamedTuple):
    """How groups are made, and what is kept of each; see ``find_duplicates``."""

    linkage: str
    keep: str


class Copies(NamedTuple):
    """The rows of each distinct text, by the rising text that normalisation makes of it (``keys``)."""

    keys: list[str]
    rows: list[list[int]]


class Duplicates:
    """What ``find_duplicates`` found at ``threshold`` among ``texts``.

    ``recall``: for heads that compare more than products of vectors, how many pairs of a sample were found at the
    threshold that was searched (None: none can have been missed).
    """

    def __init__(self, texts: list[str], copies: Copies, search: Search, found: Reaching, grouping: Grouping) -> None:
        self.texts, self.threshold, self.recall = texts, found.threshold, found.recall
        self._copies, self._search, self._found, self._grouping = copies, search, found, grouping

    @cached_property
    def pairs(self) -> tuple[FoundPair, ...]:
        """The pairs that are the same, by falling probability, then by rows; of copies each with the first alone."""
        return tuple(self.each_pair())

    def each_pair(self) -> Iterator[FoundPair]:
        """Give ``pairs`` one by one: together millions of them take gigabytes."""
        return self._pairs_of(self._found, copies=True)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups of two rows or more, by their first rows."""
        found, rows = self._found, self._copies.rows
        linked = linked_groups(Links(found.left, found.right, found.probabilities), self._grouping.linkage)
        inside = {place for group in linked for place in group.places}
        copied = [((place,), 1.0) for place in range(len(rows)) if place not in inside and len(rows[place]) > 1]
        return tuple(sorted((self._group(*group) for group in [*linked, *copied]), key=lambda group: group.rows))

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """The rows that are left when of each group one is kept, rising."""
        gone = {row for group in self.groups for row in group.rows} - {group.kept for group in self.groups}
        return tuple(row for row in range(len(self.texts)) if row not in gone)

    @property
    def pair_count(self) -> int:
        """How many ``pairs`` there are."""
        return len(self._found.left) + sum(len(rows) - 1 for rows in self._copies.rows)

    def rethreshold(self, threshold: float) -> Duplicates:
        """Give what is found at another threshold; a higher one searches nothing, and no vector is made again.

        (The head "alignment" compares more than vectors: for a lower threshold it reads the texts again.)
        """
        found = self._search.again(self._found, checked_threshold(threshold))
        return Duplicates(self.texts, self._copies, self._search, found, self._grouping)

    def borderline(self, count: int) -> tuple[FoundPair, ...]:
        """Give the ``count`` pairs nearest to the threshold, on either side, the nearest first: worth a look.

        Fewer where there are not so many, or a search so wide would find too many.
        """
        check_integer("count", count, least=1)
        found, known = self._found, 0.0  # all pairs within this distance are found
        while known < 1 and (np.abs(found.probabilities - self.threshold) <= known).sum() < count:
            known = max(2 * known, 0.01)
            try:
                found = self.rethreshold(max(self.threshold - known, 1e-6))._found
            except TooManyPairsError:
                break
        near = np.lexsort((found.right, found.left, np.abs(found.probabilities - self.threshold)))[:count]
        nearest = found._replace(
            left=found.left[near], right=found.right[near], probabilities=found.probabilities[near]
        )
        return tuple(sorted(self._pairs_of(nearest, copies=False), key=self._distance))

    def __repr__(self) -> str:
        missed = "" if self.recall is None else f", recall {self.recall.found} of {self.recall.reaching} in a sample"
        return (
            f"Duplicates({len(self.texts):,} texts, {self.pair_count:,} pairs from {self.threshold:g} on, "
            f"{len(self.groups):,} groups, {len(self.kept):,} kept{missed})"
        )

    def _distance(self, pair: FoundPair) -> tuple[float, int, int]:
        return abs(pair.probability - self.threshold), pair.row_a, pair.row_b

    def _pairs_of(self, found: Reaching, *, copies: bool) -> Iterator[FoundPair]:
        """Give found pairs by the first rows of their texts, with those of the copies or without."""
        rows = self._copies.rows
        several = [place for place, own in enumerate(rows) if len(own) > 1] if copies else []
        first = np.array([own[0] for own in rows], dtype=np.int64)
        others = np.array([row for place in several for row in rows[place][1:]], dtype=np.int64)
        copied = np.repeat(np.array(several, dtype=np.int64), [len(rows[place]) - 1 for place in several])
        left, right = (np.concatenate([side, copied]) for side in (found.left, found.right))
        rows_a, rows_b = first[left], np.concatenate([first[found.right], others])
        probabilities = np.concatenate([found.probabilities, np.ones(len(copied), dtype=np.float32)])
        table = FoundRows(np.minimum(rows_a, rows_b), np.maximum(rows_a, rows_b), left, right, probabilities)
        return table.pairs(self._search.corpus, self.texts, self.texts)

    def _group(self, places: tuple[int, ...], weakest: float) -> Group:
        rows = sorted(row for place in places for row in self._copies.rows[place])
        key = min(self._copies.keys[place] for place in places)
        return Group(group_name(key), tuple(rows), KEEP[self._grouping.keep](rows, self.texts), weakest)


KEEP: dict[str, Callable[[list[int], list[str]], int]] = {
    "first": lambda rows, _texts: rows[0],
    "longest": lambda rows, texts: max(rows, key=lambda row: (len(texts[row]), -row)),
    "shortest": lambda rows, texts: min(rows, key=lambda row: (len(texts[row]), row)),
}


def find_duplicates(  # noqa: PLR0913 - each is given by its name
    texts: Iterable[str],
    model: Scorer,
    *,
    threshold: float | None = None,
    linkage: str = "connected",
    keep: str = "first",
    neighbours: int = 100,
    threads: int | None = None,
    show_progress: bool = False,
    approximate: bool | None = None,
    run_folder: str | Path | None = None,
    resume: bool = False,
) -> Duplicates:
    """Find which of some texts are the same: all pairs whose probability reaches ``threshold`` (None: the model's).

    Texts that differ in case, width or white space alone (NFKC, casefolded) are copies, probability 1 without asking
    the model; the first copy alone stands in pairs with others. Empty texts are no duplicates. Heads
    "cosine", "dot", "euclidean", "manhattan" (slowly) and "squared_euclidean" are searched exactly, none missed. Other
    heads score each text with its ``neighbours`` nearest by cosine, and ``recall`` tells what a sample says of that;
    with up to ``neighbours`` + 1 distinct texts nothing is missed. ``approximate``: a graph (the extra "ann") tells,
    nearly, which are the nearest, for such heads and for "cosine", and less is found; None: above 220,000 texts, for
    "cosine" above 2 million, if the extra is installed.
    ``linkage``: groups of texts that chains of pairs join ("connected"), or in which every two are a pair
    ("complete"). ``keep``: the row that stands for a group, the "first", "longest" or "shortest". ``threads``: None
    takes all processors. ``run_folder``: keeps what is found, about every 30 s, so that the same call with ``resume``
    goes on after a stop; it is not removed at the end, and without ``resume`` one that is there is replaced.

    Same pairs are far rarer among all pairs of a list than on dev: a threshold at which dev promises a precision
    promises less here. Take a high one, and look at ``borderline``.

    Raises OptionError for what is no list of texts, options out of range, or more than 20 million pairs.
    """
    check_model(model)
    given = checked_list(texts)
    check_grouping(linkage, keep)
    check_search(threshold, neighbours, threads, approximate)
    run = Run(None if run_folder is None else Path(run_folder), resume=resume)
    copies = _copies(given)
    # of copies the least, so that the order of rows has no part
    distinct = [min(given[row] for row in rows) for rows in copies.rows]
    search = Search(Corpus(model, distinct, model.encode(distinct)), neighbours, threads, show_progress, approximate)
    found = search.pairs(model.calibration.threshold if threshold is None else float(threshold), run)
    return Duplicates(given, copies, search, found, Grouping(linkage, keep))


def check_grouping(linkage: str, keep: str) -> None:
    """Raise OptionError for names of rules that are none."""
    check_choice("linkage", linkage, LINKAGES)
    check_choice("keep", keep, KEEP)


def _copies(texts: list[str]) -> Copies:
    rows = copies_of(texts)
    keys = sorted(rows)
    return Copies(keys, [rows[key] for key in keys])
