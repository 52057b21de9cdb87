"""An index of many questions: adding, opening, and finding, exactly and by the graph beside it.

    pip install 'textsiam[bench,ann]'
    python benchmarks/index.py --model FOLDER --data FOLDER-OF-QQP --out FOLDER

adds ``--texts`` distinct questions of train.tsv, dev.tsv and test.tsv, in a random order, 100,000 at a time, and asks
for others, ``--queries``, one by one: for the ten nearest, and for those from the model's threshold on. Times hold
encoding. Recall is the share of the ten nearest by exact search that the graph finds. The index stays in ``--out``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from peers import distinct_questions
from timing import machine, markdown, say, versions

from textsiam import DuplicateIndex, PairModel

ADDED_AT_ONCE = 100_000


def main() -> None:
    """Read the options, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder, best one with the head cosine")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=400_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--keep", action="store_true", help="find in the index that is in OUT, with its graph")
    options = parser.parse_args()
    model, questions = PairModel.load(options.model), distinct_questions(options.data)
    np.random.default_rng(7).shuffle(questions)
    texts, queries = questions[: options.texts], questions[options.texts :][: options.queries]
    place = options.out / "questions.db"
    rows = [] if options.keep else made(place, model, texts)
    exact = DuplicateIndex.open(place, model, approximate=False)
    rows += [["open and find, exact", f"{opening(place, model, approximate=False, query=queries[0]):.2f} s"]]
    rows += finding(exact, queries, "exact")
    if not options.keep:
        with DuplicateIndex.open(place, model, approximate=True) as index:
            rows += [["compact, and make the graph", f"{timed(index.compact) / 60:.1f} minutes"]]
        rows += [["graph", f"{place.with_name('questions.db.near').stat().st_size / 1e6:,.0f} MB"]]
    rows += [["open and find, graph", f"{opening(place, model, approximate=True, query=queries[0]):.2f} s"]]
    with DuplicateIndex.open(place, model, approximate=True) as index:
        rows += finding(index, queries, "graph")
        rows += [["recall of the graph", recall(index, exact, queries)]]
    print(markdown([f"{len(texts):,} texts", ""], rows, [machine(), versions("textsiam", "numpy", "usearch")]))


def made(place: Path, model: PairModel, texts: list[str]) -> list[list[str]]:
    """Make the index."""
    place.parent.mkdir(exist_ok=True)
    for old in place.parent.glob(f"{place.name}*"):
        old.unlink()
    rows = [[f"add, {ADDED_AT_ONCE:,} at a time", adding(place, model, texts)]]
    return [*rows, ["file", f"{place.stat().st_size / 1e6:,.0f} MB"]]


def timed(run: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def adding(place: Path, model: PairModel, texts: list[str]) -> str:
    """Add all texts; how many a second, of each call."""
    rates = []
    with DuplicateIndex.open(place, model, approximate=False) as index:
        for first in range(0, len(texts), ADDED_AT_ONCE):
            rows = [(f"q{first + number}", text) for number, text in enumerate(texts[first : first + ADDED_AT_ONCE])]
            rates.append(len(rows) / timed(partial(index.add_many, rows)))
            say(f"added {first + len(rows):,}, {rates[-1]:,.0f} texts/s")
    return ", ".join(f"{rate:,.0f}" for rate in rates) + " texts/s"


def opening(place: Path, model: PairModel, *, approximate: bool, query: str) -> float:
    """Open the index and find once; the seconds, the least of three times."""

    def run() -> None:
        with DuplicateIndex.open(place, model, approximate=approximate) as index:
            index.find(query)

    return min(timed(run) for _ in range(3))


def finding(index: DuplicateIndex, queries: list[str], how: str) -> list[list[str]]:
    """Find texts one by one."""
    rows = []
    for name, threshold in (("from the threshold on", None), ("the ten nearest", 0.0)):
        index.find(queries[0])
        seconds = [timed(partial(index.find, text, threshold=threshold)) for text in queries]
        middle, most = statistics.median(seconds) * 1000, float(np.quantile(seconds, 0.95)) * 1000
        rows.append([f"find, {how}, {name}", f"median {middle:.2f} ms, 95 % within {most:.2f} ms"])
        say(" ".join(rows[-1]))
    return rows


def recall(index: DuplicateIndex, exact: DuplicateIndex, queries: list[str]) -> str:
    """Compare the ten nearest with those of exact search."""
    hits = total = 0
    found, wanted = (one.find_many(queries, threshold=0) for one in (index, exact))
    for near, nearest in zip(found, wanted, strict=True):
        hits += len({match.key for match in near} & {match.key for match in nearest})
        total += len(nearest)
    return f"{hits / total:.4f} of {total:,}"


if __name__ == "__main__":
    main()
