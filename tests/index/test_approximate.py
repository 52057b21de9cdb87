from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from tests.index.test_duplicates import brute_force, distinct_pairs
from textsiam.arrays import Array
from textsiam.errors import MissingExtraError, OptionError
from textsiam.index import approximate, candidates, recall
from textsiam.index.approximate import nearly_nearest
from textsiam.index.duplicates import find_duplicates
from textsiam.index.matches import find_matches
from textsiam.index.neighbours import nearest

usearch = pytest.importorskip("usearch.index", reason="the extra ann is not installed")


def some_unit(seed: int, rows: int) -> Array:
    vectors = np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)
    unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.mark.parametrize("rows", [1, 2, 50, 700])
@pytest.mark.parametrize("others", [None, 1, 3, 400])
def test_nearly_all_that_are_near_are_found(rows: int, others: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "ROWS", 64)
    unit, among = some_unit(1, rows), None if others is None else some_unit(2, others)
    advanced: list[int] = []
    found = nearly_nearest(unit, 10, among=among, threads=1, advance=advanced.append)
    number = rows if others is None else others
    assert found.shape == (rows, min(11 if others is None else 10, number))
    assert found.min() >= 0
    assert found.max() < number
    assert sum(advanced) == number + rows
    exact = nearest(unit, 10, among=among)
    shared = sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), exact.tolist(), strict=True))
    assert shared >= 0.95 * exact.size


