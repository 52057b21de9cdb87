"""Microseconds for one text, and for one pair, with the model already loaded: textsiam and its peers, in Markdown.

    pip install 'textsiam[bench]'
    python benchmarks/latency.py --data ../shared/data/qqp --out /tmp/bench

times single calls with QQP's questions, ``--calls`` a round (MiniLM a tenth of it), no text twice in a round; rounds go
A B C A B C ..., and textsiam's models are loaded anew for each, then warmed up on as many other texts. ``encode`` takes
one text; ``score`` takes two and gives a probability, or, of the peers, which have none, the cosine of their vectors.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from peers import (
    BAG,
    LSTM,
    MINILM,
    MODEL2VEC,
    PACKAGES,
    TFIDF,
    Encode,
    Peer,
    distinct_questions,
    folder_of,
    load_peers,
    make_models,
    spread,
)
from timing import machine, markdown, on_threads, options_of, say, versions

from textsiam import PairModel

SLOW_SHARE = 10  # MiniLM gets one call for so many of the others'
ENCODE, SCORE = "encode", "score"

OneText = Callable[[str, str], object]  # encoding leaves the second text alone


def measure(options: argparse.Namespace, threads: int) -> dict[tuple[str, str], list[float]]:
    """Time single calls on this process's threads: (peer, what it does) -> seconds of each call."""
    texts = spread(distinct_questions(options.data), 4 * options.calls)
    peers = load_peers(options.out, texts, threads)
    seconds: dict[tuple[str, str], list[float]] = {}
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        for name, peer in peers.items():
            calls = max(1, options.calls // SLOW_SHARE) if name == MINILM else options.calls
            for what, call in calls_of(name, peer, options.out).items():
                _time_calls(call, texts[:calls], texts[calls : 2 * calls])
                seconds.setdefault((name, what), []).extend(
                    _time_calls(call, texts[-calls:], texts[-2 * calls : -calls])
                )
    return seconds


def calls_of(name: str, peer: Peer, out: Path) -> dict[str, OneText]:
    """Give what is timed, by what it does."""
    encode = peer.fresh()
    score: OneText = partial(_sparse_cosine if name == TFIDF else _cosine, encode)
    if name in {BAG, LSTM}:
        score = PairModel.load(folder_of(out, name)).score
    return {ENCODE: partial(_encode_one, encode), SCORE: score}


def _encode_one(encode: Encode, text: str, _other: str) -> object:
    return encode([text])


def _cosine(encode: Encode, text_a: str, text_b: str) -> float:
    a, b = encode([text_a, text_b])
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _sparse_cosine(encode: Encode, text_a: str, text_b: str) -> float:
    vectors = encode([text_a, text_b])  # of length 1 already
    return float((vectors[0] @ vectors[1].T).sum())


def _time_calls(call: OneText, texts_a: list[str], texts_b: list[str]) -> list[float]:
    seconds = []
    for text_a, text_b in zip(texts_a, texts_b, strict=True):
        started = time.perf_counter()
        call(text_a, text_b)
        seconds.append(time.perf_counter() - started)
    return seconds


def rows(threads: int, seconds: dict[tuple[str, str], list[float]]) -> list[list[str]]:
    """Lay out what one number of threads gave."""
    table = []
    for (name, what), calls in seconds.items():
        middle, high = np.percentile(calls, [50, 99]) * 1e6
        ratios = [np.median(seconds[peer, what]) * 1e6 / middle for peer in (MODEL2VEC, MINILM)]
        figures = [f"{middle:,.0f}", f"{high:,.0f}", *(f"{ratio:.3g}" for ratio in ratios), f"{len(calls):,}"]
        table.append([name, what, str(threads), *figures])
    return table


def main() -> None:
    """Read the options, measure, print the table."""
    parser = options_of(__doc__, "the models")
    parser.add_argument("--calls", type=int, default=1_000)
    options = parser.parse_args()
    make_models(options.out, distinct_questions(options.data))
    table = []
    for threads in options.threads:
        table += rows(threads, on_threads(threads, measure, options, threads))
    head = ("", "call", "threads", "median us", "99th percentile us", "speed / model2vec", "speed / MiniLM", "calls")
    notes = [f"Of the calls of {options.rounds} interleaved rounds; {machine()}; {versions(*PACKAGES)}."]
    print(markdown(head, table, notes))


if __name__ == "__main__":
    main()
