"""Recurrent encoders in NumPy: what LSTM and GRU have in common.

Texts are taken in blocks, by falling length, so that those still running at step t are the first ``sizes[t]``: nothing
is computed for padding. Their tokens lie step after step in one array, those of step t from ``starts[t]`` on. Of many
texts, a single layer reads beginnings that several share once (beginnings.py). Shapes: B texts of a block, n of all, N
tokens, D features, H units, G gates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.model.encoders.beginnings import Level, alphabetical_groups, shared_beginnings
from textsiam.model.encoders.lookup import Fill, Product, ProductTable
from textsiam.text.tokenizer import TokenIds

BLOCK_TEXTS = 512
SHARED_FROM = 1_024  # texts from which on beginnings are looked for
SHARED_TO = 256  # tokens: texts that are far longer than the others are read side by side with their like


class Step(Protocol):
    """One step of a recurrence with the weights under a prefix; ``gates`` counts the numbers of a text's gates."""

    units: int
    gates: int

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None: ...

    @staticmethod
    def inputs(weights: Mapping[str, Array], prefix: str, *, doubled: bool) -> Product:
        """Give what inputs add to the gates; of a layer above another they are ``doubled`` states."""

    def __call__(self, gates_BG: Array, state_BH: Array, cell_BH: Array, spare_BG: Array, /, *, first: bool) -> None:
        """Turn states and cells into those after the step, in place; of the ``first`` the states are not looked at."""


