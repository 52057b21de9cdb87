from __future__ import annotations

import dataclasses
import itertools
import threading
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from textsiam.errors import OptionError
from textsiam.index import candidates, duplicates, recall
from textsiam.index.duplicates import Duplicates, find_duplicates
from textsiam.index.found import FoundPair
from textsiam.index.groups import Links, linked_groups
from textsiam.model.pair_model import PairModel
from textsiam.text.normalization import normalize_text

EXACT = ("cosine", "dot", "euclidean", "manhattan", "squared_euclidean")


def brute_force(texts: list[str], model: PairModel, threshold: float) -> dict[frozenset[str], float]:
    """Score every two distinct texts; those that reach the threshold, by their normalised texts."""
    distinct = {normalize_text(text): text for text in sorted(texts, reverse=True)}
    distinct.pop("", None)
    pairs = list(itertools.combinations(distinct, 2))
    scores = model.score_pairs([(distinct[a], distinct[b]) for a, b in pairs])
    return {frozenset(pair): float(p) for pair, p in zip(pairs, scores, strict=True) if p >= np.float32(threshold)}


def distinct_pairs(found: Duplicates) -> dict[frozenset[str], float]:
    keyed = [(normalize_text(pair.text_a), normalize_text(pair.text_b), pair.probability) for pair in found.pairs]
    return {frozenset((a, b)): p for a, b, p in keyed if a != b}


@pytest.mark.parametrize("head", [*EXACT, "mlp", "alignment"])
def test_what_is_found_is_what_brute_force_finds(make_model: MakeModel, texts: list[str], head: str) -> None:
    model = make_model(head)
    found = find_duplicates(texts, model, neighbours=1000)
    expected = brute_force(texts, model, 0.7)
    assert 20 < len(expected) < 5000
    assert found.recall is None
    pairs = distinct_pairs(found)
    assert pairs.keys() == expected.keys()
    assert list(pairs.values()) == pytest.approx([expected[pair] for pair in pairs], abs=1e-6)
    order = [(-pair.probability, pair.row_a, pair.row_b) for pair in found.pairs]
    assert order == sorted(order)
    assert all(pair.row_a < pair.row_b for pair in found.pairs)
    assert all((texts[pair.row_a], texts[pair.row_b]) == (pair.text_a, pair.text_b) for pair in found.pairs)


def test_cosines_are_those_of_the_vectors(make_model: MakeModel, texts: list[str]) -> None:
    model = make_model("cosine")
    for pair in find_duplicates(texts, model).pairs[-20:]:
        u, v = model.encode([pair.text_a, pair.text_b])
        assert pair.cosine == pytest.approx(float(u @ v / np.linalg.norm(u) / np.linalg.norm(v)), abs=1e-5)


def test_copies_are_pairs_with_the_first_alone_and_need_no_model(make_model: MakeModel) -> None:
    found = find_duplicates(["Red Cat", "dog", "red  cat", "", "RED CAT", " "], make_model("cosine"), threshold=1.0)
    assert found.pairs == (
        FoundPair(0, 2, "Red Cat", "red  cat", 1.0, 1.0),
        FoundPair(0, 4, "Red Cat", "RED CAT", 1.0, 1.0),
    )
    (group,) = found.groups
    assert (group.rows, group.kept, group.weakest) == ((0, 2, 4), 0, 1.0)
    assert found.kept == (0, 1, 3, 5)


@pytest.mark.parametrize("linkage", ["connected", "complete"])
def test_groups_are_those_of_the_pairs(make_model: MakeModel, texts: list[str], linkage: str) -> None:
    found = find_duplicates(texts, make_model("cosine"), threshold=0.8, linkage=linkage)
    keys = sorted({normalize_text(text) for text in texts})
    place = {key: number for number, key in enumerate(keys)}
    left, right = np.array([sorted(place[key] for key in pair) for pair in distinct_pairs(found)]).T
    expected = linked_groups(Links(left, right, np.array(list(distinct_pairs(found).values()))), linkage)
    assert len(expected) > 5
    grouped = {frozenset(normalize_text(texts[row]) for row in group.rows): group.weakest for group in found.groups}
    assert {frozenset(keys[one] for one in group.places): group.weakest for group in expected} == {
        several: weakest for several, weakest in grouped.items() if len(several) > 1
    }
    for group in found.groups:
        inside = {normalize_text(texts[row]) for row in group.rows}
        assert group.rows == tuple(row for row, text in enumerate(texts) if normalize_text(text) in inside)
    grouped_rows = [row for group in found.groups for row in group.rows]
    assert len(grouped_rows) == len(set(grouped_rows))
    assert set(found.kept) == set(range(len(texts))) - set(grouped_rows) | {group.kept for group in found.groups}


