"""What the sample corpus is made of: topics, their intents and the values that fill the slots.

A *topic* is a corner of a help desk in which people ask about the same things (two cities, a plan, a month).
Its *intents* are the questions that are asked there, each with phrasings that mean the same. A phrasing holds every
slot of its topic in braces; two neighbouring clauses in square brackets may change places without a change of meaning:
``"my flight [from {origin}] [to {destination}]"`` is also ``"my flight to Rome from Oslo"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SLOT_VALUES: Mapping[str, tuple[str, ...]] = {
    "account": ("savings", "checking", "joint", "business", "holiday", "student", "investment", "household"),
    "address": ("work", "private", "school", "university", "shared", "old", "new", "freelance"),
    "amount": tuple(f"{euros} euros" for euros in (50, 80, 100, 150, 200, 250, 300, 400, 500, 750, 900)),
    "app": (
        *("banking", "calendar", "chat", "email", "fitness", "map", "music", "news"),
        *("photo", "recipe", "shopping", "travel", "video", "weather"),
    ),
    "appointment": (
        *("blood test", "boiler service", "car service", "dentist", "eye test", "haircut"),
        *("passport", "physio", "vaccination", "vet"),
    ),
    "branch": (
        *("Central", "Eastgate", "Hillside", "Kingsway", "Market Street", "Northfield"),
        *("Old Town", "Parkside", "Riverside", "Southbank", "Station Road", "Westbrook"),
    ),
    "card": (
        "company card",
        "credit card",
        "debit card",
        "prepaid card",
        "savings card",
        "travel card",
        "virtual card",
    ),
    "city": (
        *("Athens", "Berlin", "Boston", "Brussels", "Chicago", "Dublin", "Geneva", "Helsinki"),
        *("Lisbon", "London", "Madrid", "Milan", "Munich", "Oslo", "Paris", "Porto"),
        *("Prague", "Rome", "Tokyo", "Toronto", "Vienna", "Warsaw", "Zurich"),
    ),
    "country": (
        *("Brazil", "Canada", "Croatia", "France", "Greece", "Iceland", "Italy", "Japan"),
        *("Kenya", "Mexico", "Morocco", "Norway", "Portugal", "Spain", "Thailand", "Turkey"),
    ),
    "course": (
        *("chess", "coding", "cooking", "dance", "drawing", "first aid", "guitar"),
        *("photography", "piano", "pottery", "sewing", "swimming", "yoga"),
    ),
    "currency": ("AUD", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "INR", "JPY", "NOK", "PLN", "SEK", "USD"),
    "device": ("desktop", "home computer", "laptop", "phone", "tablet", "work laptop", "work phone"),
    "document": (
        *("application letter", "contract", "CV", "essay", "manual", "newsletter", "report", "thesis"),
        "travel guide",
    ),
    "drive": (
        *("desktop", "external drive", "home server", "laptop", "memory card", "old computer"),
        *("phone", "tablet", "USB stick", "work computer"),
    ),
    "files": ("backups", "documents", "invoices", "music files", "photos", "recordings", "scans", "videos"),
    "format": ("EPUB", "HTML", "LaTeX", "Markdown", "ODT", "PDF", "RTF", "Word"),
    "item": (
        *("atlas", "board game", "children's book", "comic", "cookbook", "dictionary", "DVD"),
        *("magazine", "novel", "textbook", "travel guide"),
    ),
    "language": (
        *("Arabic", "Dutch", "English", "French", "German", "Greek", "Italian", "Japanese"),
        *("Polish", "Spanish", "Swedish", "Turkish"),
    ),
    "leave": (
        *("annual leave", "compassionate leave", "parental leave", "sick leave"),
        *("study leave", "training leave", "unpaid leave"),
    ),
    "mail": ("calendar invites", "invoices", "newsletters", "order confirmations", "receipts", "reminders", "reports"),
    "meeting": (
        *("board meeting", "budget meeting", "job interview", "kick-off meeting", "project call", "sales call"),
        *("staff meeting", "team call", "training session", "webinar", "workshop"),
    ),
    "month": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "name": (
        *("Aisha", "Anna", "Ben", "David", "Elena", "James", "Julia", "Kevin"),
        *("Lukas", "Maria", "Nora", "Omar", "Peter", "Priya", "Sofia", "Tom"),
    ),
    "plan": ("Basic", "Business", "Family", "Flex", "Premium", "Pro", "Standard", "Student"),
    "printer": (
        *("basement", "first-floor", "front-desk", "ground-floor", "lab", "mail room", "meeting room"),
        *("reception", "second-floor", "staff room", "third-floor"),
    ),
    "product": (
        *("backpack", "bicycle", "blender", "camera", "coffee machine", "desk lamp", "jacket", "keyboard"),
        *("kettle", "office chair", "rug", "suitcase", "tent", "toaster", "vacuum cleaner", "watch"),
    ),
    "resource": (
        *("admin panel", "budget spreadsheet", "customer database", "payroll system", "photo archive"),
        *("project folder", "shared drive", "support inbox", "team calendar", "test server", "wiki"),
    ),
    "service": (
        *("broadband", "cloud storage", "fitness", "gaming", "home security", "language learning"),
        *("mobile", "music", "news", "TV", "video streaming"),
    ),
    "task": (
        *("customer project", "invoice workflow", "newsletter", "office lease", "onboarding plan", "phone contract"),
        *("service ticket", "software licence", "support case", "team mailbox"),
    ),
    "town": (
        *("Bath", "Brighton", "Bristol", "Cambridge", "Cardiff", "Chester", "Derby", "Durham", "Edinburgh"),
        *("Exeter", "Glasgow", "Leeds", "Lincoln", "Norwich", "Oxford", "Sheffield", "York"),
    ),
    "utility": ("electricity", "gas", "heating", "internet", "landline", "water"),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@dataclass(frozen=True, slots=True)
class Intent:
    """One question, in ``phrasings`` that mean the same; ``opposite`` names the intent that it turns around."""

    name: str
    phrasings: tuple[str, ...]
    opposite: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """Intents that share their slots.

    ``slots`` maps a slot to its kind of value (a key of ``SLOT_VALUES``). ``ordered`` names two slots of the same kind
    whose exchange changes the meaning of every intent.
    """

    name: str
    slots: Mapping[str, str]
    intents: tuple[Intent, ...]
    ordered: tuple[str, str] | None = None
