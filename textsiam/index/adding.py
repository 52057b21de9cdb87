"""Adding entries to an index, each with a vector for every text that is new, and taking them out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.index.relations import text_hash
from textsiam.index.scorer import Scorer
from textsiam.index.store import Entry, Store, as_json


class NewEntry(NamedTuple):
    """An entry to write; ``attributes`` None: those that it has already, if it is there."""

    key: str
    text: str
    attributes: Mapping[str, Any] | None

    def over(self, was: Entry | None) -> Entry:
        """Give the entry as it is to be, where another one is under its key."""
        kept = was.attributes if was is not None else {}
        return Entry(self.key, self.text, kept if self.attributes is None else self.attributes)


class Encoded:
    """Texts by their hashes, the first spelling of each, and vectors of those that were new when it was made.

    Vectors are made before the index is locked, so that others can write meanwhile.
    """

    def __init__(self, model: Scorer, texts: Iterable[str], known: Mapping[bytes, int]) -> None:
        self.model, self.texts, self.vectors = model, dict[bytes, str](), dict[bytes, Array]()
        for text in texts:
            self.texts.setdefault(text_hash(text), text)
        self._encode([own for own in self.texts if own not in known])

    def missing(self, texts: Mapping[bytes, str], ids: Mapping[bytes, int]) -> dict[bytes, tuple[str, Array]]:
        """Give those of some texts that are not in ``ids``, with their vectors."""
        missing = [own for own in texts if own not in ids]
        self.texts = {**texts, **self.texts}
        self._encode([own for own in missing if own not in self.vectors])  # removed by others meanwhile
        return {own: (self.texts[own], self.vectors[own]) for own in missing}

    def _encode(self, hashes: Sequence[bytes]) -> None:
        vectors = self.model.encode([self.texts[own] for own in hashes])
        self.vectors.update(zip(hashes, vectors, strict=True))


def put(store: Store, given: Sequence[NewEntry], encoded: Encoded, *, replace: bool) -> int:
    """Write entries, and give the number of new keys; inside of a writing transaction.

    An entry that is there just so is left as it is. Raises OptionError for one with another text or other attributes,
    unless it is to be replaced.
    """
    before = store.entries(entry.key for entry in given)
    entries = [entry.over(before[entry.key][1] if entry.key in before else None) for entry in given]
    changed = [entry for entry in entries if entry.key not in before or not is_same(before[entry.key][1], entry)]
    for entry in changed:
        if entry.key in before and not replace:
            what = difference(before[entry.key][1], entry)
            raise OptionError(
                f"key {entry.key!r} is in the index already, with {what}; update it, or add with replace (--replace)"
            )
    if not changed:
        return 0
    hashes = {text_hash(entry.text): entry.text for entry in changed}
    ids = store.ids(hashes)
    ids |= store.add_texts(encoded.missing(hashes, ids))
    store.put_entries((ids[text_hash(entry.text)], entry) for entry in changed)
    _finish(store, {before[entry.key][0] for entry in changed if entry.key in before})
    return sum(entry.key not in before for entry in changed)


def is_same(was: Entry, entry: Entry) -> bool:
    """Tell whether two entries are stored alike; Python would call 1, 1.0 and True the same."""
    return was[:2] == entry[:2] and as_json(was.attributes) == as_json(entry.attributes)


def says_same(one: NewEntry, other: NewEntry) -> bool:
    """Tell whether two entries that are to be written say the same."""
    unsaid = [entry.attributes is None for entry in (one, other)]
    return unsaid[0] == unsaid[1] and is_same(one.over(None), other.over(None))


def difference(was: Entry | NewEntry, entry: Entry | NewEntry) -> str:
    """Say what an entry had that the one under the same key has otherwise."""
    return "other attributes" if was.text == entry.text else f"another text, {was.text!r:.60}"


def take_out(store: Store, keys: Iterable[str]) -> int:
    """Remove entries, and give the number of those that were there; inside of a writing transaction."""
    before = store.entries(keys)
    if before:
        store.remove_entries(list(before))
        _finish(store, {number for number, _ in before.values()})
    return len(before)


def _finish(store: Store, left: set[int]) -> None:
    """Remove texts that were left by all of their entries, and tell readers that the texts have changed."""
    store.remove_unused(left, store.count_up("revision"))
