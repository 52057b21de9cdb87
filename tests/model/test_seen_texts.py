from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.model.seen_texts import BYTES, SeenTexts
from textsiam.text.normalization import normalize_text

TEXTS = st.lists(st.text(max_size=8), max_size=20)


@given(TEXTS, TEXTS)
def test_it_holds_what_it_was_made_of_and_nothing_else(texts: list[str], others: list[str]) -> None:
    seen = SeenTexts.of(texts)
    keys = {normalize_text(text) for text in texts}
    assert len(seen) == len(keys)
    assert seen.holds(texts).all()
    # two of so few texts share 40 bits once in 10 billion runs
    assert seen.holds(others).tolist() == [normalize_text(text) in keys for text in others]


@given(TEXTS, TEXTS)
def test_union_and_intersection(texts: list[str], others: list[str]) -> None:
    one, other = SeenTexts.of(texts), SeenTexts.of(others)
    assert one | other == SeenTexts.of([*texts, *others])
    assert one & other == SeenTexts.of(text for text in texts if other.holds([text])[0])


@given(TEXTS)
def test_bytes_and_back(texts: list[str]) -> None:
    seen = SeenTexts.of(texts)
    assert SeenTexts.from_bytes(seen.to_bytes()) == seen
    assert len(seen.to_bytes()) == BYTES * len(seen)


def test_the_bytes_are_hashes_in_order_whatever_the_order_of_texts() -> None:
    texts = [f"What is {number}?" for number in range(500)]
    expected = sorted(hashlib.blake2b(text.lower().encode(), digest_size=5).digest() for text in texts)
    assert SeenTexts.of(reversed(texts)).to_bytes() == b"".join(expected)


def test_case_and_spaces_do_not_matter() -> None:
    assert SeenTexts.of(["How  are YOU?"]).holds([" how are you? ", "how are you"]).tolist() == [True, False]


def test_lone_surrogates_are_texts_too() -> None:
    assert SeenTexts.of(["\ud800"]).holds(["\ud800", "?"]).tolist() == [True, False]


@pytest.mark.parametrize("content", [b"1234", b"bbbbbaaaaa", b"aaaaaaaaaa"])
def test_what_is_no_set_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"buffer size|rising order"):
        SeenTexts.from_bytes(content)
