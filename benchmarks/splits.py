"""Folders with train.tsv, dev.tsv and test.tsv: the published split of QQP, and one whose sides share no component."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from timing import say

from textsiam import Pairs, question_components, read_pairs, split_pairs
from textsiam.arrays import Array

SIDES = ("train", "dev", "test")
HELD_OUT = 10_000  # pairs of dev and of test in the disjoint split, as in the published one
SEED = 7


def read_sides(folder: Path) -> dict[str, Pairs]:
    """Read the three sides of a split."""
    return {side: read_pairs(folder / f"{side}.tsv") for side in SIDES}


def disjoint_split(train: Path, out: Path, held_out: int = HELD_OUT) -> Path:
    """Split train.tsv alone so that no component stands on two sides; made once, in ``out``/disjoint."""
    folder = out / "disjoint"
    if not folder.exists():
        pairs = read_pairs(train)
        share = held_out / len(pairs)
        split = split_pairs(pairs, test=share, dev=share, seed=SEED)
        say(f"disjoint split of {train}:\n{split.report}")
        write_folder(folder, dict(zip(SIDES, split, strict=True)))
    return folder


def write_folder(folder: Path, files: dict[str, Iterable[tuple[str, str, float]]]) -> None:
    """Write pairs with 0/1 labels as NAME.tsv each; the folder is there only once it is whole."""
    beside = folder.with_name(folder.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    for name, pairs in files.items():
        with (beside / f"{name}.tsv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t")
            writer.writerow(["question1", "question2", "is_duplicate"])
            writer.writerows((a, b, int(label)) for a, b, label in pairs)
    beside.rename(folder)


def unlinked_to(train: Pairs, test: Pairs) -> Array:
    """Find the test pairs whose component, over train and test together, holds no training pair; bool (n,)."""
    components = question_components([*train, *test])
    found: Array = ~np.isin(components[len(train) :], components[: len(train)])
    return found