@pytest.mark.parametrize("at_once", [2, 3, 4])
def test_where_fewer_are_found_some_stand_twice(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    class Lazy(usearch.Index):  # type: ignore[misc, name-defined] # its types are the package's matter
        def search(self, vectors: Array, count: int, **options: Any) -> Any:
            found = super().search(vectors, 3, **options)
            if len(vectors) > 1:
                found.keys = np.pad(found.keys, ((0, 0), (0, count - 3)), constant_values=2**63)
            return found

    monkeypatch.setattr(approximate, "ROWS", at_once)
    monkeypatch.setattr(approximate, "usearch", lambda: SimpleNamespace(Index=Lazy))
    unit = some_unit(3, 7)
    found = nearly_nearest(unit, 5)
    assert found.shape == (7, 6)
    exact = unit @ unit.T
    for row, places in enumerate(found.tolist()):
        assert set(places) == set(np.argsort(-exact[row])[:3].tolist())


@pytest.mark.parametrize(("rows", "others"), [(0, None), (0, 3), (3, 0)])
def test_nothing_is_near_nothing(rows: int, others: int | None) -> None:
    found = nearly_nearest(some_unit(1, rows), 10, among=None if others is None else some_unit(2, others))
    assert (len(found), found.size) == (rows, 0)


@pytest.mark.parametrize("head", ["cosine", "mlp", "alignment"])
def test_pairs_are_scored_exactly_and_the_recall_is_measured(
    make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    model = make_model(head)
    monkeypatch.setattr(recall, "SCORED_FOR_RECALL", 10**9)  # all texts are the sample
    found = find_duplicates(texts, model, approximate=True, neighbours=20)
    pairs, expected = distinct_pairs(found), brute_force(texts, model, 0.7)
    assert pairs.keys() <= expected.keys()
    assert list(pairs.values()) == pytest.approx([expected[pair] for pair in pairs], abs=1e-6)
    assert found.recall is not None
    assert (found.recall.found, found.recall.reaching) == (2 * len(pairs), 2 * len(expected))
    exactly = distinct_pairs(find_duplicates(texts, model, approximate=False, neighbours=20))
    assert len(pairs.keys() & exactly.keys()) > 0.9 * len(exactly) > 30


def test_two_lists_can_be_searched_so(
    make_model: MakeModel, texts: list[str], against: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall, "SCORED_FOR_RECALL", 10**9)
    model = make_model("cosine")
    exact, found = (find_matches(texts, against, model, approximate=option) for option in (False, True))
    assert (exact.recall, exact.recall is found.recall) == (None, False)
    pairs, all_pairs = ({pair[:2] for pair in matches.pairs} for matches in (found, exact))
    assert pairs <= all_pairs
    assert len(pairs) > 0.95 * len(all_pairs) > 50
    assert found.recall is not None
    assert found.recall.found / found.recall.reaching > 0.95


@pytest.mark.parametrize("head", ["dot", "euclidean", "manhattan", "squared_euclidean"])
def test_heads_that_do_not_rank_by_cosine_refuse(make_model: MakeModel, texts: list[str], head: str) -> None:
    with pytest.raises(OptionError, match="is asked for, but this model's pairs do not rank by cosine; leave it out"):
        find_duplicates(texts, make_model(head), approximate=True)


@pytest.mark.parametrize("few", [[], ["red"], ["red", "dog"], ["red", "Red"]])
@pytest.mark.parametrize("head", ["cosine", "mlp"])
def test_few_texts_have_no_duplicates_but_copies(make_model: MakeModel, few: list[str], head: str) -> None:
    found = find_duplicates(few, make_model(head), threshold=1.0, approximate=True)
    assert [pair[:2] for pair in found.pairs] == ([(0, 1)] if few == ["red", "Red"] else [])


def used(model: Any, texts: list[str], monkeypatch: pytest.MonkeyPatch, **options: Any) -> bool:
    """Tell whether a search made a graph."""
    calls = []

    def counted(*arguments: Any, **named: Any) -> Array:
        calls.append(1)
        return nearly_nearest(*arguments, **named)

    monkeypatch.setattr(candidates, "nearly_nearest", counted)
    find_duplicates(texts, model, **options)
    return bool(calls)


@pytest.mark.parametrize(("head", "limit"), [("cosine", "MOST_PRODUCTS"), ("mlp", "MOST_NEAR")])
def test_where_nothing_is_said_the_size_decides(
    make_model: MakeModel, texts: list[str], monkeypatch: pytest.MonkeyPatch, head: str, limit: str
) -> None:
    model = make_model(head)
    distinct = len(find_duplicates(texts, model)._search.corpus.texts)
    pairs = distinct * distinct // (2 if head == "cosine" else 1)
    assert not used(model, texts, monkeypatch)
    monkeypatch.setattr(candidates, limit, pairs)
    assert not used(model, texts, monkeypatch)
    monkeypatch.setattr(candidates, limit, pairs - 1)
    assert used(model, texts, monkeypatch)
    assert not used(model, texts, monkeypatch, approximate=False)
    assert not used(make_model("euclidean"), texts, monkeypatch)
    monkeypatch.setattr(candidates, "is_installed", lambda: False)
    assert not used(model, texts, monkeypatch)


def test_what_was_kept_of_an_exact_search_is_no_start(make_model: MakeModel, texts: list[str], tmp_path: Path) -> None:
    model = make_model("cosine")
    find_duplicates(texts, model, run_folder=tmp_path / "run")
    with pytest.raises(OptionError, match="other options"):
        find_duplicates(texts, model, run_folder=tmp_path / "run", resume=True, approximate=True)
    first = find_duplicates(texts, model, run_folder=tmp_path / "run", approximate=True)
    again = find_duplicates(texts, model, run_folder=tmp_path / "run", resume=True, approximate=True)
    assert (again.pairs, again.recall) == (first.pairs, first.recall)


def test_bad_input_is_named(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="approximate is 'yes', expected True, False or None"):
        find_duplicates(["red"], make_model("cosine"), approximate="yes")  # type: ignore[arg-type] # what is tested
    monkeypatch.setitem(sys.modules, "usearch", None)
    monkeypatch.delitem(sys.modules, "usearch.index", raising=False)
    with pytest.raises(MissingExtraError, match=r"approximate search needs .*pip install 'textsiam\[ann\]'"):
        find_duplicates(["red"], make_model("cosine"), approximate=True)