class NumpyRecurrentEncoder:
    """Stacked layers of the same ``step`` in one or two directions, pooled over the tokens."""

    step: ClassVar[type[Step]]

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        ways = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
        prefixes = [[f"encoder.layers.{layer}.{way}" for way in ways] for layer in range(architecture.layers)]
        products = [
            [self.step.inputs(weights, prefix, doubled=number > 0) for prefix in layer]
            for number, layer in enumerate(prefixes)
        ]
        self.tables = [ProductTable(weights["encoder.embedding.weight"], product) for product in products[0]]
        self.products = products[1:]
        self.recurrences = [
            [_Recurrence(self.step(weights, prefix), architecture.pooling) for prefix in layer] for layer in prefixes
        ]
        self.attention_D = weights["encoder.attention.weight"][0] if architecture.pooling == "attention" else None

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, H), or (n, 2H) in two directions."""
        lengths, begins = tokens.lengths, tokens.offsets[:-1]
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        shared = lengths <= SHARED_TO
        alone = self.architecture.layers > 1 or self.attention_D is not None
        if alone or np.count_nonzero(shared) < SHARED_FROM:
            shared[:] = False
        for texts in _by_length(np.where(shared, 0, lengths)):
            vectors[texts] = self._encode(_Block(tokens.ids, begins[texts], lengths[texts]))
        if shared.any():
            self._encode_shared(tokens, np.where(shared, lengths, 0), vectors)
        if self.architecture.pooling == "mean":
            vectors /= np.maximum(lengths, 1)[:, None].astype(np.float32)
        vectors *= np.float32(0.5)  # states are doubled
        return vectors

    def _encode(self, block: _Block) -> Array:
        fills = [self.tables[0].of(block.ids_N), *(table.of(block.mirrored_ids_N) for table in self.tables[1:])]
        for recurrences, products in zip(self.recurrences[:-1], self.products, strict=True):
            x_ND = _all_states(recurrences, fills, block)
            inputs = (x_ND, x_ND[block.mirror_N] if len(recurrences) > 1 else x_ND)
            fills = [product.of(way_ND) for product, way_ND in zip(products, inputs, strict=False)]
        if self.attention_D is not None:
            x_ND = _all_states(self.recurrences[-1], fills, block)
            return block.attended(x_ND, x_ND @ self.attention_D * np.float32(0.5))  # states are doubled
        # The backward states stay reversed: each pooling gives the same for either order, and "last" is then the state
        # that has seen the whole text.
        return np.concatenate(
            [way.pooled(fill, block) for way, fill in zip(self.recurrences[-1], fills, strict=True)], axis=1
        )

    def _encode_shared(self, tokens: TokenIds, lengths: Array, vectors: Array) -> None:
        """Fill in the vectors of the texts that have a length, reading beginnings that they share once."""
        units = self.architecture.units
        for way, recurrence in enumerate(self.recurrences[0]):
            # the second way reads each text from its end
            ids, begins = _reversed(tokens) if way else tokens.ids, tokens.offsets[:-1]
            vectors_nH = vectors[:, way * units : (way + 1) * units]
            for texts in alphabetical_groups(ids, begins, lengths, units):
                group = (ids, begins[texts], lengths[texts])
                vectors_nH[texts] = self._encode_group(self.tables[way], recurrence, *group)

    def _encode_group(
        self, table: ProductTable, recurrence: _Recurrence, ids: Array, begins_n: Array, lengths_n: Array
    ) -> Array:
        """Read one way of a single layer: the beginnings that are shared, and then how each text goes on."""
        pooled_nH = np.empty((len(lengths_n), recurrence.units), dtype=np.float32)
        levels = shared_beginnings(ids, begins_n, lengths_n)
        read: _Read | None = None
        for depth, level in enumerate(levels, 1):
            read = recurrence.grown(read, table.of(level.ids_N), level)
            ended = np.flatnonzero(lengths_n == depth)
            pooled_nH[ended] = read.pooled_BH[level.node_B[ended]]
        left_n = lengths_n - len(levels)
        for texts in _by_length(left_n):
            block = _Block(ids, begins_n[texts] + len(levels), left_n[texts])
            before = None if read is None else read.of(levels[-1].node_B[texts])
            pooled_nH[texts] = recurrence.pooled(table.of(block.ids_N), block, before)
        return pooled_nH


class _Block:
    """B texts by falling length, ``ids[begins_B[i] : begins_B[i] + lengths_B[i]]``, their tokens step after step."""

    def __init__(self, ids: Array, begins_B: Array, lengths_B: Array) -> None:
        step_T1 = np.arange(lengths_B[0])[:, None]
        self.inside_TB = step_T1 < lengths_B
        sizes_T = self.inside_TB.sum(axis=1)
        self.starts_T = np.cumsum(sizes_T) - sizes_T
        self.sizes: list[int] = sizes_T.tolist()
        self.starts: list[int] = self.starts_T.tolist()
        self.ids, self.begins_B, self.lengths_B = ids, begins_B, lengths_B
        self.ids_N = ids[(begins_B + step_T1)[self.inside_TB]]

    @property
    def mirrored_ids_N(self) -> Array:
        """The tokens of each text reversed."""
        ids_N: Array = self.ids[(self.begins_B + self._mirrored_TB)[self.inside_TB]]
        return ids_N

    @property
    def mirror_N(self) -> Array:
        """Where a token stands once its text is reversed."""
        # at every step a text's place among those that run is the same
        mirror_TB: Array = self.starts_T[self._mirrored_TB] + np.arange(len(self.begins_B))
        return mirror_TB[self.inside_TB]

    @property
    def _mirrored_TB(self) -> Array:
        """The step of a token once its text is reversed, below 0 behind a text's end."""
        return np.asarray(self.lengths_B - 1 - np.arange(len(self.sizes))[:, None])

    def attended(self, x_ND: Array, score_N: Array) -> Array:
        """Average each text's x, which is used up; the shares are the softmax of the scores, (B, D)."""
        share_TB = np.full(self.inside_TB.shape, -np.inf, dtype=np.float32)
        share_TB[self.inside_TB] = score_N
        share_TB -= share_TB.max(axis=0)
        np.exp(share_TB, out=share_TB)
        share_TB /= share_TB.sum(axis=0)
        x_ND *= share_TB[self.inside_TB][:, None]
        sum_BD = x_ND[: self.sizes[0]].copy()
        for size, start in zip(self.sizes[1:], self.starts[1:], strict=True):
            sum_BD[:size] += x_ND[start : start + size]
        return sum_BD


@dataclass(frozen=True, slots=True)
class _Read:
    """Where B texts are after some tokens: doubled states, cells, and what is pooled of the states so far."""

    state_BH: Array
    cell_BH: Array
    pooled_BH: Array

    def of(self, rows: Array) -> _Read:
        """Give copies for some of the texts, or for one several times."""
        state_BH = self.state_BH[rows]
        pooled_BH = state_BH if self.pooled_BH is self.state_BH else self.pooled_BH[rows]
        return _Read(state_BH, self.cell_BH[rows], pooled_BH)


