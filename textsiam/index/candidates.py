"""All pairs of texts that a model calls the same: exactly where products tell, else among near texts, with a recall."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.errors import OptionError
from textsiam.index.approximate import is_installed, nearly_nearest
from textsiam.index.corpus import SCORED_AT_ONCE, Bound, Corpus, probabilities_of
from textsiam.index.neighbours import nearest
from textsiam.index.recall import Recall, measured_recall
from textsiam.index.run_folder import Run, Scored, joined
from textsiam.index.search import BLOCK, pairs_reaching
from textsiam.progress import progress

MOST_PAIRS = 20_000_000
# Pairs up to which a search is exact if nothing is said: with products, as fast as the graph up to a million texts, an
# hour or two of one processor (2 million texts); for neighbours half an hour (220,000 texts).
MOST_PRODUCTS, MOST_NEAR = 2_000_000_000_000, 50_000_000_000


class TooManyPairsError(OptionError):
    """A threshold lets more pairs through than are kept."""


class Reaching(NamedTuple):
    """Places of texts, int64 (m,) each, and the probabilities, float32 (m,), that reach a threshold, by rising places.

    ``recall``: None where none can have been missed.
    """

    left: Array
    right: Array
    probabilities: Array
    threshold: float
    recall: Recall | None


@dataclass(frozen=True)
class Search:
    """How the pairs of a corpus are looked for.

    Where the head's score follows from products of vectors, all are found; else those among each text's ``neighbours``
    nearest by cosine, and a recall is measured by scoring some texts against all. ``threads``: None takes all
    processors. ``approximate``: take the nearest, nearly, of a graph, in either case; None: where that pays.
    """

    corpus: Corpus
    neighbours: int
    threads: int | None
    show_progress: bool
    approximate: bool | None = None

    def pairs(self, threshold: float, run: Run | None = None) -> Reaching:
        """Find the pairs whose probability reaches a threshold; TooManyPairsError for more than 20 million.

        ``run`` keeps them, and may have some already, from the same search that was stopped.
        """
        bound = self.corpus.bound(threshold)
        approximately = self._approximately(bound)
        run = run or Run()
        if run.folder is not None:
            run.begin(self._identity(threshold, approximately))
        if bound is not None and not approximately:
            return self._gathered(self._by_products(bound, run), threshold, run)
        near = run.array("near", partial(self._near, nearly_nearest if approximately else nearest))
        found = self._gathered(self._among(near, run), threshold, run)
        others = len(self.corpus.texts) - 1 if self.corpus.sides is None else len(self.corpus.sides.right)
        if not len(near) or not others or (near.shape[1] >= others and not approximately):
            return found
        return found._replace(recall=measured_recall(self.corpus, near, threshold, bound, self.threads))

    def again(self, found: Reaching, threshold: float) -> Reaching:
        """Give the pairs of another threshold: of a higher one those of ``found`` that reach it."""
        if threshold < found.threshold:
            return self.pairs(threshold)
        reach = found.probabilities >= np.float32(threshold)
        left, right, probabilities = (side[reach] for side in found[:3])
        return Reaching(left, right, probabilities, threshold, found.recall)

    def _approximately(self, bound: Bound | None) -> bool:
        """Tell whether a graph tells what is near; OptionError where it is asked for and the nearest are not those."""
        by_cosine = bound is None or bound.ranking == "cosine"
        if self.approximate and not by_cosine:
            raise OptionError(
                "approximate (--approximate) is asked for, but this model's pairs do not rank by cosine; leave it out"
            )
        if self.approximate is not None:
            return self.approximate
        number, sides = len(self.corpus.texts), self.corpus.sides
        pairs = number * number if sides is None else len(sides.left) * len(sides.right)
        if sides is None and bound is not None:  # products are looked at once for two texts
            pairs //= 2
        return by_cosine and pairs > (MOST_NEAR if bound is None else MOST_PRODUCTS) and is_installed()

    def _near(self, find: Callable[..., Array]) -> Array:
        """Give the places, on the right, of the nearest of each text on the left."""
        unit = unit_vectors(self.corpus.vectors)
        left, right = self.corpus.of_sides(unit, unit)
        total = len(left) + (len(right) if find is nearly_nearest else 0)  # the graph is made of those on the right
        with progress("looking for near texts", total, "texts", show=self.show_progress) as bar:
            among = None if self.corpus.sides is None else right
            near = find(left, self.neighbours, among=among, threads=self.threads, advance=bar.advance)
        return near.astype(np.int32)  # half of what has to be held and kept

    def _by_products(self, bound: Bound, run: Run) -> Generator[Scored, None, None]:
        left, right = self.corpus.of_sides(bound.left, bound.right)
        one_list = self.corpus.sides is None
        total = len(left) * (len(left) + 1) // 2 if one_list else len(left) * len(right)
        parts = pairs_reaching(left, right, bound.at_least, one_list=one_list, threads=self.threads, skip=run.done)
        with progress("searching", total, "pairs", show=self.show_progress, done=run.looked_at) as bar, closing(parts):
            for part in parts:
                yield self._scored(*part)
                bar.advance(part.looked_at)

    def _among(self, near: Array, run: Run) -> Generator[Scored, None, None]:
        """Score each text with its near ones, each pair once."""
        rows, others = np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()
        width = len(near)
        if self.corpus.sides is None:
            rows, others = np.minimum(rows, others), np.maximum(rows, others)
        else:
            width = len(self.corpus.sides.right)
        keys = np.unique(rows * width + others)
        with progress("scoring", len(keys), "pairs", show=self.show_progress, done=run.looked_at) as bar:
            for first in range(run.done * SCORED_AT_ONCE, len(keys), SCORED_AT_ONCE):
                some = keys[first : first + SCORED_AT_ONCE]
                yield self._scored(*np.divmod(some, width), len(some))
                bar.advance(len(some))

    def _scored(self, left: Array, right: Array, looked_at: int) -> Scored:
        left, right = self.corpus.places(left, right)
        return Scored(left, right, probabilities_of(self.corpus, left, right), looked_at)

    def _gathered(self, parts: Generator[Scored, None, None], threshold: float, run: Run) -> Reaching:
        number = sum(self._rows(part.left) for part in run.parts)
        with run.kept(), closing(parts):  # threads end at once where an error is raised
            for left, right, probabilities, looked_at in parts:
                reach = probabilities >= np.float32(threshold)
                part = Scored(left[reach], right[reach], probabilities[reach], looked_at)
                number += self._rows(part.left)
                if number > MOST_PAIRS:
                    run.remove()
                    raise TooManyPairsError(
                        f"more than {MOST_PAIRS:,} pairs reach the threshold {threshold:g}; give a higher one"
                    )
                run.add(part)
        left, right, probabilities = joined(run.parts)[:3]
        order = np.lexsort((right, left))
        return Reaching(left[order], right[order], probabilities[order], threshold, None)

    def _identity(self, threshold: float, approximately: bool) -> str:
        """Give a fingerprint of model, texts and options; the size of steps is part of it."""
        sides = () if self.corpus.sides is None else self.corpus.sides
        model = self.corpus.model
        options = (
            model.fingerprint(),
            model.calibration.identity(),
            self.neighbours,
            approximately,
            threshold,
            BLOCK,
            SCORED_AT_ONCE,
            len(self.corpus.texts),
            *map(len, sides),
        )
        found = hashlib.blake2b(repr(options).encode(), digest_size=16)
        for text in self.corpus.texts:
            spelled = text.encode("utf-8", "surrogatepass")
            found.update(len(spelled).to_bytes(8, "little") + spelled)
        for side in sides:
            found.update(side.tobytes())
        return found.hexdigest()

    def _rows(self, left: Array) -> int:
        """Count the pairs of rows that pairs of texts stand for."""
        return len(left) if self.corpus.sides is None else int(self.corpus.sides.rows[left].sum())
