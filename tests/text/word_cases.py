"""Vocabularies of every kind and texts that try to break words apart, for the tests of words."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import sentencepiece
from hypothesis import strategies as st

from tests.text.conftest import made_up_texts
from textsiam.text.tokenizer import read_processor
from textsiam.text.vocabulary import build_vocabulary

TYPES = ("unigram", "bpe", "word", "char")
NORMALIZATIONS = ("nfkc_casefold", "nfkc", "identity")
SYMBOLS = ("<url>", "C++", "\u00e9x", "ab")
PHRASES = ["new york is new york", "one of the one of the"]
TIES = ["a b c aa bb cc aaa bbb ab ba abc cba aabb bbaa", "aaaa bbbb abab baba", "p pp ppp 0 00 000 p0 0p"]


@cache
def proto_of(kind: str, normalization: str, symbols: tuple[str, ...] = ()) -> bytes:
    texts = [*made_up_texts(150), *TIES * 5]
    return build_vocabulary(
        texts, size=260, type=kind, normalization=normalization, character_coverage=1.0, user_defined_symbols=symbols
    ).proto


def trained(**options: str | int | list[str]) -> bytes:
    """Train as anyone may, with the ids that textsiam asks for."""
    model = io.BytesIO()
    ours: dict[str, str | int | list[str]] = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1}
    trainer = sentencepiece.SentencePieceTrainer
    texts: Iterator[str] = iter([*made_up_texts(200), *PHRASES * 50])
    more: dict[str, Any] = {**ours, "vocab_size": 200, "hard_vocab_limit": False, "minloglevel": 3, **options}
    trainer.train(sentence_iterator=texts, model_writer=model, **more)
    return model.getvalue()


def tying_unigram() -> bytes:
    """Write a unigram model in which "pp" and "p" are as good as "p" and "pp", and so with zeros."""
    return written_unigram(
        {"\u2581": -2.1, "\u2581a": -3.7, "a": -3.13, "b": -2.9, "p": -3.3, "pp": -4.7, "0": -4.21, "00": -5.37}
    )


def near_tying_unigram() -> bytes:
    """Write a unigram model in which "pq" is ahead of "p" and "q" by one unit in the last place of a float32."""
    near = float(np.nextafter(np.float32(np.float32(-3.3) + np.float32(-4.7)), np.float32(0)))
    return written_unigram({"\u2581": -2.1, "a": -3.13, "b": -2.9, "p": -3.3, "q": -4.7, "pq": near})


def written_unigram(scores: dict[str, float], kinds: dict[str, int] | None = None, behind: bytes = b"") -> bytes:
    """Write a unigram model of pieces with their scores and types (1: normal), and more fields ``behind`` those."""
    control, unknown, normal = 3, 2, 1
    given = kinds or {}
    pieces = [("<pad>", 0.0, control), ("<unk>", 0.0, unknown)]
    pieces += [(piece, score, given.get(piece, normal)) for piece, score in scores.items()]
    written = [
        b"\x0a%c%b\x15%b\x18%c%b" % (len(piece.encode()), piece.encode(), struct.pack("<f", score), kind, behind)
        for piece, score, kind in pieces
    ]
    trainer = b"\x18\x01" + b"\xc0\x02\x01" + b"\xd8\x02\x00"  # the type unigram, the ids of unknown and padding
    return b"".join(b"\x0a" + bytes([len(one)]) + one for one in written) + b"\x12" + bytes([len(trainer)]) + trainer


def expected(proto: bytes, texts: list[str]) -> list[list[int]]:
    """SentencePiece's own ids, text by text."""
    processor = read_processor(proto)
    return [processor.encode(text.encode("utf-8", "replace").decode("utf-8"), out_type=int) for text in texts]


# Where words could come apart otherwise: combining marks, kinds of white space, ignored, expanding and reserved ones.
HARD = [
    *" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\0\x01\x7f",
    *"\u0301\u0308\u0345\u3099\u200b\u200c\u200d\ufeff\u00ad\u2060\ufe0f\u2581\u2585\ud800\udfff\uffff",
    *"\u00a8\ufdfa\u00af\u2017\u1fbd\u0385\u1100\u1161\u11a8\u212b\u00df\u0130\U0001f600\u6771\u4eac",
    " \u0301",
    "\u0301 ",
    "\u2581a",
    "a\u2581",
    "  ",
    *SYMBOLS,
    "<unk>",
    "<pad>",
    "x" * 40,
]
_parts = st.sampled_from([*HARD, *" ".join(TIES).split(), "abc", "don't", "?", "A", "\u00c4rger"]) | st.characters(
    codec=None
)
hard_texts = st.lists(_parts | st.just(" "), max_size=24).map("".join)
tied_texts = st.lists(st.text("abcp0", max_size=6), max_size=20).map(" ".join)
