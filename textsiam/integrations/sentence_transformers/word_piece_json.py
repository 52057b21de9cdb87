"""A WordPiece vocabulary as a ``tokenizer.json`` of BERT's, with the very same token ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textsiam.errors import OptionError

PADDING = " <pad>"  # no word has a space: no text has this token
_PLAIN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def word_piece_json(settings: Mapping[str, Any], max_tokens: int) -> dict[str, Any]:
    """Give the contents of ``tokenizer.json``; OptionError where added tokens are not last."""
    names, outside = [PADDING, *settings["names"][1:]], settings["outside"]
    if outside != list(range(len(names) - len(outside), len(names))):
        raise OptionError("the vocabulary has added tokens before others, which tokenizers numbers in another order")
    inside = names[: len(names) - len(outside)]
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": max_tokens, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [{"id": id_, "content": names[id_], **_PLAIN} for id_ in settings["special"]],
        "normalizer": {
            "type": "BertNormalizer",
            **{name: settings[name] for name in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")},
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": settings["prefix"], "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": names[1],
            "continuing_subword_prefix": settings["prefix"],
            "max_input_chars_per_word": settings["longest_word"],
            "vocab": {name: id_ for id_, name in enumerate(inside)},
        },
    }
