from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
from threadpoolctl import threadpool_limits

import textsiam


def leakage() -> ModuleType:
    return importlib.import_module("leakage")


def test_a_graph_that_tells_the_label_is_learned_without_text(tmp_path: Path) -> None:
    splits = importlib.import_module("splits")
    rng = np.random.default_rng(0)
    # pairs within a triangle are the same, others stand alone
    rows = [(f"{n}{a}", f"{n}{b}", 1) for n in range(60) for a, b in ("xy", "yz", "zx")]
    rows += [(f"{n}v", f"{n}w", 0) for n in range(180)]
    order = [rows[place] for place in rng.permutation(len(rows))]
    splits.write_folder(tmp_path / "graph", {"train": order[:200], "dev": order[200:280], "test": order[280:]})
    with threadpool_limits(1):  # threads that wait for each other take seconds where other work runs beside them
        scored = leakage().leakage(tmp_path / "graph", tmp_path)
    test = textsiam.read_pairs(tmp_path / "graph" / "test.tsv")
    assert ((scored.test > 0.5) == (test.labels > 0.5)).all()
