from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.data.pair_graph import PairGraph

EDGES = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"), st.booleans()), min_size=1, max_size=14
)


def steps_of(pairs: list[tuple[str, str]], start: str) -> dict[str, int]:
    """How many pairs away each text is, by widening circles."""
    found, circle = {start: 0}, {start}
    while circle:
        circle = {b for pair in pairs for a, b in (pair, pair[::-1]) if a in circle} - found.keys()
        found |= dict.fromkeys(circle, max(found.values()) + 1)
    return found


@given(EDGES)
@settings(deadline=None)
def test_groups_and_chains_by_hand(edges: list[tuple[str, str, bool]]) -> None:
    graph = PairGraph([text for a, b, _ in edges for text in (a, b)])
    chosen = np.array([is_chosen for *_, is_chosen in edges])
    pairs = [(a, b) for a, b, is_chosen in edges if is_chosen]
    names = list(dict.fromkeys(text for a, b, _ in edges for text in (a, b)))
    assert graph.nodes == len(names)
    assert [(names[a], names[b]) for a, b in zip(graph.first, graph.second, strict=True)] == [
        edge[:2] for edge in edges
    ]
    groups = graph.groups(chosen)
    asked = []
    for first in names:
        steps = steps_of(pairs, first)
        assert {names[node] for node in np.flatnonzero(groups == groups[names.index(first)])} == set(steps)
        asked += [(first, last, count) for last, count in steps.items()]
    wanted = [(names.index(first), names.index(last)) for first, last, _ in asked]
    for (first, last, count), chain in zip(asked, graph.chains(chosen, wanted), strict=True):
        texts = [names[node] for node in chain]
        assert (texts[0], texts[-1], len(texts)) == (first, last, count + 1)
        assert all(link in pairs or link[::-1] in pairs for link in pairwise(texts))


@given(EDGES)
@settings(deadline=None)
def test_keys_are_shared_by_the_same_two_texts(edges: list[tuple[str, str, bool]]) -> None:
    keys = PairGraph([text for a, b, _ in edges for text in (a, b)]).keys()
    for key, (a, b, _) in zip(keys, edges, strict=True):
        assert [other == key for other in keys] == [{a, b} == {c, d} for c, d, _ in edges]


def test_texts_are_the_same_as_for_components() -> None:
    graph = PairGraph(["A  question", "b", "a question ", "B"])
    assert graph.nodes == 2
    assert graph.keys().tolist() == [1, 1]


def test_no_pairs_make_no_nodes() -> None:
    graph = PairGraph([])
    assert (graph.nodes, len(graph.first), len(graph.keys())) == (0, 0, 0)
