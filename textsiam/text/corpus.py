"""One pass over the texts of a vocabulary: fingerprint, counts and a fair sample that fits in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from textsiam.progress import Progress
from textsiam.text.checks import check_not_one_text, check_text

_REPORT_TEXTS = 4_096  # texts between two reports of progress
_DRAWN_AT_ONCE = 4_096  # random numbers


@dataclass(frozen=True)
class Corpus:
    """What one pass over a stream of texts found."""

    sample: list[str]
    """At most ``sample_size`` of the texts that are not blank, each with the same chance."""
    texts: int
    blank_texts: int
    characters: int
    sha256: str
    """Of every text in order: its UTF-8 length as 8 bytes, little-endian, then its UTF-8 (surrogates pass)."""

    @property
    def sampled(self) -> bool:
        """Whether texts that are not blank were left out."""
        return len(self.sample) < self.texts - self.blank_texts


@dataclass
class _Reservoir:
    """A uniform sample of a stream of unknown length (algorithm R), by whole numbers alone: equal on every machine."""

    size: int
    generator: np.random.Generator
    kept: list[str] = field(default_factory=list)
    seen: int = 0
    slots: list[int] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.seen += 1
        if len(self.kept) < self.size:
            self.kept.append(text)
            return
        if not self.slots:
            ends = np.arange(self.seen, self.seen + _DRAWN_AT_ONCE)
            self.slots = self.generator.integers(0, ends).tolist()[::-1]
        slot = self.slots.pop()
        if slot < self.size:
            self.kept[slot] = text


def read_corpus(texts: Iterable[str], *, sample_size: int, seed: int, bar: Progress) -> Corpus:
    """Read every text once, holding no more than the sample; OptionError names the position of what is no str."""
    check_not_one_text(texts)
    reservoir = _Reservoir(sample_size, np.random.default_rng(seed))
    digest = hashlib.sha256()
    count = blank = characters = 0
    for position, text in enumerate(texts):
        check_text(text, position)
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
        count += 1
        characters += len(text)
        if text.isspace() or not text:
            blank += 1
        else:
            reservoir.add(text)
        if count % _REPORT_TEXTS == 0:
            bar.advance(_REPORT_TEXTS)
    bar.advance(count % _REPORT_TEXTS)
    return Corpus(reservoir.kept, count, blank, characters, digest.hexdigest())
