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
from textsiam.model.encoders.block import Block
from textsiam.model.encoders.lookup import Fill, Product, ProductTable
from textsiam.model.encoders.ngrams import ngram_means
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
        self.ngram_KD = weights.get("encoder.ngram_embedding.weight")

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, H), or (n, 2H) in two directions, and with n-grams D features more."""
        return self._with_ngrams(self._pooled_states(tokens), tokens)

    def _with_ngrams(self, vectors: Array, tokens: TokenIds) -> Array:
        if self.ngram_KD is None:
            return vectors
        return np.concatenate([vectors, ngram_means(tokens, self.ngram_KD, self.architecture.ngrams)], axis=1)

    def _pooled_states(self, tokens: TokenIds) -> Array:
        lengths, begins = tokens.lengths, tokens.offsets[:-1]
        vectors = np.zeros((len(tokens), self.architecture.pooled_size), dtype=np.float32)
        shared = lengths <= SHARED_TO
        alone = self.architecture.layers > 1 or self.attention_D is not None
        if alone or np.count_nonzero(shared) < SHARED_FROM:
            shared[:] = False
        for texts in _by_length(np.where(shared, 0, lengths)):
            vectors[texts] = self._encode(Block(tokens.ids, begins[texts], lengths[texts]))
        if shared.any():
            self._encode_shared(tokens, np.where(shared, lengths, 0), vectors)
        if self.architecture.pooling == "mean":
            vectors /= np.maximum(lengths, 1)[:, None].astype(np.float32)
        vectors *= np.float32(0.5)  # states are doubled
        return vectors

    def read(self, tokens: TokenIds) -> tuple[Array, Array]:
        """Return the vectors, and the states of the last layer, of both directions, and embeddings, side by side."""
        size = self.architecture.pooled_size
        vectors = np.zeros((len(tokens), size), np.float32)
        states = np.empty((len(tokens.ids), self.architecture.state_size), np.float32)
        states[:, size:] = self.tables[0].embedding_VD[tokens.ids]
        for texts in _by_length(tokens.lengths):
            block = Block(tokens.ids, tokens.offsets[:-1][texts], tokens.lengths[texts])
            fills = self._inputs_of_last(block)
            x_ND = _all_states(self.recurrences[-1], fills, block)
            x_ND *= np.float32(0.5)  # states are doubled
            states[block.places_N, :size] = x_ND
            vectors[texts] = self._pooled(x_ND, block)
        return self._with_ngrams(vectors, tokens), states

    def _pooled(self, x_ND: Array, block: Block) -> Array:
        """Pool states that are all there, and may be used up, (B, D)."""
        pooling, units = self.architecture.pooling, self.architecture.units
        if self.attention_D is not None:
            return block.attended(x_ND, x_ND @ self.attention_D)
        if pooling == "last":
            # the backward state of the first token has seen the whole text
            return np.concatenate([x_ND[block.last_B, :units], x_ND[: block.sizes[0], units:]], axis=1)
        pooled_BD = x_ND[: block.sizes[0]].copy()
        for size, start in zip(block.sizes[1:], block.starts[1:], strict=True):
            add = np.maximum if pooling == "max" else np.add
            add(pooled_BD[:size], x_ND[start : start + size], out=pooled_BD[:size])
        return pooled_BD / block.lengths_B[:, None].astype(np.float32) if pooling == "mean" else pooled_BD

    def _encode(self, block: Block) -> Array:
        fills = self._inputs_of_last(block)
        if self.attention_D is not None:
            x_ND = _all_states(self.recurrences[-1], fills, block)
            return block.attended(x_ND, x_ND @ self.attention_D * np.float32(0.5))  # states are doubled
        # The backward states stay reversed: each pooling gives the same for either order, and "last" is then the state
        # that has seen the whole text.
        return np.concatenate(
            [way.pooled(fill, block) for way, fill in zip(self.recurrences[-1], fills, strict=True)], axis=1
        )

    def _inputs_of_last(self, block: Block) -> list[Fill]:
        """Run all layers but the last one, and give what goes into that, for each direction."""
        fills = [self.tables[0].of(block.ids_N), *(table.of(block.mirrored_ids_N) for table in self.tables[1:])]
        for recurrences, products in zip(self.recurrences[:-1], self.products, strict=True):
            x_ND = _all_states(recurrences, fills, block)
            inputs = (x_ND, x_ND[block.mirror_N] if len(recurrences) > 1 else x_ND)
            fills = [product.of(way_ND) for product, way_ND in zip(products, inputs, strict=False)]
        return fills

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
            block = Block(ids, begins_n[texts] + len(levels), left_n[texts])
            before = None if read is None else read.of(levels[-1].node_B[texts])
            pooled_nH[texts] = recurrence.pooled(table.of(block.ids_N), block, before)
        return pooled_nH


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

    def all_states(self, fill: Fill, block: Block) -> Array:
        """Return every token's state, doubled, (N, H)."""
        state_NH = np.empty((len(block.ids_N), self.units), dtype=np.float32)
        for start, state_BH in zip(block.starts, self._steps(fill, block, self._unread(block.sizes[0])), strict=True):
            state_NH[start : start + len(state_BH)] = state_BH
        return state_NH

    def pooled(self, fill: Fill, block: Block, before: _Read | None = None) -> Array:
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

    def _steps(self, fill: Fill, block: Block, read: _Read, *, first: bool = True) -> Iterator[Array]:
        """Give the states of the texts that run, step by step, in ``read``; ``first``: nothing has been read yet."""
        gates_BG, spare_BG = np.empty((2, block.sizes[0], self.step.gates), dtype=np.float32)
        for size, start in zip(block.sizes, block.starts, strict=True):
            fill(slice(start, start + size), gates_BG[:size])
            state_BH, cell_BH = read.state_BH[:size], read.cell_BH[:size]
            self.step(gates_BG[:size], state_BH, cell_BH, spare_BG[:size], first=first and start == 0)
            yield state_BH


def _all_states(ways: list[_Recurrence], fills: list[Fill], block: Block) -> Array:
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
