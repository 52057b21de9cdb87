from __future__ import annotations

import numpy as np
import pytest

from tests.index.conftest import WORDS, MakeModel
from textsiam import DuplicateIndex
from textsiam.arrays import Array
from textsiam.index import postgres_search
from textsiam.index.matrix import Nearest
from textsiam.index.memory_search import MemorySearch
from textsiam.index.postgres import PostgresDatabase
from textsiam.index.postgres_search import METRICS, PostgresSearch, is_ranked
from textsiam.index.store import Store

pytestmark = pytest.mark.xdist_group("postgres")
RANKED = ["cosine", "dot", "euclidean", "manhattan"]


def stored(schema: str, vectors: Array) -> PostgresDatabase:
    """Give an index that holds vectors under the ids 1, 2, ..., each of a text of its own."""
    database = PostgresDatabase(schema, timeout=5, create=True)
    store = Store(database)
    with database.writing():
        store.set({"generation": 1, "revision": 0, "gone_from": 0, "threshold": 0.7})
        hashes = [number.to_bytes(16) for number in range(len(vectors))]
        ids = store.add_texts({own: ("text", vector) for own, vector in zip(hashes, vectors, strict=True)})
    assert list(ids.values()) == list(range(1, len(vectors) + 1))
    return database


def nearest(database: PostgresDatabase, search: PostgresSearch, query: Array, count: int, least: float) -> Nearest:
    with database.reading():
        search.refresh()
        return search.near(query[None], count, least)[0]


@pytest.mark.parametrize("head", [*RANKED, "mlp"])
def test_the_nearest_are_those_that_the_model_ranks_highest(make_model: MakeModel, schema: str, head: str) -> None:
    model, random = make_model(head), np.random.default_rng(5)
    vectors = random.normal(0.2, 0.5, size=(400, 16)).astype(np.float32)
    vectors[7] = 0
    database = stored(schema, vectors)
    search = PostgresSearch(database, model, None)
    ranked = head != "mlp"
    assert search.ranks == ranked
    complete = 0
    for query in [*vectors[:20], *random.normal(size=(20, 16)).astype(np.float32)]:
        if ranked:
            scores = model.compare_vectors(np.repeat(query[None], 400, axis=0), vectors)
        else:
            with np.errstate(invalid="ignore"):
                scores = np.nan_to_num(vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query))
        for count in (1, 12, 400, 1000):
            found = nearest(database, search, query, count, 0.0)
            assert len(found.ids) == min(count, 400)
            assert found.all == (count > 400)
            cut = np.sort(scores)[-min(count, 400)]
            assert (scores[found.ids - 1] >= cut - 1e-6).all()
        for threshold in (0.5, 0.7, 0.99) if ranked else ():
            found = nearest(database, search, query, 60, threshold)
            reaching = set(np.flatnonzero(scores >= np.float32(threshold)) + 1)
            complete += found.all
            assert len(found.ids) <= 60
            if found.all:
                assert reaching <= set(found.ids.tolist())
            else:
                assert len(reaching) >= 60 or len(found.ids) == 60
    assert not ranked or complete > 20
    database.close()


def test_the_cosine_with_a_zero_vector_is_zero(make_model: MakeModel, schema: str) -> None:
    vectors = np.array([[0, 0], [1, 0], [-1, 0], [0, 1]], dtype=np.float32)
    model = make_model("cosine")
    database = stored(schema, vectors)
    search = PostgresSearch(database, model, None)
    assert nearest(database, search, vectors[1], 3, 0).ids.tolist() == [2, 1, 4]  # 1, then 0 and 0
    assert nearest(database, search, vectors[0], 4, 0).ids.tolist() == [1, 2, 3, 4]
    database.close()


def test_squared_distances_with_weights_are_searched_in_memory(make_model: MakeModel, schema: str) -> None:
    with DuplicateIndex.open(schema, make_model("squared_euclidean")) as index:
        assert isinstance(index._session.search, MemorySearch)
    with DuplicateIndex.open(f"{schema}_2", make_model("manhattan")) as index:
        assert isinstance(index._session.search, PostgresSearch)
        assert isinstance(index._session.database, PostgresDatabase)
        probe = np.zeros((1, 16), dtype=np.float32)
        index._session.database.pgvector = (0, 6, 2)  # which has no Manhattan distance
        assert not is_ranked(index._session.database, make_model("manhattan").frame(probe))
        assert is_ranked(index._session.database, make_model("euclidean").frame(probe))
        assert is_ranked(index._session.database, None)


def graphs(index: DuplicateIndex) -> list[str]:
    sql = "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE 'near%'"
    with index._session.reading():
        return [name for (name,) in index._session.database.rows(sql)]


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str]]:
    random = np.random.default_rng(2)
    return [(f"k{number}", " ".join(random.choice(WORDS, size=9))) for number in range(5000)]


