"""Pairs a second of training the same LSTM in textsiam and in sentence-transformers, in Markdown.

    pip install 'textsiam[bench]'
    python benchmarks/train.py --data ../shared/data/qqp --out /tmp/bench

Both train word embeddings of 128, an LSTM of 128 units in one direction, the mean over the tokens and a contrastive
loss on cosines for one epoch of the same ``--pairs`` of QQP, 256 a step, from text: the same SentencePiece ids,
textsiam's found once before the steps, sentence-transformers' batch by batch as its trainer does. Both take the faster
of fp32 and bf16 in a trial of a few steps, and sentence-transformers the best number of processes that tokenize. Epochs
go A B A B; what does not grow with the pairs (reading, vocabulary, making the trainer, its first step) is not counted.

The machine's limit is a step's floating-point work over the rate of a large matrix product in the same precision,
measured between the epochs. The work of a token is 2 x 4H x (D + H) forwards, twice that backwards: the input and
recurrent products of the LSTM and nothing else. Tokens are those of each batch's distinct texts, once without padding
and once with it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from peers import PACKAGES, distinct_questions, make_vocabulary
from timing import machine, markdown, on_threads, options_of, say, versions

from textsiam import Pairs, TrainConfig, Vocabulary, read_pairs

CONFIG = TrainConfig(
    encoder="lstm", dim=128, units=128, pooling="mean", head="cosine", loss="contrastive", dropout=0.0, epochs=1
)
FLOP_PER_TOKEN = 3 * 2 * 4 * CONFIG.units * (CONFIG.dim + CONFIG.units)
MATRIX = 2048  # rows and columns of the product that gives the machine's rate
PRODUCTS = 5
# processes of sentence-transformers' trainer that tokenize beside the one that trains
WORKERS = {"no workers": 0, "1 worker": 1, "2 workers": 2}
PRECISIONS = ("fp32", "bf16")


@dataclass
class Epoch:
    """What training one epoch in textsiam took; tokens are those of the distinct texts of each batch."""

    tokenizing: float
    steps: float
    tokens: int
    padded_tokens: int

    @property
    def seconds(self) -> float:
        """From text to the last step."""
        return self.tokenizing + self.steps


@dataclass
class Measured:
    """What one number of threads gave: seconds of sentence-transformers' epochs, textsiam's epochs, FLOP a second."""

    setting: str
    theirs: list[float]
    ours: list[Epoch]
    rates: list[float]
    precision: str


def textsiam_epoch(pairs: Pairs, vocabulary: Vocabulary, precision: str) -> Epoch:
    """Tokenize and train one epoch as ``textsiam.train`` does, without dev pairs and calibration."""
    import torch

    from textsiam import Tokenizer
    from textsiam.progress import progress
    from textsiam.training.corpus import tokenize_pairs
    from textsiam.training.loop import TrainingLoop
    from textsiam.training.memory import keep_freed_memory
    from textsiam.training.network import SiameseNetwork
    from textsiam.training.objective import Objective
    from textsiam.training.runtime import deterministic_algorithms

    keep_freed_memory()  # as textsiam.train asks for; it holds for the peer too
    started = time.perf_counter()
    tokenized = tokenize_pairs(pairs, Tokenizer(vocabulary.proto, max_tokens=CONFIG.max_tokens))
    tokenizing = time.perf_counter() - started
    loop = TrainingLoop(
        network=SiameseNetwork(CONFIG.architecture, vocabulary.size, CONFIG.dropout),
        objective=Objective(CONFIG, graded=False),
        pairs=tokenized,
        config=replace(CONFIG, precision=precision),
        device=torch.device("cpu"),
        evaluate=lambda _network: {"roc_auc": 0.0},
        metric="roc_auc",
        identity="benchmark",
    )
    started = time.perf_counter()
    with progress("training", None, "pairs", show=False) as bar, deterministic_algorithms():
        loop.run(bar)
    steps = time.perf_counter() - started
    batches = [loop.collator(rows) for rows in loop.sampler.batches(0)]
    tokens = sum(int(batch.lengths_U.sum()) for batch in batches)
    return Epoch(tokenizing, steps, tokens, sum(batch.ids_UT.numel() for batch in batches))


def matrix_rate(dtype: Any) -> float:
    """FLOP a second of a large matrix product, the fastest of a few."""
    import torch

    a, b = (torch.randn(MATRIX, MATRIX).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(PRODUCTS):
        started = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - started)
    return float(2 * MATRIX**3 / min(seconds))


def measure(options: argparse.Namespace, threads: int) -> Measured:
    """Train in turn on this process's threads, after an epoch of each that does not count."""
    import torch
    from sentence_transformers_lstm import sentence_transformers_seconds

    torch.set_num_threads(threads)
    pairs = read_pairs(options.data / "train.tsv")
    pairs = pairs.select(np.linspace(0, len(pairs) - 1, options.pairs).astype(np.int64))
    vocabulary = make_vocabulary(options.out, ())
    few = pairs.select(np.arange(min(len(pairs), 16 * CONFIG.batch_size)))

    def theirs(setting: str, pairs: Pairs = few) -> float:
        name, precision = setting.split(", ")
        return sentence_transformers_seconds(pairs, vocabulary, CONFIG, precision == "bf16", WORKERS[name])

    def ours(precision: str) -> float:
        return textsiam_epoch(few, vocabulary, precision).seconds

    settings = [f"{name}, {kind}" for name, workers in WORKERS.items() if workers <= threads for kind in PRECISIONS]
    setting = fastest("sentence-transformers", {name: partial(theirs, name) for name in settings})
    precision = fastest("textsiam", {kind: partial(ours, kind) for kind in PRECISIONS})
    results = Measured(setting, [], [], [], precision)
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        results.theirs.append(theirs(setting, pairs))
        results.ours.append(textsiam_epoch(pairs, vocabulary, precision))
        results.rates.append(matrix_rate({"fp32": torch.float32, "bf16": torch.bfloat16}[precision]))
    return results


