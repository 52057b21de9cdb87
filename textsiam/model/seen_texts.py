"""Which texts a model was trained on, kept as short hashes: a text can be looked up, and none can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from textsiam.arrays import Array
from textsiam.text.normalization import normalize_text

BYTES = 5  # a text: of a million training texts, one in a million others is taken for one of them


class SeenTexts:
    """A set of texts, 5 bytes of BLAKE2b each; texts are the same if ``normalize_text`` makes them equal.

    Whoever has a text can find out whether it is in the set, as in every such set; nothing else can be told from it.
    """

    def __init__(self, hashes: Array) -> None:
        """Take distinct hashes, S5 (n,), in rising order."""
        self.hashes = hashes

    @classmethod
    def of(cls, texts: Iterable[str]) -> SeenTexts:
        """Make the set of texts, as often as they come."""
        return cls(np.unique(_hashes(texts)))

    @classmethod
    def from_bytes(cls, content: bytes) -> SeenTexts:
        """Read what ``to_bytes`` wrote; ValueError for anything else."""
        hashes = np.frombuffer(content, dtype=f"S{BYTES}")
        if (hashes[1:] <= hashes[:-1]).any():
            raise ValueError("hashes of texts are not in rising order")
        return cls(hashes)

    def to_bytes(self) -> bytes:
        """Return the hashes, one behind the other."""
        return self.hashes.tobytes()

    def holds(self, texts: Iterable[str]) -> Array:
        """Tell of each text whether it is in the set, bool (n,)."""
        return np.isin(_hashes(texts), self.hashes)

    def __or__(self, other: SeenTexts) -> SeenTexts:
        return SeenTexts(np.union1d(self.hashes, other.hashes))

    def __and__(self, other: SeenTexts) -> SeenTexts:
        return SeenTexts(np.intersect1d(self.hashes, other.hashes, assume_unique=True))

    def __len__(self) -> int:
        return len(self.hashes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeenTexts) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment] # as other sets that can be compared


def _hashes(texts: Iterable[str]) -> Array:
    keys = (normalize_text(text).encode("utf-8", "surrogatepass") for text in texts)
    return np.fromiter((hashlib.blake2b(key, digest_size=BYTES).digest() for key in keys), dtype=f"S{BYTES}")
