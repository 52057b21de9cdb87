"""textsiam.find_matches: which texts of one list are the same as texts of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import check_model
from textsiam.index.candidates import Reaching, Search
from textsiam.index.corpus import Corpus, Sides
from textsiam.index.found import (
    FoundPair,
    FoundRows,
    check_search,
    checked_list,
    checked_threshold,
    copies_of,
)
from textsiam.index.run_folder import Run
from textsiam.index.scorer import Scorer


class Matches:
    """What ``find_matches`` found at ``threshold`` between ``texts`` and ``against``.

    ``recall``: for heads that compare more than products of vectors, how many pairs of a sample were found at the
    threshold that was searched (None: none can have been missed).
    """

    def __init__(self, lists: TwoLists, search: Search, found: Reaching) -> None:
        self.texts, self.against = lists.given
        self.threshold, self.recall = found.threshold, found.recall
        self._lists, self._search, self._found = lists, search, found

    @cached_property
    def pairs(self) -> tuple[FoundPair, ...]:
        """The pairs that are the same, row_a of ``texts``, row_b of ``against``; by falling probability, then rows."""
        return tuple(self.each_pair())

    def each_pair(self) -> Iterator[FoundPair]:
        """Give ``pairs`` one by one: together millions of them take gigabytes."""
        left, right, probabilities = self._found[:3]
        copied = np.array(self._lists.copies(), dtype=np.int64)
        left, right = (np.concatenate([side, copied]) for side in (left, right))
        probabilities = np.concatenate([probabilities, np.ones(len(copied), dtype=np.float32)])
        return self._lists.rows_of(left, right, probabilities).pairs(self._search.corpus, self.texts, self.against)

    @cached_property
    def best(self) -> tuple[FoundPair | None, ...]:
        """Of each row of ``texts`` the most probable pair, of equals that of the least row_b; None without a match."""
        best: dict[int, FoundPair] = {}
        for pair in self.each_pair():
            best.setdefault(pair.row_a, pair)
        return tuple(best.get(row) for row in range(len(self.texts)))

    @cached_property
    def unmatched(self) -> tuple[int, ...]:
        """The rows of ``texts`` without a match, rising."""
        return tuple(row for row, pair in enumerate(self.best) if pair is None)

    @property
    def pair_count(self) -> int:
        """How many ``pairs`` there are."""
        rows = np.array([len(rows) for rows in self._lists.rows_a], dtype=np.int64)
        return int(rows[self._found.left].sum() + rows[np.array(self._lists.copies(), dtype=np.int64)].sum())

    def rethreshold(self, threshold: float) -> Matches:
        """Give what is found at another threshold; a higher one searches nothing, and no vector is made again.

        (The head "alignment" compares more than vectors: for a lower threshold it reads the texts again.)
        """
        return Matches(self._lists, self._search, self._search.again(self._found, checked_threshold(threshold)))

    def __repr__(self) -> str:
        missed = "" if self.recall is None else f", recall {self.recall.found} of {self.recall.reaching} in a sample"
        return (
            f"Matches({len(self.texts):,} texts against {len(self.against):,}, {self.pair_count:,} pairs from "
            f"{self.threshold:g} on, {len(self.unmatched):,} texts unmatched{missed})"
        )


class TwoLists:
    """Two lists as one of ``distinct`` texts, each with its rows in either list, by its place.

    Of copies the least spelling stands for all.
    """

    def __init__(self, texts: list[str], against: list[str]) -> None:
        self.given = texts, against
        rows = copies_of(texts), copies_of(against)
        keys = sorted(rows[0].keys() | rows[1].keys())
        self.rows_a, self.rows_b = ([side.get(key, []) for key in keys] for side in rows)
        spellings = zip(self.rows_a, self.rows_b, strict=True)
        self.distinct = [min([*(texts[i] for i in some), *(against[j] for j in others)]) for some, others in spellings]

    def sides(self) -> Sides:
        """Give the places of the texts of either list."""
        rows = [np.array([len(of_text) for of_text in side], dtype=np.int64) for side in (self.rows_a, self.rows_b)]
        return Sides(np.flatnonzero(rows[0]), np.flatnonzero(rows[1]), rows[0])

    def rows_of(self, left: Array, right: Array, probabilities: Array) -> FoundRows:
        """Give the pairs of all rows with a text and the first row with another, of pairs of texts by their places."""
        number = np.array([len(rows) for rows in self.rows_a], dtype=np.int64)
        rows_a = np.array([row for rows in self.rows_a for row in rows], dtype=np.int64)
        first = np.array([rows[0] if rows else -1 for rows in self.rows_b], dtype=np.int64)
        begins = np.cumsum(number) - number
        of = np.repeat(np.arange(len(left)), number[left])
        nth = np.arange(len(of)) - np.repeat(np.cumsum(number[left]) - number[left], number[left])
        left, right = left[of], right[of]
        return FoundRows(rows_a[begins[left] + nth], first[right], left, right, probabilities[of])

    def copies(self) -> list[int]:
        """Give the places of texts that both lists have."""
        return [place for place in range(len(self.distinct)) if self.rows_a[place] and self.rows_b[place]]


def find_matches(
    texts: Iterable[str],
    against: Iterable[str],
    model: Scorer,
    *,
    threshold: float | None = None,
    neighbours: int = 100,
    threads: int | None = None,
    show_progress: bool = False,
    approximate: bool | None = None,
    run_folder: str | Path | None = None,
    resume: bool = False,
) -> Matches:
    """Find which of some texts say the same as texts of another list, ``against``.

    All pairs (a text of ``texts``, one of ``against``) whose probability reaches ``threshold`` (None: the model's).
    Texts that differ in case, width or white space alone (NFKC, casefolded) are copies, probability 1 without asking
    the model. Each row of ``texts`` has its matches, copies too; of copies in ``against`` the first row stands for all.
    Empty texts match nothing, and the texts of one list are not compared with each other. What is found exactly, what
    the other options and the recall are, and what to think of thresholds: see ``find_duplicates``; here the nearest in
    ``against`` are taken, and with up to ``neighbours`` distinct texts there nothing is missed.

    Raises OptionError for what is no list of texts, options out of range, or more than 20 million pairs.
    """
    check_model(model)
    lists = TwoLists(checked_list(texts), checked_list(against, "against"))
    check_search(threshold, neighbours, threads, approximate)
    run = Run(None if run_folder is None else Path(run_folder), resume=resume)
    corpus = Corpus(model, lists.distinct, model.encode(lists.distinct), lists.sides())
    search = Search(corpus, neighbours, threads, show_progress, approximate)
    found = search.pairs(model.calibration.threshold if threshold is None else float(threshold), run)
    return Matches(lists, search, found)