def fastest(whose: str, trials: Mapping[str, Callable[[], float]]) -> str:
    """Try each setting twice; the name of the one that took the fewest seconds."""
    seconds = {name: min(trial(), trial()) for name, trial in trials.items()}
    say(f"{whose}, seconds of a few steps: " + ", ".join(f"{name} {took:.2f}" for name, took in seconds.items()))
    return min(seconds, key=lambda name: seconds[name])


def rows(threads: int, pairs: int, results: Measured) -> list[list[str]]:
    """Lay out what one number of threads gave."""
    theirs, ours = median(results.theirs), median(epoch.seconds for epoch in results.ours)
    steps, rate = median(epoch.steps for epoch in results.ours), median(results.rates)
    epoch = results.ours[0]
    limits = [FLOP_PER_TOKEN * tokens / rate for tokens in (epoch.tokens, epoch.padded_tokens)]
    number_of_steps = -(-pairs // CONFIG.batch_size)
    ratios = [their / our.seconds for their, our in zip(results.theirs, results.ours, strict=True)]
    lines = [
        (
            "sentence-transformers, pairs/s",
            f"{pairs / theirs:,.0f}",
            f"{extremes(pairs, results.theirs)}, {results.setting}",
        ),
        (
            "textsiam, pairs/s",
            f"{pairs / ours:,.0f}",
            f"{extremes(pairs, [epoch.seconds for epoch in results.ours])}, {results.precision}",
        ),
        ("ratio", f"{theirs / ours:.2f}", f"{min(ratios):.2f} to {max(ratios):.2f} by rounds"),
        ("textsiam, ms a step", f"{steps / number_of_steps * 1e3:.1f}", "without tokenizing"),
        ("tokenizing, share of textsiam's time", f"{1 - steps / ours:.1%}", "once for all epochs"),
        ("matrix product", f"{rate / 1e9:,.1f} GFLOP/s", f"{MATRIX} x {MATRIX} x {MATRIX}, {results.precision}"),
        ("step against that limit", f"{limits[0] / steps:.1%}", f"{epoch.tokens:,} tokens an epoch"),
        ("the same, if all texts were padded", f"{limits[1] / steps:.1%}", f"{epoch.padded_tokens:,} tokens an epoch"),
    ]
    return [[name, str(threads), figure, note] for name, figure, note in lines]


def extremes(pairs: int, seconds: list[float]) -> str:
    """Say how far the epochs were apart, in pairs a second."""
    return f"{pairs / max(seconds):,.0f} to {pairs / min(seconds):,.0f}"


def main() -> None:
    """Read the options, measure, print the table."""
    parser = options_of(__doc__, "the vocabulary")
    parser.add_argument("--pairs", type=int, default=64 * CONFIG.batch_size)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    make_vocabulary(options.out, distinct_questions(options.data))
    table = []
    for threads in options.threads:
        table += rows(threads, options.pairs, on_threads(threads, measure, options, threads))
    runs = f"Medians of {options.rounds} interleaved epochs of {options.pairs:,} pairs"
    notes = [f"{runs}; {machine()}; {versions(*PACKAGES)}."]
    print(markdown(("", "threads", "median", "range, remarks"), table, notes))


if __name__ == "__main__":
    main()
