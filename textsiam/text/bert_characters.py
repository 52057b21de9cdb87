"""What BERT's normalizer and pre-tokenizer, as the package tokenizers has them, make of each character.

Its categories of characters are those of Unicode 8, Python's those of a later version: ``_LATER`` are the characters
that have been added or moved since. With Unicode 14 (Python 3.11) the normalizer differs for two things only: U+11938,
which it does not decompose, and capital letters of Unicode 15 and later, which Python does not know. Later versions
of Python may add marks and punctuation of rare scripts.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect
from string import punctuation

# from where to where no character counts as a control character, a mark or punctuation
_LATER = (
    *((0x61D, 0x61D), (0x7FD, 0x7FD), (0x890, 0x8E2), (0x9FD, 0x9FE), (0xA76, 0xA76), (0xAFA, 0xAFF), (0xB55, 0xB55)),
    *((0xC04, 0xC3C), (0xC77, 0xC77), (0xC84, 0xC84), (0xD00, 0xD00), (0xD3B, 0xD3C), (0xD81, 0xD81), (0xEBA, 0xEBA)),
    *((0x180F, 0x1886), (0x1ABF, 0x1ACE), (0x1B7D, 0x1B7E), (0x1DF6, 0x1DFB), (0x2E43, 0x2E5D), (0xA82C, 0xA82C)),
    *((0xA8C5, 0xA8C5), (0xA8FF, 0xA8FF), (0xA9BD, 0xA9BD), (0x10D24, 0x10F89), (0x11070, 0x11074)),
    *((0x110C2, 0x110CD), (0x111CF, 0x111CF), (0x1123E, 0x1123E), (0x1133B, 0x1133B), (0x11438, 0x1145E)),
    *((0x11660, 0x1166C), (0x116B9, 0x116B9), (0x1182F, 0x11FFF), (0x12FF1, 0x13438), (0x16E97, 0x16F4F)),
    *((0x16FE2, 0x16FE4), (0x1CF00, 0x1CF46), (0x1E000, 0x1E2EF), (0x1E944, 0x1E95F)),
)
_STARTS = [start for start, _ in _LATER]
_MOVED = {0x166D: "Po", 0x1734: "Mn", 0x111C9: "Po"}
_SPACES = {*"\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000", *map(chr, range(0x2000, 0x200B))}
# the gap at U+2B820 is theirs
_CHINESE = (
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)),
)


class BertCharacters:
    """Cuts texts into words: what lies between white space, punctuation marks and, if asked for, Chinese characters.

    ``clean`` leaves control characters out, ``chinese`` makes a word of each Chinese character, ``strip_accents``
    leaves the marks of decomposed characters out, ``lowercase`` lowers each character by itself.
    """

    def __init__(self, *, clean: bool, chinese: bool, strip_accents: bool, lowercase: bool) -> None:
        self._strip_accents = strip_accents
        self._before = _Table(clean, chinese, strip=False, lower=False, punctuate=False)
        self._after = _Table(clean, chinese, strip=strip_accents, lower=lowercase, punctuate=True)

    def words(self, text: str) -> list[str]:
        """Give the words of a text without lone surrogates."""
        if self._strip_accents and not text.isascii():
            # what is left out or put in between comes first: then other marks may be side by side
            text = unicodedata.normalize("NFD", text.translate(self._before))
        return [word for word in text.translate(self._after).split(" ") if word]


class _Table(dict[int, str]):
    """What is put for each character, worked out when it comes for the first time."""

    def __init__(self, clean: bool, chinese: bool, *, strip: bool, lower: bool, punctuate: bool) -> None:
        self._rules = clean, chinese, strip, lower, punctuate

    def __missing__(self, point: int) -> str:
        clean, chinese, strip, lower, punctuate = self._rules
        character, kind = chr(point), _category(point)
        is_space = character in _SPACES
        put = character
        if clean and (point in (0, 0xFFFD) or (kind[0] == "C" and kind != "Cn" and character not in "\t\n\r")):
            put = ""
        elif is_space and (clean or punctuate):
            put = " "
        elif strip and kind == "Mn":
            put = ""
        elif (chinese and _within(point, _CHINESE)) or (punctuate and (kind[0] == "P" or character in punctuation)):
            put = f" {character} "
        elif lower:
            put = character.lower()
        self[point] = put
        return put


def _category(point: int) -> str:
    place = bisect(_STARTS, point) - 1
    if point in _MOVED:
        return _MOVED[point]
    return "Lo" if place >= 0 and point <= _LATER[place][1] else unicodedata.category(chr(point))


def _within(point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= point <= last for first, last in ranges)
