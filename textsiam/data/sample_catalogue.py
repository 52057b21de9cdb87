"""All topics of the sample corpus, and what can be asked of their intents."""

from __future__ import annotations

from textsiam.data.sample_devices import DEVICE_TOPICS
from textsiam.data.sample_home import HOME_TOPICS
from textsiam.data.sample_life import LIFE_TOPICS
from textsiam.data.sample_money import MONEY_TOPICS
from textsiam.data.sample_office import OFFICE_TOPICS
from textsiam.data.sample_shops import SHOP_TOPICS
from textsiam.data.sample_staff import STAFF_TOPICS
from textsiam.data.sample_topics import Intent, Topic
from textsiam.data.sample_travel import TRAVEL_TOPICS

TOPICS: tuple[Topic, ...] = (
    *(*TRAVEL_TOPICS, *MONEY_TOPICS, *HOME_TOPICS, *SHOP_TOPICS),
    *(*DEVICE_TOPICS, *OFFICE_TOPICS, *STAFF_TOPICS, *LIFE_TOPICS),
)


def opposites(topic: Topic, intent: Intent) -> list[Intent]:
    """Intents of ``topic`` that turn ``intent`` around, in either direction."""
    return [other for other in topic.intents if intent.opposite == other.name or other.opposite == intent.name]


def neighbours(topic: Topic, intent: Intent) -> list[Intent]:
    """Other intents of ``topic``, without its opposites."""
    return [other for other in topic.intents if other != intent and other not in opposites(topic, intent)]
