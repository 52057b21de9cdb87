"""Which script a text is written in, by the names that Unicode gives its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

NONE = "no letters"


def script_of(text: str) -> str:
    """Name the script of most of the text's letters, such as "Latin" or "CJK"; "no letters" where there are none."""
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else NONE
    counts = Counter(_script(letter) for letter in text if letter.isalpha())
    return counts.most_common(1)[0][0] if counts else NONE


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "other")
    return "CJK" if name.startswith("CJK ") else name.split(" ")[0].split("-")[0].capitalize()
