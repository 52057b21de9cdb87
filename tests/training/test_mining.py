from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK, token_ids
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.training import mining
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.mining import MinedRows, Miner, nearest_below
from textsiam.training.network import SiameseNetwork

Row = tuple[int, int, float]
CPU = torch.device("cpu")
SIZE = 60


def _pairs(rows: list[Row], texts: list[list[int]]) -> TokenizedPairs:
    index_a, index_b = (np.array([row[side] for row in rows], dtype=np.int64) for side in (0, 1))
    tokens = token_ids([np.array(ids, dtype=np.int32) for ids in texts])
    return TokenizedPairs(tokens, index_a, index_b, np.array([row[2] for row in rows], dtype=np.float32))


def _network(seed: int = 0) -> SiameseNetwork:
    torch.manual_seed(seed)
    return SiameseNetwork(TrainConfig(encoder="bag", dim=4, head="cosine").architecture, SIZE)


def _ids(pairs: TokenizedPairs, text: int) -> tuple[int, ...]:
    return tuple(pairs.tokens[text].tolist())


def _keys(pairs: TokenizedPairs) -> set[frozenset[tuple[int, ...]]]:
    """Give pairs by their ids, in no order."""
    ends = zip(pairs.index_a.tolist(), pairs.index_b.tolist(), strict=True)
    return {frozenset([_ids(pairs, a), _ids(pairs, b)]) for a, b in ends}


def _groups(pairs: TokenizedPairs) -> dict[tuple[int, ...], frozenset[tuple[int, ...]]]:
    """Join what a chain of labels 1 joins, by a walk."""
    groups = {_ids(pairs, text): frozenset([_ids(pairs, text)]) for text in range(len(pairs.tokens))}
    for a, b, label in zip(pairs.index_a, pairs.index_b, pairs.labels, strict=True):
        if label == 1:
            joined = groups[_ids(pairs, a)] | groups[_ids(pairs, b)]
            groups |= dict.fromkeys(joined, joined)
    return groups


def _cosine(network: SiameseNetwork, a: tuple[int, ...], b: tuple[int, ...]) -> float:
    weight = network.embedding.weight.detach().numpy().astype(np.float64)
    u, v = (np.mean([weight[token] for token in ids], axis=0) for ids in (a, b))
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


@st.composite
def _corpora(draw: st.DrawFn) -> tuple[TokenizedPairs, TokenizedPairs]:
    texts = draw(st.lists(st.lists(st.integers(1, 9), max_size=3), min_size=2, max_size=30))
    number = st.integers(0, len(texts) - 1)
    rows = draw(st.lists(st.tuples(number, number, st.sampled_from([0.0, 1.0])), min_size=1, max_size=30))
    dev_texts = draw(st.lists(st.sampled_from([*texts, [8, 9, 1]]), min_size=2, max_size=10))
    place = st.integers(0, len(dev_texts) - 1)
    dev = draw(st.lists(st.tuples(place, place, st.sampled_from([0.0, 1.0])), min_size=1, max_size=20))
    return _pairs(rows, texts), _pairs(dev, dev_texts)


