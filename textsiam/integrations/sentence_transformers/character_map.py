"""The rules of a SentencePiece normalizer, read out of the trie that they are stored in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_LABEL = 0x8000_00FF  # the byte that leads to a unit; of a leaf, which has none, the highest bit is set
_HAS_LEAF = 0x100
_VALUE = 0x7FFF_FFFF
_NODES_AT_ONCE = 8_192


@lru_cache(maxsize=4)  # the stock maps have some 226,000 rules, which take a second
def character_rules(character_map: bytes) -> dict[str, str]:
    """Give what each sequence of characters is replaced with; the longest that fits is, from left to right.

    The map is the size of a trie in bytes, the trie, and the replacements, each ended by a NUL. The trie is a
    darts-clone double array: the child of ``node`` by ``byte`` is ``node ^ offset ^ byte`` and is labelled ``byte``.
    """
    if not character_map:
        return {}
    size = int.from_bytes(character_map[:4], "little")
    units = np.frombuffer(character_map, "<u4", count=size // 4, offset=4).astype(np.int64)
    bases = np.arange(len(units)) ^ ((units >> 10) << ((units & 0x200) >> 6))
    replacements = character_map[4 + size :]
    rules: dict[str, str] = {}
    labels = np.arange(1, 256)
    waiting: list[tuple[int, bytes]] = [(0, b"")]
    while waiting:
        nodes, waiting = waiting[-_NODES_AT_ONCE:], waiting[:-_NODES_AT_ONCE]
        bases_n = bases[[node for node, _ in nodes]]
        for (node, key), base in zip(nodes, bases_n.tolist(), strict=True):
            if units[node] & _HAS_LEAF:
                start = int(units[base]) & _VALUE
                rules[key.decode()] = replacements[start : replacements.index(b"\0", start)].decode()
        children = bases_n[:, None] ^ labels
        found = units[np.minimum(children, len(units) - 1)] & _LABEL == labels
        parents, places = np.nonzero(found & (children < len(units)))
        columns = (parents.tolist(), labels[places].tolist(), children[parents, places].tolist())
        for parent, label, child in zip(*columns, strict=True):
            waiting.append((child, nodes[parent][1] + bytes([label])))
    return rules
