from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from tests.index.test_duplicates import EXACT, Counting
from textsiam.errors import OptionError
from textsiam.index import candidates, recall
from textsiam.index.found import FoundPair
from textsiam.index.matches import Matches, find_matches
from textsiam.model.pair_model import PairModel
from textsiam.text.normalization import normalize_text


def brute_force(
    texts: list[str], against: list[str], model: PairModel, threshold: float
) -> dict[tuple[int, int], float]:
    """Score every row with every first row of the other list, in a loop."""
    spelled: dict[str, str] = {}
    for text in (*texts, *against):
        key = normalize_text(text)
        spelled[key] = min(spelled.get(key, text), text)
    first: dict[str, int] = {}
    for row, text in enumerate(against):
        first.setdefault(normalize_text(text), row)
    del first[""]
    pairs = [
        (row, text, key, first[key]) for (row, text), key in itertools.product(enumerate(texts), first) if text.strip()
    ]
    scores = model.score_pairs([(spelled[normalize_text(text)], spelled[key]) for _, text, key, _ in pairs])
    found = {}
    for (row_a, text, key, row_b), score in zip(pairs, scores.tolist(), strict=True):
        probability = 1.0 if normalize_text(text) == key else score
        if probability >= np.float32(threshold):
            found[row_a, row_b] = probability
    return found


def as_rows(found: Matches) -> dict[tuple[int, int], float]:
    rows = {(pair.row_a, pair.row_b): pair.probability for pair in found.pairs}
    assert len(rows) == len(found.pairs)
    return rows


@pytest.mark.parametrize("head", [*EXACT, "mlp", "alignment"])
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_found_is_what_brute_force_finds(
    make_model: MakeModel, texts: list[str], against: list[str], head: str, turned: bool
) -> None:
    model = make_model(head)
    some, others = (against, texts) if turned else (texts, against)
    found = find_matches(some, others, model, neighbours=1000)
    expected = brute_force(some, others, model, 0.7)
    assert 50 < len(expected) < len(some) * len(others) / 3
    assert found.recall is None
    rows = as_rows(found)
    assert rows.keys() == expected.keys()
    assert list(rows.values()) == pytest.approx([expected[pair] for pair in rows], abs=1e-6)
    order = [(-pair.probability, pair.row_a, pair.row_b) for pair in found.pairs]
    assert order == sorted(order)
    assert all((some[pair.row_a], others[pair.row_b]) == (pair.text_a, pair.text_b) for pair in found.pairs)


def test_the_best_of_each_row_and_rows_without_a_match(
    make_model: MakeModel, texts: list[str], against: list[str]
) -> None:
    found = find_matches(texts, against, make_model("cosine"), threshold=0.9)
    unmatched = []
    for row, best in enumerate(found.best):
        own = [pair for pair in found.pairs if pair.row_a == row]
        if own:
            highest = max(pair.probability for pair in own)
            assert best == min((pair for pair in own if pair.probability == highest), key=lambda pair: pair.row_b)
        else:
            assert best is None
            unmatched.append(row)
    assert found.unmatched == tuple(unmatched)
    assert 10 < len(unmatched) < len(texts) - 10


def test_copies_match_without_the_model_each_row_on_the_left_and_the_first_on_the_right(make_model: MakeModel) -> None:
    some, others = ["Red Cat", "dog", "", "red  cat"], ["", "bird", "RED cat", "red cat", " "]
    found = find_matches(some, others, make_model("cosine"), threshold=1.0)
    assert found.pairs == (
        FoundPair(0, 2, "Red Cat", "RED cat", 1.0, 1.0),
        FoundPair(3, 2, "red  cat", "RED cat", 1.0, 1.0),
    )
    assert found.best == (found.pairs[0], None, None, found.pairs[1])
    assert found.unmatched == (1, 2)
    assert repr(found) == "Matches(4 texts against 5, 2 pairs from 1 on, 2 texts unmatched)"


def test_distinct_texts_are_encoded_once_and_no_more_for_another_threshold(
    make_model: MakeModel, texts: list[str], against: list[str]
) -> None:
    model: Any = Counting(make_model("cosine"))
    found = find_matches(texts, against, model, threshold=0.8)
    distinct = {normalize_text(text) for text in (*texts, *against)} - {""}
    assert sorted(map(normalize_text, model.texts)) == sorted(distinct)
    for threshold in (0.95, 0.5):
        again, other = find_matches(texts, against, model.model, threshold=threshold), found.rethreshold(threshold)
        assert (other.pairs, other.best, other.threshold) == (again.pairs, again.best, threshold)
        assert len(other.pairs) != len(found.pairs)
    assert model.encoded == len(distinct)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_heads_that_products_say_nothing_of_tell_their_recall(
    make_model: MakeModel, texts: list[str], against: list[str], monkeypatch: pytest.MonkeyPatch, neighbours: int
) -> None:
    model = make_model("mlp")
    monkeypatch.setattr(recall, "SCORED_FOR_RECALL", 10**9)  # all texts are the sample
    found = find_matches(texts, against, model, neighbours=neighbours)
    keyed = {
        (normalize_text(texts[a]), b)
        for a, b in as_rows(found)
        if normalize_text(against[b]) != normalize_text(texts[a])
    }
    expected = {
        (normalize_text(texts[a]), b)
        for a, b in brute_force(texts, against, model, 0.7)
        if normalize_text(against[b]) != normalize_text(texts[a])
    }
    assert keyed < expected
    assert found.recall is not None
    assert (found.recall.found, found.recall.reaching) == (len(keyed), len(expected))
    assert found.recall.texts == len({normalize_text(text) for text in texts} - {""})
    assert f"recall {len(keyed)} of {len(expected)} in a sample" in repr(found)


def test_the_limit_counts_pairs_of_rows(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model("cosine")
    some, others = ["red cat", *["red dog"] * 40], ["Red bird", "red sings"]
    assert len(find_matches(some, others, model, threshold=1e-9).pairs) == 82
    monkeypatch.setattr(candidates, "MOST_PAIRS", 81)
    with pytest.raises(OptionError, match=r"more than 81 pairs reach the threshold 1e-09; give a higher one"):
        find_matches(some, others, model, threshold=1e-9)


@pytest.mark.parametrize("head", [*EXACT, "mlp", "alignment"])
@pytest.mark.parametrize(("some", "others"), [([], []), (["red"], []), ([], ["red", "dog"]), (["", " "], [""])])
def test_nothing_matches_nothing(make_model: MakeModel, head: str, some: list[str], others: list[str]) -> None:
    found = find_matches(some, others, make_model(head), threshold=0.001, neighbours=1)
    assert (found.pairs, found.best, found.unmatched) == ((), (None,) * len(some), tuple(range(len(some))))


@pytest.mark.parametrize(
    ("against", "options", "problem"),
    [
        ("red", {}, "against is one text, expected a list of texts"),
        ({"red"}, {}, "against is a set, expected a list of texts"),
        (["red", None], {}, r"against\[1\] is None, expected a str"),
        (["red"], {"threshold": 0}, "threshold is 0, expected a probability above 0"),
        (["red"], {"neighbours": 0}, "neighbours is 0, expected an integer of at least 1"),
        (["red"], {"threads": 0}, "threads is 0, expected an integer of at least 1"),
    ],
)
def test_bad_input_is_named(make_model: MakeModel, against: Any, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        find_matches(["red", "dog"], against, make_model("cosine"), **options)
