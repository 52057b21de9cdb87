"""One-shot classification of texts: which of many classes, of each of which one text is shown, is a text of; Markdown.

    python benchmarks/few_shot.py --data QQP/train.tsv

Pairs are split by components (a twentieth is dev, a tenth test); an LSTM is trained on the rest with each head. Classes
are groups of test texts that are the same by their labels. They are shuffled and cut into rounds of as many classes as
there are; in each, one text of every class is shown, and another one of each is asked for. No class comes twice. Two
comparisons: the cosine of the vectors, and the model's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest
from timing import machine, markdown, on_threads, say, versions

import textsiam
from textsiam.integrations.few_shot_classifier import FewShotClassifier
from textsiam.model.pair_model import PairModel

SEED, COMPARISONS = 7, ("cosine", "model")


class Shown(NamedTuple):
    """Texts of which each is one of a class of its own, and another text of each class."""

    known: list[str]
    asked: list[str]


class Found(NamedTuple):
    """Of how many texts that were asked for the class was right."""

    right: int
    asked: int


def classes_of(pairs: textsiam.Pairs) -> Shown:
    """Give two texts of every group of texts that are the same by the labels, the groups in a random order."""
    same = pairs.select(np.flatnonzero(pairs.labels == 1))
    groups: dict[int, dict[str, None]] = {}
    for (text_a, text_b, _), group in zip(same, textsiam.question_components(same), strict=True):
        groups.setdefault(int(group), {}).update({text_a: None, text_b: None})
    texts = [list(group)[:2] for group in groups.values() if len(group) > 1]
    order = np.random.default_rng(SEED).permutation(len(texts))
    return Shown([texts[row][0] for row in order], [texts[row][1] for row in order])


def named(model: PairModel, shown: Shown, classes: int, questions: int, comparison: str) -> Found:
    """Name the classes of the texts that are asked for, in rounds of so many classes."""
    rounds, right = min(questions, len(shown.known)) // classes, 0
    for start in range(0, rounds * classes, classes):
        known, asked = (side[start : start + classes] for side in shown)
        classifier = FewShotClassifier(model, method="neighbors", comparison=comparison)
        found = classifier.fit(known, np.arange(len(known))).predict(asked)
        right += int((found == np.arange(len(known))).sum())
    return Found(right, rounds * classes)


def train_and_name(path: Path, head: str, epochs: int, sizes: list[int], questions: int) -> dict[str, list[Found]]:
    """Train a model with a head, and name texts among classes of each number, by each comparison."""
    train, dev, test = textsiam.split_pairs(textsiam.read_pairs(path), test=0.1, dev=0.05, seed=SEED)
    shown = classes_of(test)
    if max(sizes) > min(questions, len(shown.known)):
        raise SystemExit(f"{len(shown.known):,} classes and {questions:,} questions are too few for {max(sizes):,}")
    config = textsiam.TrainConfig(encoder="lstm", units=64, dim=64, head=head, epochs=epochs, seed=SEED, device="cpu")
    model = textsiam.train(train, dev=dev, config=config, show_progress=True)
    return {name: [named(model, shown, size, questions, name) for size in sizes] for name in COMPARISONS}


def table(found: dict[str, dict[str, list[Found]]], sizes: list[int], notes: list[str]) -> str:
    """Lay figures out, a row for each head and comparison."""
    rows = [[head, name, *map(_share, ones)] for head, by_name in found.items() for name, ones in by_name.items()]
    return markdown(("head", "comparison", *(f"of {size}" for size in sizes)), rows, notes)


def _share(found: Found) -> str:
    interval = binomtest(found.right, found.asked).proportion_ci(method="wilson")
    return f"{found.right / found.asked:.1%} ({interval.low:.1%} to {interval.high:.1%})"


def main() -> None:
    """Read the options, train and name with each head, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="file of labelled pairs, such as QQP's train.tsv")
    parser.add_argument("--heads", nargs="+", default=["cosine", "mlp", "alignment"])
    parser.add_argument("--classes", nargs="+", type=int, default=[20, 100, 400])
    parser.add_argument("--questions", type=int, default=2_000, help="texts that are asked for at most")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    found = {}
    for head in options.heads:
        say(head)
        arguments = (options.data, head, options.epochs, options.classes, options.questions)
        found[head] = on_threads(options.threads, train_and_name, *arguments)
    notes = [f"{options.epochs} epochs, seed {SEED}, {options.threads} threads; {machine()}"]
    print(table(found, options.classes, [*notes, versions("textsiam", "torch")]))


if __name__ == "__main__":
    main()
