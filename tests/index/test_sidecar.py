from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from textsiam import DuplicateIndex, MissingExtraError, PairModel
from textsiam.arrays import unit_vectors
from textsiam.index import locations, sidecar
from textsiam.index.approximate import new_graph
from textsiam.index.memory_search import MemorySearch

NUMBER = 3000


@pytest.fixture(scope="module")
def many_texts() -> list[str]:
    random = np.random.default_rng(4)
    words = ["red", "green", "blue", "cat", "dog", "bird", "sleeps", "runs", "sings", "today", "here", "now"]
    found = {" ".join(random.choice(words, size=random.integers(3, 9))) for _ in range(3 * NUMBER)}
    return sorted(found)[:NUMBER]


@pytest.fixture
def place(make_model: MakeModel, many_texts: list[str], tmp_path: Path) -> Path:
    with DuplicateIndex.open(tmp_path / "x.db", make_model("cosine"), approximate=True) as index:
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts)])
        index.compact()  # which waits for the sidecar
    assert (tmp_path / "x.db.near").exists()
    return tmp_path / "x.db"


def search_of(index: DuplicateIndex) -> MemorySearch:
    assert isinstance(index._session.search, MemorySearch)
    return index._session.search


def uses_sidecar(index: DuplicateIndex) -> bool:
    index.find("red")
    return search_of(index)._sidecar is not None


def recall_of(index: DuplicateIndex, exact: DuplicateIndex, texts: list[str]) -> float:
    """Of the ten nearest of some texts, by search of all, the share that is found."""
    hits = total = 0
    for text in texts:
        wanted = exact.find(text, limit=10, threshold=0)
        least = wanted[-1].probability
        hits += sum(match.probability >= least for match in index.find(text, limit=10, threshold=0))
        total += len(wanted)
    return hits / total


def test_that_it_is_missing_is_told(make_model: MakeModel, many_texts: list[str], tmp_path: Path) -> None:
    with DuplicateIndex.open(tmp_path / "x.db", make_model("cosine"), approximate=True) as index:
        assert not index.lacks_graph
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts[:50])])
        assert index.lacks_graph
        index.compact()
        assert not index.lacks_graph
        assert uses_sidecar(index)


def test_nearly_all_are_found(make_model: MakeModel, many_texts: list[str], place: Path) -> None:
    model = make_model("cosine")
    with (
        DuplicateIndex.open(place, model, approximate=True) as index,
        DuplicateIndex.open(place, model, approximate=False) as exact,
    ):
        assert uses_sidecar(index)
        assert not uses_sidecar(exact)
        assert recall_of(index, exact, many_texts[::60]) >= 0.98
        # those that are found have the same probabilities, by a threshold all that reach it
        for text in many_texts[::100]:
            found, wanted = (one.find(text, limit=None, threshold=0.9) for one in (index, exact))
            assert all(match in wanted for match in found)
            assert len(found) >= 0.98 * len(wanted)
        checked = index.check(sample=50).recall
        assert checked is not None
        assert checked.nearest == 500
        assert 490 <= checked.found <= 500
        assert exact.check().recall is None


@pytest.mark.parametrize("head", ["mlp", "alignment"])
def test_heads_that_compare_more_find_near_texts_by_it(
    make_model: MakeModel, many_texts: list[str], tmp_path: Path, head: str
) -> None:
    model = make_model(head)
    with DuplicateIndex.open(tmp_path / "x.db", model, approximate=True) as index:
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts[:800])])
        index.compact()
        assert uses_sidecar(index)
        found = [index.find(text, limit=5, threshold=0) for text in many_texts[:100]]
    units = unit_vectors(model.encode(many_texts[:800]))
    missed = better = 0
    for text, unit, matches in zip(many_texts, units, found, strict=False):
        assert matches[0].probability == 1
        cosines, near = units @ unit, np.sort(units @ unit)[-100]
        assert all(match.cosine >= near - sidecar.ROUNDING for match in matches)
        # the hundredth may be another: of texts that are equally near any will do
        surely = np.flatnonzero(cosines > near + sidecar.ROUNDING).tolist()
        probabilities = model.score_pairs([(text, many_texts[number]) for number in surely])
        wanted = {f"k{surely[place]}" for place in np.flatnonzero(probabilities > matches[-1].probability)}
        better += len(wanted)
        missed += len(wanted - {match.key for match in matches})
    assert better > 50
    assert missed <= 0.1 * better


@pytest.mark.parametrize("head", ["dot", "euclidean", "manhattan", "squared_euclidean"])
def test_other_heads_are_searched_exactly(make_model: MakeModel, tmp_path: Path, head: str) -> None:
    with DuplicateIndex.open(tmp_path / "x.db", make_model(head), approximate=True) as index:
        index.add_many([("a", "red cat"), ("b", "blue dog")])
        index.compact()
        assert not uses_sidecar(index)
    assert not (tmp_path / "x.db.near").exists()


