"""Approximate search for large indexes: a graph of near vectors in a file beside the index, which can be thrown away.

The graph is that of Malkov and Yashunin (2018), "Efficient and robust approximate nearest neighbor search using
hierarchical navigable small world graphs", as usearch (extra ``ann``) makes it, over cosines of vectors in bf16. The
file begins with a line of JSON that tells of what it was made, and the SHA-256 of the rest: what was cut short or
altered is never handed to usearch, which such a file could crash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.atomic import atomic_path
from textsiam.index.approximate import EXPANSION_SEARCH, new_graph, usearch
from textsiam.index.matrix import Nearest
from textsiam.index.store import Store

FORMAT = 1
APPROXIMATE_FROM = 100_000  # texts: from here on exact search takes longer than 3 ms
STALE = 0.2  # of the texts, that may be missing in it, or be there no more, before it is made anew
ADDED_AT_ONCE, WITNESSES = 2048, 50
ROUNDING = 0.005  # more than what cosines in bf16 are off by


class Made(NamedTuple):
    """Of what a graph was made: the index, the generation of its vectors, and its texts up to an id.

    ``witnesses``: hashes of some of these texts, by their ids, by which an index is told apart that was put back to an
    earlier state and went on with other texts under the same ids.
    """

    format: int
    uid: str
    generation: int
    last_id: int
    texts: int
    witnesses: dict[str, str]


class Sidecar:
    """A graph of the vectors of an index."""

    def __init__(self, graph: Any, made: Made) -> None:
        self.graph, self.made = graph, made

    def near(self, units: Array, count: int, at_least: float) -> list[Nearest]:
        """Find about the ``count`` nearest texts of each vector of length 1, (q, D), some of which may be gone.

        Those whose cosine is surely below ``at_least`` are left out.
        """
        count = min(count, len(self.graph))
        self.graph.expansion_search = max(EXPANSION_SEARCH, count)
        found = []
        for unit in units:
            matches = self.graph.search(unit, count)
            can_reach = 1 - matches.distances >= at_least - ROUNDING
            complete = count == len(self.graph) or not can_reach.all()
            found.append(Nearest(matches.keys[can_reach].astype(np.int64), complete))
        return found


def path_beside(index: Path) -> Path:
    """Give the place of an index's sidecar."""
    return index.with_name(f"{index.name}.near")


def read_sidecar(path: Path, store: Store) -> Sidecar | None:
    """Read the sidecar of an index; None where it is missing, broken or of other vectors. In a reading transaction."""
    try:
        header, _, content = path.read_bytes().partition(b"\n")
        told = json.loads(header)
        if hashlib.sha256(content).hexdigest() != told.pop("sha256"):
            return None
        made = Made(**told)
        if not _is_of(made, store):
            return None
        graph = usearch().Index.restore(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return Sidecar(graph, made)


def _is_of(made: Made, store: Store) -> bool:
    settings = store.settings()
    expected = (FORMAT, settings["uid"], int(settings["generation"]))
    if made[:3] != expected or made.last_id > int(settings.get("last_id", 0)):
        return False
    there = store.texts(map(int, made.witnesses))
    return all(text.hash.hex() == made.witnesses[str(number)] for number, text in there.items())


def made_now(store: Store) -> Made:
    """Tell what a sidecar is made of that is made now; in a reading transaction."""
    settings, last_id = store.settings(), store.last_id()
    some = store.texts({int(number) for number in np.linspace(1, last_id, WITNESSES)})
    hashes = {str(number): text.hash.hex() for number, text in some.items()}
    return Made(FORMAT, settings["uid"], int(settings["generation"]), last_id, store.counts()[1], hashes)


def build_sidecar(path: Path, store: Store, go_on: Callable[[int], bool]) -> None:
    """Bring the sidecar of an index up to date, or make it; outside of a transaction, so that others are not held up.

    ``go_on`` is told how many texts were added; nothing comes of it where it is false once, or where all vectors are
    made anew meanwhile.
    """
    with path.with_name(f"{path.name}.part").open("wb"):  # better now than after minutes, where it cannot be written
        pass
    path.with_name(f"{path.name}.part").unlink()
    with store.database.reading():
        made, old = made_now(store), read_sidecar(path, store)
        if old is not None and old.made.texts - store.count_up_to(old.made.last_id) > STALE * old.made.texts:
            old = None
        if old is not None and old.made.last_id >= made.last_id:
            return
    graph = None if old is None else old.graph
    for ids, vectors in store.blocks(0 if old is None else old.made.last_id):
        if int(store.setting("generation")) != made.generation:
            return
        graph = new_graph(vectors.shape[1]) if graph is None else graph
        for first in range(0, len(ids), ADDED_AT_ONCE):
            some = slice(first, min(first + ADDED_AT_ONCE, int(np.searchsorted(ids, made.last_id, "right"))))
            if ids[some].size:
                graph.add(ids[some], unit_vectors(vectors[some]))
            if not go_on(len(ids[some])):
                return
    if graph is None or int(store.setting("generation")) != made.generation:
        return
    content = bytes(graph.save())
    header = json.dumps({**made._replace(texts=len(graph))._asdict(), "sha256": hashlib.sha256(content).hexdigest()})
    with atomic_path(path) as part, part.open("wb") as file:
        file.write(header.encode() + b"\n")
        file.write(content)
