"""Which texts of an index are the same: pairs of new texts with all others, kept so that none is searched again."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

import numpy as np

from textsiam.arrays import Array
from textsiam.index.candidates import MOST_PAIRS, TooManyPairsError
from textsiam.index.corpus import SCORED_AT_ONCE, Corpus, probabilities_of
from textsiam.index.groups import Links
from textsiam.index.memory_search import Search
from textsiam.index.scorer import Frame, Scorer
from textsiam.index.search import pairs_reaching
from textsiam.index.store import Store
from textsiam.progress import Progress, progress

CHUNK = 65_536  # vectors that are compared with as many others
QUERIES = 256


class Linker:
    """Finds the links from ``threshold`` on; heads of which products tell nothing score ``neighbours`` near texts."""

    def __init__(self, store: Store, search: Search, model: Scorer, threshold: float, neighbours: int) -> None:
        self.store, self.search, self.model = store, search, model
        self.threshold, self.neighbours = threshold, neighbours

    def new_links(self, after: int, *, show_progress: bool) -> Links:
        """Find the links of texts behind the id ``after`` with each other and with all before them.

        Inside of a reading transaction. Raises TooManyPairsError where there are more than 20 million.
        """
        parts, number = [Links(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))], 0
        _, texts = self.store.counts()
        with progress("linking", texts, "texts", show=show_progress) as bar:
            found = self._by_products(after, bar) if self.search.ranks else self._among_near(after, bar)
            with closing(found):
                for links in found:
                    reach = links.probabilities >= np.float32(self.threshold)
                    parts.append(Links(*(side[reach] for side in links)))
                    number += int(reach.sum())
                    if number > MOST_PAIRS:
                        raise TooManyPairsError(
                            f"more than {MOST_PAIRS:,} pairs reach the threshold {self.threshold:g}; give a higher one"
                        )
        return Links(*(np.concatenate(side) for side in zip(*parts, strict=True)))

    def _by_products(self, after: int, bar: Progress) -> Generator[Links, None, None]:
        for ids, vectors in self._chunks(after, None):
            frame = self.model.frame(vectors)
            assert frame is not None
            at_least = frame.at_least(self.model.calibration.least_raw(self.threshold))
            for others, right in self._chunks(0, int(ids[0])):
                yield from self._between((ids, vectors), (others, right), frame, at_least)
            yield from self._between((ids, vectors), None, frame, at_least)
            bar.advance(len(ids))

    def _between(
        self, some: tuple[Array, Array], others: tuple[Array, Array] | None, frame: Frame, at_least: float
    ) -> Iterator[Links]:
        """Compare vectors with others, or with one another."""
        (ids, vectors), (other_ids, right) = some, some if others is None else others
        sides = frame.sides(vectors)[0], frame.sides(right)[1]
        with closing(pairs_reaching(*sides, at_least, one_list=others is None)) as parts:
            for part in parts:
                for first in range(0, len(part.left), SCORED_AT_ONCE):
                    i, j = (side[first : first + SCORED_AT_ONCE] for side in (part.left, part.right))
                    yield Links(ids[i], other_ids[j], self.model.compare_vectors(vectors[i], right[j]))

    def _among_near(self, after: int, bar: Progress) -> Generator[Links, None, None]:
        """Score new texts with those near them; an old text's near ones are not looked for again."""
        self.search.refresh()
        for numbers, vectors in self.store.blocks(after):
            for first in range(0, len(numbers), QUERIES):
                ids, own = numbers[first : first + QUERIES], vectors[first : first + QUERIES]
                near = self.search.near(own, self.neighbours + 1, self.threshold)
                left = np.repeat(ids, [len(found.ids) for found in near])
                right = np.concatenate([found.ids for found in near])
                # of two new texts that are near each other once
                pairs = np.unique(np.sort(np.stack([left, right], axis=1)[left != right], axis=1), axis=0)
                yield self._scored(*pairs.T)
                bar.advance(len(ids))

    def _scored(self, left: Array, right: Array) -> Links:
        """Score pairs of texts, of which some may be gone."""
        there, vectors = self.store.vectors(np.union1d(left, right).tolist())
        ids = np.array(there, dtype=np.int64)
        known = np.isin(left, ids) & np.isin(right, ids)
        left, right = left[known], right[known]
        texts = self.store.texts(there)
        corpus = Corpus(self.model, [texts[number].text for number in there], vectors)
        return Links(left, right, probabilities_of(corpus, np.searchsorted(ids, left), np.searchsorted(ids, right)))

    def _chunks(self, after: int, before: int | None) -> Iterator[tuple[Array, Array]]:
        """Give ids and vectors between two ids, ``CHUNK`` at a time."""
        waiting: list[tuple[Array, Array]] = []
        for ids, vectors in self.store.blocks(after):
            inside = slice(None) if before is None else slice(0, int(np.searchsorted(ids, before)))
            waiting.append((ids[inside], vectors[inside]))
            if sum(len(numbers) for numbers, _ in waiting) >= CHUNK:
                yield _joined(waiting)
                waiting = []
            if before is not None and ids[-1] >= before:
                break
        if sum(len(numbers) for numbers, _ in waiting):
            yield _joined(waiting)


def _joined(blocks: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    ids, vectors = zip(*blocks, strict=True)
    return np.concatenate(ids), np.concatenate(vectors)
