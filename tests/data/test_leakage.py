from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from textsiam.data.leakage import FEATURES, graph_features, leakage_scores
from textsiam.data.pair_graph import PairGraph


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
    rows = graph_features(PairGraph([text for pair in pairs for text in pair]))
    assert rows.shape == (len(pairs), len(FEATURES))
    for place in range(len(pairs)):
        assert rows[place].tolist() == pytest.approx(by_hand(pairs, place))


def test_texts_are_equal_as_for_components() -> None:
    same = graph_features(PairGraph(["a  question", "b", "a question", "c"]))
    assert same[:, 1].tolist() == [1, 1]  # more pairs: the spaces make no other question


def test_scores_are_of_pairs_that_were_left_out() -> None:
    rng = np.random.default_rng(0)
    # pairs within a triangle are the same, others stand alone
    rows = [(f"{n}{a}", f"{n}{b}", 1) for n in range(60) for a, b in ("xy", "yz", "zx")]
    rows += [(f"{n}v", f"{n}w", 0) for n in range(180)]
    order = [rows[place] for place in rng.permutation(len(rows))]
    labels = np.array([label for *_, label in order])
    graph = PairGraph([text for a, b, _ in order for text in (a, b)])
    shuffled = rng.permutation(labels)
    with threadpool_limits(1):  # threads that wait for each other take seconds where other work runs beside them
        told, not_told = (leakage_scores(graph, which) for which in (labels, shuffled))
    assert ((told > 0.5) == (labels > 0.5)).all()
    # labels that the graph says nothing of would be learned by heart, if they were seen
    assert 0.35 < ((not_told > 0.5) == (shuffled > 0.5)).mean() < 0.65
