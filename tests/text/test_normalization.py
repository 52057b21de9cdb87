from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.text.normalization import normalize_text


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  How  do\tI\nlearn? ", "how do i learn?"),
        ("Straße", "strasse"),
        ("\ufb01ne \u2460", "fine 1"),
        ("\uff28\uff25\uff2c\uff2c\uff2f", "hello"),
        ("e\u0301", "\u00e9"),
        ("a\u00a0b\u2003c", "a b c"),
        ("", ""),
        (" \u3000\r\n", ""),
        ("\ud800", "\ud800"),
    ],
)
def test_key_of_a_text(text: str, key: str) -> None:
    assert normalize_text(text) == key


def test_the_ascii_way_gives_what_the_long_way_gives() -> None:
    for code in range(128):
        text = f"A{chr(code)} B"
        assert normalize_text(text) == " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@given(st.text())
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert normalize_text(normalize_text(text)) == normalize_text(text)


def test_casefolding_that_leaves_composable_characters_is_composed() -> None:
    text = "\u1f82\u065c\u0300"  # one NFKC, then casefold, is not stable for it
    assert normalize_text(normalize_text(text)) == normalize_text(text)


@given(st.text())
def test_case_and_outer_space_do_not_count(text: str) -> None:
    assert normalize_text(f"\t{text} \n") == normalize_text(text)
    assert normalize_text(text.casefold()) == normalize_text(text)
