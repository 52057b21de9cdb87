"""Looking after an index: is anything broken, and all vectors anew with another model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from textsiam.index.cosines import CosineFrame
from textsiam.index.memory_search import Search
from textsiam.index.scorer import Scorer
from textsiam.index.session import Session
from textsiam.index.store import Store
from textsiam.progress import progress

NEAREST = 10  # of which a recall is told
SAME = 1e-6  # of a product, that rounding makes


class GraphRecall(NamedTuple):
    """Of the ``nearest`` texts of some texts, the 10 of each, approximate search found ``found``."""

    found: int
    nearest: int


class Check(NamedTuple):
    """What was found: ``problems``, each a line (none: nothing is broken), and what the index holds.

    ``recall`` of approximate search against the exact one; None where search is exact.
    """

    problems: tuple[str, ...]
    entries: int
    texts: int
    verdicts: int
    recall: GraphRecall | None


def check_index(session: Session, sample: int) -> Check:
    """Look for what is broken, and measure approximate search on a ``sample`` of texts, from all over."""
    store = session.store
    with session.reading(any_model=session.model is None):
        search = session.search
        problems = session.database.problems()
        entries, texts = store.counts()
        recall = None
        if search is not None:
            search.refresh()
            recall = _recall(store, search, session.needed_model("searching"), sample)
            problems += [f"approximate search is off: {search.problem()}"] * bool(search.problem())
        return Check(tuple(problems), entries, texts, len(store.relations.verdicts()), recall)


def _recall(store: Store, search: Search, model: Scorer, sample: int) -> GraphRecall | None:
    last = store.last_id()
    _, vectors = store.vectors({int(number) for number in np.linspace(1, last, sample)})
    found = search.approximate(vectors, NEAREST) if len(vectors) else None
    if found is None:
        return None
    sides = (model.frame(vectors) or CosineFrame()).sides
    left = sides(vectors)[0]
    best = np.full((len(left), 0), -np.inf, dtype=np.float32)
    for _, others in store.blocks(0):
        products = np.concatenate([best, left @ sides(others)[1].T], axis=1)
        best = -np.sort(-products, axis=1)[:, :NEAREST]
    hits = 0
    for own, ten, near in zip(left, best, found, strict=True):
        # by their products, for of texts that are equally near any will do
        there, others = store.vectors(near.ids.tolist())
        products = sides(others)[1] @ own if there else np.zeros(0)
        hits += min(int((products >= ten[-1] - SAME * np.abs(ten).max()).sum()), len(ten))
    return GraphRecall(hits, best.size)


def encode_again(session: Session, model: Scorer, settings: dict[str, object], *, show_progress: bool) -> None:
    """Write all vectors anew, whose they are, and other settings."""
    store = session.store
    with session.writing(any_model=True):
        _, texts = store.counts()
        with progress("encoding", texts, "texts", show=show_progress) as bar:
            for block in store.all_texts():
                vectors = model.encode([text for _, text in block])
                store.set_vectors([number for number, _ in block], vectors)
                bar.advance(len(block))
        store.count_up("generation")
        store.set({"vectors": model.fingerprint(), **settings})
