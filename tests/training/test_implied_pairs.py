from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK, token_ids
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.implied_pairs import PER_TEXT, AddedPairs, implied_pairs

Row = tuple[int, int, float]


def _pairs(rows: list[Row], ids: list[int] | None = None) -> TokenizedPairs:
    """Give pairs of texts of one token each: their own number, or what ``ids`` says."""
    index_a, index_b = (np.array([row[side] for row in rows], dtype=np.int64) for side in (0, 1))
    ids = ids or list(range(1 + int(max(index_a.max(), index_b.max()))))
    tokens = token_ids([np.array([number], dtype=np.int32) for number in ids])
    return TokenizedPairs(tokens, index_a, index_b, np.array([row[2] for row in rows], dtype=np.float32))


def _labelled(pairs: TokenizedPairs, implied: AddedPairs) -> list[tuple[frozenset[int], float]]:
    """Give the ids of each implied pair and its label."""
    ids = pairs.tokens.ids
    ends = zip(ids[implied.index_a].tolist(), ids[implied.index_b].tolist(), strict=True)
    return [(frozenset(pair), label) for pair, label in zip(ends, implied.labels.tolist(), strict=True)]


def _by_hand(pairs: TokenizedPairs) -> dict[frozenset[int], float]:
    """Give all that is implied, by ids: a walk over the labels 1, then every two texts."""
    ids = pairs.tokens.ids
    rows = [
        (int(ids[a]), int(ids[b]), float(y)) for a, b, y in zip(pairs.index_a, pairs.index_b, pairs.labels, strict=True)
    ]
    groups = {number: frozenset([number]) for number in ids.tolist()}
    for a, b, label in rows:
        if label == 1:
            joined = groups[a] | groups[b]
            groups |= dict.fromkeys(joined, joined)
    differing = {frozenset([groups[a], groups[b]]) for a, b, label in rows if label == 0}
    broken = {group for pair in differing if len(pair) == 1 for group in pair}
    stated = {frozenset([a, b]) for a, b, _ in rows}
    found: dict[frozenset[int], float] = {}
    for a, b in combinations(groups, 2):
        sides = frozenset([groups[a], groups[b]])
        if frozenset([a, b]) in stated or sides & broken:
            continue
        if len(sides) == 1:
            found[frozenset([a, b])] = 1.0
        elif sides in differing:
            found[frozenset([a, b])] = 0.0
    return found


