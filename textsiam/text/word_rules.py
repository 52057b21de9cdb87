"""Which SentencePiece models give a text the ids of its words, laid end to end.

A word here is what lies between two spaces (U+0020, no other white space). Its ids hold wherever it stands if

- the normalizer starts a text with U+2581, makes one U+2581 of each run of spaces and strips the ends, so that every
  word but an empty one becomes U+2581 and what the word itself normalizes to;
- no rule of the normalizer, which replaces the longest sequence it knows, has a space in its sequence: then nothing
  combines across a space, neither U+0301 after one nor anything before it;
- no piece, the user's symbols among them, has a space in it, or a U+2581 anywhere but at its start: then every U+2581
  starts a piece, and pieces lie within words. (Unknown ones side by side are one token: see word_ids.py.)

What else a word needs is checked word by word in word_ids.py: no U+2581 of its own, which the normalizer strips at
the end of a text only, and with unigram models what rounding.py asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sentencepiece

from textsiam.text.wire import fields

WORD_START = "\u2581"

_TRAINER, _NORMALIZER = 2, 3  # fields of ModelProto
_MODEL_TYPE = 3  # of TrainerSpec
_CHARACTER_MAP = 2  # of NormalizerSpec
_UNIGRAM = 1


@dataclass(frozen=True, slots=True)
class WordRules:
    """What a model says about words."""

    independent: bool
    """Whether a text's ids are those of its words, rounding aside."""
    unigram: bool
    """Whether words are cut by sums of float32 scores, so that rounding counts."""


def word_rules(processor: sentencepiece.SentencePieceProcessor) -> WordRules:
    """Read off a loaded model whether its words are independent."""
    model = dict(fields(processor.serialized_model_proto()))
    trainer, normalizer = (dict(fields(_message(model.get(field)))) for field in (_TRAINER, _NORMALIZER))
    pieces = "\0".join(["", *processor.id_to_piece(list(range(processor.get_piece_size())))])  # no piece holds a NUL
    independent = (
        processor.normalize(" a  b ") == f"{WORD_START}a{WORD_START}b"
        and " " not in pieces
        and pieces.count(WORD_START) == pieces.count(f"\0{WORD_START}")
        and _keeps_spaces(_message(normalizer.get(_CHARACTER_MAP)))
    )
    return WordRules(independent, trainer.get(_MODEL_TYPE, _UNIGRAM) == _UNIGRAM)


def _message(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _keeps_spaces(character_map: bytes) -> bool:
    """Whether no rule has a space in the sequence that it replaces, and none makes a U+2581.

    The map is the size of a trie in bytes, the trie, and the replacements. The trie is a darts-clone double array:
    units of 32 bits in which the child of ``node`` by ``byte`` is ``node ^ offset ^ byte`` and is labelled ``byte``.
    """
    if not character_map:
        return True
    size = int.from_bytes(character_map[:4], "little")
    units = np.frombuffer(character_map, "<u4", count=size // 4, offset=4)
    offsets = (units >> 10) << ((units & 0x200) >> 6)
    children = np.arange(len(units), dtype=np.uint32) ^ offsets ^ ord(" ")
    labels = units[children[children < len(units)]] & 0x8000_00FF  # the highest bit marks a leaf, which has no label
    return not (labels == ord(" ")).any() and WORD_START.encode() not in character_map[4 + size :]
