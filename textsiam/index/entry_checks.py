"""Entries that are given to an index, checked: keys, texts and attributes that it can hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from textsiam.errors import OptionError
from textsiam.index.adding import NewEntry, says_same

Given = Sequence[Any]  # key and text, or key, text and attributes


def checked_entries(rows: Iterable[Given]) -> list[NewEntry]:
    """Give rows as entries; raises OptionError for what is none, and for a key that comes twice with other contents."""
    if isinstance(rows, str | Mapping):
        raise OptionError(f"rows is a {type(rows).__name__}, expected a list of (key, text) or (key, text, attributes)")
    entries: dict[str, NewEntry] = {}
    for number, row in enumerate(rows):
        if isinstance(row, str) or not isinstance(row, Sequence) or len(row) not in (2, 3):
            raise OptionError(f"rows[{number}] is {row!r:.60}, expected (key, text) or (key, text, attributes)")
        entry = checked_entry(*row)
        if not says_same(entries.setdefault(entry.key, entry), entry):
            raise OptionError(f"rows[{number}] has the key {entry.key!r}, as a row before it that says otherwise")
    return list(entries.values())


def checked_entry(key: object, text: object, attributes: object = None) -> NewEntry:
    """Give an entry to write; raises OptionError where a part of it cannot be stored."""
    known = None if attributes is None else checked_attributes(attributes, key)
    return NewEntry(checked_str("key", key), checked_str("text", text, key), known)


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
    return {} if attributes == {} else _as_json_gives(attributes, f"attributes of key {key!r:.80}")


def checked_where(where: object) -> dict[str, Any]:
    """Give attributes to look for as JSON gives them back; raises OptionError for what JSON cannot hold."""
    return _as_json_gives(where, "where")


def _as_json_gives(given: object, what: str) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise OptionError(f"{what}: {given!r:.80} is no dict with str keys; give one")
    try:
        text = json.dumps(dict(given), allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise OptionError(f"{what}: not to be stored as JSON ({error})") from error
    if "\\u0000" in text and "\0" in "".join(_texts_in(given)):
        raise OptionError(f"{what}: a null character cannot be stored; mend it")
    found: dict[str, Any] = json.loads(text)
    return found


def _texts_in(value: object) -> Iterator[str]:
    """Give all texts in JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for pair in value.items():
            yield from _texts_in(list(pair))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_in(one)