class _Recurrence:
    """Goes through texts step by step, and pools their states."""

    def __init__(self, step: Step, pooling: str) -> None:
        self.step, self.pooling = step, pooling
        self.units = step.units

    def all_states(self, fill: Fill, block: _Block) -> Array:
        """Return every token's state, doubled, (N, H)."""
        state_NH = np.empty((len(block.ids_N), self.units), dtype=np.float32)
        for start, state_BH in zip(block.starts, self._steps(fill, block, self._unread(block.sizes[0])), strict=True):
            state_NH[start : start + len(state_BH)] = state_BH
        return state_NH

    def pooled(self, fill: Fill, block: _Block, before: _Read | None = None) -> Array:
        """Return each text's states, doubled, pooled, (B, H): of a mean the sum; ``before``, if any, is used up."""
        read = before or self._unread(block.sizes[0])
        for number, state_BH in enumerate(self._steps(fill, block, read, first=before is None)):
            self._pool(read.pooled_BH[: len(state_BH)], state_BH, first=before is None and number == 0)
        return read.pooled_BH

    def grown(self, before: _Read | None, fill: Fill, level: Level) -> _Read:
        """Read one token more: give where the beginnings of a level are, from where those of the level before were."""
        texts = len(level.ids_N)
        grown = self._unread(texts)
        gates_BG, spare_BG = np.empty((2, min(texts, BLOCK_TEXTS), self.step.gates), dtype=np.float32)
        for start in range(0, texts, BLOCK_TEXTS):
            rows = slice(start, min(start + BLOCK_TEXTS, texts))
            size = rows.stop - start
            state_BH, cell_BH, pooled_BH = grown.state_BH[rows], grown.cell_BH[rows], grown.pooled_BH[rows]
            if before is not None:
                parents = level.parent_N[rows]
                np.take(before.state_BH, parents, axis=0, out=state_BH, mode="clip")
                np.take(before.cell_BH, parents, axis=0, out=cell_BH, mode="clip")
                if self.pooling != "last":
                    np.take(before.pooled_BH, parents, axis=0, out=pooled_BH, mode="clip")
            fill(rows, gates_BG[:size])
            self.step(gates_BG[:size], state_BH, cell_BH, spare_BG[:size], first=before is None)
            self._pool(pooled_BH, state_BH, first=before is None)
        return grown

    def _unread(self, texts: int) -> _Read:
        """Make room for texts of which nothing has been read; only the cells, all 0, mean something."""
        state_BH = np.empty((texts, self.units), dtype=np.float32)
        pooled_BH = state_BH if self.pooling == "last" else np.empty_like(state_BH)  # a text that ends keeps its state
        return _Read(state_BH, np.zeros_like(state_BH), pooled_BH)

    def _pool(self, pooled_BH: Array, state_BH: Array, *, first: bool) -> None:
        if self.pooling == "last":
            return
        if first:
            pooled_BH[:] = state_BH
        elif self.pooling == "max":
            np.maximum(pooled_BH, state_BH, out=pooled_BH)
        else:
            pooled_BH += state_BH

    def _steps(self, fill: Fill, block: _Block, read: _Read, *, first: bool = True) -> Iterator[Array]:
        """Give the states of the texts that run, step by step, in ``read``; ``first``: nothing has been read yet."""
        gates_BG, spare_BG = np.empty((2, block.sizes[0], self.step.gates), dtype=np.float32)
        for size, start in zip(block.sizes, block.starts, strict=True):
            fill(slice(start, start + size), gates_BG[:size])
            state_BH, cell_BH = read.state_BH[:size], read.cell_BH[:size]
            self.step(gates_BG[:size], state_BH, cell_BH, spare_BG[:size], first=first and start == 0)
            yield state_BH


def _all_states(ways: list[_Recurrence], fills: list[Fill], block: _Block) -> Array:
    """Return every token's states, doubled, of one way or both side by side, (N, D)."""
    ahead, *back = (way.all_states(fill, block) for way, fill in zip(ways, fills, strict=True))
    return np.concatenate([ahead, *(state_NH[block.mirror_N] for state_NH in back)], axis=1)


def _by_length(lengths: Array) -> Iterator[Array]:
    """Give the rows of the texts with a token, by falling length, a block at a time."""
    falling = np.argsort(-lengths, kind="stable")
    falling = falling[: np.count_nonzero(lengths > 0)]
    return (falling[first : first + BLOCK_TEXTS] for first in range(0, len(falling), BLOCK_TEXTS))


def _reversed(tokens: TokenIds) -> Array:
    """Give the ids with each text reversed where it stands."""
    ends = np.repeat(tokens.offsets[:-1] + tokens.offsets[1:] - 1, tokens.lengths)
    return tokens.ids[ends - np.arange(len(ends))]
