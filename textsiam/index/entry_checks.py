"""Entries that are given to an index, checked: keys, texts and attributes that it can hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from textsiam.errors import OptionError
from textsiam.index.store import Entry

Given = Entry | Sequence[Any]  # key and text, or key, text and attributes


def checked_entries(rows: Iterable[Given]) -> list[Entry]:
    """Give rows as entries; raises OptionError for what is none, and for a key that comes twice with other contents."""
    if isinstance(rows, str | Mapping):
        raise OptionError(f"rows is a {type(rows).__name__}, expected a list of (key, text) or (key, text, attributes)")
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows):
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) not in (2, 3):
            raise OptionError(f"rows[{number}] is {row!r:.60}, expected (key, text) or (key, text, attributes)")
        entry = checked_entry(*row)
        if entries.setdefault(entry.key, entry) != entry:
            raise OptionError(f"rows[{number}] has the key {entry.key!r}, as a row before it that says otherwise")
    return list(entries.values())


def checked_entry(key: object, text: object, attributes: object = None) -> Entry:
    """Give an entry; raises OptionError where a part of it cannot be stored."""
    return Entry(checked_str("key", key), checked_str("text", text, key), checked_attributes(attributes or {}, key))


def checked_str(what: str, value: object, key: object = None) -> str:
    """Give a str back; raises OptionError for what is none, and for characters that no database holds."""
    of = f" of key {key!r:.80}" if key is not None else ""
    if not isinstance(value, str):
        raise OptionError(f"{what}{of} is {value!r:.80}, expected a str")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise OptionError(f"{what}{of} has half a character at {error.start} (a lone surrogate); mend it") from error
    if "\0" in value:
        raise OptionError(f"{what}{of} has a null character at {value.index(chr(0))}, which cannot be stored; mend it")
    return value


def checked_attributes(attributes: object, key: object) -> dict[str, Any]:
    """Give attributes as JSON gives them back; raises OptionError for what JSON cannot hold."""
    if attributes == {}:  # of most
        return {}
    if not isinstance(attributes, Mapping) or not all(isinstance(name, str) for name in attributes):
        raise OptionError(f"attributes of key {key!r:.80} are {attributes!r:.80}, expected a dict with str keys")
    try:
        text = json.dumps(dict(attributes), allow_nan=False)
        json.dumps(dict(attributes), ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise OptionError(f"attributes of key {key!r:.80} cannot be stored as JSON: {error}") from error
    if "\\u0000" in text:
        raise OptionError(f"attributes of key {key!r:.80} have a null character, which cannot be stored")
    found: dict[str, Any] = json.loads(text)
    return found
