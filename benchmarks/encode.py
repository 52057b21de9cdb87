"""Texts a second from text to vector, tokenization included: textsiam and its peers, interleaved, in Markdown.

    pip install 'textsiam[bench]'
    python benchmarks/encode.py --data ../shared/data/qqp --out /tmp/bench

encodes QQP's distinct questions: ``--texts`` of them by what is fast, ``--slow-texts`` by MiniLM, both samples spread
evenly over all. Every peer runs at its best setting, found by trial. textsiam's models are loaded anew for each run, so
that none remembers a word; loading is not counted, but starting the processes of ``workers`` is. Memory that is freed
stays with the process, for all peers: how fast a system hands out gigabytes anew is not what is asked. The figures
are medians of ``--rounds`` runs, A B C A B C ...
"""

from __future__ import annotations

import argparse

from peers import MINILM, MODEL2VEC, PACKAGES, distinct_questions, load_peers, make_models, spread, worker_peers
from timing import Runs, interleave, machine, markdown, on_threads, options_of, versions

from textsiam.errors import import_extra


def measure(options: argparse.Namespace, threads: int) -> dict[str, tuple[str, int, Runs]]:
    """Time every peer on this process's threads: name -> its setting, number of texts and runs."""
    import_extra("textsiam.training.memory", "bench", "this benchmark").keep_freed_memory()
    questions = distinct_questions(options.data)
    fast, slow = spread(questions, options.texts), spread(questions, options.slow_texts)
    peers = load_peers(options.out, fast, threads)
    if threads > 1:
        peers |= worker_peers(options.out, threads)
    texts = {name: slow if name == MINILM else fast for name in peers}
    runs = interleave({name: peer.prepare(texts[name]) for name, peer in peers.items()}, options.rounds)
    return {name: (peer.setting, len(texts[name]), runs[name]) for name, peer in peers.items()}


def rows(threads: int, results: dict[str, tuple[str, int, Runs]]) -> list[list[str]]:
    """Lay out what one number of threads gave."""
    rate = {name: count / runs.seconds for name, (_, count, runs) in results.items()}
    return [
        [
            name,
            str(threads),
            f"{rate[name]:,.0f}",
            f"{count / max(runs.wall):,.0f} to {count / min(runs.wall):,.0f}",
            f"{rate[name] / rate[MODEL2VEC]:.3g}",
            f"{rate[name] / rate[MINILM]:.3g}",
            f"{runs.cores:.2f}",
            f"{count:,}",
            setting,
        ]
        for name, (setting, count, runs) in results.items()
    ]


def main() -> None:
    """Read the options, measure, print the table."""
    parser = options_of(__doc__, "the models")
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--slow-texts", type=int, default=2_000)
    options = parser.parse_args()
    make_models(options.out, distinct_questions(options.data))
    table = []
    for threads in options.threads:
        table += rows(threads, on_threads(threads, measure, options, threads))
    head = ("", "threads", "texts/s", "slowest to fastest run", "/ model2vec", "/ MiniLM", "cores busy", "texts", "at")
    notes = [f"Medians of {options.rounds} interleaved runs; {machine()}; {versions(*PACKAGES)}."]
    print(markdown(head, table, notes))


if __name__ == "__main__":
    main()
