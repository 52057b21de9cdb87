from __future__ import annotations

import itertools
import json
import math
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import textsiam
from tests.model.making import random_weights
from textsiam import explanation
from textsiam.explanation import explain
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary

WORDS = ["how", "can", "i", "learn", "to", "reset", "my", "old", "password", "why", "is", "it", "not", "the", "best"]
SHORT = ("reset my password", "not reset it")
LONG = ("how can i reset my old password", "why is it not the best to learn it")


def make(**options: Any) -> PairModel:
    random = np.random.default_rng(4)
    proto = build_vocabulary([" ".join(random.permutation(WORDS)) for _ in range(80)], size=60).proto
    architecture = Architecture(**{"dim": 12, "head": "cosine", **options})
    weights = random_weights(architecture, Tokenizer(proto).size, seed=2, scale=0.4)
    calibration = Calibration(slope=4.0, intercept=-0.5, threshold=0.4)
    return PairModel(architecture=architecture, vocabulary=proto, weights=weights, calibration=calibration)


BAG, LSTM = make(encoder="bag"), make(encoder="lstm", units=8, head="mlp", head_units=8)
BOTH = pytest.mark.parametrize("model", [BAG, LSTM], ids=["bag", "lstm"])


def logit(model: PairModel, text_a: str, text_b: str) -> float:
    return float(model.calibration.logit(model.score_details([(text_a, text_b)]).raw)[0])


@BOTH
def test_contributions_are_the_mean_over_all_orders_of_joining(model: PairModel) -> None:
    places = [(side, place) for side in (0, 1) for place in range(3)]
    words = [text.split() for text in SHORT]

    def worth(joined: set[tuple[int, int]]) -> float:
        texts = [" ".join(word for place, word in enumerate(words[side]) if (side, place) in joined) for side in (0, 1)]
        return logit(model, texts[0], texts[1])

    known = {frozenset(some): worth(set(some)) for size in range(7) for some in itertools.combinations(places, size)}
    shares = dict.fromkeys(places, 0.0)
    for order in itertools.permutations(places):
        for count, place in enumerate(order):
            shares[place] += known[frozenset(order[: count + 1])] - known[frozenset(order[:count])]
    found = explain(model, *SHORT)
    assert [(word.side, word.word) for word in found.words] == [
        ("ab"[side], words[side][place]) for side, place in places
    ]
    for word, place in zip(found.words, places, strict=True):
        assert word.contribution == pytest.approx(shares[place] / math.factorial(6), abs=1e-5)


@BOTH
@pytest.mark.parametrize(
    "texts", [SHORT, LONG, ("", ""), ("", "reset it"), ("  my  \n", "my"), ("my " * 150, "old " * 150)]
)
def test_they_add_up_and_are_the_same_with_the_texts_swapped(model: PairModel, texts: tuple[str, str]) -> None:
    found, swapped = explain(model, *texts, orders=2), explain(model, *texts[::-1], orders=2)
    assert found.logit == pytest.approx(logit(model, *texts), abs=1e-6)
    assert found.baseline == pytest.approx(logit(model, "", ""), abs=1e-6)
    assert sum(word.contribution for word in found.words) == pytest.approx(found.logit - found.baseline, abs=1e-5)
    assert found.error < 1e-5
    assert found.probability == pytest.approx(model.score(*texts), abs=1e-6)
    turned = {"a": "b", "b": "a"}
    assert {(w.side, w.start, w.word, w.contribution) for w in found.words} == {
        (turned[w.side], w.start, w.word, w.contribution) for w in swapped.words
    }


