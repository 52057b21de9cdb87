"""Finding duplicates among all questions of a corpus: time, memory, and what is found, beside sentence-transformers.

    pip install 'textsiam[bench]'
    python benchmarks/duplicates.py --model FOLDER --data FOLDER-OF-QQP

finds the pairs among all distinct questions of train.tsv, dev.tsv and test.tsv at the threshold for ``--precision`` (as
dev promises it, on its own share of same pairs), and judges them on the labelled pairs of test.tsv. A sample is
searched by brute force too, every pair by the model's head: the same pairs must come out. The peer,
``paraphrase_mining`` of sentence-transformers, gets the same vectors of ``--peer-texts`` questions, with several
settings, interleaved; its recall is the share of our pairs, which are all there are, that it finds.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from peers import distinct_questions, spread
from timing import interleave, machine, markdown, say, versions

from textsiam import PairModel, find_duplicates, question_components, read_pairs
from textsiam.errors import import_extra
from textsiam.evaluation.intervals import component_bootstrap
from textsiam.index.corpus import Corpus
from textsiam.index.duplicates import Duplicates
from textsiam.index.search import pairs_reaching
from textsiam.text.normalization import normalize_text

TOP_K = (10, 50, 100)  # settings of the peer


def brute_force(texts: list[str], model: PairModel, threshold: float) -> set[tuple[int, int]]:
    """Score every two texts by the head."""
    vectors, found = model.encode(texts), set()
    for row in range(len(texts) - 1):
        others = np.arange(row + 1, len(texts))
        scores = model.compare_vectors(np.repeat(vectors[[row]], len(others), axis=0), vectors[others])
        found |= {(row, int(other)) for other in others[scores >= np.float32(threshold)]}
    return found


def judged(found: Duplicates, data: Path) -> list[list[str]]:
    """Precision and recall of the found pairs among the labelled ones of test.tsv, with 95 % intervals."""
    test = read_pairs(data / "test.tsv")
    keys = [frozenset((normalize_text(a), normalize_text(b))) for a, b, _ in test]
    key_of = {text: normalize_text(text) for text in found.texts}
    labelled = set(keys)
    every = (frozenset((key_of[pair.text_a], key_of[pair.text_b])) for pair in found.each_pair())
    pairs = {key for key in every if key in labelled}
    called = np.array([key in pairs for key in keys])
    same, components = test.labels > 0.5, question_components(test)
    rows = []
    for name, among, right in (("precision", called, same), ("recall", same, called)):
        low, high = component_bootstrap(components[among], right[among])
        rows.append([f"{name} on labelled test pairs", f"{right[among].mean():.4f} ({low:.4f} to {high:.4f})"])
    return rows


def against_peer(texts: list[str], model: PairModel, threshold: float, rounds: int) -> list[list[str]]:
    """Time the search for pairs of given vectors, ours and the peer's."""
    torch = import_extra("torch", "bench", "this benchmark")
    mining = import_extra("sentence_transformers.util", "bench", "this benchmark").paraphrase_mining_embeddings
    vectors = model.encode(texts)
    bound = Corpus(model, texts, vectors).bound(threshold)
    assert bound is not None
    unit = torch.from_numpy(bound.left)

    def ours() -> set[tuple[int, int]]:
        parts = pairs_reaching(bound.left, bound.right, bound.at_least, one_list=True)
        return {pair for part in parts for pair in zip(part.left.tolist(), part.right.tolist(), strict=True)}

    def peers(top_k: int) -> set[tuple[int, int]]:
        found: list[Any] = mining(
            unit, top_k=top_k, max_pairs=10_000_000, query_chunk_size=5000, corpus_chunk_size=100_000
        )
        return {(min(i, j), max(i, j)) for score, i, j in found if score >= bound.at_least}

    all_pairs, rows = ours(), []
    timed: dict[str, Any] = {"textsiam": lambda: ours}
    timed |= {f"paraphrase_mining, top_k {k}": lambda k=k: lambda: peers(k) for k in TOP_K}
    runs = interleave(timed, rounds)
    for name, found in [("textsiam", all_pairs), *((f"paraphrase_mining, top_k {k}", peers(k)) for k in TOP_K)]:
        seconds, recall = runs[name].seconds, len(found & all_pairs) / max(1, len(all_pairs))
        rows.append(
            [f"{len(texts):,} texts, {name}", f"{seconds:.1f} s, recall {recall:.4f} of {len(all_pairs):,} pairs"]
        )
    return rows


def main() -> None:
    """Read the options, find, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model folder, best one with the head cosine")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.tsv, dev.tsv and test.tsv")
    parser.add_argument("--precision", type=float, default=0.9)
    parser.add_argument("--texts", type=int, default=1_000_000, help="at most so many questions")
    parser.add_argument("--sample", type=int, default=20_000, help="texts that brute force searches too")
    parser.add_argument("--peer-texts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    model, questions = PairModel.load(options.model), spread(distinct_questions(options.data), options.texts)
    threshold = model.threshold_for(precision=options.precision)
    say(f"{len(questions):,} questions, threshold {threshold:.4f}")
    started = time.perf_counter()
    found = find_duplicates(questions, model, threshold=threshold, show_progress=True)
    minutes = (time.perf_counter() - started) / 60
    groups = len(found.groups)
    rows = [
        [f"{len(questions):,} questions", f"{minutes:.1f} minutes, peak {peak_megabytes():,.0f} MB"],
        ["found", f"{found.pair_count:,} pairs in {groups:,} groups, threshold {threshold:.4f}; {_recall(found)}"],
        *judged(found, options.data),
    ]
    some = sorted({normalize_text(text): text for text in spread(questions, options.sample)}.values())
    exact = {(pair.row_a, pair.row_b) for pair in find_duplicates(some, model, threshold=threshold).pairs}
    brute = brute_force(some, model, threshold)
    rows.append(
        [f"{len(some):,} texts, brute force", f"{len(brute):,} pairs, {len(exact ^ brute):,} of them otherwise"]
    )
    if options.peer_texts:
        rows += against_peer(spread(questions, options.peer_texts), model, threshold, options.rounds)
    print(markdown(["", ""], rows, [machine(), versions("textsiam", "sentence-transformers", "torch", "numpy")]))


def _recall(found: Duplicates) -> str:
    return "none missed" if found.recall is None else f"recall {found.recall.found} of {found.recall.reaching}"


def peak_megabytes() -> float:
    """Peak memory of this process so far, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
