from __future__ import annotations

from collections import Counter

import pytest

from textsiam.data.sample_questions import TOPICS, sample_questions
from textsiam.errors import OptionError


def test_questions_are_different_and_every_intent_comes_as_often() -> None:
    questions = sample_questions(1_000, seed=3)
    assert len({question.text for question in questions}) == 1_000
    assert {question.topic for question in questions} == set(TOPICS)
    of_intent = Counter(question.intent for question in questions)
    assert len(of_intent) == 111
    assert max(of_intent.values()) - min(of_intent.values()) <= 1
    assert not any("{" in question.text or "[" in question.text for question in questions)


def test_an_intent_is_asked_in_several_ways_and_belongs_to_one_topic() -> None:
    questions = sample_questions(60, topics=["files"], seed=3)
    assert {question.topic for question in questions} == {"files"}
    assert {question.intent for question in questions} == {
        "files_copy",
        "files_copy_slow",
        "files_sync_on",
        "files_sync_off",
    }
    assert len({(question.intent, question.phrasing) for question in questions}) > 15
    assert any("slow" in question.text for question in questions if question.intent == "files_copy_slow")


def test_equal_seeds_give_equal_questions() -> None:
    assert sample_questions(200, seed=5) == sample_questions(200, seed=5)
    assert sample_questions(200, seed=5) != sample_questions(200, seed=6)


def test_the_smallest_topic_has_all_that_can_be_asked_for() -> None:
    assert len({question.text for question in sample_questions(20_000, topics=["meetings"])}) == 20_000


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match=r"topics is 'file', expected one of .*; did you mean 'files'"):
        sample_questions(5, topics=["file"])
    with pytest.raises(OptionError, match="topics is empty"):
        sample_questions(5, topics=[])
    with pytest.raises(OptionError, match="n is 0"):
        sample_questions(0)
