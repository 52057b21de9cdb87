"""The SentencePiece vocabulary of which a ``tokenizer.json`` gives the same ids, where there is one.

That it is one is proved, not guessed: written as ``tokenizer.json`` once more, it must be the very same.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from textsiam.errors import OptionError, VocabularyError
from textsiam.integrations.sentence_transformers.tokenizer_json import (
    CONTROL,
    DEAD,
    NORMAL,
    UNKNOWN,
    WORD_END,
    Pieces,
    tokenizer_json,
)
from textsiam.text.tokenizer import PAD_ID, UNKNOWN_ID, read_processor
from textsiam.text.vocabulary_options import TYPES

_DEFAULTS: dict[str, Any] = {"byte_fallback": False, "ignore_merges": False, "added_tokens": [], "version": "1.0"}
_ADVICE = (
    "what export_sentence_transformers writes is imported, and BERT's WordPiece without tokens around a text; others "
    "can be teachers of textsiam.distill"
)
_WHY = {
    "WordLevel": "WordLevel counts each unknown word, of which SentencePiece makes one token side by side",
}


def vocabulary_of(tokenizer: Mapping[str, Any], max_tokens: int) -> bytes:
    """Give the serialised SentencePiece model whose ids are those of a ``tokenizer.json``, cut at ``max_tokens``.

    Raises OptionError that says why where none is known to be.
    """
    kind = str(_inner(tokenizer, "model").get("type"))
    if kind not in ("Unigram", "BPE"):
        why = _WHY.get(kind, "no SentencePiece model is known to do the same")
        raise OptionError(f"its tokenizer is of type {kind}: {why}; {_ADVICE}")
    try:
        pieces = _pieces(tokenizer)
        proto = write_proto(pieces)
        read_processor(proto)
        ours: Mapping[str, Any] = tokenizer_json(pieces, max_tokens)
    except (OptionError, VocabularyError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise OptionError(_other_way(f"{kind} model", tokenizer)) from error
    given = dict(tokenizer)
    if adds_nothing(given.get("post_processor")):
        given["post_processor"] = None
    for part in ("normalizer", "pre_tokenizer", "post_processor", "added_tokens", "model"):
        if _plain(ours.get(part)) != _plain(given.get(part)):
            raise OptionError(_other_way(part, tokenizer))
    return proto


def write_proto(pieces: Pieces) -> bytes:
    """Serialise a SentencePiece model that gives the ids of ``pieces``."""
    written = [
        _field(1, _field(1, name.encode()) + _key(2, 5) + struct.pack("<f", score) + _number(3, kind))
        for name, score, kind in zip(pieces.names, pieces.scores, pieces.kinds, strict=True)
    ]
    trainer = _number(3, TYPES.index(pieces.type) + 1)
    trainer += _number(40, UNKNOWN_ID) + _number(41, -1) + _number(42, -1) + _number(43, PAD_ID)
    trainer += _field(45, pieces.names[UNKNOWN_ID].encode()) + _field(48, pieces.names[PAD_ID].encode())
    normalizer = _field(2, pieces.character_map) if pieces.character_map else _field(1, b"identity")
    return b"".join(written) + _field(2, trainer) + _field(3, normalizer)


def _pieces(tokenizer: Mapping[str, Any]) -> Pieces:
    model = _inner(tokenizer, "model")
    if model["type"] == "Unigram":
        given = [(str(name), float(score)) for name, score in model["vocab"]]
        kind = "word" if any(name.endswith(WORD_END) for name, _ in given) else "unigram"
    else:
        by_id = sorted(model["vocab"].items(), key=lambda entry: int(entry[1]))
        merges = [_merge(merge) for merge in model["merges"]]
        rank = {left + right: -float(place) for place, (left, right) in reversed(list(enumerate(merges)))}
        given = [(str(name), rank.get(name, -float(len(merges)))) for name, _ in by_id]
        kind = "bpe" if merges else "char"
    live = [not name.startswith(DEAD) for name, _ in given]
    kinds = [NORMAL if one else CONTROL for one in live]
    kinds[UNKNOWN_ID] = UNKNOWN
    end = WORD_END if kind == "word" else ""
    names = [
        name.removesuffix(end) if one else name.removeprefix(DEAD) for (name, _), one in zip(given, live, strict=True)
    ]
    scores = [score for _, score in given]
    return Pieces(names, scores, kinds, kind, _character_map(tokenizer))


def _character_map(tokenizer: Mapping[str, Any]) -> bytes:
    for step in _inner(tokenizer, "normalizer").get("normalizers", []):
        if step["type"] == "Precompiled":
            return base64.b64decode(step["precompiled_charsmap"], validate=True)
    return b""


def _merge(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def adds_nothing(post_processor: Any) -> bool:
    """Tell whether a template has nothing but the text, as transformers writes it."""
    if not isinstance(post_processor, dict) or post_processor.get("type") != "TemplateProcessing":
        return False
    return [list(part) for part in post_processor.get("single", [])] == [["Sequence"]]


def _plain(value: Any) -> Any:
    """Leave out what later versions of tokenizers add at its default, and write merges in one way."""
    if isinstance(value, dict):
        given = value | ({"merges": [_merge(merge) for merge in value["merges"]]} if "merges" in value else {})
        return {name: _plain(one) for name, one in given.items() if one is not None and _DEFAULTS.get(name) != one}
    if isinstance(value, list):
        return [_plain(one) for one in value] or None
    return value


def _other_way(part: str, tokenizer: Mapping[str, Any]) -> str:
    found = tokenizer.get(part)
    name = f", {found['type']}," if isinstance(found, dict) and "type" in found else ""
    return f"its tokenizer's {part}{name} is not known to give the ids of a SentencePiece model; {_ADVICE}"


def _inner(tokenizer: Mapping[str, Any], part: str) -> dict[str, Any]:
    found = tokenizer.get(part)
    return found if isinstance(found, dict) else {}


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value % (1 << 64))


def _varint(value: int) -> bytes:
    return bytes(_sevens(value))


def _sevens(value: int) -> Iterator[int]:
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
