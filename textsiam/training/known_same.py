"""Which texts of the training pairs are known to be the same: directly, or over other pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from textsiam.arrays import Array
from textsiam.data.numbering import number_keys
from textsiam.errors import import_extra
from textsiam.text.tokenizer import TokenIds
from textsiam.training.corpus import TokenizedPairs

DIGEST_BYTES = 16


def known_same(pairs: TokenizedPairs) -> Array:
    """Give the number of each distinct text's group, int64 (n,).

    Two texts are in one group if a chain of pairs of label 1 leads from one to the other. Texts of equal token ids,
    which no encoder can tell apart, are the same too. A pair of label 0 does not part a group: where labels contradict
    each other, nothing is known.
    """
    return groups_over_equal_ids(pairs, *number_equal_ids(pairs.tokens))


def groups_over_equal_ids(pairs: TokenizedPairs, numbers: Array, first: Array) -> Array:
    """Give what ``known_same`` does, of texts whose sequences of ids ``number_equal_ids`` has numbered already."""
    sparse = import_extra("scipy.sparse", "train", "finding texts that are known to be the same")
    csgraph = import_extra("scipy.sparse.csgraph", "train", "finding texts that are known to be the same")
    count = len(pairs.tokens)
    same = pairs.labels == 1
    ends_a = np.concatenate([pairs.index_a[same], np.arange(count)])
    ends_b = np.concatenate([pairs.index_b[same], first[numbers]])
    edges = sparse.coo_array((np.ones(len(ends_a), dtype=bool), (ends_a, ends_b)), shape=(count, count))
    _, groups = csgraph.connected_components(edges, directed=False)
    return np.asarray(groups, dtype=np.int64)


def number_equal_ids(tokens: TokenIds) -> tuple[Array, Array]:
    """Number the m distinct sequences of ids of n texts from 0 in the order of their first appearance.

    Returns the number of each text, int64 (n,), and the text at which each number stands first, int64 (m,).
    """
    return number_digests(id_digests(tokens, pairwise(tokens.offsets), len(tokens)))


def number_digests(digests: Array) -> tuple[Array, Array]:
    """Do what ``number_equal_ids`` does for the digests of sequences of ids."""
    high, low = digests.view(np.uint64).reshape(-1, 2).T
    return number_keys(high, low)


def id_digests(tokens: TokenIds, bounds: Iterable[tuple[int, int]], count: int) -> Array:
    """Give a digest of the ids within each of ``count`` bounds, bytes (count,)."""
    found = (hashlib.blake2b(tokens.ids[start:end].tobytes(), digest_size=DIGEST_BYTES) for start, end in bounds)
    return np.fromiter((digest.digest() for digest in found), dtype=f"S{DIGEST_BYTES}", count=count)


def is_among(keys: Array, among: Array) -> Array:
    """Tell which keys stand among others, sorted and at least one; bool, as ``keys``."""
    places = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    found: Array = among[places] == keys
    return found


def pair_keys(ends: Array, count: int) -> Array:
    """Give one number for each pair of ``ends`` (2, ...), below ``count``, in either order; divmod gives them back."""
    keys: Array = ends.min(axis=0) * count + ends.max(axis=0)
    return keys
