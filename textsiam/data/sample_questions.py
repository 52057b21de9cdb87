"""Single questions of the sample corpus with what they ask for: texts with classes, for all that learns from those."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import NamedTuple

from textsiam.data.sample_catalogue import FULL
from textsiam.data.sample_topics import SLOT_VALUES, Intent, Topic
from textsiam.data.sample_wording import draw_manner, write_text
from textsiam.errors import OptionError, check_choice, check_integer

TOPICS = tuple(topic.name for topic in FULL.topics)
MOST_QUESTIONS = 20_000


class SampleQuestion(NamedTuple):
    """A question, the ``intent`` that it asks for, such as "files_copy", the ``topic`` of that, such as "files".

    ``phrasing`` numbers, from 0, the ways in which an intent is put: leave some out of training to judge on them.
    """

    text: str
    intent: str
    topic: str
    phrasing: int


def sample_questions(n: int, *, topics: Iterable[str] | None = None, seed: int = 0) -> list[SampleQuestion]:
    """Give ``n`` different questions (1 to 20,000) as people ask a help desk, equal for equal ``seed``.

    Every intent of ``topics`` (names of TOPICS; None: all 27, with 111 intents) comes as often as the others, give or
    take one; its phrasing, the things that it names, greetings and slips are random. Raises OptionError for a topic
    that there is not, none at all, and an ``n`` out of range.
    """
    check_integer("n", n, least=1, most=MOST_QUESTIONS)
    check_integer("seed", seed, least=0)
    wanted = list(TOPICS if topics is None else topics)
    for name in wanted:
        check_choice("topics", name, TOPICS)
    intents = [(topic, intent) for topic in FULL.topics if topic.name in wanted for intent in topic.intents]
    if not intents:
        raise OptionError(f"topics is empty, expected some of {', '.join(TOPICS)}")
    rng = random.Random(f"textsiam sample questions {seed}")
    rng.shuffle(intents)
    questions: dict[str, SampleQuestion] = {}
    for number in range(n):
        topic, intent = intents[number % len(intents)]
        while (question := _written(topic, intent, rng)).text in questions:  # of each topic there are far more
            pass
        questions[question.text] = question
    given = list(questions.values())
    rng.shuffle(given)
    return given


def _written(topic: Topic, intent: Intent, rng: random.Random) -> SampleQuestion:
    values: dict[str, str] = {}
    for slot, kind in topic.slots.items():
        values[slot] = rng.choice([value for value in SLOT_VALUES[kind] if value not in values.values()])
    phrasing = rng.randrange(len(intent.phrasings))
    text = write_text(intent.phrasings[phrasing], values, draw_manner(rng), exchange_clauses=rng.random() < 0.5)
    return SampleQuestion(text, intent.name, topic.name, phrasing)