@pytest.mark.parametrize("linkage", ["connected", "complete"])
def test_the_order_of_rows_has_no_part(make_model: MakeModel, texts: list[str], linkage: str) -> None:
    model, random = make_model("cosine"), np.random.default_rng(1)

    def grouped(order: list[int]) -> set[tuple[str, frozenset[int], float]]:
        found = find_duplicates([texts[row] for row in order], model, threshold=0.9, linkage=linkage)
        return {(group.id, frozenset(order[row] for row in group.rows), group.weakest) for group in found.groups}

    expected = grouped(list(range(len(texts))))
    assert len(expected) > 5
    assert len({name for name, _, _ in expected}) == len(expected)
    for _ in range(20):
        assert grouped(random.permutation(len(texts)).tolist()) == expected


@pytest.mark.parametrize(("keep", "kept"), [("first", 0), ("longest", 2), ("shortest", 1)])
def test_a_rule_chooses_the_row_that_is_kept(make_model: MakeModel, keep: str, kept: int) -> None:
    found = find_duplicates(["red  cat", "Red cat", "red   cat", "dog"], make_model("cosine"), threshold=1.0, keep=keep)
    assert [group.kept for group in found.groups] == [kept]
    assert found.kept == (kept, 3)


class Counting:
    """A model that counts the texts that it encodes."""

    def __init__(self, model: PairModel) -> None:
        self.model, self.calibration, self.encoded = model, model.calibration, 0
        self.texts: list[str] = []
        self.compare_vectors, self.score_pairs = model.compare_vectors, model.score_pairs
        self.frame, self.fingerprint = model.frame, model.fingerprint

    def encode(self, texts: Any) -> Any:
        self.encoded += len(texts)
        self.texts += texts
        return self.model.encode(texts)


@pytest.mark.parametrize("given", [["red cat", "Red cat", "dog"], ["dog", "Red cat", "red cat"]])
def test_of_copies_the_least_spelling_is_encoded_whatever_the_order(make_model: MakeModel, given: list[str]) -> None:
    model = Counting(make_model("cosine"))
    find_duplicates(given, model)
    assert model.texts == ["dog", "Red cat"]


def test_another_threshold_encodes_nothing_again(make_model: MakeModel, texts: list[str]) -> None:
    model = Counting(make_model("cosine"))
    found = find_duplicates(texts, model, threshold=0.8)
    encoded = model.encoded
    assert encoded == len({normalize_text(text) for text in texts} - {""})
    for threshold in (0.95, 0.5):
        again = find_duplicates(texts, make_model("cosine"), threshold=threshold)
        other = found.rethreshold(threshold)
        assert (other.pairs, other.groups, other.kept) == (again.pairs, again.groups, again.kept)
        assert other.threshold == threshold
    assert model.encoded == encoded


@pytest.mark.parametrize("count", [1, 10, 100_000])
def test_borderline_pairs_are_the_nearest_to_the_threshold(make_model: MakeModel, texts: list[str], count: int) -> None:
    model = make_model("cosine")
    found = find_duplicates(texts, model, threshold=0.8).borderline(count)
    scored = brute_force(texts, model, 1e-4)
    nearest = sorted(abs(p - 0.8) for p in scored.values())[:count]
    assert [abs(pair.probability - 0.8) for pair in found[:100]] == pytest.approx(nearest[:100], abs=1e-6)


