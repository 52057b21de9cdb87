from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.making import QUICK, token_ids
from textsiam.model.encoders import beginnings
from textsiam.model.encoders.beginnings import DEPTH, alphabetical_groups, shared_beginnings

few_tokens = st.lists(st.lists(st.integers(1, 3), max_size=DEPTH + 3), min_size=1, max_size=40)


def laid_out(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens = token_ids([np.array(text, dtype=np.int32) for text in texts])
    return tokens.ids, tokens.offsets[:-1], tokens.lengths


@QUICK
@given(texts=few_tokens)
def test_groups_are_neighbours_in_alphabetical_order(texts: list[list[int]]) -> None:
    rows = np.concatenate([np.zeros(0, np.int64), *alphabetical_groups(*laid_out(texts), 4)]).tolist()
    assert sorted(rows) == [row for row, text in enumerate(texts) if text]
    beginnings_ = [texts[row][:DEPTH] for row in rows]
    assert beginnings_ == sorted(beginnings_)


def test_groups_have_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginnings, "GROUP_TEXTS", 3)
    texts = laid_out([[1]] * 7 + [[]])
    assert [len(rows) for rows in alphabetical_groups(*texts, 4)] == [3, 3, 1]
    monkeypatch.setattr(beginnings, "GROUP_NUMBERS", 100)
    assert [len(rows) for rows in alphabetical_groups(*texts, 50)] == [2, 2, 2, 1]
    assert [len(rows) for rows in alphabetical_groups(*texts, 101)] == [1] * 7


@QUICK
@given(texts=few_tokens.map(lambda texts: sorted(filter(None, texts))))
def test_levels_lead_to_every_beginning(texts: list[list[int]]) -> None:
    levels = shared_beginnings(*laid_out(texts))
    distinct = [{tuple(text[: t + 1]) for text in texts if len(text) > t} for t in range(DEPTH)]
    tokens = sum(min(len(text), DEPTH) for text in texts)
    if sum(map(len, distinct)) > 0.9 * tokens:
        assert levels == []
        return
    assert [len(level.ids_N) for level in levels] == list(map(len, distinct))
    for text_number, text in enumerate(texts):
        deepest = min(len(text), DEPTH) - 1
        node, read = int(levels[deepest].node_B[text_number]), []
        for level in levels[deepest::-1]:
            read.append(int(level.ids_N[node]))
            node = int(level.parent_N[node])
        assert read[::-1] == text[:DEPTH]


def spared_to(texts: list[list[int]]) -> int:
    return sum(len(level.ids_N) for level in shared_beginnings(*laid_out(texts)))


def test_any_order_is_right_and_spares_less() -> None:
    texts = [[1, 2], [3], [1, 2]] * 5
    unsorted, in_order = (spared_to(some) for some in (texts, sorted(texts)))
    assert (unsorted, in_order) == (6 * 2 + 5, 3)  # neighbours alike are found: twice [1, 2] in four places
    assert shared_beginnings(*laid_out([[1, 2], [3]] * 5)) == []
