from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.data.numbering import number_keys, text_keys
from textsiam.progress import Progress


def _numbered_by_hand(texts: list[str]) -> tuple[list[int], list[int]]:
    place: dict[str, int] = {}
    numbers = [place.setdefault(text, len(place)) for text in texts]
    return numbers, [texts.index(text) for text in place]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=3), max_size=60))
def test_texts_are_numbered_as_a_dictionary_would(texts: list[str]) -> None:
    keys = text_keys(texts, Progress("", None, ""))
    numbers, first = number_keys(keys[:, 0], keys[:, 1])
    assert (numbers.tolist(), first.tolist()) == _numbered_by_hand(texts)
    assert {numbers.dtype.name, first.dtype.name} == {"int64"}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_keys_that_share_one_half_are_two(pairs: list[tuple[int, int]]) -> None:
    keys = np.array(pairs, dtype=np.uint64).reshape(-1, 2)
    numbers, first = number_keys(keys[:, 0], keys[:, 1])
    assert (numbers.tolist(), first.tolist()) == _numbered_by_hand([f"{high} {low}" for high, low in pairs])


def test_each_text_is_counted_and_a_missing_one_is_an_error() -> None:
    bar = Progress("", None, "")
    text_keys((str(number) for number in range(20_000)), bar, 20_000)
    assert bar.done == 20_000
    with pytest.raises(ValueError, match="too short"):
        text_keys(["one"], bar, 2)
