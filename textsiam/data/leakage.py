"""How much the choice of pairs alone gives away: what tells pairs apart without a word of their texts.

In some corpora texts that stand in many pairs, with common partners, are more often the same. What is said of a pair
leaves the pair itself out, and no label has a part in it.
"""

from __future__ import annotations

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pair_graph import PairGraph
from textsiam.errors import import_extra

PURPOSE = "measuring leakage"
FOLDS = 5
FEATURES = (
    *("fewer pairs", "more pairs", "fewer partners", "more partners", "common partners", "weight of common partners"),
    *("partners of partners", "the same pair again", "pairs of the component"),
)


def leakage_scores(graph: PairGraph, labels: Array, seed: int = 0) -> Array:
    """Score pairs by boosted trees that never saw their fold and know the graph alone, float64 (n,) in [0, 1].

    ``labels`` 0 or 1 (n,), at least 5 of each.
    """
    boosting = import_extra("sklearn.ensemble", "train", PURPOSE).HistGradientBoostingClassifier
    selection = import_extra("sklearn.model_selection", "train", PURPOSE)
    folds = selection.StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    scores: Array = selection.cross_val_predict(
        boosting(random_state=seed), graph_features(graph), labels > 0.5, cv=folds, method="predict_proba"
    )[:, 1]
    return scores


def graph_features(graph: PairGraph) -> Array:
    """Give the columns ``FEATURES`` of each pair, float64 (n, columns); equal with the two texts swapped."""
    return np.column_stack([*_of_nodes(graph.first, graph.second, graph.nodes), *_of_component(graph)])


def _of_nodes(first: Array, second: Array, number: int) -> list[Array]:
    """Pairs and partners of the two questions, and the partners that they have in common."""
    sparse = import_extra("scipy.sparse", "train", PURPOSE)
    apart = first != second
    pairs = np.bincount(first, minlength=number) + np.bincount(second[apart], minlength=number)
    ends = (np.concatenate([first[apart], second[apart]]), np.concatenate([second[apart], first[apart]]))
    times = sparse.csr_array((np.ones(len(ends[0])), ends), shape=(number, number))  # summed: how often paired
    partners = times.copy()
    partners.data[:] = 1
    degrees = np.diff(partners.indptr)
    again = np.asarray(times[first, second]).reshape(-1) - apart  # the pair itself left out
    again[~apart] = np.bincount(first[~apart], minlength=number)[first[~apart]] - 1
    known = (apart & (again == 0)).astype(np.int64)  # each is the other's partner by this pair alone
    common = partners[first].multiply(partners[second])
    # a partner that two questions have in common has at least these two: the logarithm is above 0 (Adamic, Adar 2003)
    weights = 1 / np.log(np.maximum(degrees, 2))
    reach = partners @ degrees
    beyond = reach[first] + reach[second] - known * (degrees[first] + degrees[second])
    own_pairs, own_partners = (
        np.sort([of[first] - less, of[second] - less], axis=0) for of, less in ((pairs, 1), (degrees, known))
    )
    return [*own_pairs, *own_partners, common.sum(axis=1), common @ weights, beyond, again]


def _of_component(graph: PairGraph) -> list[Array]:
    """How many other pairs the component has."""
    components = graph.groups(np.ones(len(graph.first), dtype=bool))[graph.first]
    return [np.bincount(components)[components] - 1]