@st.composite
def _graphs(draw: st.DrawFn) -> TokenizedPairs:
    texts = draw(st.integers(2, 24))
    number = st.integers(0, texts - 1)
    label = st.sampled_from(draw(st.sampled_from([(1.0,), (0.0,), (1.0, 0.0), (1.0, 0.0, 0.0, 0.0)])))
    rows = draw(st.lists(st.tuples(number, number, label), min_size=1, max_size=30))
    ids = draw(st.lists(st.integers(0, draw(st.sampled_from([texts // 2, 1000]))), min_size=texts, max_size=texts))
    return _pairs(rows, ids)


@QUICK
@given(_graphs(), st.sampled_from([0.0, 0.2, 1.0, 10.0]), st.integers(0, 2**32 - 1))
def test_what_is_implied_by_hand(pairs: TokenizedPairs, share: float, seed: int) -> None:
    implied = implied_pairs(pairs, share=share, seed=seed)
    found, all_implied = _labelled(pairs, implied), _by_hand(pairs)
    assert all(all_implied.get(pair) == label for pair, label in found)  # and so none is given
    assert len({pair for pair, _ in found}) == len(found)
    assert len(found) <= share * len(pairs)
    assert abs(float(implied.labels.sum()) - len(found) * float(pairs.labels.mean())) <= 1
    for label in (0.0, 1.0):
        uses = Counter(text for pair, its_label in found if its_label == label for text in pair)
        assert max(uses.values(), default=0) <= PER_TEXT
    again = implied_pairs(pairs, share=share, seed=seed)
    assert again.index_a.tobytes() == implied.index_a.tobytes()
    assert again.index_b.tobytes() == implied.index_b.tobytes()
    assert [array.dtype for array in (implied.index_a, implied.index_b, implied.labels)] == ["i8", "i8", "f4"]


@pytest.mark.parametrize("seed", range(5))
def test_small_groups_give_all_that_they_imply(seed: int) -> None:
    # a chain of five gives the six other pairs; six times one text of two against another of two the three others
    rows = [(text, text + 1, 1.0) for text in range(4)]
    for start in range(10, 34, 4):
        rows += [(start, start + 1, 1.0), (start + 2, start + 3, 1.0), (start, start + 2, 0.0)]
    pairs = _pairs(rows)
    implied = implied_pairs(pairs, share=10, seed=seed)
    by_hand = _by_hand(pairs)
    assert Counter(by_hand.values()) == {1.0: 6, 0.0: 18}
    found = _labelled(pairs, implied)
    assert {pair for pair, label in found if label == 1} == {pair for pair, label in by_hand.items() if label == 1}
    # the given pairs are 1 in 16 : 6 of 22, and 6 implied ones of label 1 allow two others
    assert Counter(label for _, label in found) == {1.0: 6, 0.0: 2}


def test_pairs_of_groups_that_differ_are_all_found_where_they_are_few() -> None:
    rows = [(0, 1, 1.0), (2, 3, 1.0), (0, 2, 0.0)] + [(text, text + 1, 0.0) for text in range(10, 40)]
    rows += [(text, text + 1, 1.0) for text in range(50, 54)]  # something of label 1 to go with them
    pairs = _pairs(rows)
    different = {pair for pair, label in _labelled(pairs, implied_pairs(pairs, share=1, seed=0)) if label == 0}
    assert different == {frozenset(pair) for pair in ((0, 3), (1, 2), (1, 3))}


def test_groups_that_contradict_themselves_imply_nothing() -> None:
    chain: list[Row] = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 4, 0.0)]
    assert len(implied_pairs(_pairs(chain), share=1, seed=0).labels) > 0
    assert len(implied_pairs(_pairs([*chain, (0, 3, 0.0)]), share=1, seed=0).labels) == 0
    # texts of equal ids are one text, and so differ from themselves here
    ids = [1, 2, 3, 4, 5, 1]
    assert len(implied_pairs(_pairs([*chain, (0, 5, 0.0)], ids), share=1, seed=0).labels) == 0


def test_a_giant_group_does_not_swamp_small_ones() -> None:
    giant = [(0, text, 1.0) for text in range(1, 1_000)]
    small = [(start + step, start + step + 1, 1.0) for start in range(1_000, 1_900, 3) for step in (0, 1)]
    other = [(start, start + 3, 0.0) for start in range(1_000, 1_896, 3)] + [(text, 1_000, 0.0) for text in range(999)]
    pairs = _pairs([*giant, *small, *other])
    found = _labelled(pairs, implied_pairs(pairs, share=1, seed=3))
    for label in (0.0, 1.0):
        uses = Counter(text for pair, its_label in found if its_label == label for text in pair)
        assert max(uses.values()) <= PER_TEXT
    # each small group has its one pair before the giant one has the second of each text
    same = [pair for pair, label in found if label == 1]
    assert sum(min(pair) >= 1_000 for pair in same) == 300
    few = _labelled(pairs, implied_pairs(pairs, share=0.1, seed=3))
    assert sum(min(pair) >= 1_000 for pair, label in few if label == 1) > 0.15 * sum(label for _, label in few)


def test_a_text_that_differs_from_many_groups_is_in_few_pairs() -> None:
    rows = [(text, text + 1, 1.0) for text in range(2, 202, 2)] + [(0, text, 0.0) for text in range(2, 202, 2)]
    rows += [(start + step, start + step + 1, 1.0) for start in range(300, 600, 3) for step in (0, 1)]
    pairs = _pairs(rows)
    found = _labelled(pairs, implied_pairs(pairs, share=1, seed=0))
    assert sum(0 in pair for pair, _ in found) == PER_TEXT


def test_seeds_choose_and_the_share_bounds() -> None:
    rows = [(start + step, start + step + 1, 1.0) for start in range(0, 400, 4) for step in range(3)]
    rows += [(start, start + 4, 0.0) for start in range(0, 396, 4)]
    pairs = _pairs(rows)
    chosen = [set(_labelled(pairs, implied_pairs(pairs, share=0.1, seed=seed))) for seed in (1, 2)]
    assert [len(found) for found in chosen] == [int(0.1 * len(pairs))] * 2
    assert chosen[0] != chosen[1]
    rate = np.mean([label for _, label in chosen[0]])
    assert rate == pytest.approx(pairs.labels.mean(), abs=0.02)


def test_implied_pairs_stand_behind_the_given_ones() -> None:
    pairs = _pairs([(0, 1, 1.0), (1, 2, 1.0), (2, 3, 0.0)])
    both = AddedPairs(np.array([0]), np.array([2]), np.array([1.0], np.float32)).behind(pairs)
    assert both.tokens is pairs.tokens
    assert (both.index_a.tolist(), both.index_b.tolist(), both.labels.tolist()) == (
        [0, 1, 2, 0],
        [1, 2, 3, 2],
        [1.0, 1.0, 0.0, 1.0],
    )


@QUICK
@given(_graphs(), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=30))
def test_dev_pairs_are_left_out_in_either_order(pairs: TokenizedPairs, of_dev: list[tuple[int, int]]) -> None:
    implied = implied_pairs(pairs, share=10.0, seed=3)
    dev = _pairs([(a, b, 1.0) for a, b in of_dev])  # its texts have other numbers than those of equal ids in pairs
    held = {frozenset(pair) for pair in of_dev}
    apart = implied.apart_from(pairs, dev)
    expected = [(pair, label) for pair, label in _labelled(pairs, implied) if pair not in held]
    assert _labelled(pairs, apart) == expected
    assert (apart.fingerprint() == implied.fingerprint()) is (len(expected) == len(implied.labels))
