"""The sample corpus is hard and fair: neither one text alone nor a bag of words tells what only meaning should tell."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from tests.data.normalised import normalised
from textsiam.data.sample import SamplePair, sample_rows

NAMES_IN_SLIPS_ASIDE = re.compile(
    r"\b(a [aeiou](?!ne\b|niversity|ser\b)\w*|an [bcdfgjklmnpqrstvwxyz]\w*)", re.IGNORECASE
)


@pytest.fixture(scope="module")
def rows() -> list[SamplePair]:
    return sample_rows(8000, seed=0)


@pytest.fixture(scope="module")
def texts(rows: list[SamplePair]) -> list[str]:
    return sorted({text for row in rows for text in row[:2]})


@functools.cache
def bag(text: str) -> Counter[str]:
    return Counter(normalised(text).split())


def split(rows: list[SamplePair]) -> tuple[list[SamplePair], list[SamplePair]]:
    """Split by component, about 3 to 1."""
    group: dict[str, str] = {}

    def root(text: str) -> str:
        while group.setdefault(text, text) != text:
            text = group[text]
        return text

    for row in rows:
        group[root(row.text_a)] = root(row.text_b)
    roots = sorted({root(row.text_a) for row in rows})
    held_out = set(random.Random(0).sample(roots, len(roots) // 4))
    return [row for row in rows if root(row.text_a) not in held_out], [
        row for row in rows if root(row.text_a) in held_out
    ]


def labels(rows: list[SamplePair]) -> NDArray[np.int64]:
    return np.array([row.label for row in rows])


def order_and_its_duplicates(rows: list[SamplePair]) -> list[SamplePair]:
    """Pairs of kind "order", and the duplicates between texts that are in these."""
    ordered = {text for row in rows if row.kind == "order" for text in row[:2]}
    return [row for row in rows if row.kind == "order" or (row.label == 1 and {row.text_a, row.text_b} <= ordered)]


def test_texts_are_filled_and_well_formed(texts: list[str]) -> None:
    for text in texts:
        assert not re.search(r"[{}\[\]]|  |^\s|\s$| [,.?!:]|[,.?!:]{2}", text), text
        assert text == text.lower() or text[0] == text[0].upper(), text
        assert not NAMES_IN_SLIPS_ASIDE.search(text), text
        assert not re.search(r"\b(\w+) \1\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("side", [0, 1])
def test_one_text_alone_does_not_tell_the_label(rows: list[SamplePair], side: int) -> None:
    train, test = split(rows)
    model = make_pipeline(CountVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=300))
    model.fit([row[side] for row in train], labels(train))
    assert model.score([row[side] for row in test], labels(test)) < 0.55


def test_every_text_is_as_often_in_duplicates_as_in_others(rows: list[SamplePair]) -> None:
    balance: Counter[str] = Counter()
    for row in rows:
        for text in row[:2]:
            balance[text] += 1 if row.label else -1
    assert set(balance.values()) == {0}


@pytest.mark.parametrize(
    "trait",
    [
        len,
        str.islower,
        lambda text: text.endswith("?"),
        lambda text: text.startswith(("Hi", "Hello", "Hey", "hi", "hello", "hey")),
    ],
    ids=["length", "lower case", "question mark", "greeting"],
)
def test_no_trait_of_the_two_texts_tells_the_label(rows: list[SamplePair], trait: Callable[[str], float]) -> None:
    # Sum and difference: what a pair's two texts have together, and how unlike they are.
    values = np.array([[trait(row.text_a), trait(row.text_b)] for row in rows], dtype=float)
    for feature in (values.sum(1), np.abs(values[:, 0] - values[:, 1])):
        assert abs(roc_auc_score(labels(rows), feature) - 0.5) < 0.08


def test_sides_are_drawn_by_chance(rows: list[SamplePair]) -> None:
    for label in (0, 1):
        lengths = [(len(row.text_a), len(row.text_b)) for row in rows if row.label == label]
        longer = [a > b for a, b in lengths if a != b]
        assert abs(np.mean(longer) - 0.5) < 0.04


def test_texts_of_the_same_words_are_as_often_duplicates_as_not(rows: list[SamplePair]) -> None:
    same = Counter(row.kind for row in rows if bag(row.text_a) == bag(row.text_b))
    assert set(same) == {"duplicate", "order"}
    assert same["duplicate"] == same["order"]
    assert 400 <= same["order"] <= 600  # about half of the 1000 pairs of kind "order"


def test_pairs_of_kind_order_differ_in_the_order_of_their_words_alone(rows: list[SamplePair]) -> None:
    for row in rows:
        if row.kind == "order" and bag(row.text_a) == bag(row.text_b):
            assert normalised(row.text_a) != normalised(row.text_b)


def test_word_overlap_is_at_chance_on_order(rows: list[SamplePair]) -> None:
    chosen = order_and_its_duplicates(rows)
    tfidf = TfidfVectorizer(token_pattern=r"\w+").fit([text for row in rows for text in row[:2]])
    left, right = (tfidf.transform([row[side] for row in chosen]) for side in (0, 1))
    cosines = np.asarray(left.multiply(right).sum(axis=1)).ravel()
    overlap = [
        (bag(row.text_a) & bag(row.text_b)).total() / (bag(row.text_a) | bag(row.text_b)).total() for row in chosen
    ]
    for similarity in (cosines, np.array(overlap)):
        assert abs(roc_auc_score(labels(chosen), similarity) - 0.5) < 0.05


def test_word_overlap_is_poor_on_all_pairs(rows: list[SamplePair]) -> None:
    overlap = [
        (bag(row.text_a) & bag(row.text_b)).total() / (bag(row.text_a) | bag(row.text_b)).total() for row in rows
    ]
    assert 0.4 < roc_auc_score(labels(rows), overlap) < 0.65