@pytest.mark.parametrize("head", ["cosine", "dot", "euclidean", "mlp"])
def test_a_graph_finds_nearly_all_of_the_nearest(
    make_model: MakeModel, schema: str, rows: list[tuple[str, str]], head: str
) -> None:
    model = make_model(head)
    with DuplicateIndex.open(schema, model, approximate=True) as index:
        index.add_many(rows)
        assert index.check().recall is None  # there is no graph yet
        index.compact()
        metric = "cosine" if head == "mlp" else {"euclidean": "l2"}.get(head, head)
        assert graphs(index) == [f"near_{metric}_16"]
        recall = index.check().recall
        assert recall is not None
        assert recall.nearest == 1000
        assert recall.found >= 950
        found = index.find_many([text for _, text in rows[::100]], limit=1, threshold=0)
        assert [matches[0].text for matches in found] == [text for _, text in rows[::100]]
        index.add("new", "cat cat cat")
        index.remove(key for key, _ in rows[::2])
        assert index.find("cat cat cat")[0].key == "new"
        assert index.find(rows[0][1], limit=1, threshold=0)[0].text != rows[0][1]


def plan(index: DuplicateIndex, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give how the server would run the next search."""
    database, plans = index._session.database, list[str]()
    rows = database.rows

    def explained(sql: str, parameters: tuple[object, ...] = ()) -> object:
        if "AS distance" in sql:
            plans.extend(line for (line,) in rows(f"EXPLAIN {sql}", parameters))
        return rows(sql, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(database, "rows", explained)
        index.find("red cat", limit=1)
    return "\n".join(plans)


def test_exact_search_goes_round_a_graph(
    make_model: MakeModel, schema: str, rows: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(schema, model, approximate=True) as index:
        index.add_many(rows)
        assert "near_cosine_16" not in plan(index, monkeypatch)
        index.compact()
        assert "Index Scan using near_cosine_16" in plan(index, monkeypatch)
    with DuplicateIndex.open(schema, model, approximate=False) as index:
        assert "near_cosine_16" not in plan(index, monkeypatch)
        assert "Seq Scan" in plan(index, monkeypatch)
        assert index.check().recall is None
    with DuplicateIndex.open(schema, model) as index:
        assert "near_cosine_16" in plan(index, monkeypatch)


def test_a_graph_is_made_from_enough_texts_on(
    make_model: MakeModel, schema: str, rows: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with DuplicateIndex.open(schema, make_model("cosine")) as index:
        index.add_many(rows[:500])
        index.compact()
        assert graphs(index) == []
        monkeypatch.setattr(postgres_search, "APPROXIMATE_FROM", 500)
        index.compact()
        index.compact()
        assert graphs(index) == ["near_cosine_16"]


@pytest.mark.parametrize(
    ("head", "left"),
    [("euclidean", ["near_l2_16"]), ("mlp", ["near_cosine_16"]), ("manhattan", []), ("squared_euclidean", [])],
)
def test_a_graph_of_another_distance_is_taken_away(
    make_model: MakeModel, schema: str, head: str, left: list[str]
) -> None:
    with DuplicateIndex.open(schema, make_model("cosine"), approximate=True) as index:
        index.add_many([("a", "red cat"), ("b", "blue dog")])
        index.compact()
        with index._session.writing():
            list(index._session.database.rows('CREATE INDEX "near_ Odd ""?" ON texts (text)'))
            list(index._session.database.rows("CREATE INDEX mine ON texts (text)"))
        index.reencode(make_model(head))
        index.compact()
        assert graphs(index) == left
        assert index.find("red cat")[0].key == "a"
        with index._session.reading():
            assert list(index._session.database.rows("SELECT to_regclass('mine') IS NOT NULL")) == [(True,)]


def test_exact_search_leaves_the_graph_to_others(make_model: MakeModel, schema: str) -> None:
    for approximate in (True, False):
        with DuplicateIndex.open(schema, make_model("cosine"), approximate=approximate) as index:
            index.add("a", "red cat")
            index.compact()
            assert graphs(index) == ["near_cosine_16"]


def test_vectors_too_long_for_a_graph_are_searched_exactly(
    make_model: MakeModel, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_search, "WIDEST", 15)
    with DuplicateIndex.open(schema, make_model("cosine"), approximate=True) as index:
        index.add("a", "red cat")
        index.compact()
        assert index.find("red cat")[0].key == "a"
        (problem,) = index.check().problems
        assert problem == "approximate search is off: vectors have 16 components, a graph of pgvector takes up to 15"


def test_every_metric_of_the_heads_is_known(make_model: MakeModel) -> None:
    probe = np.zeros((1, 16), dtype=np.float32)
    metrics = {}
    for head in [*RANKED, "squared_euclidean"]:
        frame = make_model(head).frame(probe)
        assert frame is not None
        metrics[head] = frame.metric
    assert metrics == dict(zip([*RANKED, "squared_euclidean"], [*METRICS, ""], strict=True))
