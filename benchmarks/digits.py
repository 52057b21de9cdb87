"""Siamese networks for images: the same CNN under three losses, on pairs of MNIST's digits, in Markdown.

    python benchmarks/digits.py --data FOLDER-OF-MNIST

Trained on 55,000 images of the training file, chosen, calibrated and given its threshold on pairs of the 5,000 others,
judged once on the 10,000 images of the test file, each in one pair at most (4,994 pairs), half of them of one digit.
One-shot: one test image of each digit is shown, drawn anew again and again, and every other one gets the digit of that
which it is the most probable to be the same as.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import machine, markdown, on_threads, say, versions
from torch import nn

import textsiam
from textsiam.arrays import Array
from textsiam.integrations.images import PixelTexts, class_pairs, read_idx, separate_pairs

SEED, DEV, DRAWS = 7, 5_000, 100
PIXELS = PixelTexts(shape=(28, 28))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A head, and the loss that trains it."""

    says: str
    head: str
    loss: str


ROWS = {
    "bce": Row(says="cross-entropy of weighted squared differences", head="squared_euclidean", loss="bce"),
    "contrastive": Row(says="contrastive, Euclidean distance", head="euclidean", loss="contrastive"),
    "triplet": Row(says="triplets, semi-hard of each batch, cosine", head="cosine", loss="triplet_semi_hard"),
}


class Digits(NamedTuple):
    """Images as texts, and their digits."""

    texts: list[str]
    digits: Array

    def part(self, rows: Array) -> Digits:
        """Give some of them."""
        return Digits([self.texts[row] for row in rows], self.digits[rows])


def make_cnn() -> nn.Module:
    """Make a small CNN: images (B, 1, 28, 28) to vectors (B, 64)."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 5 * 5, 64)),
    )


def read_digits(data: Path, side: str) -> Digits:
    """Read "train" or "t10k" of MNIST."""
    (images,), (digits,) = (data.glob(f"{side}-{what}-ubyte*") for what in ("images-idx3", "labels-idx1"))
    return Digits(PIXELS.write(read_idx(images)), read_idx(digits).astype(np.int64))


def one_shot(model: textsiam.PairModel, shown: Digits, draws: int, seed: int) -> float:
    """Give the mean accuracy over ``draws`` of one image of each digit, on all others."""
    vectors, random = model.encode(shown.texts), np.random.default_rng(seed)
    ways = np.unique(shown.digits)
    found = []
    for _ in range(draws):
        examples = np.array([random.choice(np.flatnonzero(shown.digits == digit)) for digit in ways])
        others = np.delete(np.arange(len(vectors)), examples)
        sides = vectors[np.repeat(others, len(ways))], vectors[np.tile(examples, len(others))]
        scores = model.compare_vectors(*sides).reshape(len(others), len(ways))
        found.append(float((ways[scores.argmax(axis=1)] == shown.digits[others]).mean()))
    return float(np.mean(found))


def train_and_judge(name: str, data: Path, epochs: int, images: int | None) -> dict[str, Any]:
    """Train a row on so many ``images`` (None: all but dev's) and judge it on the test file."""
    begun = time.perf_counter()
    everything, test = read_digits(data, "train"), read_digits(data, "t10k")
    order = np.random.default_rng(SEED).permutation(len(everything.texts))
    train, dev = everything.part(order[DEV:][:images]), everything.part(order[:DEV])
    row = ROWS[name]
    model = textsiam.train(
        class_pairs(*train, seed=SEED),
        dev=separate_pairs(*dev, seed=SEED),
        config=textsiam.TrainConfig(
            encoder="custom",
            head=row.head,
            loss=row.loss,
            max_tokens=PIXELS.max_tokens,
            epochs=epochs,
            batch_size=128,
            precision="fp32",
            device="cpu",
            seed=SEED,
        ),
        vocabulary=PIXELS.vocabulary(),
        encoder=PIXELS.encoder(make_cnn),
        show_progress=True,
    )
    minutes = (time.perf_counter() - begun) / 60
    result = textsiam.evaluate(model, separate_pairs(*test, seed=SEED))
    return {
        "images": len(train.texts),
        "minutes": minutes,
        "pairs": result.pairs,
        "accuracy": result.accuracy,
        "interval": result.intervals["accuracy"],
        "roc_auc": result.roc_auc,
        "one_shot": one_shot(model, test, DRAWS, SEED),
    }


def table(found: dict[str, dict[str, Any]], notes: list[str]) -> str:
    """Lay figures out, a row of the table for each row."""
    lines = []
    for name, one in found.items():
        low, high = one["interval"]
        accuracy = f"{one['accuracy']:.2%} ({low:.2%} to {high:.2%})"
        figures = [f"{one['images']:,}", f"{one['minutes']:.1f}", accuracy, f"{one['roc_auc']:.4f}"]
        lines.append([ROWS[name].says, *figures, f"{one['one_shot']:.2%}"])
    head = ("", "training images", "minutes", "pair accuracy (95 % interval)", "ROC-AUC", "one-shot, of 10")
    return markdown(head, lines, notes)


def main() -> None:
    """Read the options, run the rows, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the four idx files of MNIST")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, help="train on so many images alone")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    found = {}
    for name in options.rows:
        say(name)
        found[name] = on_threads(options.threads, train_and_judge, name, options.data, options.epochs, options.images)
    notes = [f"{options.epochs} epochs, seed {SEED}, {options.threads} threads; {machine()}"]
    print(table(found, [*notes, versions("textsiam", "torch")]))


if __name__ == "__main__":
    main()
