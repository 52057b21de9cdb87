"""Whether transformers cuts texts as a folder's ``tokenizer.json`` says, and adds nothing of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.saved_modules import SavedModule
from textsiam.integrations.sentence_transformers.vocabulary_of import adds_nothing

_CONFIG, _MAP, _ADDED = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
_PLAIN = ("PreTrainedTokenizerFast", "TokenizersBackend")  # the same, before transformers 5 and from then on


def check_plain(module: SavedModule, tokenizer: Mapping[str, Any]) -> None:
    """Raise OptionError where tokens are put around a text, or found in one that ``tokenizer`` does not look for."""
    config = module.json(_CONFIG)
    found = config.get("tokenizer_class")
    if found not in _PLAIN:
        named = f"its tokenizer is a {found}" if found else f"its {_CONFIG} names no tokenizer_class"
        raise OptionError(f"{named}, expected {' or '.join(_PLAIN)}, which add nothing of their own")
    added = tokenizer.get("post_processor")
    if added is not None and not adds_nothing(added):
        raise OptionError(f"its tokenizer's post_processor, {added.get('type')}, adds tokens to each text")
    padding = (tokenizer.get("padding") or {}).get("pad_token")
    named_tokens = {*_special(config), *_special(_optional(module, _MAP)), *_optional(module, _ADDED)}
    named_tokens |= {padding} if padding else set()
    if unknown := sorted(named_tokens - {one["content"] for one in tokenizer.get("added_tokens") or ()}):
        raise OptionError(
            f"it has the special token {unknown[0]!r:.80}, which transformers finds in texts, and its tokenizer.json "
            "does not"
        )


def _optional(module: SavedModule, name: str) -> dict[str, Any]:
    return module.json(name) if (module.folder / name).is_file() else {}


def _special(config: Mapping[str, Any]) -> Iterator[str]:
    """Give the special tokens that a file of transformers names, whichever way it does."""
    for name, value in config.items():
        if name.endswith(("_token", "_tokens", "_tokens_decoder")):
            yield from _contents(value)


def _contents(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and "content" in value:
        yield str(value["content"])
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _contents(one)
