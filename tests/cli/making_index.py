"""A small index that the command line made, and another model than its own."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import textsiam
from tests.cli.conftest import Run

ROWS = [
    ("d1", "what about the drum number 2", "en"),
    ("d2", "tell me of drum item 2", "en"),
    ("d3", "What about  the DRUM number 2", "de"),
    ("a1", "what about the apple number 1", "de"),
    ("none", "", "en"),
]


def write_rows(path: Path, rows: Sequence[Sequence[str]] = ROWS, names: Sequence[str] = ("id", "text", "lang")) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return path


def make_index(run: Run, folder: Path, model: Path, *options: object) -> Path:
    rows, index = write_rows(folder / "rows.csv"), folder / "faq.index"
    assert run("index", "add", index, rows, "--model", model, "--attributes", "lang", *options).code == 0
    return index


def entries(index: Path) -> dict[str, tuple[str, dict[str, object]]]:
    with textsiam.DuplicateIndex.open(index, create=False) as opened:
        found = opened.entries(opened.keys())
        return {key: (entry.text, dict(entry.attributes)) for key, entry in found.items()}


def other_model(model: Path, out: Path) -> Path:
    """Save a model whose vectors are others."""
    loaded = textsiam.PairModel.load(model)
    for name, weight in loaded.weights.items():
        loaded.weights[name] = weight * 1.5
    loaded.save(out)
    return out


def clear_index(run: Run, folder: Path, model: Path) -> tuple[Path, float]:
    """Make the index, with a threshold that "d1" and "d2" reach and no other two do; gives it too."""
    loaded = textsiam.PairModel.load(model)
    texts = [text for key, text, _ in ROWS if key in ("d1", "d2", "a1")]
    same, *others = (loaded.score(a, b) for a, b in itertools.combinations(texts, 2))
    assert same > max(others)
    threshold = (same + max(others)) / 2
    return make_index(run, folder, model, "--threshold", threshold), threshold
