"""The rules of a SentencePiece normalizer, read out of the trie that they are stored in."""

from __future__ import annotations

import numpy as np

_LABEL = 0x8000_00FF  # the byte that leads to a unit; of a leaf, which has none, the highest bit is set
_HAS_LEAF = 0x100
_VALUE = 0x7FFF_FFFF


def character_rules(character_map: bytes) -> dict[str, str]:
    """Give what each sequence of characters is replaced with; the longest that fits is, from left to right.

    The map is the size of a trie in bytes, the trie, and the replacements, each ended by a NUL. The trie is a
    darts-clone double array: the child of ``node`` by ``byte`` is ``node ^ offset ^ byte`` and is labelled ``byte``.
    """
    if not character_map:
        return {}
    size = int.from_bytes(character_map[:4], "little")
    units = np.frombuffer(character_map, "<u4", count=size // 4, offset=4)
    offsets = (units >> 10) << ((units & 0x200) >> 6)
    replacements = character_map[4 + size :]
    rules: dict[str, str] = {}
    bytes_255 = np.arange(1, 256, dtype=np.int64)
    waiting: list[tuple[int, bytes]] = [(0, b"")]
    while waiting:
        node, key = waiting.pop()
        base = node ^ int(offsets[node])
        if units[node] & _HAS_LEAF:
            start = int(units[base]) & _VALUE
            rules[key.decode()] = replacements[start : replacements.index(b"\0", start)].decode()
        children = base ^ bytes_255
        inside = children < len(units)
        found = bytes_255[inside][units[children[inside]] & _LABEL == bytes_255[inside]]
        waiting += [(base ^ byte, key + bytes([byte])) for byte in found.tolist()]
    return rules
