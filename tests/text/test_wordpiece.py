from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textsiam.text.tokenizer import Tokenizer
from textsiam.text.wordpiece import WordPiece

NAMES = [
    "",
    "[UNK]",
    "[MASK]",
    *("un", "##aff", "##able", "##a", "aff", "a", "able", "the", ",", "##the", "##s", "\u6771", "e", "##e", "[MASK2]"),
]
ID = {name: id_ for id_, name in enumerate(NAMES)}
PIECES = WordPiece(NAMES, special=[2, len(NAMES) - 1], outside=[len(NAMES) - 1])
TOKENIZER = Tokenizer(PIECES.to_bytes())


def named(text: str) -> list[str]:
    return [NAMES[id_] for id_ in PIECES.ids(text)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("unaffable", ["un", "##aff", "##able"]),
        ("Unaffables, the", ["un", "##aff", "##able", "##s", ",", "the"]),
        ("unaffx the", ["[UNK]", "the"]),  # the rest has no piece: the whole word is unknown
        ("x y z", ["[UNK]"] * 3),
        ("ables ##s", ["able", "##s", *["[UNK]"] * 3]),  # "#" is punctuation
        ("a\u6771the", ["a", "\u6771", "the"]),
        ("\u00e9", ["e"]),
        ("the[MASK]s [MASK2][mask]", ["the", "[MASK]", "[UNK]", "[MASK2]", *["[UNK]"] * 3]),
        ("a" * 100, ["a", *["##a"] * 99]),
        ("a" * 101, ["[UNK]"]),
        ("\ud800", ["[UNK]"]),
        ("", []),
        (" \t\n\0", []),
    ],
)
def test_the_longest_piece_first(text: str, pieces: list[str]) -> None:
    assert named(text) == pieces
    for _ in range(3):  # remembered, too
        assert TOKENIZER.encode([text]).ids.tolist() == PIECES.ids(text)
        assert TOKENIZER.encode([text] * 40)[17].tolist() == PIECES.ids(text)


words = st.sampled_from(
    ["unaffable", "The,", "x", "[MASK]", "a\u0301", "\u6771a", "\x1e", "\ud800", "\n", "", "aff\u200bs"]
)


@given(st.lists(st.one_of(st.lists(words, max_size=6).map(" ".join), st.text(max_size=12)), max_size=80))
def test_texts_are_cut_word_by_word(texts: list[str]) -> None:
    tokens = TOKENIZER.encode(texts)
    rows = [PIECES.ids(text) for text in texts]
    assert [row.tolist() for row in tokens] == rows
    assert tokens.unknown_tokens == sum(row.count(1) for row in rows)
    assert tokens.unknown_texts == sum(bool(row) and set(row) == {1} for row in rows)
    assert tokens.empty_texts == rows.count([])
    one_by_one = [TOKENIZER.encode([text]).ids.tolist() for text in texts]
    assert one_by_one == rows


def test_long_texts_and_a_limit() -> None:
    tokens = Tokenizer(PIECES.to_bytes(), max_tokens=4).encode(["the " * 25_000, "x" * 100_000, "un" + "a" * 99_998])
    assert [row.tolist() for row in tokens] == [[ID["the"]] * 4, [1], [1]]
    assert tokens.cut_texts == 1


def test_other_prefixes_and_word_lengths() -> None:
    plain = WordPiece(["", "?", "a", "b"], prefix="", longest_word=3, lowercase=False)
    assert [plain.ids(text) for text in ("aba", "abab", "A")] == [[2, 3, 2], [1], [1]]
    assert plain.spellings == ["", "", "\u2581a", "\u2581b"]


def test_spellings_pieces_and_decoding() -> None:
    assert TOKENIZER.spellings == [
        *["", "", "", "\u2581un", "aff", "able", "a", "\u2581aff", "\u2581a", "\u2581able", "\u2581the", "\u2581,"],
        *["the", "s", "\u2581\u6771", "\u2581e", "e", ""],
    ]
    assert TOKENIZER.pieces("Unaffable x[MASK]") == ["\u2581un", "aff", "able", "[UNK]", "[MASK]"]
    assert TOKENIZER.decode(TOKENIZER.encode(["unaffable  X the"]).ids) == "unaffable [UNK] the"
    assert TOKENIZER.size == len(NAMES)


def test_it_pickles_and_serves_threads() -> None:
    copy = pickle.loads(pickle.dumps(TOKENIZER))
    texts = ["unaffable the a", "x y", "the, a[MASK]"] * 40
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: copy.encode(texts).ids, range(8)))
    assert all(np.array_equal(one, TOKENIZER.encode(texts).ids) for one in found)
    assert copy.proto == TOKENIZER.proto == WordPiece.of({"kind": "", "format": 1, **PIECES.settings()}).to_bytes()
