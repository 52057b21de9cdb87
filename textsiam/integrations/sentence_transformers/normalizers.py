"""A SentencePiece normalizer as a chain of normalizers of the package tokenizers, which gives the very same texts.

tokenizers reads SentencePiece's map of characters, too (``Precompiled``), but otherwise: it looks up whole graphemes,
takes the shortest rule instead of the longest, and so makes "e" of "E" with an accent. Here

- rules for several characters come first, as regular expressions, the longest before the shorter ones. Only those are
  there of which a vocabulary can tell: where neither what is replaced nor the replacement has a known character, both
  are the same run of unknown ones;
- U+0001, which the map removes, then stands between all characters that could be one grapheme, so that each is one: of
  single characters ``Precompiled`` makes what SentencePiece does;
- at last spaces are taken from the ends, and each run of them becomes one U+2581, with one in front of the text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.character_map import character_rules
from textsiam.text.word_rules import WORD_START

BREAK = "\x01"
# between characters of which one is not ASCII: two that are make no grapheme, but for a line's two ends
_JOINTS = r"(?!\A|\z)(?:(?<=[^\x00-\x7F])|(?=[^\x00-\x7F])|(?<=\r))"
MOST_STEPS = 4_000  # regular expressions that every text would have to go through
Step = dict[str, Any]


def normalizer_steps(character_map: bytes, alphabet: set[str]) -> list[Step]:
    """Give the chain for a vocabulary whose pieces are made of ``alphabet``; OptionError where there is none."""
    steps: list[Step] = []
    if character_map:
        steps += [_replace(pattern, content) for pattern, content in _sequences(character_map, frozenset(alphabet))]
        steps.append(_replace(_JOINTS, BREAK))
        steps.append({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(character_map).decode()})
    steps += [_replace(r"\A +", ""), _replace(" +", WORD_START), _replace(rf"{WORD_START}+\z", "")]
    return [*steps, {"type": "Prepend", "prepend": WORD_START}]


def ended_words() -> list[Step]:
    """Give what puts a space behind each word, which is then the only place where a space is."""
    return [_replace(rf"(?!\A)(?={WORD_START})", " "), _replace(r"(?!\A)\z", " ")]


def _replace(pattern: str, content: str) -> Step:
    return {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}


@lru_cache(maxsize=8)  # a folder that is read is written once more: see vocabulary_of.py
def _sequences(character_map: bytes, alphabet: frozenset[str]) -> list[tuple[str, str]]:
    """Give a pattern and a replacement for rules of two characters and more, the longest first."""
    rules = character_rules(character_map)
    single = {key: value for key, value in rules.items() if len(key) == 1}
    if single.get(BREAK) != "":
        raise OptionError(
            "the vocabulary's normalization does not remove U+0001, which the export puts between characters; "
            "expected a vocabulary of textsiam (nfkc_casefold, nfkc or identity)"
        )
    several = {key: value for key, value in rules.items() if len(key) > 1}
    known = alphabet | {" "}
    felt = _felt(several, single, known)
    inner = {character for key in several for character in key[1:]}
    if overlapping := sorted({key[0] for key in felt} & inner):
        raise OptionError(
            f"the vocabulary's normalization has rules that overlap, at U+{ord(overlapping[0]):04X}; "
            "tokenizers cannot express them"
        )
    stand_in = next(chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in known | single.keys())
    groups: dict[tuple[int, str], list[str]] = {}
    for key in felt:
        value = several[key] if known.intersection(several[key]) else stand_in
        if any(single.get(character, character) != character for character in value):
            raise OptionError(f"the vocabulary's normalization makes {value!r}, which it would change once more")
        groups.setdefault((-len(key), value), []).append(key)
    if len(groups) > MOST_STEPS:
        raise OptionError(
            f"the vocabulary knows {len(groups):,} characters that are put together from several, which would take "
            f"each text as many steps; at most {MOST_STEPS:,} are exported"
        )
    # most characters are soon passed: marks, which follow in all sequences, are not ASCII
    ahead = "" if any(key[1].isascii() for key in felt) else r"(?=.[^\x00-\x7F])"
    return [(ahead + _pattern(keys), BREAK + BREAK.join(value) + BREAK) for (_, value), keys in sorted(groups.items())]


def _felt(several: dict[str, str], single: dict[str, str], known: frozenset[str]) -> list[str]:
    """Give the sequences of which a vocabulary can tell whether they are replaced."""

    def tells(character: str) -> bool:
        value = single.get(character, character)
        return not value or not known.isdisjoint(value)

    told = set(filter(tells, set().union(*several)))
    felt: set[str] = set()
    for key in sorted(several, key=len):  # a longer one is needed where it keeps a shorter one from its beginning
        value = several[key]
        if (
            not told.isdisjoint(key)
            or not known.isdisjoint(value)
            or not value
            or any(key[:end] in felt for end in range(2, len(key)))
        ):
            felt.add(key)
    return sorted(felt)


def _pattern(keys: Iterable[str]) -> str:
    """Give a regular expression for sequences of one length."""
    firsts: dict[str, set[str]] = {}
    for key in keys:
        firsts.setdefault(key[1:], set()).add(key[0])
    if "" in firsts:
        return _class(firsts[""])
    tails: dict[frozenset[str], list[str]] = {}
    for tail, characters in firsts.items():
        tails.setdefault(frozenset(characters), []).append(tail)
    parts = sorted(f"{_class(characters)}{_pattern(ends)}" for characters, ends in tails.items())
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _class(characters: Iterable[str]) -> str:
    codes = [f"\\x{{{ord(character):X}}}" for character in sorted(characters)]
    return codes[0] if len(codes) == 1 else f"[{''.join(codes)}]"