def test_what_came_after_is_found_and_what_went_is_not(
    make_model: MakeModel, many_texts: list[str], place: Path
) -> None:
    with DuplicateIndex.open(place, make_model("cosine"), approximate=True) as index:
        assert uses_sidecar(index)
        gone = [match.key for match in index.find(many_texts[5], limit=30, threshold=0)]
        index.remove(gone)
        index.add("new", f"{many_texts[5]} today")
        found = [match.key for match in index.find(many_texts[5], limit=30, threshold=0)]
        assert "new" in found
        assert not set(found) & set(gone)
        assert len(found) == 30
        search = search_of(index)
        assert search._gone == 30
        assert search._matrix is not None
        assert len(search._matrix) == 1


def test_a_stale_one_is_made_anew(make_model: MakeModel, many_texts: list[str], place: Path) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(place, model, approximate=True) as index:
        assert uses_sidecar(index)
        index.remove(f"k{number}" for number in range(0, NUMBER, 2))
        index.add_many([(f"n{number}", f"{text} {text}") for number, text in enumerate(many_texts[:1000])])
        index.find("red")  # sees that it is stale
        keeper = search_of(index).keeper
        assert keeper is not None
        assert keeper._thread is not None
        keeper._thread.join()
        index.find("red")
        sidecar = search_of(index)._sidecar
        assert sidecar is not None
        assert sidecar.made.texts == NUMBER // 2 + 1000
        assert search_of(index)._gone == 0
        assert search_of(index)._matrix is None
        with DuplicateIndex.open(place, model, approximate=False) as exact:
            assert recall_of(index, exact, many_texts[::60]) >= 0.98


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def alter(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def of_a_newer_format(content: bytes) -> bytes:
    header, _, rest = content.partition(b"\n")
    return json.dumps({**json.loads(header), "format": 99}).encode() + b"\n" + rest


def of_another_index(content: bytes) -> bytes:
    header, _, rest = content.partition(b"\n")
    return json.dumps({**json.loads(header), "uid": "0" * 16}).encode() + b"\n" + rest


def with_something_more(content: bytes) -> bytes:
    header, _, rest = content.partition(b"\n")
    return json.dumps({**json.loads(header), "more": 1}).encode() + b"\n" + rest


@pytest.mark.parametrize(
    "harm",
    [
        cut,
        alter,
        of_a_newer_format,
        of_another_index,
        with_something_more,
        lambda content: b"",
        lambda content: b"\xff" * 100,
        lambda content: b"[1, 2]\n" + content,
    ],
)
def test_a_broken_one_is_passed_over_and_made_anew(
    make_model: MakeModel, many_texts: list[str], place: Path, harm: Any
) -> None:
    model = make_model("cosine")
    beside = place.with_name("x.db.near")
    beside.write_bytes(harm(beside.read_bytes()))
    with (
        DuplicateIndex.open(place, model, approximate=True) as index,
        DuplicateIndex.open(place, model, approximate=False) as exact,
    ):
        assert not uses_sidecar(index)
        assert index.find(many_texts[3]) == exact.find(many_texts[3])
        keeper = search_of(index).keeper
        assert keeper is not None
        assert keeper._thread is not None
        keeper._thread.join()
        assert uses_sidecar(index)


def test_one_of_an_earlier_state_of_the_index_is_passed_over(
    make_model: MakeModel, many_texts: list[str], tmp_path: Path
) -> None:
    """An index was put back from a copy, and went on with other texts under the same ids."""
    model, place = make_model("cosine"), tmp_path / "x.db"
    with DuplicateIndex.open(place, model, approximate=False) as index:
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts[:100])])
    copy = place.read_bytes()
    with DuplicateIndex.open(place, model, approximate=True) as index:
        index.add_many([(f"a{number}", text) for number, text in enumerate(many_texts[100:200])])
        index.compact()
        assert uses_sidecar(index)
    place.write_bytes(copy)
    with DuplicateIndex.open(place, model, approximate=True) as index:
        index.add_many([(f"b{number}", text) for number, text in enumerate(many_texts[300:500])])
        assert index.find(many_texts[350], limit=1)[0].key == "b50"
        assert not uses_sidecar(index) or search_of(index)._sidecar.made.texts == 300  # type: ignore[union-attr]  # by now


