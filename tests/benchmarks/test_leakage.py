from __future__ import annotations

import importlib
from math import log
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import textsiam


def leakage() -> ModuleType:
    return importlib.import_module("leakage")


def by_hand(pairs: list[tuple[str, str]], place: int) -> list[float]:
    """The features of one pair of a graph in which that pair does not exist."""
    others = [pair for number, pair in enumerate(pairs) if number != place]
    first, second = pairs[place]

    def partners(node: str, among: list[tuple[str, str]]) -> set[str]:
        return {b if a == node else a for a, b in among if node in (a, b) and a != b}

    counts = sorted(sum(node in pair for pair in others) for node in (first, second))
    degrees = sorted(len(partners(node, others)) for node in (first, second))
    common = partners(first, pairs) & partners(second, pairs)
    weight = sum(1 / log(max(2, len(partners(node, pairs)))) for node in common)
    beyond = sum(len(partners(node, pairs)) for end in (first, second) for node in partners(end, others))
    again = sum(set(pair) == {first, second} for pair in others)
    reached = {first, second}
    for _ in pairs:
        reached |= {node for pair in pairs if reached & set(pair) for node in pair}
    component = sum(bool(reached & set(pair)) for pair in others)
    return [*counts, *degrees, len(common), weight, beyond, again, component]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_features_leave_the_pair_itself_out(pairs: list[tuple[str, str]]) -> None:
    half = len(pairs) // 2
    sides = [[text for pair in part for text in pair] for part in (pairs[:half], pairs[half:])]
    found = leakage().graph_features(sides)
    assert [len(part) for part in found] == [half, len(pairs) - half]
    rows = np.concatenate(found)
    assert rows.shape[1] == len(leakage().FEATURES)
    for place in range(len(pairs)):
        assert rows[place].tolist() == pytest.approx(by_hand(pairs, place))


def test_texts_are_equal_as_for_components() -> None:
    (same,) = leakage().graph_features([["a  question", "b", "a question", "c"]])
    assert same[:, 1].tolist() == [1, 1]  # more pairs: the spaces make no other question


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
