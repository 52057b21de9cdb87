from __future__ import annotations

import numpy as np
import pytest

from tests.model.making import token_ids
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.training import unlabelled_pairs
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.unlabelled_pairs import NEAREST, near_pairs


def _pairs(texts: list[list[int]], ends: list[tuple[int, int]]) -> TokenizedPairs:
    index = np.array(ends, dtype=np.int64).reshape(-1, 2)
    tokens = token_ids([np.array(text, np.int32) for text in texts])
    return TokenizedPairs(tokens, index[:, 0].copy(), index[:, 1].copy(), np.zeros(len(ends), np.float32))


def _groups(count: int, size: int) -> list[list[int]]:
    """Texts of ``count`` groups, each with a token of its group and one of its own."""
    return [[1 + group, 100 + group * size + member] for group in range(count) for member in range(size)]


def _found(pairs: TokenizedPairs, dev: TokenizedPairs, share: float, seed: int = 0) -> list[tuple[int, int]]:
    added = near_pairs(pairs, dev, share=share, seed=seed)
    assert np.isnan(added.labels).all()
    assert added.labels.dtype == np.float32
    return list(zip(added.index_a.tolist(), added.index_b.tolist(), strict=True))


NO_DEV = _pairs([[99]], [(0, 0)])


def test_near_texts_are_paired_none_given_in_dev_or_twice() -> None:
    texts = _groups(6, 4)
    given = [(group * 4, group * 4 + 1) for group in range(6)]
    dev = _pairs([texts[2], texts[3], [55]], [(1, 0), (0, 2)])
    found = [frozenset(pair) for pair in _found(_pairs(texts, given), dev, share=5)]
    # of the 6 pairs of a group one is given, and one of the first group's is in dev, the other way round
    near = {frozenset((a, b)) for a in range(24) for b in range(a) if a // 4 == b // 4}
    assert len(found) == len(set(found)) == 6 * 5 - 1
    assert set(found) == near - {frozenset(pair) for pair in given} - {frozenset((2, 3))}


def test_a_share_of_less_than_one_pair_is_refused() -> None:
    with pytest.raises(OptionError, match=r"extra_pairs is 0\.04, less than one pair of 24; raise it"):
        near_pairs(_pairs(_groups(6, 4), [(n, n) for n in range(24)]), NO_DEV, share=0.04, seed=0)


def test_a_share_bounds_them_and_a_text_is_asked_once_before_any_is_asked_again() -> None:
    texts = _groups(5, 8)
    pairs = _pairs(texts, [(n, 8 * ((n // 8 + 1) % 5)) for n in range(40)])
    found = _found(pairs, NO_DEV, share=0.5)
    assert len(found) == 20
    assert len({a for a, _ in found}) == 20
    more = _found(pairs, NO_DEV, share=1.5)
    assert len(more) == 60
    assert len({a for a, _ in more[:40]}) >= 35  # the last asked of a group may have nobody left


def test_equal_seeds_give_equal_pairs() -> None:
    pairs = _pairs(_groups(5, 8), [(0, 8)] * 20)
    assert _found(pairs, NO_DEV, 0.5, seed=3) == _found(pairs, NO_DEV, 0.5, seed=3)
    assert _found(pairs, NO_DEV, 0.5, seed=3) != _found(pairs, NO_DEV, 0.5, seed=4)


def test_texts_of_equal_ids_are_one_and_those_without_rare_tokens_are_in_none() -> None:
    texts = [[1, 2], [1, 2], [1, 3], [], [7]]
    found = _found(_pairs(texts, [(3, 4)] * 5), NO_DEV, share=1)
    assert [frozenset(pair) for pair in found] == [frozenset((0, 2))]


def test_nothing_is_found_where_nothing_is_near() -> None:
    assert _found(_pairs([[1], [2], []], [(0, 1), (1, 2)]), NO_DEV, share=1) == []


def test_common_tokens_bring_nothing_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlabelled_pairs, "COMMON_TEXTS", 3)
    texts = [[1, 10 + n // 2, 100 + n] for n in range(8)]  # 1 is everywhere
    found = _found(_pairs(texts, [(0, 7)] * 8), NO_DEV, share=1)
    assert {frozenset(pair) for pair in found} == {frozenset((n, n + 1)) for n in (0, 2, 4, 6)}


def test_neighbours_are_the_nearest_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlabelled_pairs, "TEXTS_AT_ONCE", 7)
    random = np.random.default_rng(1)
    tokens = token_ids([random.integers(1, 12, size=random.integers(0, 9)).astype(np.int32) for _ in range(40)])
    weights = unlabelled_pairs._weights(tokens, np.arange(40))
    dense: Array = weights.toarray()
    norms = np.linalg.norm(dense, axis=1)
    assert np.allclose(norms[norms > 0], 1)
    for text, others in unlabelled_pairs._neighbours(weights, np.arange(40)):
        cosines = [float(sum(x * y for x, y in zip(dense[text], dense[n], strict=True))) for n in range(40)]
        best = sorted((cosine for n, cosine in enumerate(cosines) if n != text and cosine > 0), reverse=True)[:NEAREST]
        assert [cosines[n] for n in others] == pytest.approx(best, abs=1e-5)
        assert text not in others