@BOTH
def test_random_orders_come_near_to_all_orders(model: PairModel, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = explain(model, *SHORT)
    monkeypatch.setattr(explanation, "ALL_SUBSETS", 0)
    sampled = explain(model, *SHORT, orders=400)
    assert sampled.words != exact.words
    for word, other in zip(exact.words, sampled.words, strict=True):
        assert word.contribution == pytest.approx(other.contribution, abs=0.05)


def test_equal_seeds_give_equal_orders() -> None:
    found = [explain(LSTM, *LONG, orders=3, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1]
    assert found[0].words != found[2].words


def test_words_stand_where_the_text_has_them() -> None:
    text = "  reset\tmy  password? "
    found = explain(BAG, text, "reset")
    assert [text[w.start : w.end] for w in found.words if w.side == "a"] == ["reset", "my", "password?"]
    assert [w.side for w in found.words] == ["a", "a", "a", "b"]


def test_a_word_that_says_nothing_has_no_part() -> None:
    weights = {name: weight.copy() for name, weight in BAG.weights.items()}
    weights["encoder.embedding.weight"][:] = 0
    silent = PairModel(architecture=BAG.architecture, vocabulary=BAG.tokenizer.proto, weights=weights)
    assert {word.contribution for word in explain(silent, *SHORT).words} == {0.0}


def test_the_table_ranks_words_and_says_what_they_add_up_to() -> None:
    found = explain(LSTM, *SHORT)
    lines = str(found).splitlines()
    assert lines[0] == f"probability {found.probability:.4f} (threshold 0.4000)"
    assert lines[1].startswith(f"log odds {found.logit:+.3f}: {found.baseline:+.3f} without words, ")
    shown = [float(line.split()[-1]) for line in lines[3:]]
    assert shown == sorted(round(word.contribution, 3) for word in found.words)
    assert {tuple(line.split()[:2]) for line in lines[3:]} == {(word.side, word.word) for word in found.words}
    values = json.loads(json.dumps(found.to_dict()))
    assert values["words"][0]["word"] == "reset"
    assert values["logit"] == found.logit


def test_words_that_the_vocabulary_has_no_token_of_are_unknown() -> None:
    found = explain(BAG, "reset \u6771 my PASSWORD", "my \u200b password")
    assert [(word.word, word.known) for word in found.words] == [
        ("reset", True),
        ("\u6771", False),
        ("my", True),
        ("PASSWORD", True),
        ("my", True),
        ("\u200b", False),
        ("password", True),
    ]
    unknown = [line.split()[1] for line in str(found).splitlines() if line.endswith("  unknown")]
    assert sorted(unknown) == ["\u200b", "\u6771"]
    assert found.html().count(", unknown") == 2
    assert [word["known"] for word in found.to_dict()["words"]] == [word.known for word in found.words]


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_shows_the_texts_as_they_are() -> None:
    texts = ("reset <script>alert(1)</script> my", 'password & "more"')
    page = Seen()
    page.feed(explain(BAG, *texts).html())
    assert page.text.split("\n") == list(texts)
    assert set(page.tags) == {"p", "span"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("a", 3), "1"),
        (("my " * 401, ""), "the two texts have 401 words, expected at most 400"),
    ],
)
def test_what_cannot_be_explained_is_told(arguments: tuple[Any, Any], problem: str) -> None:
    with pytest.raises(textsiam.OptionError, match=problem):
        explain(BAG, *arguments)


@pytest.mark.parametrize("orders", [0, 1, 1.5, True, 10_001])
def test_orders_out_of_range_are_refused(orders: Any) -> None:
    with pytest.raises(textsiam.OptionError, match="expected an integer from 2 to 10,000"):
        explain(BAG, *SHORT, orders=orders)


@pytest.mark.parametrize("seed", [-1, 1.5, True])
def test_seeds_out_of_range_are_refused(seed: Any) -> None:
    with pytest.raises(textsiam.OptionError, match="expected an integer of at least 0"):
        explain(BAG, *SHORT, seed=seed)


def test_standard_errors_tell_how_far_other_orders_move_contributions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {word.standard_error for word in explain(LSTM, *SHORT).words} == {0.0}
    assert "\u00b1" not in str(explain(LSTM, *SHORT))
    found = [explain(LSTM, *LONG, orders=16, seed=seed) for seed in range(40)]
    assert f"\u00b1 {max(word.standard_error for word in found[0].words):.3f}" in str(found[0])
    shares = np.array([[word.contribution for word in one.words] for one in found])
    told = np.array([[word.standard_error for word in one.words] for one in found])
    assert np.sqrt((told**2).mean(axis=0)) == pytest.approx(shares.std(axis=0, ddof=1), rel=0.5)
    assert np.sqrt((told**2).mean()) == pytest.approx(np.sqrt((shares.var(axis=0, ddof=1)).mean()), rel=0.12)


def test_the_public_name_stays_a_function() -> None:
    assert textsiam.explain is explain


def test_html_lets_each_text_have_its_direction() -> None:
    assert explain(BAG, *SHORT).html().count('<p class="explained" dir="auto">') == 2


def test_han_and_kana_are_words_of_their_own() -> None:
    text = "\u6211 \u7231\u5410\u53f8iPhone\u3092 ok"
    found = explain(BAG, text, "reset it")
    assert [word.word for word in found.words if word.side == "a"] == [
        *("\u6211", "\u7231", "\u5410", "\u53f8", "iPhone", "\u3092", "ok")
    ]
    words = list(explanation._WORD.finditer(text))
    assert explanation._joined(words) == text
    assert explanation._joined(words[1:4:2]) == "\u7231\u53f8"  # what stood between them had no space
    assert explanation._joined(words[0:2]) == "\u6211 \u7231"
    assert explanation._joined([]) == ""


def test_of_a_model_of_grades_a_grade_is_explained() -> None:
    model = make(encoder="bag")
    model.details["graded"] = True
    found = explain(model, *SHORT)
    assert found.graded
    assert found.summary()[0].startswith(f"grade {found.probability:.4f} (threshold")
    assert explain(BAG, *SHORT).summary()[0].startswith("probability ")