def test_heads_that_products_say_nothing_of_tell_their_recall(
    make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("mlp")
    expected = brute_force(texts, model, 0.7)
    monkeypatch.setattr(recall, "SCORED_FOR_RECALL", 10**9)  # all texts are the sample
    found = find_duplicates(texts, model, neighbours=3)
    pairs = distinct_pairs(found)
    assert pairs.keys() < expected.keys()
    assert found.recall is not None
    assert (found.recall.found, found.recall.reaching) == (2 * len(pairs), 2 * len(expected))  # seen from both texts
    assert f"recall {2 * len(pairs)} of {2 * len(expected)} in a sample" in repr(found)


def test_borderline_gives_what_there_is_where_a_wider_search_finds_too_many(
    make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_duplicates(texts, make_model("cosine"), threshold=0.9)
    number = len(distinct_pairs(found))
    monkeypatch.setattr(candidates, "MOST_PAIRS", number + 5)
    near = found.borderline(100_000)
    assert number <= len(near) <= number + 5


def test_a_models_own_threshold_may_be_above_1(make_model: MakeModel) -> None:
    model = make_model("cosine")
    model.calibration = dataclasses.replace(model.calibration, threshold=1.0000001)
    assert [pair[:2] for pair in find_duplicates(["red", "dog", "Red"], model).pairs] == [(0, 2)]


def test_after_an_error_no_thread_is_left(
    make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_PAIRS", 5)
    before = threading.active_count()
    with pytest.raises(OptionError) as caught:
        find_duplicates(texts, make_model("cosine"), threshold=0.01)
    assert threading.active_count() == before  # while the error is still held
    assert caught.value is not None


def test_a_bias_that_is_large_hides_no_pair(make_model: MakeModel, texts: list[str]) -> None:
    model = make_model("squared_euclidean")
    model.weights["head.output.bias"] = np.array([3000.0], dtype=np.float32)
    model = PairModel(
        architecture=model.architecture,
        vocabulary=model.tokenizer.proto,
        weights=model.weights,
        calibration=dataclasses.replace(
            model.calibration, intercept=model.calibration.intercept - 3000 * model.calibration.slope
        ),
    )
    for threshold in (0.3, 0.7, 0.9):
        found = find_duplicates(texts, model, threshold=threshold)
        assert distinct_pairs(found).keys() == brute_force(texts, model, threshold).keys()


def test_too_many_pairs_are_refused(make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_PAIRS", 50)
    with pytest.raises(OptionError, match=r"more than 50 pairs reach the threshold 0\.01; give a higher one"):
        find_duplicates(texts, make_model("cosine"), threshold=0.01)


@pytest.mark.parametrize("few", [[], ["", " "], ["red"], ["red", "dog"]])
def test_few_texts_have_no_duplicates(make_model: MakeModel, few: list[str]) -> None:
    for head in (*EXACT, "mlp", "alignment"):
        found = find_duplicates(few, make_model(head), threshold=1.0)
        assert (found.pairs, found.groups, found.kept) == ((), (), tuple(range(len(few))))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"threshold": 0}, "threshold is 0, expected a probability above 0"),
        ({"threshold": True}, "threshold is True"),
        ({"linkage": "complet"}, "linkage is 'complet', expected one of connected, complete; did you mean 'complete'"),
        ({"keep": "best"}, "keep is 'best', expected one of first, longest, shortest"),
        ({"neighbours": 0}, "neighbours is 0, expected an integer of at least 1"),
        ({"threads": 0}, "threads is 0, expected an integer of at least 1"),
    ],
)
def test_options_out_of_range_are_named(make_model: MakeModel, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        find_duplicates(["red", "dog"], make_model("cosine"), **options)


def test_thresholds_of_numpy_are_taken(make_model: MakeModel) -> None:
    texts, model = ["red", "dog", "red dog"], make_model("cosine")
    for threshold in (np.float32(0.5), np.int64(1)):
        given: Any = threshold
        found = find_duplicates(texts, model, threshold=given)
        assert found.pairs == find_duplicates(texts, model, threshold=float(given)).pairs


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("red", "texts is one text"),
        (["red", None], r"texts\[1\] is None, expected a str"),
        (None, "texts is a NoneType, expected a list of texts"),
        ({"red"}, "texts is a set, expected a list of texts"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(make_model: MakeModel, given: Any, problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        find_duplicates(given, make_model("cosine"))


def test_the_rules_are_named_in_the_docstring() -> None:
    assert find_duplicates.__doc__ is not None
    for name in (*duplicates.KEEP, *EXACT):
        assert f'"{name}"' in find_duplicates.__doc__


def test_a_path_in_place_of_a_model_is_told() -> None:
    with pytest.raises(OptionError, match="model is a path, expected a model; load it with"):
        find_duplicates(["red"], "models/m")  # type: ignore[arg-type] # what is tested
