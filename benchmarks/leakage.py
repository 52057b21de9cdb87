"""How much the split alone gives away: a model that never sees a text, only which questions are paired with which.

In QQP questions that stand in many pairs, with common partners, are more often duplicates. Which pairs there are is
taken from train, dev and test together, never a label; what is said of a pair leaves the pair itself out.
"""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path

import numpy as np
from judging import Scored
from splits import SIDES, read_sides

from textsiam.data.leakage import graph_features
from textsiam.data.pair_graph import PairGraph
from textsiam.errors import import_extra


def leakage(folder: Path, _place: Path) -> Scored:
    """Fit gradient boosting of scikit-learn on train's features; needs no vocabulary and no text."""
    boosting = import_extra("sklearn.ensemble", "bench", "this benchmark").HistGradientBoostingClassifier
    sides = read_sides(folder)
    started = time.monotonic()
    columns = graph_features(PairGraph(chain.from_iterable(sides[side].texts() for side in SIDES)))
    ends = np.cumsum([len(sides[side]) for side in SIDES])
    features = dict(zip(SIDES, np.split(columns, ends[:-1]), strict=True))
    fitted = boosting(random_state=7).fit(features["train"], sides["train"].labels > 0.5)
    minutes = (time.monotonic() - started) / 60
    dev, test = (fitted.predict_proba(features[side])[:, 1] for side in ("dev", "test"))
    return Scored(dev=dev, test=test, minutes=minutes)
