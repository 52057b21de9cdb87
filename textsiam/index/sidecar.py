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

from textsiam.arrays import Array
from textsiam.atomic import atomic_path
from textsiam.index.approximate import EXPANSION_SEARCH, new_graph, usearch
from textsiam.index.matrix import Nearest
from textsiam.index.store import Store

FORMAT = 1
APPROXIMATE_FROM = 100_000  # texts: from here on exact search takes longer than 3 ms
STALE = 0.2  # of the texts, that may be missing in it, or be there no more, before it is made anew
ADDED_AT_ONCE = 2048
ROUNDING = 0.005  # more than what cosines in bf16 are off by


class Made(NamedTuple):
    """Of what a graph was made: the index, the generation of its vectors, and its texts up to an id.

    ``last_hash``: of the text with that id, by which an index that was put back to an earlier state is told apart.
    """

    format: int
    uid: str
    generation: int
    last_id: int
    last_hash: str
    texts: int


class Sidecar:
    """A graph of the vectors of an index."""

    def __init__(self, graph: Any, made: Made) -> None:
        self.graph, self.made = graph, made

    def near(self, units: Array, count: int, at_least: float) -> list[Nearest]:
        """Find about the ``count`` nearest texts of each vector of length 1, (q, D), some of which may be gone."""
        count = min(count, len(self.graph))
        self.graph.expansion_search = max(EXPANSION_SEARCH, count)
        found = []
        for unit in units:
            matches = self.graph.search(unit, count)
            furthest = 1 - float(matches.distances.max(initial=0))
            complete = count == len(self.graph) or furthest < at_least - ROUNDING
            found.append(Nearest(matches.keys.astype(np.int64), complete))
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
        if made != made_of(store, made.last_id)._replace(texts=made.texts):
            return None
        graph = usearch().Index.restore(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return Sidecar(graph, made)


def made_of(store: Store, last_id: int) -> Made:
    """Tell what a sidecar is made of that holds the texts up to an id; in a reading transaction."""
    settings, texts = store.settings(), store.texts([last_id])
    last_hash = texts[last_id].hash.hex() if last_id in texts else ""
    return Made(FORMAT, settings["uid"], int(settings["generation"]), last_id, last_hash, store.counts()[1])


def build_sidecar(path: Path, store: Store, unit: Callable[[Array], Array], go_on: Callable[[int], bool]) -> None:
    """Bring the sidecar of an index up to date, or make it; outside of a transaction, so that others are not held up.

    ``go_on`` is told how many texts were added; nothing comes of it where it is false once, or where all vectors are
    made anew meanwhile.
    """
    with store.database.reading():
        made, old = made_of(store, store.last_id()), read_sidecar(path, store)
        if old is not None and old.made.texts - store.count_up_to(old.made.last_id) > STALE * old.made.texts:
            old = None
        if old is not None and old.made.last_id == made.last_id:
            return
    graph = None if old is None else old.graph
    for ids, vectors in store.blocks(0 if old is None else old.made.last_id):
        graph = new_graph(vectors.shape[1]) if graph is None else graph
        for first in range(0, len(ids), ADDED_AT_ONCE):
            some = slice(first, min(first + ADDED_AT_ONCE, int(np.searchsorted(ids, made.last_id, "right"))))
            if ids[some].size:
                graph.add(ids[some], unit(vectors[some]))
            if not go_on(len(ids[some])):
                return
    with store.database.reading():
        now = made_of(store, made.last_id)
    if graph is None or now.generation != made.generation:
        return
    content = bytes(graph.save())
    header = json.dumps({**made._replace(texts=len(graph))._asdict(), "sha256": hashlib.sha256(content).hexdigest()})
    with atomic_path(path) as part, part.open("wb") as file:
        file.write(header.encode() + b"\n")
        file.write(content)
