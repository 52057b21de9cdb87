"""Writing a text from a phrasing: clauses, greetings, capitals, slips."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.data.normalised import normalised
from textsiam.data.sample_wording import Manner, can_exchange_clauses, draw_manner, write_text

PHRASING = "My flight [from {origin}] [to {destination}] is delayed, isn't it?"
VALUES = {"origin": "Oslo", "destination": "Rome"}
TURNED = {"origin": "Rome", "destination": "Oslo"}


def written(manner: Manner, phrasing: str = PHRASING, *, exchange_clauses: bool = False) -> str:
    return write_text(phrasing, VALUES, manner, exchange_clauses=exchange_clauses)


def test_plain_text_in_both_orders_of_its_clauses() -> None:
    assert written(Manner()) == "My flight from Oslo to Rome is delayed, isn't it?"
    assert written(Manner(), exchange_clauses=True) == "My flight to Rome from Oslo is delayed, isn't it?"


def test_a_phrasing_without_clauses_stays_as_it_is() -> None:
    assert not can_exchange_clauses("{origin} to {destination}?")
    assert written(Manner(), "{origin} to {destination}?", exchange_clauses=True) == "Oslo to Rome?"


def test_each_trait_of_a_manner() -> None:
    plain = "my flight from Oslo to Rome is delayed, isn't it"
    assert written(Manner(end_mark=False)) == "M" + plain[1:]
    assert written(Manner(opening="Hi, ")) == f"Hi, {plain}?"
    assert written(Manner(closing=" Thanks!", end_mark=False)) == f"M{plain[1:]}? Thanks!"
    assert written(Manner(lower_case=True, apostrophes=False)) == plain.lower().replace("'", "") + "?"


def test_an_opening_keeps_the_capitals_of_i_and_of_names() -> None:
    assert written(Manner(opening="Hi, "), "I'm from {origin}.") == "Hi, I'm from Oslo."
    assert written(Manner(opening="Hi, "), "{origin} is far.") == "Hi, Oslo is far."
    assert written(Manner(opening="Hi, "), "In {origin}.") == "Hi, in Oslo."


def test_a_text_that_begins_with_a_value_begins_with_a_capital() -> None:
    assert (
        write_text("{mail} got lost.", {"mail": "invoices"}, Manner(), exchange_clauses=False) == "Invoices got lost."
    )


def test_a_slip_changes_one_long_word_and_never_a_slot() -> None:
    slips = {written(Manner(slip=step / 50), "My {origin} flight is delayed.") for step in range(50)}
    changed = {tuple(text.split()) for text in slips}
    assert {words[:2] for words in changed} == {("My", "Oslo")}
    assert all((words[2] != "flight") + (words[4] != "delayed.") == 1 for words in changed)
    assert any(words[2] == "flgiht" for words in changed)
    assert any(len(words[4]) == len("delayed.") - 1 for words in changed)


def test_a_slip_leaves_a_slot_alone_that_is_named_like_a_word() -> None:
    text = write_text("My {service} service.", {"service": "postal"}, Manner(slip=0.9), exchange_clauses=False)
    assert text.startswith("My postal se")
    assert text != "My postal service."


@given(seed=st.integers(0, 10**6), exchange=st.booleans(), turned=st.booleans())
def test_the_same_manner_gives_the_same_words_in_any_order(seed: int, exchange: bool, turned: bool) -> None:
    manner = draw_manner(random.Random(seed))
    first = write_text(PHRASING, VALUES, manner, exchange_clauses=False)
    second = write_text(PHRASING, TURNED if turned else VALUES, manner, exchange_clauses=exchange)
    assert sorted(normalised(first).split()) == sorted(normalised(second).split())
    assert not re.search(r"[{}\[\]]|  ", first + second)


def test_manners_are_drawn_at_low_rates() -> None:
    rng = random.Random(0)
    manners = [draw_manner(rng) for _ in range(4000)]
    for share, rate in (
        (sum(bool(manner.opening) for manner in manners), 0.12),
        (sum(bool(manner.closing) for manner in manners), 0.08),
        (sum(manner.lower_case for manner in manners), 0.2),
        (sum(manner.slip is not None for manner in manners), 0.05),
    ):
        assert abs(share / 4000 - rate) < 0.025