def test_copies_leave_the_others_to_be_found(make_model: MakeModel, many_texts: list[str], tmp_path: Path) -> None:
    model, others = make_model("cosine"), many_texts[::3]
    assert len(others) == 1000
    with (
        DuplicateIndex.open(tmp_path / "x.db", model, approximate=True) as index,
        DuplicateIndex.open(tmp_path / "x.db", model, approximate=False) as exact,
    ):
        index.add_many([(f"copy{number}", "Red cat sings" + " " * number) for number in range(1000)])
        index.add_many([(f"k{number}", text) for number, text in enumerate(others)])
        index.compact()
        assert uses_sidecar(index)
        hits = total = 0
        for text in others[::5]:
            wanted = {match.key for match in exact.find(text, limit=None, threshold=0.6)}
            found = {match.key for match in index.find(text, limit=None, threshold=0.6)}
            hits, total = hits + len(wanted & found), total + len(wanted)
        assert total > 400
        assert hits / total >= 0.99
        assert len(index.find("red CAT sings", limit=1000)) == 1000


def test_without_the_extra_search_is_exact(
    make_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "usearch.index", None)
    monkeypatch.setattr(locations, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match=r"approximate search needs the package usearch.*textsiam\[ann\]"):
        DuplicateIndex.open(tmp_path / "x.db", make_model("cosine"), approximate=True)
    assert not (tmp_path / "x.db").exists()
    with DuplicateIndex.open(tmp_path / "x.db", make_model("cosine")) as index:
        index.add("a", "red cat")
        assert search_of(index).keeper is None
        assert index.find("red cat")


def test_what_cannot_be_written_is_told(make_model: MakeModel, place: Path) -> None:
    model: PairModel = make_model("cosine")
    beside = place.with_name("x.db.near")
    beside.unlink()
    beside.mkdir()
    (beside / "file").touch()
    with DuplicateIndex.open(place, model, approximate=True) as index:
        index.compact()
        problems = index.check().problems
        assert len(problems) == 1
        assert "approximate search is off" in problems[0]
        assert index.find("red")


@pytest.mark.parametrize("head", ["mlp", "alignment", "cosine"])
def test_groups_of_texts_that_a_graph_has_after_some_are_gone(
    make_model: MakeModel, many_texts: list[str], tmp_path: Path, head: str
) -> None:
    with DuplicateIndex.open(tmp_path / "x.db", make_model(head), approximate=True) as index:
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts[:300])])
        index.compact()
        index.remove([f"k{number}" for number in range(0, 40, 2)])
        assert uses_sidecar(index)
        groups = index.groups()
        assert groups
        assert {key for group in groups for key in group.keys} <= set(index.keys())


def test_without_its_newest_text_it_can_still_be_used(
    make_model: MakeModel, many_texts: list[str], place: Path
) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(place, model, approximate=True) as index:
        index.remove(f"k{NUMBER - 1}")
    with DuplicateIndex.open(place, model, approximate=True) as index:
        assert uses_sidecar(index)
        index.add("new", many_texts[NUMBER - 1])
        assert [match.key for match in index.find(many_texts[NUMBER - 1], limit=1)] == ["new"]


def test_below_the_size_vectors_are_read_once_whatever_lies_beside(
    make_model: MakeModel, many_texts: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:  # a graph is there, and not asked for
        assert not uses_sidecar(index)
        begun: list[int] = []
        real = MemorySearch._begin

        def counting(self: MemorySearch) -> None:
            begun.append(1)
            real(self)

        monkeypatch.setattr(MemorySearch, "_begin", counting)
        for _ in range(3):
            index.find("red")
        assert begun == []


def test_it_is_not_made_of_two_models(
    make_model: MakeModel, many_texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, place = make_model("cosine"), tmp_path / "x.db"
    with DuplicateIndex.open(place, model, approximate=True) as index:
        index.add_many([(f"k{number}", text) for number, text in enumerate(many_texts[:200])])

        def slowly(width: int) -> Any:
            with DuplicateIndex.open(place) as other:
                other.reencode(make_model("euclidean"))
            return new_graph(width)

        monkeypatch.setattr(sidecar, "new_graph", slowly)
        search = search_of(index)
        with index._session.reading():
            search.refresh()
        search.wait_for_graph(show_progress=False)
        assert not place.with_name("x.db.near").exists()
        assert search.problem() == ""


def test_texts_that_cannot_reach_the_threshold_are_not_read() -> None:
    units = np.random.default_rng(0).normal(size=(400, 16)).astype(np.float32)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    graph = new_graph(16)
    graph.add(np.arange(len(units), dtype=np.uint64), units)
    found = sidecar.Sidecar(graph, sidecar.Made(1, "", 1, 399, 400, {}))
    for row in range(20):
        cosines = units @ units[row]
        (some,) = found.near(units[row : row + 1], 50, 0.6)
        (all_near,) = found.near(units[row : row + 1], 50, -np.inf)
        assert len(all_near.ids) == 50
        assert not all_near.all
        assert some.all == (np.sort(cosines)[-50] < 0.6 - sidecar.ROUNDING)
        assert set(some.ids) >= {number for number in all_near.ids if cosines[number] >= 0.6}
        assert all(cosines[number] >= 0.6 - 2 * sidecar.ROUNDING for number in some.ids)
