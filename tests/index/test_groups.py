from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsiam.index.groups import LINKAGES, Link, Linked, linked_groups

QUICK = settings(deadline=None, max_examples=150)
PLACES = 7
EDGES = list(itertools.combinations(range(PLACES), 2))
LINKS = st.dictionaries(st.sampled_from(EDGES), st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9]) | st.floats(0.5, 1)).map(
    lambda found: [(probability, a, b) for (a, b), probability in found.items()]
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
