"""Search in the server: pgvector ranks the vectors, so that no process has to hold them all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from textsiam.arrays import Array
from textsiam.index.approximate import CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH
from textsiam.index.cosines import CosineFrame
from textsiam.index.matrix import Nearest
from textsiam.index.memory_search import MemorySearch
from textsiam.index.postgres import PostgresDatabase
from textsiam.index.scorer import Frame, Scorer
from textsiam.index.sidecar import APPROXIMATE_FROM
from textsiam.index.store import Store

WIDEST = 2000  # components that pgvector's graph takes
MOST_FOUND = 1000  # by its graph at once
ROUNDING = 1e-4  # more than what pgvector's sums in float32 are off by, as a share of the lengths' product


class Metric(NamedTuple):
    """How pgvector calls a distance; ``graph``: the operator class of its HNSW index, "" for none."""

    operator: str
    graph: str
    since: tuple[int, ...] = ()


METRICS = {
    "cosine": Metric("<=>", "vector_cosine_ops"),
    "dot": Metric("<#>", "vector_ip_ops"),
    "l2": Metric("<->", "vector_l2_ops"),
    "l1": Metric("<+>", "", since=(0, 7)),
}


def is_ranked(database: PostgresDatabase, frame: Frame | None) -> bool:
    """Tell whether the server has a distance by which a head's pairs rank; those that compare more rank by cosine."""
    metric = METRICS.get("cosine" if frame is None else frame.metric)
    return metric is not None and database.pgvector >= metric.since


def drop_graphs(database: PostgresDatabase, *, but: str = "") -> None:
    """Take away graphs of vectors that are no more, for the server would keep them in step; inside of a transaction."""
    sql = "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'texts'"
    for (name,) in list(database.rows(sql)):
        if name.startswith("near_") and name != but:
            list(database.rows(f"DROP INDEX {database.quoted(name)}"))


class ServedMemorySearch(MemorySearch):
    """Search in memory over the vectors of a server, exact, for heads whose distance pgvector has not."""

    def __init__(self, database: PostgresDatabase, store: Store, model: Scorer) -> None:
        super().__init__(store, model, None, APPROXIMATE_FROM)
        self._database = database

    def make_graph(self) -> None:
        """Take away those of a head that was there before."""
        with self._database.writing():
            drop_graphs(self._database)


