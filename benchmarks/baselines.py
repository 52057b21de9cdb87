"""What is reached without learning from texts as a network does: the larger class, and TF-IDF with scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from judging import Scored, best_setting
from splits import read_sides
from timing import say

from textsiam import Pairs
from textsiam.arrays import Array
from textsiam.errors import import_extra

PURPOSE = "this benchmark"
# what a TF-IDF vector counts, if more than one text has it; n-grams of characters stay within words
COUNTED: dict[str, dict[str, Any]] = {
    "words": {"analyzer": "word", "token_pattern": r"(?u)\b\w+\b"},
    "words 1-2": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "characters 3-5": {"analyzer": "char_wb", "ngram_range": (3, 5)},
}
LEARNED = "words 1-2"  # whose vectors the logistic regression sees, beside the cosines of all
DENSE = (  # names of the columns that ``dense_features`` gives
    *("cosine of words", "cosine of words 1-2", "cosine of characters 3-5"),
    *("shared words", "shared of the shorter", "shared of the longer", "difference in words", "difference in letters"),
    *("shorter in words", "equal first words", "equal last words"),
)


def majority(folder: Path, _place: Path) -> Scored:
    """Say the same of every pair: what is more common on dev."""
    sides = read_sides(folder)
    constant = {side: np.full(len(pairs), sides["train"].labels.mean()) for side, pairs in sides.items()}
    return Scored(dev=constant["dev"], test=constant["test"], minutes=0.0, parameters=0)


def tfidf_cosine(folder: Path, _place: Path) -> Scored:
    """Cosine of TF-IDF vectors fitted on the texts of train; what they count is chosen on dev."""
    sides = read_sides(folder)
    tried: dict[str, Scored] = {}
    for name in COUNTED:
        started = time.monotonic()
        vectorizer = fit_tfidf(name, sides["train"])
        minutes = (time.monotonic() - started) / 60
        dev, test = (sparse_cosines(*transform(vectorizer, sides[side])) for side in ("dev", "test"))
        tried[name] = Scored(dev=dev, test=test, minutes=minutes, parameters=len(vectorizer.vocabulary_))
        say(f"TF-IDF of {name}: {minutes:.1f} minutes")
    return best_setting(tried, sides["dev"].labels)


def tfidf_logistic(folder: Path, _place: Path) -> Scored:
    """Logistic regression on features of pairs made from TF-IDF vectors; C is chosen on dev."""
    sides = read_sides(folder)
    logistic = import_extra("sklearn.linear_model", "bench", PURPOSE).LogisticRegression
    started = time.monotonic()
    vectorizers = {name: fit_tfidf(name, sides["train"]) for name in COUNTED}
    dense = standardized({side: dense_features(vectorizers, pairs) for side, pairs in sides.items()})
    features = {side: pair_features(vectorizers[LEARNED], pairs, dense[side]) for side, pairs in sides.items()}
    shared = (time.monotonic() - started) / 60
    say(f"features of pairs: {shared:.1f} minutes")
    tried: dict[str, Scored] = {}
    for strength in (1.0, 3.0, 10.0):
        started = time.monotonic()
        fitted = logistic(C=strength, max_iter=300).fit(features["train"], sides["train"].labels > 0.5)
        minutes = (time.monotonic() - started) / 60 + (0 if tried else shared)
        dev, test = (fitted.predict_proba(features[side])[:, 1] for side in ("dev", "test"))
        tried[f"C {strength:g}"] = Scored(dev=dev, test=test, minutes=minutes, parameters=fitted.coef_.size + 1)
        say(f"logistic regression, C {strength:g}: {minutes:.1f} minutes, {fitted.n_iter_[0]} iterations")
    return best_setting(tried, sides["dev"].labels)


def fit_tfidf(counted: str, pairs: Pairs) -> Any:
    """Fit scikit-learn's TfidfVectorizer to the distinct texts; its rows have norm 1, or 0 where nothing is known."""
    vectorizer = import_extra("sklearn.feature_extraction.text", "bench", PURPOSE).TfidfVectorizer
    options = {"dtype": np.float32, "min_df": 2, "sublinear_tf": True, **COUNTED[counted]}
    return vectorizer(**options).fit(dict.fromkeys(pairs.texts()))


def transform(vectorizer: Any, pairs: Pairs) -> tuple[Any, Any]:
    """Give the sparse vectors of the first and of the second texts, each (n, terms)."""
    return vectorizer.transform(pairs.text_a), vectorizer.transform(pairs.text_b)


def sparse_cosines(a: Any, b: Any) -> Array:
    """Cosines of the rows of two sparse matrices whose rows have norm 1 or 0, float32 (n,)."""
    return np.asarray(a.multiply(b).sum(axis=1), dtype=np.float32).reshape(-1)


def pair_features(vectorizer: Any, pairs: Pairs, dense: Array) -> Any:
    """Give |a - b|, a * b and the dense features, sparse (n, 2 terms + dense); a and b swapped give the same."""
    sparse = import_extra("scipy.sparse", "bench", PURPOSE)
    a, b = transform(vectorizer, pairs)
    # a product of two small weights is far smaller than their difference: scaled to be of its size
    return sparse.hstack([abs(a - b), np.float32(3) * a.multiply(b), sparse.csr_array(dense)], format="csr")


def dense_features(vectorizers: dict[str, Any], pairs: Pairs) -> Array:
    """Give the columns ``DENSE``, float32 (n, columns): cosines by the vectorizers, overlap and lengths of texts."""
    cosines = [sparse_cosines(*transform(vectorizer, pairs)) for vectorizer in vectorizers.values()]
    words = next(iter(vectorizers.values())).build_analyzer()
    overlap = [overlap_features(words, a, b) for a, b in zip(pairs.text_a, pairs.text_b, strict=True)]
    return np.column_stack([*cosines, np.array(overlap, dtype=np.float32)]).astype(np.float32)


def overlap_features(words: Callable[[str], list[str]], text_a: str, text_b: str) -> tuple[float, ...]:
    """Shares of words that both texts have, and how far the texts are apart in length."""
    first, second = words(text_a), words(text_b)
    sets = sorted((set(first), set(second)), key=len)
    shared, either = len(sets[0] & sets[1]), len(sets[0] | sets[1])
    return (
        shared / max(either, 1),
        shared / max(len(sets[0]), 1),
        shared / max(len(sets[1]), 1),
        float(np.log1p(abs(len(first) - len(second)))),
        float(np.log1p(abs(len(text_a) - len(text_b)))),
        float(np.log1p(min(len(first), len(second)))),
        float(first[:1] == second[:1]),
        float(first[-1:] == second[-1:]),
    )


def standardized(features: dict[str, Array]) -> dict[str, Array]:
    """Bring every column to mean 0 and deviation 1 on train."""
    mean, deviation = features["train"].mean(axis=0), features["train"].std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)
    return {side: ((values - mean) / scale).astype(np.float32) for side, values in features.items()}
