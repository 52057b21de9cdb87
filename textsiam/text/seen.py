"""Words that came before."""

from __future__ import annotations

_SLOTS = 1 << 20


class Seen:
    """Notes words by their hashes, in 1 MB: it may take one word for another, and when a quarter full it forgets."""

    def __init__(self) -> None:
        self._slots = bytearray(_SLOTS)
        self._taken = 0

    def before(self, word: str | bytes) -> bool:
        """Tell whether the word was noted, and note it."""
        slot = hash(word) % _SLOTS
        if self._slots[slot]:
            return True
        if self._taken == _SLOTS // 4:
            self._slots, self._taken = bytearray(_SLOTS), 0
        self._slots[slot] = 1
        self._taken += 1
        return False
