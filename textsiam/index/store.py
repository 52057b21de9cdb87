"""The records of an index: texts with their vectors, and entries."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import numpy as np

from textsiam.arrays import Array
from textsiam.index.database import Database
from textsiam.index.relations import Relations

AT_ONCE = 500  # parameters of a query
VECTORS_AT_ONCE = 8192
Item = TypeVar("Item")


class Entry(NamedTuple):
    """A text under its key, as it was given; ``attributes`` are JSON values by name."""

    key: str
    text: str
    attributes: Mapping[str, Any]


class StoredText(NamedTuple):
    """A distinct text as the model read it first."""

    id: int
    hash: bytes
    text: str


class State(NamedTuple):
    """Where an index stands: ``generation`` of its vectors, ``revision`` of its texts.

    ``gone_from``: removals before this revision are not listed any more.
    """

    generation: int
    revision: int
    gone_from: int


class Store:
    """Reads and writes records; whoever calls opens the transaction (``database.reading`` or ``writing``)."""

    def __init__(self, database: Database) -> None:
        self.database, self.relations = database, Relations(database)

    def settings(self) -> dict[str, str]:
        """Give the settings of the index, by name; none where it is new."""
        return dict(self.database.rows("SELECT name, value FROM meta"))

    def set(self, settings: Mapping[str, object]) -> None:
        """Write settings."""
        self.database.run_many(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [(name, str(value)) for name, value in settings.items()],
        )

    def setting(self, name: str) -> str:
        """Give one of them."""
        return str(next(self.database.rows("SELECT value FROM meta WHERE name = ?", (name,)))[0])

    def count_up(self, name: str) -> int:
        """Add one to a setting that is a number, and give it."""
        number = int(self.setting(name)) + 1
        self.set({name: number})
        return number

    def last_id(self) -> int:
        """Give the highest id of a text; 0 where there is none."""
        return int(next(self.database.rows("SELECT coalesce(max(id), 0) FROM texts"))[0])

    def state(self) -> State:
        """Tell where the index stands."""
        settings = self.settings()
        return State(*(int(settings[name]) for name in State._fields))

    def counts(self) -> tuple[int, int]:
        """Count entries and distinct texts."""
        (entries,) = next(self.database.rows("SELECT count(*) FROM entries"))
        (texts,) = next(self.database.rows("SELECT count(*) FROM texts"))
        return entries, texts

    def count_up_to(self, last_id: int) -> int:
        """Count the distinct texts up to an id."""
        return int(next(self.database.rows("SELECT count(*) FROM texts WHERE id <= ?", (last_id,)))[0])

    def ids(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Give the ids of the texts that are there."""
        return {bytes(found): number for number, found in self._in("SELECT id, hash FROM texts WHERE hash IN", hashes)}

    def texts(self, ids: Iterable[int]) -> dict[int, StoredText]:
        """Give texts by their ids."""
        found = self._in("SELECT id, hash, text FROM texts WHERE id IN", ids)
        return {number: StoredText(number, bytes(own), text) for number, own, text in found}

    def vectors(self, ids: Iterable[int]) -> tuple[list[int], Array]:
        """Give the ids that are there, rising, and their vectors, float32 (n, D)."""
        found = sorted(self._in("SELECT id, vector FROM texts WHERE id IN", ids))
        return [number for number, _ in found], self.database.from_columns([vector for _, vector in found])

    def texts_and_vectors(self, ids: Iterable[int]) -> tuple[list[StoredText], Array]:
        """Give the texts that are there, by rising ids, and their vectors, float32 (n, D)."""
        found = sorted(self._in("SELECT id, hash, text, vector FROM texts WHERE id IN", ids))
        texts = [StoredText(number, bytes(own), text) for number, own, text, _ in found]
        return texts, self.database.from_columns([vector for *_, vector in found])

    def blocks(self, after: int) -> Iterator[tuple[Array, Array]]:
        """Give ids, rising from behind ``after``, int64 (n,), and vectors, float32 (n, D), block by block."""
        sql = f"SELECT id, vector FROM texts WHERE id > ? ORDER BY id LIMIT {VECTORS_AT_ONCE}"
        while block := list(self.database.rows(sql, (after,))):
            numbers, vectors = zip(*block, strict=True)
            yield np.array(numbers, dtype=np.int64), self.database.from_columns(vectors)
            after = numbers[-1]

    def all_texts(self) -> Iterator[list[tuple[int, str]]]:
        """Give ids and texts, rising, block by block; what is changed meanwhile may be given as it was, or as it is."""
        last = 0
        sql = f"SELECT id, text FROM texts WHERE id > ? ORDER BY id LIMIT {VECTORS_AT_ONCE}"
        while block := list(self.database.rows(sql, (last,))):
            yield block
            last = block[-1][0]

    def set_vectors(self, ids: Iterable[int], vectors: Array) -> None:
        """Write vectors anew."""
        rows = [(self.database.to_column(vector), number) for number, vector in zip(ids, vectors, strict=True)]
        self.database.run_many("UPDATE texts SET vector = ? WHERE id = ?", rows)

    def add_texts(self, texts: Mapping[bytes, tuple[str, Array]]) -> dict[bytes, int]:
        """Add texts with their vectors, by their hashes, and give their ids."""
        self.database.run_many(
            "INSERT INTO texts (hash, text, vector) VALUES (?, ?, ?)",
            [(own, text, self.database.to_column(vector)) for own, (text, vector) in texts.items()],
        )
        ids = self.ids(texts)
        if ids:
            self.set({"last_id": max(ids.values())})  # that was ever given
        return ids

    def entries(self, keys: Iterable[str]) -> dict[str, tuple[int, Entry]]:
        """Give the entries that are there, with the ids of their texts, by key."""
        found = self._in("SELECT text_id, key, text, attributes FROM entries WHERE key IN", keys)
        return {row[1]: (row[0], _entry(row[1:])) for row in found}

    def entries_of(self, ids: Iterable[int]) -> dict[int, list[Entry]]:
        """Give the entries of texts, by the texts' ids, each list by key."""
        found: dict[int, list[Entry]] = {}
        for row in self._in("SELECT text_id, key, text, attributes FROM entries WHERE text_id IN", ids):
            found.setdefault(row[0], []).append(_entry(row[1:]))
        for entries in found.values():
            entries.sort(key=lambda entry: entry.key)
        return found

    def all_keys(self) -> list[str]:
        """Give the keys of all entries, rising."""
        return [key for (key,) in self.database.rows("SELECT key FROM entries ORDER BY key")]

    def attribute_names(self) -> dict[str, int]:
        """Give the names of all attributes, and how many entries have them, by name."""
        rows = self.database.rows("SELECT attributes FROM entries WHERE attributes <> '{}'")
        return dict(sorted(Counter(name for (found,) in rows for name in json.loads(found)).items()))

    def put_entries(self, entries: Iterable[tuple[int, Entry]]) -> None:
        """Write entries, each under the id of its text; one with the same key is replaced."""
        self.database.run_many(
            "INSERT INTO entries (key, text_id, text, attributes) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "text_id = excluded.text_id, text = excluded.text, attributes = excluded.attributes",
            [(entry.key, number, entry.text, as_json(entry.attributes)) for number, entry in entries],
        )

    def remove_entries(self, keys: Sequence[str]) -> None:
        """Remove entries; their texts stay until ``remove_unused``."""
        self.database.run_many("DELETE FROM entries WHERE key = ?", [(key,) for key in keys])

    def remove_unused(self, ids: Iterable[int], revision: int) -> None:
        """Remove those of some texts that no entry has any more, with their links."""
        ids = set(ids)
        unused = [(number,) for number in sorted(ids - self.entries_of(ids).keys())]
        self.database.run_many(f"INSERT INTO gone VALUES (?, {revision})", unused)
        for column in ("links WHERE a", "links WHERE b", "members WHERE text_id", "texts WHERE id"):
            self.database.run_many(f"DELETE FROM {column} = ?", unused)

    def gone_since(self, revision: int) -> list[int]:
        """Give the ids of the texts that were removed after a revision."""
        return [number for (number,) in self.database.rows("SELECT text_id FROM gone WHERE revision > ?", (revision,))]

    def forget_gone(self) -> None:
        """List no removals any more."""
        list(self.database.rows("DELETE FROM gone"))
        self.set({"gone_from": self.setting("revision")})

    def repeated(self) -> list[int]:
        """Give the ids of the texts that have several entries, rising."""
        sql = "SELECT text_id FROM entries GROUP BY text_id HAVING count(*) > 1 ORDER BY text_id"
        return [number for (number,) in self.database.rows(sql)]

    def _in(self, sql: str, values: Iterable[Any]) -> Iterator[Any]:
        """Run a query that ends with IN for all values, some at a time."""
        rest = iter(values)
        while some := list(islice(rest, AT_ONCE)):
            yield from self.database.rows(f"{sql} ({', '.join('?' * len(some))})", some)


def as_json(attributes: Mapping[str, Any]) -> str:
    """Give attributes as they are stored."""
    return json.dumps(dict(attributes), ensure_ascii=False, sort_keys=True) if attributes else "{}"


def _entry(row: Sequence[Any]) -> Entry:
    key, text, attributes = row
    return Entry(key, text, {} if attributes == "{}" else json.loads(attributes))
