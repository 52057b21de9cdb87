"""The vocabularies of a BERT ``tokenizer.json`` and of a WhitespaceTokenizer, and the rows of embeddings of their ids.

Padding is numbered 0 here, the unknown token 1: rows move with their tokens, and a zero row is put where a folder has
none. That of "[PAD]" is no padding, for a text may hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.word_piece_json import PADDING
from textsiam.text.word_list import WordList
from textsiam.text.word_model import WordModel
from textsiam.text.wordpiece import WordPiece

_OFF = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}


def word_piece_of(tokenizer: Mapping[str, Any], embedding: Array) -> tuple[WordModel, Array]:
    """Give the vocabulary of a tokenizer of type WordPiece, and the embeddings (V, D) of its ids.

    Raises OptionError for another normalizer or pre-tokenizer than BERT's, added tokens that are looked for in
    normalized texts or as whole words only, and fewer rows than tokens.
    """
    model = tokenizer["model"]
    flags = _normalizer(tokenizer.get("normalizer"))
    found = (tokenizer.get("pre_tokenizer") or {}).get("type")
    if found != "BertPreTokenizer":
        raise OptionError(f"its pre_tokenizer is {found}, expected BertPreTokenizer in front of WordPiece")
    added = [one for one in tokenizer.get("added_tokens") or [] if one["content"]]
    for one in added:
        if one.get("normalized") or one.get("single_word") or " " in one["content"]:
            raise OptionError(
                f"the added token {one['content']!r:.80} is looked for in normalized texts, as a whole word, or across "
                "spaces; expected added tokens that are found as they are"
            )
    names: dict[int, str] = {one["id"]: one["content"] for one in added}
    inside: dict[int, str] = {id_: name for name, id_ in model["vocab"].items()}
    others = [(inside.get(id_, name), model["vocab"].get(name, id_)) != (name, id_) for id_, name in names.items()]
    if len(inside) != len(model["vocab"]) or len(names) != len(set(names.values())) or any(others):
        raise OptionError("its tokens and their ids are not one to one")
    unknown = model["vocab"].get(model["unk_token"])
    if unknown is None:
        raise OptionError(f"its vocabulary lacks the unknown token {model['unk_token']!r}, and fails at unknown words")
    outside = [id_ for id_ in names if id_ not in inside]
    if outside != list(range(len(inside), len(inside) + len(outside))):
        raise OptionError("its added tokens have ids that tokenizers gives to others when it loads them; save it anew")
    padding = {id_ for id_, name in inside.items() if name == PADDING}
    rows = [unknown, *sorted({*names, *inside} - {unknown} - padding)]
    number = {row: id_ for id_, row in enumerate(rows, start=1)}
    pieces = WordPiece(
        ["", *((inside | names)[row] for row in rows)],
        special=[number[one["id"]] for one in added],
        outside=[number[id_] for id_ in outside],
        prefix=model["continuing_subword_prefix"],
        longest_word=model["max_input_chars_per_word"],
        **flags,
    )
    return pieces, _behind_zeros(embedding, rows, zeros=1)


def word_list_of(settings: Mapping[str, Any], embedding: Array) -> tuple[WordModel, Array]:
    """Give the vocabulary of ``whitespacetokenizer_config.json``, and the embeddings (V, D) of its ids."""
    words = [str(word) for word in settings["vocab"]]
    vocabulary = WordList(words, stop_words=settings["stop_words"], lowercase=bool(settings["do_lower_case"]))
    return vocabulary, _behind_zeros(embedding, range(len(words)), zeros=2)


def _normalizer(given: Mapping[str, Any] | None) -> dict[str, bool]:
    if given is None:
        return _OFF
    if given["type"] != "BertNormalizer":
        raise OptionError(f"its normalizer is {given['type']}, expected BertNormalizer in front of WordPiece")
    accents = given["lowercase"] if given.get("strip_accents") is None else given["strip_accents"]
    return {name: bool(given[name]) for name in _OFF if name != "strip_accents"} | {"strip_accents": bool(accents)}


def _behind_zeros(embedding: Array, rows: Sequence[int], *, zeros: int) -> Array:
    most = max(rows, default=-1)
    if most >= len(embedding):
        raise OptionError(f"it has {len(embedding):,} embeddings, expected one for each id up to {most:,}")
    return np.concatenate([np.zeros((zeros, embedding.shape[1]), np.float32), embedding[list(rows)]])