class PostgresSearch:
    """Search for heads whose pairs rank by a distance that pgvector has (``is_ranked``), or by cosines.

    Exact, reading all vectors, in the server; by an HNSW index where there is one, unless ``approximate`` is False.
    ``make_graph`` makes it: where ``approximate``, or None and there are 100,000 texts. The server keeps it in step.
    """

    def __init__(self, database: PostgresDatabase, model: Scorer, approximate: bool | None) -> None:
        self.database, self.store, self.model, self._approximate = database, Store(database), model, approximate
        probe = model.encode([""])
        frame = model.frame(probe)
        self.ranks = frame is not None
        self._frame: Frame = frame or CosineFrame()
        self._metric, self._width = METRICS[self._frame.metric], probe.shape[1]
        self._graph = f"near_{self._frame.metric}_{self._width}"  # the name of its index
        self._has_graph = False
        self._longest, self._measured = 0.0, (0, 0)  # of vectors of a generation, up to an id

    def refresh(self) -> None:
        """See whether there is a graph, and how long vectors are."""
        self._has_graph = self._approximate is not False and self._finds_graph()
        if self._frame.metric == "dot":
            self._measure()

    def _finds_graph(self) -> bool:
        sql = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(?) AND indisvalid"
        return bool(next(self.database.rows(sql, (self._graph,)))[0])

    def _measure(self) -> None:
        """Measure the vectors that are new: by the longest is known what products are off by."""
        generation = self.store.state().generation
        last = self._measured[1] if self._measured[0] == generation else 0
        norm = f"{self.database.operators}.vector_norm(vector)"
        sql = f"SELECT coalesce(max({norm}), 0), coalesce(max(id), 0) FROM texts WHERE id > ?"
        longest, newest = next(self.database.rows(sql, (last,)))
        self._longest = max(longest, self._longest if last else 0.0)
        self._measured = generation, max(newest, last)

    def near(self, vectors: Array, count: int, threshold: float) -> list[Nearest]:
        """Find the nearest texts of each vector."""
        least = self._frame.at_least(self.model.calibration.least_raw(threshold)) if self.ranks else -np.inf
        by_graph = self._has_graph and count <= MOST_FOUND
        if by_graph:
            self._prefer_graph(count)
        found = [
            self._nearest(vector, count, self._reach(vector, least), by_graph=by_graph and bool(vector.any()))
            for vector in vectors
        ]
        if by_graph:
            list(self.database.rows("SET LOCAL enable_seqscan TO DEFAULT"))
        return found

    def _prefer_graph(self, count: int) -> None:
        """Until the transaction's end, look at as many texts as are asked for at the least."""
        settings = [f"hnsw.ef_search = {min(MOST_FOUND, max(EXPANSION_SEARCH, count))}", "enable_seqscan = off"]
        if self.database.pgvector >= (0, 8):
            settings.append("hnsw.iterative_scan = strict_order")  # for it finds some that were removed
        for setting in settings:
            list(self.database.rows(f"SET LOCAL {setting}"))

    def _nearest(self, vector: Array, count: int, reach: float, *, by_graph: bool) -> Nearest:
        operator = f"OPERATOR({self.database.operators}.{self._metric.operator})"
        if by_graph:
            sql = (
                f"SELECT id, {self._column()} {operator} ? AS distance FROM texts "
                f"WHERE {self._has_width()} ORDER BY distance LIMIT {count}"
            )
        else:
            # the cosine with a zero vector, which is no number here, is 0 for models; an order by this expression is
            # none that an index has
            distance = f"coalesce(nullif(vector {operator} ?, 'NaN'), 1)"
            sql = f"SELECT id, {distance} AS distance FROM texts ORDER BY distance, id LIMIT {count}"
        rows = list(self.database.rows(sql, (self.database.to_column(vector),)))
        ids = np.array([number for number, _ in rows], dtype=np.int64)
        distances = np.array([distance for _, distance in rows], dtype=np.float64)
        complete = len(rows) < count and not by_graph
        return Nearest(ids[distances <= reach], complete or bool((distances > reach).any()))

    def _column(self) -> str:
        """Give the vectors as a graph has them: all of one width."""
        return f"vector::{self.database.operators}.vector({self._width})"

    def _has_width(self) -> str:
        return f"{self.database.operators}.vector_dims(vector) = {self._width}"

    def _reach(self, vector: Array, least: float) -> float:
        """Give the distance up to which products can be ``least``, but for rounding."""
        if self._frame.metric == "cosine":
            return 1 - least + ROUNDING
        if self._frame.metric == "dot":
            return -least + ROUNDING * self._longest * float(np.linalg.norm(vector))
        return float(np.sqrt(-least)) * (1 + ROUNDING) if least <= 0 else -np.inf

    def approximate(self, vectors: Array, count: int) -> list[Nearest] | None:
        """Find the nearest by the graph; None where there is none."""
        return self.near(vectors, count, 0.0) if self._has_graph else None

    def wait_for_graph(self, *, show_progress: bool) -> None:
        """Nothing goes on beside."""

    def make_graph(self) -> None:
        """Make the graph, where it is wanted, and take away those of vectors that are no more."""
        with self.database.writing():
            drop_graphs(self.database, but=self._graph)
            if self.lacks_graph():
                list(
                    self.database.rows(
                        f"CREATE INDEX {self._graph} ON texts USING hnsw "
                        f"(({self._column()}) {self.database.operators}.{self._metric.graph}) "
                        f"WITH (m = {CONNECTIVITY}, ef_construction = {EXPANSION_ADD}) WHERE {self._has_width()}"
                    )
                )

    def lacks_graph(self) -> bool:
        """Tell whether the graph is to be made, and is not there; inside of a reading transaction."""
        return self._wants_graph() and not self._finds_graph()

    def _wants_graph(self) -> bool:
        if self._approximate is False or not self._metric.graph or self._width > WIDEST:
            return False
        return self.store.counts()[1] >= (1 if self._approximate else APPROXIMATE_FROM)

    def problem(self) -> str:
        """Say why there can be no graph that was asked for."""
        if self._approximate and self._width > WIDEST:
            return f"vectors have {self._width:,} components, a graph of pgvector takes up to {WIDEST:,}"
        return ""

    def close(self) -> None:
        """Nothing goes on beside."""
