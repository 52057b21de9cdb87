"""What an index knows of pairs of texts: verdicts of people, links of the model, and the groups that follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from textsiam.index.database import Database
from textsiam.index.groups import LINKS_AT_ONCE, Links
from textsiam.text.normalization import normalize_text


class Verdict(NamedTuple):
    """What a person said of two texts: 1 the same, 0 not. A training pair."""

    text_a: str
    text_b: str
    label: int


def text_hash(text: str) -> bytes:
    """Give what copies of a text have in common, 16 bytes."""
    return hashlib.blake2b(normalize_text(text).encode(), digest_size=16).digest()


class Relations:
    """Reads and writes them; whoever calls opens the transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def verdicts_of(self, own: bytes) -> dict[bytes, bool]:
        """Give the hashes of the texts that a person has compared with one, and whether they are the same."""
        found: dict[Any, Any] = dict(self.database.rows("SELECT hash_a, same FROM verdicts WHERE hash_b = ?", (own,)))
        found |= dict(self.database.rows("SELECT hash_b, same FROM verdicts WHERE hash_a = ?", (own,)))
        return {bytes(other): bool(same) for other, same in found.items()}

    def verdicts(self) -> list[tuple[bytes, bytes, Verdict]]:
        """Give all verdicts, with the hashes of their texts, by these."""
        rows = self.database.rows("SELECT hash_a, hash_b, text_a, text_b, same FROM verdicts ORDER BY hash_a, hash_b")
        return [(bytes(a), bytes(b), Verdict(*verdict)) for a, b, *verdict in rows]

    def put_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Write verdicts, each in the place of an earlier one on the same two texts."""
        rows = {}
        for *texts, label in verdicts:
            (a, text_a), (b, text_b) = sorted((text_hash(text), text) for text in texts)
            rows[a, b] = (a, b, text_a, text_b, label)
        self.database.run_many(
            "INSERT INTO verdicts VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash_a, hash_b) DO UPDATE "
            "SET text_a = excluded.text_a, text_b = excluded.text_b, same = excluded.same",
            list(rows.values()),
        )

    def forget_verdict(self, text_a: str, text_b: str) -> None:
        """Remove a verdict."""
        both = sorted((text_hash(text_a), text_hash(text_b)))
        list(self.database.rows("DELETE FROM verdicts WHERE hash_a = ? AND hash_b = ?", both))

    def links(self) -> Links:
        """Give all links, by the ids of two texts, the lower one first."""
        rows = self.database.rows("SELECT a, b, probability FROM links")
        parts = [np.zeros((0, 3))]
        while some := list(islice(rows, LINKS_AT_ONCE)):
            parts.append(np.array(some, dtype=np.float64))  # which holds ids up to 2^53
        a, b, probabilities = np.concatenate(parts).T
        return Links(a.astype(np.int64), b.astype(np.int64), probabilities.astype(np.float32))

    def add_links(self, links: Links) -> None:
        """Add links between texts, by their ids; those that are there stay as they are."""
        low, high = np.minimum(links.left, links.right), np.maximum(links.left, links.right)
        order = np.lexsort((high, low))  # as the table is, so that writing goes on at one place
        for first in range(0, len(order), LINKS_AT_ONCE):
            some = order[first : first + LINKS_AT_ONCE]
            self.database.run_many(
                "INSERT INTO links VALUES (?, ?, ?) ON CONFLICT (a, b) DO NOTHING",
                zip(low[some].tolist(), high[some].tolist(), links.probabilities[some].tolist(), strict=True),
            )

    def clear_links(self) -> None:
        """Remove all links."""
        list(self.database.rows("DELETE FROM links"))

    def grouped_keys(self) -> Iterator[tuple[str, float, str]]:
        """Give the group, its weakest link, and the key of every entry that is in a group, by group and key."""
        return self.database.rows(
            "SELECT groups.id, groups.weakest, entries.key FROM groups JOIN members ON members.group_id = groups.id "
            "JOIN entries ON entries.text_id = members.text_id ORDER BY groups.id, entries.key"
        )

    def members(self) -> dict[int, str]:
        """Give the group of each text that is in one, by the text's id."""
        return dict(self.database.rows("SELECT text_id, group_id FROM members"))

    def set_groups(self, weakest: Mapping[str, float], group_of: Mapping[int, str]) -> None:
        """Write the groups anew: the weakest link of each, and the group of each text."""
        list(self.database.rows("DELETE FROM groups"))
        self.database.run_many("INSERT INTO groups VALUES (?, ?)", list(weakest.items()))
        before = self.members()
        self.database.run_many(
            "DELETE FROM members WHERE text_id = ?", [(number,) for number in before.keys() - group_of.keys()]
        )
        self.database.run_many(
            "INSERT INTO members VALUES (?, ?) ON CONFLICT (text_id) DO UPDATE SET group_id = excluded.group_id",
            [item for item in group_of.items() if before.get(item[0]) != item[1]],
        )

    def merges(self) -> dict[str, str]:
        """Give the groups that are there no more, and which they became part of."""
        return dict(self.database.rows("SELECT gone, kept FROM merges"))

    def add_merges(self, merges: Mapping[str, str]) -> None:
        """Tell into which groups others merged; those that had merged into these follow."""
        self.database.run_many("UPDATE merges SET kept = ? WHERE kept = ?", [(b, a) for a, b in merges.items()])
        self.database.run_many("INSERT INTO merges VALUES (?, ?)", list(merges.items()))
