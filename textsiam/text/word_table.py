"""A hash table of short words in NumPy: many lookups in one call, without a Python object for a word."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST_WORD = 23
"""Bytes of UTF-8 up to which a word has a key: three times eight, less one for its length."""

_PARTS = 3  # of a word's key, eight bytes each
_PROBES = 64  # slots that a word may be in
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd, of random bits
_SPREAD = np.uint64(0xD6E8FEB86659FD93)

Keys = npt.NDArray[np.uint64]
"""uint64 (parts, n); of words three parts: a word's bytes, zeros after them, its length in the highest byte."""


def _masks() -> npt.NDArray[np.uint64]:
    """Give what keeps the bytes of a word in each part of its key, uint64 (3, LONGEST_WORD + 1)."""
    kept = [[min(max(size - 8 * part, 0), 8) for size in range(LONGEST_WORD + 1)] for part in range(_PARTS)]
    return np.array([[(1 << 8 * count) - 1 for count in row] for row in kept], np.uint64)


_MASKS = _masks()


def word_keys(data: bytes, starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Keys:
    """Give the keys of words in ``data``, from their first bytes and their sizes, at most ``LONGEST_WORD``."""
    padded = data + bytes(8 * _PARTS)
    eights = np.ascontiguousarray(np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,)))  # from every byte on
    keys = np.stack([eights[starts + 8 * part] & _MASKS[part][sizes] for part in range(_PARTS)])
    keys[-1] |= sizes.astype(np.uint64) << np.uint64(56)
    return keys


class WordTable:
    """Numbers words by their keys, from 1 on; a word is found if all its bytes are equal. One thread at a time.

    It holds up to ``most_words`` words, each in 8 bytes for each of the ``parts`` of a key, and twice to four times as
    many slots of 4 bytes. Words that were added early, the frequent ones, lie side by side, which the processor's
    caches like.
    """

    def __init__(self, most_words: int, parts: int = _PARTS) -> None:
        self._bits = max(4, (2 * most_words - 1).bit_length())  # at most half of the slots are taken
        self._slots = np.zeros(1 << self._bits, np.int32)  # numbers, 0 where the slot is free
        self._keys = np.zeros((parts, most_words + 1), np.uint64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, keys: Keys) -> npt.NDArray[np.int32]:
        """Give the number of each word, 0 for those that are not here, int32 (n,)."""
        slots = self._first_slots(keys)
        numbers = self._slots.take(slots)
        left = np.flatnonzero(self._differ(numbers, keys))
        for _ in range(_PROBES - 1):
            if not left.size:
                return numbers
            slots[left] = self._next(slots[left])
            numbers[left] = self._slots[slots[left]]
            left = left[self._differ(numbers[left], keys[:, left])]
        numbers[left] = 0
        return numbers

    def add(self, keys: Keys) -> npt.NDArray[np.int32]:
        """Add distinct words that are not here; give their numbers, 0 for one that finds no slot, int32 (n,)."""
        numbers = np.arange(self._count + 1, self._count + 1 + keys.shape[1], dtype=np.int32)
        self._keys[:, numbers] = keys
        self._count += len(numbers)
        slots = self._first_slots(keys)
        left = np.arange(len(numbers))
        for _ in range(_PROBES):
            free = left[self._slots[slots[left]] == 0]
            _, first = np.unique(slots[free], return_index=True)  # of those that want the same slot, one has it
            self._slots[slots[free[first]]] = numbers[free[first]]
            left = np.setdiff1d(left, free[first], assume_unique=True)
            slots[left] = self._next(slots[left])
        numbers[left] = 0
        return numbers

    def _differ(self, numbers: npt.NDArray[np.int32], keys: Keys) -> npt.NDArray[np.bool_]:
        """Tell where another word has the number."""
        differ: npt.NDArray[np.bool_] = self._keys[0].take(numbers) != keys[0]
        for part in range(1, len(keys)):
            differ |= self._keys[part].take(numbers) != keys[part]
        differ &= numbers > 0
        return differ

    def _first_slots(self, keys: Keys) -> npt.NDArray[np.intp]:
        mixed = keys[0] * _FACTORS[0]
        for part in range(1, len(keys)):
            mixed += keys[part] * _FACTORS[part]
        mixed ^= mixed >> np.uint64(32)
        mixed *= _SPREAD
        mixed >>= np.uint64(64 - self._bits)
        slots: npt.NDArray[np.intp] = mixed.astype(np.intp)
        return slots

    def _next(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        following: npt.NDArray[np.intp] = (slots + 1) & (len(self._slots) - 1)
        return following
