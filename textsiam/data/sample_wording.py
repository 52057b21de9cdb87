"""Turn a phrasing into a text as people write it: with or without a greeting, capitals, a question mark, a slip.

None of this depends on whether a pair is a duplicate. A ``Manner`` is applied before the slots are filled, so that two
texts in the same manner, whose slots are exchanged, hold the same words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

OPENINGS = (
    *("Hi, ", "Hello, ", "Hey, ", "Hi there, ", "Good morning, ", "Hello again, ", "Sorry to bother you, "),
    *("Hi all, ", "Excuse me, ", "One more thing: "),
)
CLOSINGS = (" Thanks!", " Thank you.", " Thanks in advance!", " Any help is welcome.", " Please let me know.")
_CLAUSES = re.compile(r"\[([^\]]+)\] \[([^\]]+)\]")
_KEEPS_CAPITAL = re.compile(r"I\b|\{")
_LONG_WORD = re.compile(r"(?<![{\w'])[a-z]{6,}(?![}\w'])")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one text is written; ``slip`` in [0, 1) chooses where a letter goes wrong, None is nowhere."""

    opening: str = ""
    closing: str = ""
    lower_case: bool = False
    apostrophes: bool = True
    end_mark: bool = True
    slip: float | None = None


def draw_manner(rng: random.Random) -> Manner:
    """Draw a manner: most texts are plain, about one in five is in lower case, few have slips of the pen."""
    lower_case = rng.random() < 0.2
    return Manner(
        opening=rng.choice(OPENINGS) if rng.random() < 0.12 else "",
        closing=rng.choice(CLOSINGS) if rng.random() < 0.08 else "",
        lower_case=lower_case,
        apostrophes=not (lower_case and rng.random() < 0.4),
        end_mark=rng.random() > (0.5 if lower_case else 0.08),
        slip=rng.random() if rng.random() < 0.05 else None,
    )


def can_exchange_clauses(phrasing: str) -> bool:
    """Say whether the phrasing has two neighbouring clauses that may change places."""
    return _CLAUSES.search(phrasing) is not None


def write_text(phrasing: str, values: Mapping[str, str], manner: Manner, *, exchange_clauses: bool) -> str:
    """Fill the slots of ``phrasing`` with ``values``; its bracketed clauses change places if they are to."""
    text = _CLAUSES.sub(r"\2 \1" if exchange_clauses else r"\1 \2", phrasing)
    if manner.slip is not None:
        text = _with_slip(text, manner.slip)
    if manner.opening and not _KEEPS_CAPITAL.match(text):
        text = text[0].lower() + text[1:]
    if not manner.end_mark and not manner.closing:
        text = text.rstrip("?.")
    text = (manner.opening + text).format_map(values) + manner.closing
    if not manner.apostrophes:
        text = text.replace("'", "")
    return text.lower() if manner.lower_case else text[0].upper() + text[1:]


def _with_slip(text: str, slip: float) -> str:
    """Exchange or drop a letter inside one long word; which word, in alphabetical order, is up to ``slip``."""
    words = sorted(set(_LONG_WORD.findall(text)))
    if not words:
        return text
    position = slip * len(words)
    word = words[int(position)]
    within = position % 1
    at = 2 + int(within * (len(word) - 4))
    wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :] if within < 0.5 else word[:at] + word[at + 1 :]
    return re.sub(rf"(?<![{{\w']){word}(?![}}\w'])", wrong, text, count=1)
