"""textsiam.audit: what is wrong with labelled pairs, and what would flatter a model that is tested on them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.leakage import FOLDS, leakage_scores
from textsiam.data.pair_graph import PairGraph
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.data.scripts import script_of
from textsiam.errors import OptionError, import_extra

MOST_CHAINS = 1000  # that are shown as paths
FAR_LONGER = 5  # times the length that 99 of 100 texts stay within: such a text is told


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A pair of label 0 whose texts a chain of pairs of label 1 joins: one of the labels is wrong, or "same" is vague.

    ``row`` is the pair's, ``texts`` lead from its text a to its text b.
    """

    row: int
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Words of the distinct texts: half of them have at most ``median``, and so on; ``far_longer`` are rows."""

    median: float
    p99: float
    longest: int
    far_longer: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Leak:
    """What another file shares: of its ``pairs`` and distinct ``texts``, which the audited pairs hold or link to."""

    pairs: int
    texts: int
    shared_texts: int
    same_pairs: int
    linked_pairs: int


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found. Rows count from 1, as the pairs were read; texts are the same as for ``normalize_text``.

    ``contradictions`` are rows of the same two texts, whichever way round, with different labels; ``repeats`` those
    with equal ones, if there are no others; ``self_pairs`` pair a text with itself, ``self_pairs_not_same`` those of
    label 0. ``broken_chains`` are counted, and the first 1,000 shown in ``chains``. ``empty_texts`` are rows.
    ``scripts`` count the distinct texts. ``leakage_roc_auc`` and ``leakage_accuracy`` are those of a model that
    is told who is paired with whom and not a word: 0.5 and the larger class's share mean that pairs give nothing away
    (None: graded labels, or fewer than 5 pairs of a label). ``leaks`` are those into other files.
    """

    pairs: int
    texts: int
    label_mean: float
    graded: bool
    contradictions: tuple[tuple[int, ...], ...]
    repeats: tuple[tuple[int, ...], ...]
    self_pairs: tuple[int, ...]
    self_pairs_not_same: tuple[int, ...]
    broken_chains: int
    chains: tuple[Chain, ...]
    empty_texts: tuple[int, ...]
    lengths: Lengths
    scripts: Mapping[str, int]
    leakage_roc_auc: float | None
    leakage_accuracy: float | None
    leaks: Mapping[str, Leak]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dataclasses.asdict(self)


