"""The pieces of a vocabulary as a trie in NumPy: the pieces that start at many places of many words, found at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from textsiam.text.word_table import WordTable

_CHARACTER_BITS = np.uint64(21)  # of a code point


class PieceTrie:
    """Nodes are numbered from 1 on, the root is 0; ``piece`` (nodes,) says which piece ends at a node, -1: none."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Build it of distinct, non-empty pieces."""
        sizes = np.fromiter(map(len, pieces), np.int64, count=len(pieces))
        starts = np.cumsum(sizes) - sizes
        characters = code_points("".join(pieces))
        self._edges = WordTable(len(characters), parts=1)  # (node, character) -> the node below
        self._first = np.zeros(int(characters.max(initial=0)) + 2, np.int32)  # the nodes below the root by character
        nodes = np.zeros(len(pieces), np.int32)
        self.piece = np.full(len(characters) + 1, -1, np.int32)
        self.whole = True
        """Whether every piece found its slots in the table; else the trie must not be used."""
        for level in range(sizes.max(initial=0)):
            longer = np.flatnonzero(sizes > level)
            keys, which = np.unique(_keys(nodes[longer], characters[starts[longer] + level]), return_inverse=True)
            numbers = self._edges.add(keys[None])
            self.whole &= bool(numbers.all())
            nodes[longer] = numbers[which]
            if level == 0:
                self._first[characters[starts]] = nodes
            ending = longer[sizes[longer] == level + 1]
            self.piece[nodes[ending]] = ending

    def walk(
        self, characters: npt.NDArray[np.uint32], places: npt.NDArray[np.int64], stride: int
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
        """Give, for lengths 1, 2, ..., the pieces of that length which start at ``places``: where each ends, and which.

        The characters of a word stand ``stride`` apart in ``characters``, which has a NUL behind every word.
        """
        nodes = self._first.take(characters[places], mode="clip")  # what is beyond has none, as the last one
        while len(places):
            alive = np.flatnonzero(nodes)
            places, nodes = places[alive], nodes[alive]
            pieces = self.piece[nodes]
            ending = np.flatnonzero(pieces >= 0)
            yield places[ending], pieces[ending]
            places = places + stride
            nodes = self._edges.find(_keys(nodes, characters[places])[None])


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """Give the characters of a text without lone surrogates as numbers."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


def _keys(nodes: npt.NDArray[np.int32], characters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    return (nodes.astype(np.uint64) << _CHARACTER_BITS) | characters