@QUICK
@given(_corpora(), st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_what_is_mined_by_hand(corpora: tuple[TokenizedPairs, TokenizedPairs], seed: int, count: int) -> None:
    pairs, dev = corpora
    network, miner = _network(), Miner(pairs, dev, seed=seed, device=CPU)
    found = miner(network, 1, count)
    groups, taken = _groups(pairs), _keys(pairs) | _keys(dev)
    mined = [frozenset([_ids(pairs, a), _ids(pairs, b)]) for a, b in found.ends.T]
    assert len(mined) <= count
    assert len(set(mined)) == len(mined)
    for pair in mined:
        assert pair not in taken
        a, b = pair  # two texts, not one
        assert a
        assert b
        assert groups[a] != groups[b]
        assert _cosine(network, a, b) <= found.bound + 1e-6
    same = [
        _cosine(network, _ids(pairs, a), _ids(pairs, b))
        for a, b, label in zip(pairs.index_a, pairs.index_b, pairs.labels, strict=True)
        if label == 1 and _ids(pairs, a) != _ids(pairs, b) and _ids(pairs, a) and _ids(pairs, b)
    ]
    with_empty = any(
        label == 1 and (not _ids(pairs, a)) != (not _ids(pairs, b))
        for a, b, label in zip(pairs.index_a, pairs.index_b, pairs.labels, strict=True)
    )
    if not with_empty:  # an empty text has a vector of zeros: cosine 0
        assert found.bound == (pytest.approx(np.median(same), abs=1e-5) if same else -math.inf)
    again = Miner(pairs, dev, seed=seed, device=CPU)(network, 1, count)
    assert again.ends.tobytes() == found.ends.tobytes()


@QUICK
@given(
    st.integers(1, 9), st.integers(1, 700), st.floats(-1, 1, width=32), st.integers(1, 20), st.integers(0, 2**32 - 1)
)
def test_the_nearest_below_a_bound_by_sorting(anchors: int, total: int, bound: float, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    # few values, so that many are equal
    texts, own = (random.integers(-2, 3, (number, 2)).astype(np.float32) / 4 for number in (total, anchors))
    near, is_below = nearest_below(torch.from_numpy(own), torch.from_numpy(texts), bound, count)
    products = own @ texts.T
    for row, columns, below in zip(products, near, is_below, strict=True):
        expected = sorted((value for value in row if value < bound), reverse=True)[:count]
        assert row[columns[below]].tolist() == expected
        assert len(set(columns[below].tolist())) == len(expected)
    assert near.shape == is_below.shape == (anchors, min(count, total))


def _lines(count: int) -> TokenizedPairs:
    """Texts of one token each; each is the same as the next but one, and differs from the next."""
    rows = [(text, text + 2, 1.0) for text in range(0, count - 2, 4)]
    rows += [(text, text + 1, 0.0) for text in range(count - 1)]
    return _pairs(rows, [[1 + text] for text in range(count)])


NO_DEV = _pairs([(0, 1, 1.0)], [[58], [59]])


def test_hard_ones_are_found_and_other_epochs_and_seeds_find_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "NEAR", 3)
    network, pairs = _network(), _lines(50)
    miner = Miner(pairs, NO_DEV, seed=1, device=CPU)
    found = miner(network, 1, 25)
    assert found.ends.shape == (2, 25)
    cosines = [_cosine(network, _ids(pairs, a), _ids(pairs, b)) for a, b in found.ends.T]
    below = [
        cosine
        for a in range(50)
        for b in range(a)
        if (cosine := _cosine(network, _ids(pairs, a), _ids(pairs, b))) <= found.bound
    ]
    assert np.mean(cosines) > np.mean(below) + 0.1
    others = [
        miner(network, 2, 25),
        Miner(pairs, NO_DEV, seed=2, device=CPU)(network, 1, 25),
        miner(_network(3), 1, 25),
    ]
    assert all(other.ends.tobytes() != found.ends.tobytes() for other in others)


def test_more_pairs_than_texts_are_found_in_rounds_and_no_more_than_there_are() -> None:
    found = Miner(_lines(30), NO_DEV, seed=1, device=CPU)(_network(), 1, 60)
    assert found.ends.shape == (2, 60)
    all_found = Miner(_lines(12), NO_DEV, seed=1, device=CPU)(_network(), 1, 1000)
    assert 0 < all_found.ends.shape[1] < 12 * 11 / 2


def test_blocks_and_a_part_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    miner = Miner(_lines(50), NO_DEV, seed=1, device=CPU)
    monkeypatch.setattr(mining, "SCORES_AT_ONCE", 1)  # an anchor at a time
    found = miner(_network(), 1, 25)
    assert found.ends.shape == (2, 25)
    monkeypatch.setattr(mining, "TEXTS", 10)
    assert len(np.unique(miner(_network(), 1, 100).ends)) <= 10


def test_nothing_is_mined_where_no_texts_are_known_to_be_the_same() -> None:
    pairs = _pairs([(0, 1, 0.0), (2, 2, 1.0), (3, 4, 1.0)], [[1], [2], [3], [4], [4], [5]])
    found = Miner(pairs, NO_DEV, seed=0, device=CPU)(_network(), 1, 5)
    assert found.ends.shape == (2, 0)
    blank = _pairs([(0, 1, 0.0), (0, 2, 1.0)], [[], [], []])
    assert Miner(blank, NO_DEV, seed=0, device=CPU)(_network(), 1, 5).ends.shape == (2, 0)


def test_rows_hold_given_pairs_until_mined_ones_are_put() -> None:
    pairs = _lines(20)  # 19 of label 0, 5 of label 1
    rows = MinedRows(pairs, share=1.0, seed=4)
    assert rows.count == len(pairs) == 24
    assert len(rows.pairs) == 48
    assert rows.pairs.labels[24:].tolist() == [0.0] * 24
    different = {(a, a + 1) for a in range(19)}
    assert {tuple(pair) for pair in rows.ends.T.tolist()} == different  # all of them, some twice
    assert rows.ends.tobytes() == MinedRows(pairs, share=1.0, seed=4).ends.tobytes()
    assert rows.ends.tobytes() != MinedRows(pairs, share=1.0, seed=5).ends.tobytes()
    before = rows.ends
    mined: Array = np.array([[7, 8], [15, 16]])
    rows.put(mined)
    assert rows.ends[:, :2].tolist() == mined.tolist()
    assert rows.ends[:, 2:].tolist() == before[:, 2:].tolist()
    assert rows.pairs.index_a[:24].tolist() == pairs.index_a.tolist()
    assert rows.pairs.index_b[24:26].tolist() == [15, 16]
    rows.put(mined[:, :0])
    assert rows.ends.tobytes() == before.tobytes()


def test_a_share_of_less_than_one_pair_is_refused() -> None:
    with pytest.raises(OptionError, match=r"hard_negatives is 0\.04, less than one pair of 24"):
        MinedRows(_lines(20), share=0.04, seed=0)