def audit(pairs: Any, *, others: Mapping[str, Any] | None = None, seed: int = 0) -> Audit:
    """Look through labelled ``pairs`` (Pairs, or what ``read_pairs`` takes) before anything is trained on them.

    ``others`` are further pairs by name, such as {"test": "test.tsv"}, in which texts of these are looked for. ``seed``
    draws the folds of the leakage measurement. Raises DataError for pairs that cannot be read, OptionError for others
    without names and a seed out of range.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise OptionError(f"seed is {seed!r}, expected an integer from 0 to 2**32 - 1")
    if others is not None and not isinstance(others, Mapping):
        raise OptionError(f'others is {others!r:.80}, expected pairs by name, such as {{"test": "test.tsv"}}')
    pairs = pairs if isinstance(pairs, Pairs) else read_pairs(pairs)
    graph, labels = PairGraph(pairs.texts()), pairs.labels
    contradictions, repeats = _repeated(graph.keys(), labels)
    selves = graph.first == graph.second
    broken, chains = (0, ()) if pairs.graded else _broken_chains(pairs, graph)
    scores = None if pairs.graded else _leakage(graph, labels, seed)
    return Audit(
        pairs=len(pairs),
        texts=graph.nodes,
        label_mean=float(labels.mean()) if len(pairs) else 0.0,
        graded=pairs.graded,
        contradictions=contradictions,
        repeats=repeats,
        self_pairs=_rows(selves),
        self_pairs_not_same=_rows(selves & (labels == 0)),
        broken_chains=broken,
        chains=chains,
        empty_texts=_rows(_holds(graph, {place for place, text in enumerate(graph.texts) if not text})),
        lengths=_lengths(graph),
        scripts=dict(Counter(map(script_of, graph.texts)).most_common()),
        leakage_roc_auc=None if scores is None else scores[0],
        leakage_accuracy=None if scores is None else scores[1],
        leaks={name: _leak(pairs, other) for name, other in (others or {}).items()},
    )


def _rows(found: Array) -> tuple[int, ...]:
    return tuple((np.flatnonzero(found) + 1).tolist())


def _repeated(keys: Array, labels: Array) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """Give the rows of each two texts that are paired more than once, those of different labels apart."""
    order = np.argsort(keys, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
    groups = sorted((tuple((part + 1).tolist()) for part in parts if len(part) > 1), key=lambda rows: rows[0])
    differ = [len({labels[row - 1] for row in rows}) > 1 for rows in groups]
    contradictions = tuple(rows for rows, is_one in zip(groups, differ, strict=True) if is_one)
    return contradictions, tuple(rows for rows, is_one in zip(groups, differ, strict=True) if not is_one)


def _broken_chains(pairs: Pairs, graph: PairGraph) -> tuple[int, tuple[Chain, ...]]:
    same = pairs.labels == 1
    groups = graph.groups(same)
    # a pair that is called the same in another row is a contradiction, which is told as such
    called_same = np.isin(graph.keys(), graph.keys()[same])
    within = groups[graph.first] == groups[graph.second]
    rows = np.flatnonzero((pairs.labels == 0) & within & ~called_same & (graph.first != graph.second))
    shown = rows[:MOST_CHAINS]
    found = graph.chains(same, zip(graph.first[shown].tolist(), graph.second[shown].tolist(), strict=True))
    texts = _texts_of(pairs, graph, {node for nodes in found for node in nodes})
    chains = (
        Chain(row=row + 1, texts=(pairs[row][0], *(texts[node] for node in nodes[1:-1]), pairs[row][1]))
        for row, nodes in zip(shown.tolist(), found, strict=True)
    )
    return len(rows), tuple(chains)


def _texts_of(pairs: Pairs, graph: PairGraph, nodes: set[int]) -> dict[int, str]:
    """Give the first text of each of some nodes, as it was read."""
    rows = np.flatnonzero(_holds(graph, nodes))
    found: dict[int, str] = {}
    for row, (text_a, text_b, _) in zip(rows, pairs.select(rows), strict=True):
        found.setdefault(int(graph.first[row]), text_a)
        found.setdefault(int(graph.second[row]), text_b)
    return found


def _holds(graph: PairGraph, nodes: set[int]) -> Array:
    wanted = np.array(sorted(nodes), dtype=np.int64)
    return np.isin(graph.first, wanted) | np.isin(graph.second, wanted)


def _lengths(graph: PairGraph) -> Lengths:
    words = np.array([len(text.split()) for text in graph.texts], dtype=np.int64)
    if not len(words):
        return Lengths(median=0.0, p99=0.0, longest=0, far_longer=())
    median, p99 = np.quantile(words, [0.5, 0.99]).tolist()
    far_longer = set(np.flatnonzero(words > FAR_LONGER * max(p99, 1)).tolist())
    return Lengths(median=median, p99=p99, longest=int(words.max()), far_longer=_rows(_holds(graph, far_longer)))


def _leakage(graph: PairGraph, labels: Array, seed: int) -> tuple[float, float] | None:
    """ROC-AUC and accuracy of what knows the graph alone."""
    if np.bincount(labels.astype(np.int64), minlength=2).min() < FOLDS:
        return None
    roc_auc = import_extra("sklearn.metrics", "train", "auditing").roc_auc_score
    scores = leakage_scores(graph, labels, seed)
    return float(roc_auc(labels > 0.5, scores)), float(((scores >= 0.5) == (labels > 0.5)).mean())


def _leak(pairs: Pairs, given: Any) -> Leak:
    other = given if isinstance(given, Pairs) else read_pairs(given)
    graph = PairGraph([*pairs.texts(), *other.texts()])
    ours = np.arange(len(graph.first)) < len(pairs)
    known = np.zeros(graph.nodes, dtype=bool)
    known[graph.first[ours]] = known[graph.second[ours]] = True
    theirs = np.unique(np.concatenate([graph.first[~ours], graph.second[~ours]]))
    components = graph.groups(np.ones(len(ours), dtype=bool))[graph.first]
    keys = graph.keys()
    return Leak(
        pairs=len(other),
        texts=len(theirs),
        shared_texts=int(known[theirs].sum()),
        same_pairs=int(np.isin(keys[~ours], keys[ours]).sum()),
        linked_pairs=int(np.isin(components[~ours], components[ours]).sum()),
    )
