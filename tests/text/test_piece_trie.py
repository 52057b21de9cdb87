from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import textsiam.text.word_table as word_table_module
from textsiam.text.piece_trie import PieceTrie, code_points

letters = st.text("ab\u4e00\U0001f600", max_size=5)


def found(trie: PieceTrie, words: list[str]) -> set[tuple[int, int, int, int]]:
    """Walk from every character of words side by side: (word, start, length, piece)."""
    longest = max(map(len, words))
    laid_out = np.zeros((longest + 1, len(words)), np.uint32)
    for number, word in enumerate(words):
        laid_out[: len(word), number] = code_points(word)
    starts = np.flatnonzero(laid_out)
    steps = enumerate(trie.walk(laid_out.ravel(), starts, len(words)), 1)
    return {
        (place % len(words), place // len(words) - length + 1, length, piece)
        for length, (places, pieces) in steps
        for place, piece in zip(places.tolist(), pieces.tolist(), strict=True)
    }


@given(pieces=st.lists(letters.filter(bool), unique=True, max_size=30), words=st.lists(letters, min_size=1, max_size=6))
def test_every_piece_is_found_wherever_it_starts(pieces: list[str], words: list[str]) -> None:
    trie = PieceTrie(pieces)
    assert trie.whole
    expected = {
        (number, start, len(piece), which)
        for number, word in enumerate(words)
        for start in range(len(word))
        for which, piece in enumerate(pieces)
        if word.startswith(piece, start)
    }
    assert found(trie, words) == expected


def test_a_trie_that_misses_a_piece_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_table_module, "_PROBES", 1)
    assert not PieceTrie([chr(0x4E00 + i) for i in range(500)]).whole
    generator, broken = np.random.default_rng(0), 0
    for _ in range(200):
        pieces = list({"".join(chr(0x4E00 + i) for i in row) for row in generator.integers(0, 30, (10, 3))})
        trie = PieceTrie(pieces)
        if trie.whole:
            assert {piece for *_, piece in found(trie, pieces)} == set(range(len(pieces)))
        broken += not trie.whole
    assert 0 < broken < 200
