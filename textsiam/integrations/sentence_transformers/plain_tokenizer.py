"""Whether transformers cuts texts as a folder's ``tokenizer.json`` says, and adds nothing of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.saved_modules import SavedModule
from textsiam.integrations.sentence_transformers.vocabulary_of import adds_nothing

_CONFIG, _MAP, _ADDED = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
# settings that change no id of a text that WordEmbeddings gives; others are refused where they are set
_HARMLESS = {
    *("backend", "clean_up_tokenization_spaces", "is_local", "local_files_only", "max_length", "model_input_names"),
    *("model_max_length", "pad_to_multiple_of", "pad_token_type_id", "padding_side", "stride", "tokenizer_class"),
    *("truncation_side", "truncation_strategy"),
}
_DECODER = "added_tokens_decoder"
_TOKENS = ("_token", "_tokens", _DECODER)  # how names of settings end that name tokens
_SWITCHES = ("split_special_tokens", "add_bos_token", "add_eos_token")
_FLAGS = ("special", "normalized", "single_word", "lstrip", "rstrip")
_PLAIN = ("PreTrainedTokenizerFast", "TokenizersBackend")  # the same, before transformers 5 and from then on


def check_plain(module: SavedModule, tokenizer: Mapping[str, Any]) -> None:
    """Raise OptionError where tokens are put around a text, or looked for in another way than ``tokenizer`` says."""
    config = module.json(_CONFIG)
    found = config.get("tokenizer_class")
    if found not in _PLAIN:
        said = f"its tokenizer is a {found}" if found else f"its {_CONFIG} names no tokenizer_class"
        raise OptionError(f"{said}, expected {' or '.join(_PLAIN)}, which add nothing of their own")
    added = tokenizer.get("post_processor")
    if added is not None and not adds_nothing(added):
        raise OptionError(f"its tokenizer's post_processor, {added.get('type')}, adds tokens to each text")
    others, known = _optional(module, _MAP), {one["content"]: one for one in tokenizer.get("added_tokens") or ()}
    for file, settings in ((_CONFIG, config), (_MAP, others)):
        for name, value in settings.items():
            if value and name not in _HARMLESS and (name in _SWITCHES or not name.endswith(_TOKENS)):
                raise OptionError(f"its {file} sets {name} to {value!r:.60}, and what that does to a text is not known")
    added_ids = [{"content": token, "id": id_} for token, id_ in _optional(module, _ADDED).items()]
    for token in (*_tokens(config), *_tokens(others), *_tokens(tokenizer.get("padding") or {}), *added_ids):
        if any(known.get(token["content"], {}).get(flag) != value for flag, value in token.items()):
            raise OptionError(
                f"it has the special token {token['content']!r:.80}, which transformers finds in texts in another way "
                "than its tokenizer.json says"
            )


def _optional(module: SavedModule, name: str) -> dict[str, Any]:
    return module.json(name) if (module.folder / name).is_file() else {}


def _tokens(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the special tokens that a file of transformers names, whichever way it does, with what it says of them."""
    for name, value in config.items():
        if name.endswith(_TOKENS) and name not in _SWITCHES:
            for token in _listed(value):
                said = {flag: token[flag] for flag in ("content", *_FLAGS) if flag in token}
                # there what is not said has its default
                yield {**_defaults(said), **said} if name == _DECODER else said


def _defaults(said: Mapping[str, Any]) -> dict[str, bool]:
    return {**dict.fromkeys(_FLAGS, False), "normalized": not said.get("special", False)}


def _listed(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, str):
        yield {"content": value}
    elif isinstance(value, dict) and "content" in value:
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _listed(one)
