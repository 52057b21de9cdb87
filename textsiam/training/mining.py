"""Hard negatives: texts that the model being trained finds near each other, and that are not known to be the same.

No corpus is labelled completely: of the texts that a model finds nearest, many are the same, though no pair says so,
and to train on them as different does harm (Qu et al., "RocketQA", 2021; Robinson et al., "Contrastive learning with
hard negative samples", 2021). So what is as near as known same pairs are is left out, as in the positive-aware mining
of Moreira et al. ("NV-Retriever", 2024), but by one bound for all texts, for few texts are in a known same pair.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.known_same import groups_over_equal_ids, id_digests, is_among, number_digests, pair_keys
from textsiam.training.network import SiameseNetwork
from textsiam.training.ranking_losses import unit_vectors
from textsiam.training.runtime import encode_tokens

STREAM = (0, 2)  # behind the seed: random numbers other than those of the sampler's epochs and of implied pairs
TEXTS = 100_000  # that are searched: more are drawn anew for each epoch
NEAR = 16  # of the texts below the bound, the nearest that one is drawn from
BOUND_PAIRS = 2_000  # known same pairs whose median cosine is the bound
ROUNDS = 4  # in which texts are drawn for the pairs that are still missing
SCORES_AT_ONCE = 1 << 24
CHUNK = 16  # texts of which only the nearest is looked at first


class MinedRows:
    """N training pairs, and behind them M = int(``share`` x N) rows of label 0 that change from epoch to epoch.

    ``pairs`` are all N + M, ``count`` is M. Until ``put`` fills the M rows, they hold random ones of the N pairs with
    label 0, of which there must be some. OptionError where M is 0.
    """

    def __init__(self, pairs: TokenizedPairs, *, share: float, seed: int) -> None:
        self.count = count = int(share * len(pairs))
        if count == 0:
            raise OptionError(
                f"hard_negatives is {share:g}, less than one pair of {len(pairs):,}; raise it or leave it out"
            )
        different = np.random.default_rng([seed, *STREAM]).permutation(np.flatnonzero(pairs.labels == 0))
        rows = np.resize(different, count)  # again and again where they are fewer
        self._given, self._spare = len(pairs), np.stack([pairs.index_a[rows], pairs.index_b[rows]])
        self.pairs = TokenizedPairs(
            pairs.tokens,
            np.concatenate([pairs.index_a, self._spare[0]]),
            np.concatenate([pairs.index_b, self._spare[1]]),
            np.concatenate([pairs.labels, np.zeros(count, np.float32)]),
        )

    @property
    def ends(self) -> Array:
        """What the M rows hold, int64 (2, M): which text stands on which side."""
        return np.stack([self.pairs.index_a[self._given :], self.pairs.index_b[self._given :]])

    def put(self, ends: Array) -> None:
        """Fill the M rows with up to M pairs of texts, int64 (2, m), and what is left with given pairs."""
        filled = np.concatenate([ends, self._spare[:, ends.shape[1] :]], axis=1)
        self.pairs.index_a[self._given :], self.pairs.index_b[self._given :] = filled


class Found(NamedTuple):
    """Mined pairs, int64 (2, m), and the cosine that they are below."""

    ends: Array
    bound: float


class Miner:
    """Finds hard negatives among the texts of ``pairs`` (labels 0 or 1), before each epoch but the first.

    For texts drawn at random one of the NEAR nearest others is taken, at random, by the cosine of the current vectors
    in an exact search. Left out are texts as near as the median of BOUND_PAIRS known same pairs, or nearer, those of
    one group of ``known_same``, given pairs and pairs of ``dev``, in either order, and texts without a token. Texts of
    equal ids are one text. Of more than TEXTS texts so many are drawn anew each time, and only they are searched.
    """

    def __init__(self, pairs: TokenizedPairs, dev: TokenizedPairs, *, seed: int, device: torch.device) -> None:
        self.tokens, self.seed, self.device = pairs.tokens, seed, device
        both = (pairs.tokens, dev.tokens)
        digests = [id_digests(tokens, pairwise(tokens.offsets), len(tokens)) for tokens in both]
        numbers, first = number_digests(np.concatenate(digests))
        mine, theirs = np.split(numbers, [len(pairs.tokens)])
        self.first = first[: mine.max() + 1]  # those of dev alone come later
        self.groups = groups_over_equal_ids(pairs, mine, self.first)[self.first]
        self.with_tokens = np.flatnonzero(pairs.tokens.lengths[self.first] > 0)
        given = mine[np.stack([pairs.index_a, pairs.index_b])]
        same = given[:, (pairs.labels == 1) & (given[0] != given[1])]
        self.same, self.total = same, len(first)
        of_dev = theirs[np.stack([dev.index_a, dev.index_b])]
        self.taken = np.sort(pair_keys(np.concatenate([given, of_dev], axis=1), self.total))

    def __call__(self, network: SiameseNetwork, epoch: int, count: int) -> Found:
        """Find up to ``count`` pairs with the network as it is; equal ones for equal seed, epoch and weights."""
        random = np.random.default_rng([self.seed, *STREAM, epoch])
        found, bound = np.zeros((2, 0), dtype=np.int64), self._bound(network, random)
        texts = random.permutation(self.with_tokens)[:TEXTS]
        if len(texts) == 0:
            return Found(found, bound)
        vectors_CD = self._unit_vectors(network, texts)
        for _ in range(ROUNDS):
            missing = count - found.shape[1]
            if missing == 0:
                break
            anchors = np.resize(random.permutation(len(texts)), missing)
            new = self._mine(vectors_CD, texts, anchors, bound, random)
            found = _without_repeats(np.concatenate([found, new], axis=1), self.total)
        return Found(self.first[found], bound)

    def _unit_vectors(self, network: SiameseNetwork, texts: Array) -> torch.Tensor:
        rows = self.first[texts]
        vectors = encode_tokens(network.encoder, self.tokens, network.vector_size, self.device, rows)
        return unit_vectors(torch.from_numpy(vectors).to(self.device))

    def _bound(self, network: SiameseNetwork, random: np.random.Generator) -> float:
        """Give the median cosine of known same pairs; where there are none, nothing is far enough."""
        chosen = random.permutation(self.same.shape[1])[:BOUND_PAIRS]
        if len(chosen) == 0:
            return -np.inf
        a_ND, b_ND = (self._unit_vectors(network, texts) for texts in self.same[:, chosen])
        return float(np.median((a_ND * b_ND).sum(dim=1).cpu().numpy()))

    def _mine(
        self, vectors_CD: torch.Tensor, texts: Array, anchors: Array, bound: float, random: np.random.Generator
    ) -> Array:
        """Give pairs of numbers of texts, at most one for each anchor, int64 (2, m)."""
        step = max(1, SCORES_AT_ONCE // len(texts))
        found = []
        for start in range(0, len(anchors), step):
            block = anchors[start : start + step]
            near, is_below = nearest_below(vectors_CD[torch.from_numpy(block)], vectors_CD, bound, NEAR)
            ends = np.stack(np.broadcast_arrays(texts[block][:, None], texts[near]))
            draw = np.where(is_below & self._is_allowed(ends), random.random(near.shape), -1.0)
            best = draw.argmax(axis=1)[:, None]
            chosen = np.take_along_axis(ends, best[None], axis=2)[:, :, 0]
            found.append(chosen[:, np.take_along_axis(draw, best, axis=1)[:, 0] >= 0])
        return np.concatenate(found, axis=1)

    def _is_allowed(self, ends: Array) -> Array:
        taken = is_among(pair_keys(ends, self.total), self.taken)
        allowed: Array = (self.groups[ends[0]] != self.groups[ends[1]]) & ~taken
        return allowed


def nearest_below(anchors_AD: torch.Tensor, texts_CD: torch.Tensor, bound: float, count: int) -> tuple[Array, Array]:
    """Find the texts with the largest dot products below ``bound``, int64 (A, K); K is ``count``, at most C.

    Tells also which of them are below ``bound``, bool (A, K), for there may be fewer. Looks first at the largest
    product of every CHUNK texts: the largest K of all are in the K chunks whose largest ones are.
    """
    total, count = len(texts_CD), min(count, len(texts_CD))
    # negated, since threshold, which is far faster than a mask, keeps what is above
    away_AC = torch.threshold_(-anchors_AD @ texts_CD.T, -bound, torch.inf)
    columns = torch.arange(total, device=away_AC.device).expand(len(anchors_AD), total)
    chunks = total // CHUNK
    if chunks > count:
        in_chunks = chunks * CHUNK
        least_AG = away_AC[:, :in_chunks].view(-1, CHUNK, chunks).amin(dim=1)
        chosen_AK = least_AG.topk(count, dim=1, largest=False).indices
        inside = torch.arange(0, in_chunks, chunks, device=away_AC.device)
        columns = torch.cat([(chosen_AK[:, :, None] + inside).flatten(1), columns[:, in_chunks:]], dim=1)
    values_AK, places_AK = away_AC.gather(1, columns).topk(count, dim=1, largest=False)
    return columns.gather(1, places_AK).cpu().numpy(), values_AK.isfinite().cpu().numpy()


def _without_repeats(ends: Array, total: int) -> Array:
    """Keep the first of the pairs (2, m) of numbers below ``total`` that are one pair, in either order."""
    keys = pair_keys(ends, total)
    order = np.argsort(keys, kind="stable")
    first = order[np.flatnonzero(np.diff(keys[order], prepend=-1))]
    kept: Array = ends[:, np.sort(first)]
    return kept
