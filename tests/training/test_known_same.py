from __future__ import annotations

import numpy as np

from tests.model.making import token_ids
from textsiam.arrays import Array
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.known_same import known_same


def _pairs(texts: list[list[int]], rows: list[tuple[int, int, float]]) -> TokenizedPairs:
    index_a, index_b = (np.array([row[side] for row in rows], dtype=np.int64) for side in (0, 1))
    labels = np.array([row[2] for row in rows], dtype=np.float32)
    return TokenizedPairs(token_ids([np.array(text, dtype=np.int32) for text in texts]), index_a, index_b, labels)


def _as_sets(groups: Array) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in groups}


def _by_hand(pairs: TokenizedPairs, texts: list[list[int]]) -> set[frozenset[int]]:
    groups = [{text} for text in range(len(texts))]
    same = [(a, b) for a, b, y in zip(pairs.index_a, pairs.index_b, pairs.labels, strict=True) if y == 1]
    same += [(a, b) for a in range(len(texts)) for b in range(a) if texts[a] == texts[b]]
    for a, b in same:
        joined = groups[a] | groups[b]
        for text in joined:
            groups[text] = joined
    return {frozenset(group) for group in groups}


def test_chains_of_same_pairs_and_equal_ids_join_and_other_pairs_do_not() -> None:
    texts = [[5], [6], [7, 8], [7], [9], [7], [], [4]]
    rows = [(0, 1, 1.0), (2, 1, 1.0), (3, 4, 0.0), (0, 2, 0.0), (5, 6, 1.0), (7, 7, 1.0)]
    groups = known_same(_pairs(texts, rows))
    assert groups.dtype == np.int64
    assert _as_sets(groups) == {frozenset(group) for group in ({0, 1, 2}, {3, 5, 6}, {4}, {7})}


def test_without_pairs_that_are_the_same_every_text_is_alone() -> None:
    assert len(set(known_same(_pairs([[5], [6], [7]], [(0, 1, 0.0), (1, 2, 0.0)])).tolist())) == 3


def test_random_pairs_by_hand() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        texts = [rng.integers(1, 4, size=rng.integers(0, 5)).tolist() for _ in range(30)]
        ends = rng.integers(0, 30, size=(25, 2)).tolist()
        pairs = _pairs(texts, [(a, b, float(rng.integers(2))) for a, b in ends])
        assert _as_sets(known_same(pairs)) == _by_hand(pairs, texts)
