from __future__ import annotations

import numpy as np
import pytest

import textsiam
from textsiam.evaluation.intervals import component_bootstrap
from textsiam.evaluation.slices import TRAITS, kinds_of_column, kinds_of_texts, make_slices
from textsiam.model.pair_model import PairModel
from textsiam.text.normalization import normalize_text


def kind(trait: str, a: str, b: str) -> str:
    of_pair, values = TRAITS[trait]
    found, turned = (of_pair(normalize_text(x).split(), normalize_text(y).split()) for x, y in ((a, b), (b, a)))
    assert found == turned
    assert found in values
    return found


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", "up to 8 words"),
        ("one two", "1 2 3 4 5 6 7 8", "up to 8 words"),
        ("one two", "1 2 3 4 5 6 7 8 9", "9 to 16 words"),
        ("one", " ".join("abcdefghijklmnop"), "9 to 16 words"),
        ("one", " ".join("abcdefghijklmnopq"), "17 words or more"),
    ],
)
def test_length_is_that_of_the_longer_text(a: str, b: str, expected: str) -> None:
    assert kind("length", a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("red cat", "blue dog", "none"),
        ("red cat", "red dog", "under half"),
        ("red cat sits", "red cat", "half or more"),
        ("red cat", "Cat  RED cat", "the same words"),
        ("", "", "the same words"),
        ("", "cat", "none"),
    ],
)
def test_words_in_both(a: str, b: str, expected: str) -> None:
    assert kind("words in both", a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("cats", "dogs", "none"),
        ("iphone 6 and 7", "7 or 6", "the same"),
        ("iphone 6", "iphone 7", "different"),
        ("iphone 6", "iphone", "different"),
        ("win10", "win11", "different"),
        ("\u0663 cats", "\u0663 dogs", "the same"),
    ],
)
def test_numbers(a: str, b: str, expected: str) -> None:
    assert kind("numbers", a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("i know", "he knows nothing of it now", "in one text"),
        ("i don't know", "i know", "in one text"),
        ("i don\u2019t know", "he never knows", "in both"),
        ("notable knots", "cannonball", "none"),
    ],
)
def test_negation(a: str, b: str, expected: str) -> None:
    assert kind("negation", a, b) == expected


def test_words_are_cut_from_punctuation(model: PairModel) -> None:
    pairs = textsiam.Pairs.from_rows([("Red, cat!", "\u201ccat\u201d: red?", 1), ("don't.", "do", 0)])
    found = dict(kinds_of_texts(pairs, model.tokenizer))
    assert found["words in both: the same words"].tolist() == [True, False]
    assert found["negation: in one text"].tolist() == [False, True]


def test_every_pair_is_in_one_kind_of_each_trait(model: PairModel) -> None:
    rows = [(a, b, row % 2) for row, (a, b, _) in enumerate(textsiam.sample_pairs(200))]
    rows += [("red \u9f98", "red", 1), ("red cat", "cat", 0)]
    pairs = textsiam.Pairs.from_rows(rows)
    found = dict(kinds_of_texts(pairs, model.tokenizer))
    for trait in [*TRAITS, "unknown tokens"]:
        kinds = [inside for name, inside in found.items() if name.startswith(f"{trait}: ")]
        assert (np.sum(kinds, axis=0) == 1).all()
    unknown = [model.inspect(pair[:2]).unknown_tokens > 0 for pair in rows]
    assert found["unknown tokens: in one text or both"].tolist() == unknown
    assert unknown[-2:] == [True, False]


def test_slices_of_kinds_have_their_metrics_and_intervals() -> None:
    pairs = textsiam.Pairs.from_rows([(f"a {n}", f"b {n // 2}", n % 3 > 0) for n in range(40)])
    probabilities = np.linspace(0.1, 0.9, 40).astype(np.float32)
    column = ["x", "y", "x", "y"] * 10
    kinds = [*kinds_of_column("k", column), ("nobody", np.zeros(40, dtype=bool))]
    components = textsiam.question_components(pairs)
    found = make_slices(kinds, pairs, probabilities, 0.5, components, 100, 2)
    assert list(found) == ["k: x", "k: y"]
    right = (probabilities >= 0.5) == (pairs.labels > 0.5)
    for place, part in enumerate(found.values()):
        inside = slice(place, 40, 2)
        assert part.pairs == 20
        assert part.accuracy == right[inside].mean()
        interval = component_bootstrap(components[inside], right[inside], draws=100, seed=2)
        assert part.accuracy_interval == interval
    without = make_slices(kinds_of_column("k", column), pairs, probabilities, 0.5, components, 0, 2)
    assert [part.accuracy_interval for part in without.values()] == [None, None]


def test_evaluate_makes_them_if_asked(model: PairModel) -> None:
    records = [{"text_a": "red cat", "text_b": f"red dog {n}", "label": n % 2, "k": "z"} for n in range(8)]
    pairs = textsiam.read_pairs(records, keep=["k"])
    found = textsiam.evaluate(model, pairs, slices=True, by="k", draws=20).slices
    assert next(iter(found)) == "k: z"
    assert set(found) == {
        *("k: z", "length: up to 8 words", "words in both: under half", "numbers: different", "negation: none"),
        "unknown tokens: in one text or both",
    }
    assert all(part.pairs == 8 for part in found.values())
