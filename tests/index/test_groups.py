from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.index import groups
from textsiam.index.groups import LINKAGES, Link, Linked, Links, Places

QUICK = settings(deadline=None, max_examples=150)
PLACES = 7
EDGES = list(itertools.combinations(range(PLACES), 2))
LINKS = st.dictionaries(st.sampled_from(EDGES), st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9]) | st.floats(0.5, 1)).map(
    lambda found: [(probability, a, b) for (a, b), probability in found.items()]
)


def linked_groups(
    links: Iterable[Link], linkage: str, same: Iterable[Places] = (), different: Iterable[Places] = ()
) -> list[Linked]:
    probabilities, left, right = np.array(list(links), dtype=np.float64).reshape(-1, 3).T
    return groups.linked_groups(
        Links(left.astype(np.int64), right.astype(np.int64), probabilities), linkage, same, different
    )


def reachable(links: list[Link], start: int) -> set[int]:
    seen, more = {start}, [start]
    while more:
        place = more.pop()
        for _, a, b in links:
            for here, there in ((a, b), (b, a)):
                if here == place and there not in seen:
                    seen.add(there)
                    more.append(there)
    return seen


@QUICK
@given(LINKS)
def test_connected_groups_are_what_chains_reach(links: list[Link]) -> None:
    expected = {tuple(sorted(reachable(links, place))) for place in range(PLACES)}
    found = linked_groups(links, "connected")
    assert [group.places for group in found] == sorted(places for places in expected if len(places) > 1)
    for group in found:
        # without the links below the weakest the group still holds together, without it too it does not
        strong = [link for link in links if link[0] >= group.weakest]
        assert reachable(strong, group.places[0]) == set(group.places)
        assert reachable([link for link in strong if link[0] > group.weakest], group.places[0]) != set(group.places)


@QUICK
@given(LINKS)
def test_all_texts_of_a_complete_group_are_linked(links: list[Link]) -> None:
    probability = {(a, b): p for p, a, b in links}
    found = linked_groups(links, "complete")
    members = [place for group in found for place in group.places]
    assert len(members) == len(set(members))
    for group in found:
        inside = [probability[pair] for pair in itertools.combinations(group.places, 2)]
        assert min(inside) == group.weakest
    # no two groups, or single texts, could still be joined
    whole = [group.places for group in found] + [(place,) for place in range(PLACES) if place not in members]
    for one, other in itertools.combinations(whole, 2):
        assert any(tuple(sorted(pair)) not in probability for pair in itertools.product(one, other))


@QUICK
@given(LINKS.flatmap(lambda links: st.tuples(st.just(links), st.permutations(links))), st.sampled_from(LINKAGES))
def test_the_order_of_links_has_no_part(both: tuple[list[Link], list[Link]], linkage: str) -> None:
    assert linked_groups(both[0], linkage) == linked_groups(both[1], linkage)


def test_complete_linkage_takes_the_most_probable_links_first() -> None:
    links = [(0.9, 0, 1), (0.8, 1, 2), (0.7, 0, 2), (0.95, 2, 3)]
    assert linked_groups(links, "complete") == [Linked((0, 1), 0.9), Linked((2, 3), 0.95)]
    assert linked_groups(links, "connected") == [Linked((0, 1, 2, 3), 0.8)]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_no_links_make_no_groups(linkage: str) -> None:
    assert linked_groups([], linkage) == []


def test_a_large_group_is_quick() -> None:
    links = [(1 - n / 1e6, a, b) for n, (a, b) in enumerate(itertools.combinations(range(300), 2))]
    for linkage in LINKAGES:
        assert [group.places for group in linked_groups(links, linkage)] == [tuple(range(300))]


VERDICTS = st.dictionaries(st.sampled_from(EDGES), st.booleans(), max_size=5)


@QUICK
@given(LINKS, VERDICTS, st.sampled_from(LINKAGES))
def test_what_is_said_of_pairs_holds(links: list[Link], verdicts: dict[tuple[int, int], bool], linkage: str) -> None:
    same = [pair for pair, label in verdicts.items() if label]
    chained = [(1.0, a, b) for a, b in same]
    different = [(a, b) for (a, b), label in verdicts.items() if not label and b not in reachable(chained, a)]
    found = linked_groups(links, linkage, same, different)
    home = {place: number for number, group in enumerate(found) for place in group.places}
    for a, b in same:
        assert home[a] == home[b]
    for a, b in different:
        assert home.get(a, -1) != home.get(b, -2)
    # nothing else is left apart: of two groups with a link between them some are said to differ
    if linkage == "connected":
        parts = [set(group.places) for group in found] + [{p} for p in range(PLACES) if p not in home]
        for one, other in itertools.combinations(parts, 2):
            if any({a, b} & one and {a, b} & other for _, a, b in links):
                assert any({a, b} & one and {a, b} & other for a, b in different)


@QUICK
@given(LINKS, st.sampled_from(LINKAGES))
def test_nothing_said_changes_nothing(links: list[Link], linkage: str) -> None:
    assert linked_groups(links, linkage, (), ()) == linked_groups(links, linkage)


def test_of_links_that_would_join_what_differs_the_least_probable_is_left_out() -> None:
    links = [(0.9, 0, 1), (0.8, 1, 2), (0.7, 2, 3), (0.95, 0, 3)]
    assert linked_groups(links, "connected", different=[(0, 2)]) == [Linked((0, 1, 3), 0.9)]
