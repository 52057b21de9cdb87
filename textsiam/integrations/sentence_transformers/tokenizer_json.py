"""A SentencePiece vocabulary as a ``tokenizer.json`` of the package tokenizers, with the very same token ids.

The whole text is one word of the model, as for SentencePiece, so that unknown characters side by side are one token.
Types "char" and "bpe" become a BPE model whose merges are all pairs of pieces that make a piece, by falling score.
Type "word" becomes a unigram model of whole words: a space stands behind each word and each piece, so that no piece
fits within a word. Of type "unigram" the scores are added up in 64 bits, not in 32: rounding may decide otherwise
between two ways to cut a word that are as good.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.normalizers import ended_words, normalizer_steps
from textsiam.text.tokenizer import UNKNOWN_ID, read_processor
from textsiam.text.vocabulary_options import TYPES
from textsiam.text.wire import fields
from textsiam.text.word_rules import WORD_START

NORMAL, UNKNOWN, CONTROL = 1, 2, 3  # types of pieces
_TYPE_NAMES = {4: "symbols of the user", 5: "unused pieces", 6: "bytes"}
DEAD = " "  # before the name of what stands for no text: no text that is normalized has it there
WORD_END = " "


@dataclass(frozen=True)
class Pieces:
    """What a SentencePiece model holds that token ids follow from."""

    names: list[str]
    scores: list[float]
    kinds: list[int]
    type: str
    """"unigram", "bpe", "word" or "char"."""
    character_map: bytes

    @property
    def alphabet(self) -> set[str]:
        """The characters that pieces are made of."""
        normal = (name for name, kind in zip(self.names, self.kinds, strict=True) if kind == NORMAL)
        return set("".join(normal))


def read_pieces(proto: bytes) -> Pieces:
    """Read a serialised SentencePiece model; OptionError where its ids follow from more than ``Pieces`` holds."""
    if read_processor(proto).normalize(" a  b ") != f"{WORD_START}a{WORD_START}b":
        raise OptionError("the vocabulary's normalization treats spaces in a way of its own, which is not exported")
    names, scores, kinds = [], [], []
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    for number, value in fields(proto):
        assert isinstance(value, bytes)
        if number == 1:
            piece = dict(fields(value))
            names.append(_bytes(piece, 1).decode())
            scores.append(struct.unpack("<f", _bytes(piece, 2) or bytes(4))[0])
            kinds.append(int(piece.get(3, NORMAL)))
        elif number == 2:
            trainer = dict(fields(value))
        elif number == 3:
            normalizer = dict(fields(value))
    for kind, what in _TYPE_NAMES.items():
        if kind in kinds:
            raise OptionError(
                f"the vocabulary has {what}, such as {names[kinds.index(kind)]!r}, for which tokenizers has no equal"
            )
    return Pieces(names, scores, kinds, TYPES[int(trainer.get(3, 1)) - 1], _bytes(normalizer, 2))


def tokenizer_json(pieces: Pieces, max_tokens: int) -> dict[str, Any]:
    """Give the contents of ``tokenizer.json``; OptionError where no tokenizer gives the same ids."""
    steps = normalizer_steps(pieces.character_map, pieces.alphabet)
    if pieces.type == "word":
        steps += ended_words()
    names = spelled_names(pieces)
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": max_tokens, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": None,
        "model": _bpe(pieces, names) if pieces.type in ("bpe", "char") else _unigram(pieces, names),
    }


def spelled_names(pieces: Pieces) -> list[str]:
    """Give the names under which tokenizers finds the pieces."""
    end = WORD_END if pieces.type == "word" else ""
    return [
        f"{name}{end}" if kind == NORMAL and (not end or name.startswith(WORD_START)) else f"{DEAD}{name}"
        for name, kind in zip(pieces.names, pieces.kinds, strict=True)
    ]


def _unigram(pieces: Pieces, names: Sequence[str]) -> dict[str, Any]:
    # whole words do not compete: any score does
    scores = [-1.0] * len(names) if pieces.type == "word" else pieces.scores
    vocabulary = [[name, score] for name, score in zip(names, scores, strict=True)]
    return {"type": "Unigram", "unk_id": UNKNOWN_ID, "vocab": vocabulary, "byte_fallback": False}


def _bpe(pieces: Pieces, names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": names[UNKNOWN_ID],
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {name: number for number, name in enumerate(names)},
        "merges": _merges(pieces) if pieces.type == "bpe" else [],
    }


def _merges(pieces: Pieces) -> list[str]:
    """Give all pairs of pieces that make a piece, by falling score of that; of equal ones the leftmost merges first."""
    known = {name for name, kind in zip(pieces.names, pieces.kinds, strict=True) if kind == NORMAL}
    if missing := sorted(pieces.alphabet - known):
        raise OptionError(
            f"the vocabulary has pieces with {missing[0]!r}, but no piece of it alone; tokenizers needs one"
        )
    scores = dict(zip(pieces.names, pieces.scores, strict=True))
    merges = []
    for name in sorted((one for one in known if len(one) > 1), key=lambda one: -scores[one]):
        splits = [(name[:cut], name[cut:]) for cut in range(len(name) - 1, 0, -1)]
        merges += [f"{left} {right}" for left, right in splits if left in known and right in known]
    return merges


def _bytes(message: dict[int, int | bytes], number: int) -> bytes:
    value = message.get(number, b"")
    return value if isinstance(value, bytes) else b""
