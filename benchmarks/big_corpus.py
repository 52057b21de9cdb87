"""Memory and speed of training on a corpus of millions of pairs, made of random words.

    python benchmarks/big_corpus.py --pairs 10000000 --folder /tmp/big

writes the corpus to FOLDER once, reads it, builds a vocabulary, tokenizes and trains an embedding bag for some steps,
all in one process, and prints a Markdown table: seconds and peak memory of each part. Peak memory is what the process
itself needs (anonymous pages, looked at every 20 ms); the pages of files that it has mapped can be dropped by the
system at any time, and are shown by themselves. ``--set-aside`` also divides off a dev part, as training without --dev
does. Linux only.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from textsiam import TrainConfig, build_vocabulary, read_pairs
from textsiam.atomic import atomic_path
from textsiam.data.split import set_dev_aside
from textsiam.progress import progress
from textsiam.text.tokenizer import Tokenizer
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.loop import TrainingLoop
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective
from textsiam.training.token_cache import TokenCache

WORDS = 50_000
QUADS_AT_ONCE = 25_000  # four texts and four pairs each
LOOK_SECONDS = 0.02
CONFIG = TrainConfig(encoder="bag", dim=256, batch_size=512, epochs=1, patience=1, device="cpu", seed=7)


class Parts:
    """Seconds and peak memory of the parts of the job."""

    def __init__(self) -> None:
        self.lines = ["| part | seconds | a second | peak MB | mapped MB |", "|---|---|---|---|---|"]

    @contextmanager
    def part(self, name: str, count: int, unit: str) -> Iterator[None]:
        """Measure what is done inside: ``count`` things of the name ``unit``."""
        peaks, done = {"RssAnon": 0, "RssFile": 0}, threading.Event()

        def watch() -> None:
            while not done.wait(LOOK_SECONDS):
                for kind, now in memory().items():
                    peaks[kind] = max(peaks[kind], now)

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            done.set()
            watcher.join()
        rate = f"{count / seconds:,.0f} {unit}"
        self.lines.append(f"| {name} | {seconds:.1f} | {rate} | {peaks['RssAnon']:,} | {peaks['RssFile']:,} |")
        print(self.lines[-1], flush=True)


def memory() -> dict[str, int]:
    """Give the process's own memory and that of mapped files, in MB."""
    lines = (line.split() for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {line[0][:-1]: int(line[1]) // 1024 for line in lines if line[0] in ("RssAnon:", "RssFile:")}


def write_pairs(path: Path, pairs: int) -> None:
    """Write pairs in rings of four: x and x' are the same, y and y' too, the other two pairs are not."""
    generator = np.random.default_rng(0)
    words = np.array([f"{'bcdfghklmnprstvz'[n % 16]}{'aeiou'[n // 16 % 5]}{n // 80:x}" for n in range(WORDS)], object)
    chances = 1 / np.arange(20, WORDS + 20)
    chances /= chances.sum()
    with path.open("w", encoding="utf-8") as file, progress("writing", pairs, "pairs") as bar:
        file.write("text_a\ttext_b\tlabel\n")
        for start in range(0, pairs, 4 * QUADS_AT_ONCE):
            drawn = words[generator.choice(WORDS, p=chances, size=(QUADS_AT_ONCE, 2, 10))].tolist()
            rows = [row for x, y in drawn for row in ring(x, y)][: pairs - start]
            file.writelines(rows)
            bar.advance(len(rows))


def ring(x: list[str], y: list[str]) -> tuple[str, ...]:
    """Make the four rows of two questions, each put in two ways."""
    x1, x2, y1, y2 = (" ".join(text) for text in (x, [*x[5:], *x[1:5]], y, [*y[5:], *y[1:5]]))
    return f"{x1}\t{x2}\t1\n", f"{x1}\t{y1}\t0\n", f"{y1}\t{y2}\t1\n", f"{x2}\t{y2}\t0\n"


def loop_of(tokens: TokenizedPairs, vocabulary_size: int, steps: int) -> TrainingLoop:
    """Make a loop of ``steps`` steps: its second evaluation is no better than the first, and patience ends."""
    config = dataclasses.replace(CONFIG, evaluate_every=steps // 2)
    return TrainingLoop(
        network=SiameseNetwork(config.architecture, vocabulary_size, config.dropout),
        objective=Objective(config, graded=False),
        pairs=tokens,
        config=config,
        device=torch.device("cpu"),
        evaluate=lambda _: {"roc_auc": 0.5},
        metric="roc_auc",
        identity="",
    )


def measure(path: Path, options: argparse.Namespace) -> list[str]:
    """Do the whole job; returns the table."""
    parts, count = Parts(), options.pairs
    with parts.part("reading", count, "pairs"):
        pairs = read_pairs(path)
    if options.set_aside:
        with parts.part("setting dev aside", count, "pairs"):
            pairs, _ = set_dev_aside(pairs, 0.1, seed=0)
    count = len(pairs)
    with parts.part("vocabulary", 2 * count, "texts"):
        vocabulary = build_vocabulary(pairs.texts(), size=CONFIG.vocabulary_size)
    with parts.part("fingerprint", 2 * count, "texts"):
        fingerprint = pairs.fingerprint()
    tokenizer = Tokenizer(vocabulary.proto, max_tokens=CONFIG.max_tokens)
    with TokenCache(options.folder / "tokens", tokenizer, show_progress=True) as cache:
        for name in ("tokenizing", "opening the cache again"):
            with parts.part(name, 2 * count, "texts"):
                tokens = cache.tokenize(pairs, fingerprint)
        loop = loop_of(tokens, tokenizer.size, options.steps)
        with (
            parts.part("training", options.steps * CONFIG.batch_size, "pairs"),
            progress("training", None, "pairs") as bar,
        ):
            state = loop.run(bar)
        cache.remove()
    note = f"{count:,} pairs, {len(tokens.tokens):,} distinct texts, {len(tokens.tokens.ids):,} tokens"
    steps = f"steps alone: {state.pairs / state.seconds:,.0f} pairs/s"
    return [*parts.lines, "", f"{note}; {steps}; {platform.machine()}, {os.cpu_count()} processors"]


def main() -> None:
    """Read the options, write the corpus unless it is there, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="for the corpus and the token ids")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--set-aside", action="store_true", help="divide off a dev part too")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"pairs-{options.pairs}.tsv"
    if not path.exists():
        with atomic_path(path) as part:
            write_pairs(part, options.pairs)
    print("\n".join(measure(path, options)))


if __name__ == "__main__":
    main()
