"""How the tests of the sample corpus tell texts apart."""

from __future__ import annotations

import re


def normalised(text: str) -> str:
    """Give the words of a text in lower case with one space between them and no punctuation."""
    return " ".join(re.findall(r"\w+", text.replace("'", "").casefold()))
