"""The topics of the sample corpus keep the rules that its generator and its readers rely on."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.data.normalised import normalised
from textsiam.data.sample_catalogue import CORE, FULL, Catalogue, neighbours, opposites
from textsiam.data.sample_topics import SLOT_VALUES, Intent, Topic
from textsiam.data.sample_wording import can_exchange_clauses

INTENTS = [(topic, intent) for topic in FULL.topics for intent in topic.intents]
EACH = pytest.mark.parametrize(("topic", "intent"), INTENTS, ids=[intent.name for _, intent in INTENTS])


@pytest.mark.parametrize(("catalogue", "intents"), [(CORE, 73), (FULL, 111)], ids=["core", "full"])
def test_there_are_enough_intents_of_each_sort(catalogue: Catalogue, intents: int) -> None:
    chosen = [(topic, intent) for topic in catalogue.topics for intent in topic.intents]
    assert len(chosen) == intents
    assert sum(topic.ordered is not None for topic, _ in chosen) >= 12
    assert sum(intent.opposite is not None for _, intent in chosen) >= 15


def test_the_core_is_part_of_the_whole() -> None:
    assert {topic.name for topic in CORE.topics} < {topic.name for topic in FULL.topics}
    assert all(set(CORE.values[kind]) <= set(values) for kind, values in FULL.values.items())


def test_names_are_unique() -> None:
    assert len({intent.name for _, intent in INTENTS}) == len(INTENTS)
    assert len({topic.name for topic in FULL.topics}) == len(FULL.topics)


def test_no_phrasing_is_used_twice() -> None:
    counts = Counter(
        normalised(" ".join(sorted(re.split(r"[\[\]]", phrasing)))) + str(sorted(topic.slots.items()))
        for topic, intent in INTENTS
        for phrasing in intent.phrasings
    )
    assert [text for text, count in counts.items() if count > 1] == []


@EACH
def test_every_phrasing_fills_every_slot_once(topic: Topic, intent: Intent) -> None:
    for phrasing in intent.phrasings:
        assert sorted(re.findall(r"{(\w+)}", phrasing)) == sorted(topic.slots), phrasing
        assert phrasing.count("[") == phrasing.count("]") == (2 if can_exchange_clauses(phrasing) else 0), phrasing
        assert len(phrasing) == len(phrasing.strip())
        assert "  " not in phrasing


@EACH
def test_no_article_stands_before_a_slot(topic: Topic, intent: Intent) -> None:
    # Values may begin with a vowel or not: neither "a" nor "an" would be right for all of them.
    assert [phrasing for phrasing in intent.phrasings if re.search(r"\ban? {", phrasing)] == []


@EACH
def test_there_are_six_phrasings_or_more_that_differ(topic: Topic, intent: Intent) -> None:
    assert len(intent.phrasings) >= 6
    bags = {frozenset(normalised(phrasing).split()) for phrasing in intent.phrasings}
    assert len(bags) == len(intent.phrasings)


@EACH
def test_what_can_be_contrasted(topic: Topic, intent: Intent) -> None:
    assert neighbours(topic, intent)
    assert {topic.slots[slot] for slot in topic.slots} <= set(SLOT_VALUES)
    for other in opposites(topic, intent):
        assert len(other.phrasings) == len(intent.phrasings), "opposites mirror each other, phrasing by phrasing"
    if intent.opposite is not None:
        assert intent.opposite in {other.name for other in topic.intents} - {intent.name}
    if topic.ordered is not None:
        first, second = topic.ordered
        assert topic.slots[first] == topic.slots[second]
        assert sum(map(can_exchange_clauses, intent.phrasings)) >= 3


def test_values_of_a_slot_differ_and_are_neither_few_nor_many() -> None:
    for kind, values in SLOT_VALUES.items():
        assert len({value.casefold() for value in values}) == len(values), kind
        assert 6 <= len(values) <= 25, kind
