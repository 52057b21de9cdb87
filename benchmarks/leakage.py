"""How much the split alone gives away: a model that never sees a text, only which questions are paired with which.

In QQP questions that stand in many pairs, with common partners, are more often duplicates. Which pairs there are is
taken from train, dev and test together, never a label; what is said of a pair leaves the pair itself out.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from judging import Scored
from splits import SIDES, read_sides

from textsiam import question_components
from textsiam.arrays import Array
from textsiam.errors import import_extra
from textsiam.text.normalization import normalize_text

FEATURES = (
    *("fewer pairs", "more pairs", "fewer partners", "more partners", "common partners", "weight of common partners"),
    *("partners of partners", "the same pair again", "pairs of the component"),
)


def leakage(folder: Path, _place: Path) -> Scored:
    """Fit gradient boosting of scikit-learn on train's features; needs no vocabulary and no text."""
    boosting = import_extra("sklearn.ensemble", "bench", "this benchmark").HistGradientBoostingClassifier
    sides = read_sides(folder)
    started = time.monotonic()
    features = dict(zip(SIDES, graph_features([list(sides[side].texts()) for side in SIDES]), strict=True))
    fitted = boosting(random_state=7).fit(features["train"], sides["train"].labels > 0.5)
    minutes = (time.monotonic() - started) / 60
    dev, test = (fitted.predict_proba(features[side])[:, 1] for side in ("dev", "test"))
    return Scored(dev=dev, test=test, minutes=minutes)


def graph_features(sides: list[list[str]]) -> list[Array]:
    """Give the columns ``FEATURES`` of each side's pairs, float64 (n, columns); equal with the two texts swapped.

    ``sides``: the texts of each side, a and b in turn. Texts are the same as for ``question_components``.
    """
    numbers: dict[str, int] = {}
    nodes = np.array(
        [numbers.setdefault(normalize_text(text), len(numbers)) for texts in sides for text in texts], dtype=np.int64
    )
    first, second = nodes.reshape(-1, 2).T
    columns = np.column_stack([*_of_nodes(first, second, len(numbers)), *_of_component(first, second)])
    ends = np.cumsum([len(texts) // 2 for texts in sides])
    return np.split(columns, ends[:-1])


def _of_nodes(first: Array, second: Array, number: int) -> list[Array]:
    """Pairs and partners of the two questions, and the partners that they have in common."""
    sparse = import_extra("scipy.sparse", "bench", "this benchmark")
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


def _of_component(first: Array, second: Array) -> list[Array]:
    """How many other pairs the component has."""
    components = question_components(np.column_stack([first, second]).tolist())
    return [np.bincount(components)[components] - 1]
