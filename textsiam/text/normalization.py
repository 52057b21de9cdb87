"""When two texts count as one and the same text."""

from __future__ import annotations

import unicodedata


def normalize_text(text: str) -> str:
    """Give the key under which two texts count as the same: NFKC, casefolded, white space collapsed and stripped.

    Equal keys join texts in components and count as leaks. The key is stable: normalising it again changes nothing.
    Lone surrogates and control characters pass through.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    # Once more NFKC, for casefolding can leave characters that compose.
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())
