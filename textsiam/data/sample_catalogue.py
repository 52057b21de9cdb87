"""All topics of the sample corpus, a smaller choice of them for smaller corpora, and how their intents relate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textsiam.data.sample_devices import FILES, FORMATS, NOTIFICATIONS, SIGN_IN
from textsiam.data.sample_home import BILLS, MOVING, SUBSCRIPTIONS
from textsiam.data.sample_life import APPOINTMENTS, COURSES, LIBRARY, TRANSLATION
from textsiam.data.sample_money import ACCOUNTS, CURRENCIES, PLANS
from textsiam.data.sample_office import ACCESS, HANDOVER, MAIL
from textsiam.data.sample_shops import DELIVERY, PARCELS, RETURNS
from textsiam.data.sample_staff import LEAVE, MEETINGS, PRINTING
from textsiam.data.sample_topics import SLOT_VALUES, Intent, Topic
from textsiam.data.sample_travel import CARDS_ABROAD, FLIGHTS, HOTELS, TRAINS

_CORE_TOPICS: tuple[Topic, ...] = (
    *(FLIGHTS, TRAINS, HOTELS, CURRENCIES, ACCOUNTS, PLANS, BILLS, SUBSCRIPTIONS, RETURNS, DELIVERY),
    *(FILES, FORMATS, NOTIFICATIONS, ACCESS, MEETINGS, APPOINTMENTS, LIBRARY),
)
_MORE_TOPICS: tuple[Topic, ...] = (
    *(CARDS_ABROAD, MOVING, PARCELS, SIGN_IN, MAIL, HANDOVER, LEAVE, PRINTING, TRANSLATION, COURSES),
)
_CORE_VALUES = 10


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What to draw from: topics, and the values of each kind of slot."""

    topics: tuple[Topic, ...]
    values: Mapping[str, tuple[str, ...]]


FULL = Catalogue((*_CORE_TOPICS, *_MORE_TOPICS), SLOT_VALUES)
CORE = Catalogue(_CORE_TOPICS, {kind: values[:_CORE_VALUES] for kind, values in SLOT_VALUES.items()})
"""In a small corpus, fewer intents and values occur often enough to be learnt from it."""


def opposites(topic: Topic, intent: Intent) -> list[Intent]:
    """Intents of ``topic`` that turn ``intent`` around, in either direction."""
    return [other for other in topic.intents if intent.opposite == other.name or other.opposite == intent.name]


def neighbours(topic: Topic, intent: Intent) -> list[Intent]:
    """Other intents of ``topic``, without its opposites."""
    return [other for other in topic.intents if other != intent and other not in opposites(topic, intent)]
