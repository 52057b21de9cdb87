"""The LSTM encoder in NumPy.

Texts are taken in blocks, by falling length, so that those still running at step t are the first ``sizes[t]``: nothing
is computed for padding. Their tokens lie step after step in one array, those of step t from ``starts[t]`` on. What a
token adds to the gates of the first layer depends on the token alone, and is looked up.

All four gates go through one tanh, as sigmoid(x) = (tanh(x / 2) + 1) / 2: the halves stand in the weights, and states
are kept doubled. Shapes: B texts, N tokens of a block, D embedding, H units, G = 4H gates, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.model.architecture import Architecture
from textsiam.text.tokenizer import TokenIds

BLOCK_TEXTS = 512
_HALF, _ONE = np.float32(0.5), np.float32(1)

Fill = Callable[[slice, Array], None]  # writes the inputs' share of some tokens' gates, (b, G)


class NumpyLSTMEncoder:
    """Stacked LSTM in one or two directions, pooled over the tokens."""

    def __init__(self, architecture: Architecture, weights: Mapping[str, Array]) -> None:
        self.architecture = architecture
        ways = ("forwards", "backwards") if architecture.bidirectional else ("forwards",)
        prefixes = [[f"encoder.layers.{layer}.{way}" for way in ways] for layer in range(architecture.layers)]
        self.tables = [_GateTable(weights["encoder.embedding.weight"], weights, prefix) for prefix in prefixes[0]]
        self.products = [[_GateProduct(weights, prefix) for prefix in layer] for layer in prefixes[1:]]
        self.recurrences = [[_Recurrence(weights, prefix) for prefix in layer] for layer in prefixes]

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, H), or (n, 2H) in two directions."""
        vectors = np.zeros((len(tokens), self.architecture.vector_size), dtype=np.float32)
        for block in _blocks(tokens):
            vectors[block.texts] = self._encode(block)
        return vectors

    def _encode(self, block: _Block) -> Array:
        ids = (block.ids_N, block.mirrored_ids_N)
        fills = [table.of(ids_N) for table, ids_N in zip(self.tables, ids, strict=False)]
        for recurrences, products in zip(self.recurrences[:-1], self.products, strict=True):
            ahead, *back = (way.all_states(fill, block) for way, fill in zip(recurrences, fills, strict=True))
            x_ND = np.concatenate([ahead, *(state_NH[block.mirror_N] for state_NH in back)], axis=1)
            inputs = (x_ND, x_ND[block.mirror_N] if back else x_ND)
            fills = [product.of(way_ND) for product, way_ND in zip(products, inputs, strict=False)]
        # The backward states stay reversed: each pooling gives the same for either order, and "last" is then the state
        # that has seen the whole text.
        pooling = self.architecture.pooling
        return np.concatenate(
            [way.pooled(fill, block, pooling) for way, fill in zip(self.recurrences[-1], fills, strict=True)], axis=1
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """B texts by falling length: their rows, lengths, and packed tokens."""

    texts: Array
    lengths_B: Array
    sizes: list[int]
    starts: list[int]
    ids_N: Array
    mirrored_ids_N: Array  # each text reversed
    mirror_N: Array  # where a token stands once its text is reversed


def _blocks(tokens: TokenIds) -> Iterator[_Block]:
    lengths = tokens.lengths
    falling = np.argsort(-lengths, kind="stable")
    falling = falling[: np.count_nonzero(lengths)]
    for first in range(0, len(falling), BLOCK_TEXTS):
        texts = falling[first : first + BLOCK_TEXTS]
        lengths_B, begins_B = lengths[texts], tokens.offsets[texts]
        step_T1 = np.arange(lengths_B[0])[:, None]
        inside_TB = step_T1 < lengths_B
        sizes_T = inside_TB.sum(axis=1)
        starts_T = np.cumsum(sizes_T) - sizes_T
        mirrored_TB = lengths_B - 1 - step_T1  # below 0 behind a text's end
        yield _Block(
            texts=texts,
            lengths_B=lengths_B,
            sizes=sizes_T.tolist(),
            starts=starts_T.tolist(),
            ids_N=tokens.ids[(begins_B + step_T1)[inside_TB]],
            mirrored_ids_N=tokens.ids[(begins_B + mirrored_TB)[inside_TB]],
            # at every step a text's place among those that run is the same
            mirror_N=(starts_T[mirrored_TB] + np.arange(len(texts)))[inside_TB],
        )


class _GateTable:
    """What each token adds to the gates of a first layer; rows are filled in when their token first comes."""

    def __init__(self, embedding_VD: Array, weights: Mapping[str, Array], prefix: str) -> None:
        self.embedding_VD = embedding_VD
        self.product = _GateProduct(weights, prefix, doubled=False)
        self.gates_VG = np.empty((len(embedding_VD), self.product.bias_G.size), dtype=np.float32)
        self.known_V = np.zeros(len(embedding_VD), dtype=bool)

    def of(self, ids_N: Array) -> Fill:
        """Give the filler for these tokens."""
        if not self.known_V[ids_N].all():
            new = np.unique(ids_N[~self.known_V[ids_N]])
            self.gates_VG[new] = self.embedding_VD[new] @ self.product.input_DG + self.product.bias_G
            self.known_V[new] = True  # only now: another thread must not read rows that are not there

        def fill(now: slice, gates_BG: Array) -> None:
            np.take(self.gates_VG, ids_N[now], axis=0, out=gates_BG, mode="clip")  # "clip" spares a check

        return fill


class _GateProduct:
    """What the states of the layer below, which are ``doubled``, add to the gates."""

    def __init__(self, weights: Mapping[str, Array], prefix: str, *, doubled: bool = True) -> None:
        self.input_DG = _gates_last(weights[f"{prefix}.weight_ih_l0"]) * (_HALF if doubled else _ONE)
        bias_G1 = (weights[f"{prefix}.bias_ih_l0"] + weights[f"{prefix}.bias_hh_l0"])[:, None]
        self.bias_G = _gates_last(bias_G1)[0]

    def of(self, x_ND: Array) -> Fill:
        """Give the filler for tokens with these inputs."""

        def fill(now: slice, gates_BG: Array) -> None:
            np.matmul(x_ND[now], self.input_DG, out=gates_BG)
            gates_BG += self.bias_G

        return fill


class _Recurrence:
    """Goes through a block step by step."""

    def __init__(self, weights: Mapping[str, Array], prefix: str) -> None:
        self.recurrent_HG = _gates_last(weights[f"{prefix}.weight_hh_l0"]) * _HALF  # for states are doubled
        self.units = len(self.recurrent_HG)

    def all_states(self, fill: Fill, block: _Block) -> Array:
        """Return every token's state, doubled, (N, H)."""
        state_NH = np.empty((len(block.ids_N), self.units), dtype=np.float32)
        for start, state_BH in zip(block.starts, self._steps(fill, block), strict=True):
            state_NH[start : start + len(state_BH)] = state_BH
        return state_NH

    def pooled(self, fill: Fill, block: _Block, pooling: str) -> Array:
        """Return each text's pooled state, not doubled any more, (B, H)."""
        steps = self._steps(fill, block)
        first_BH = next(steps)
        pooled_BH = first_BH if pooling == "last" else first_BH.copy()  # a text that has ended keeps its state
        for state_BH in steps:
            if pooling == "max":
                np.maximum(pooled_BH[: len(state_BH)], state_BH, out=pooled_BH[: len(state_BH)])
            elif pooling == "mean":
                pooled_BH[: len(state_BH)] += state_BH
        divisor_B = 2 * block.lengths_B if pooling == "mean" else np.full(len(pooled_BH), 2)
        return pooled_BH / divisor_B[:, None].astype(np.float32)

    def _steps(self, fill: Fill, block: _Block) -> Iterator[Array]:
        """Give the doubled states of the texts that run, step by step; views of one array, that of the first step."""
        texts, units = len(block.texts), self.units
        all_gates_BG, all_products_BG = np.empty((2, texts, 4 * units), dtype=np.float32)
        all_state_BH, all_spare_BH = np.empty((2, texts, units), dtype=np.float32)
        all_cell_BH = np.zeros((texts, units), dtype=np.float32)
        for size, start in zip(block.sizes, block.starts, strict=True):
            gates_BG, state_BH, cell_BH = all_gates_BG[:size], all_state_BH[:size], all_cell_BH[:size]
            fill(slice(start, start + size), gates_BG)
            if start:
                gates_BG += np.matmul(state_BH, self.recurrent_HG, out=all_products_BG[:size])
            np.tanh(gates_BG, out=gates_BG)
            gates_BG[:, : 3 * units] += _ONE
            entry_BH, keep_BH, exit_BH, candidate_BH = (gates_BG[:, g * units : (g + 1) * units] for g in range(4))
            cell_BH *= keep_BH
            cell_BH += np.multiply(entry_BH, candidate_BH, out=all_spare_BH[:size])
            cell_BH *= _HALF
            np.tanh(cell_BH, out=state_BH)
            state_BH *= exit_BH
            yield state_BH


def _gates_last(weight_GX: Array) -> Array:
    """Reorder torch's gates, halve what goes into a sigmoid, and lay the gates along the last axis, (X, G)."""
    entry, keep, candidate, leave = np.split(weight_GX.astype(np.float32), 4)
    sigmoids = np.concatenate([entry, keep, leave]) * _HALF
    return np.ascontiguousarray(np.concatenate([sigmoids, candidate]).T)
