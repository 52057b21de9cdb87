"""Pairs without a label for a teacher to judge: texts of the training pairs that are near each other by their tokens.

Thakur, Reimers, Daxenberger, Gurevych, "Augmented SBERT", 2021: a student learns from pairs that a slower model labels,
if they are not chosen blindly; of texts paired at random almost none are the same, and all are easy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError, import_extra
from textsiam.progress import progress
from textsiam.text.tokenizer import TokenIds
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.implied_pairs import AddedPairs
from textsiam.training.known_same import number_equal_ids, pair_keys

NEAREST = 10  # a text is paired with one of so many others
TEXTS_AT_ONCE = 1_000  # compared with all others at the same time
# Tokens of more texts than this are left out: they tell little, and it is they that make comparing all texts slow.
COMMON_SHARE, COMMON_TEXTS = 0.01, 200
STREAM = (0, 2)  # behind the seed: random numbers other than those of the sampler and of implied pairs


def near_pairs(
    pairs: TokenizedPairs, dev: TokenizedPairs, *, share: float, seed: int, show_progress: bool = False
) -> AddedPairs:
    """Choose up to ``share`` x N pairs of texts of N ``pairs`` that are near each other; equal ones for equal seeds.

    Near is one of the NEAREST others by the cosine of their TF-IDF weights of rare tokens. Texts are asked in a random
    order, each for one of these at random, and again for another only once all have been asked. None of the pairs is
    given, in ``pairs`` or ``dev``, in either order, and none comes twice; texts of equal token ids are one text, and
    texts that share no rare token with another are in none. Labels are NaN. OptionError where ``share`` is less than
    one pair.
    """
    random = np.random.default_rng([seed, *STREAM])
    numbers, first = number_equal_ids(pairs.tokens)
    most, count = int(share * len(pairs)), len(first)
    if most == 0:
        raise OptionError(f"extra_pairs is {share:g}, less than one pair of {len(pairs):,}; raise it or leave it out")
    given = pair_keys(numbers[np.stack([pairs.index_a, pairs.index_b])], count)
    seen = set(np.concatenate([given, _dev_keys(pairs, dev, first)]).tolist())
    per_text = min(NEAREST, -(-most // count))
    rounds: list[list[tuple[int, int]]] = [[] for _ in range(per_text)]
    with progress("looking for extra pairs", count, "texts", show=show_progress) as bar:
        for text, others in _neighbours(_weights(pairs.tokens, first), random.permutation(count)):
            new = [
                (text, other) for other in random.permutation(others).tolist() if _key(text, other, count) not in seen
            ]
            for found, pair in zip(rounds, new, strict=False):
                found.append(pair)
                seen.add(_key(*pair, count))
            bar.advance(1)
            if per_text == 1 and len(rounds[0]) == most:
                break  # with more rounds all texts must be asked, for the first one goes first
    chosen = np.array([pair for found in rounds for pair in found][:most], dtype=np.int64).reshape(-1, 2)
    index_a, index_b = first[chosen.T]
    return AddedPairs(index_a, index_b, np.full(len(chosen), np.nan, dtype=np.float32))


def _key(text: int, other: int, count: int) -> int:
    return min(text, other) * count + max(text, other)


def _dev_keys(pairs: TokenizedPairs, dev: TokenizedPairs, first: Array) -> Array:
    """Give the keys of dev's pairs whose two texts are texts of ``pairs``."""
    place = {_content(pairs.tokens, text): number for number, text in enumerate(first.tolist())}
    known = np.array([place.get(_content(dev.tokens, text), -1) for text in range(len(dev.tokens))], dtype=np.int64)
    ends = known[np.stack([dev.index_a, dev.index_b])]
    return pair_keys(ends[:, (ends >= 0).all(axis=0)], len(first))


def _content(tokens: TokenIds, text: int) -> bytes:
    return tokens.ids[tokens.offsets[text] : tokens.offsets[text + 1]].tobytes()


def _weights(tokens: TokenIds, texts: Array) -> Any:
    """Give the TF-IDF weights of the rare tokens of m ``texts``, a sparse matrix of rows of length 1 (or 0)."""
    sparse = import_extra("scipy.sparse", "train", "looking for extra pairs")
    text = import_extra("sklearn.feature_extraction.text", "train", "looking for extra pairs")
    whole = sparse.csr_matrix((np.ones(len(tokens.ids), dtype=np.float32), tokens.ids, tokens.offsets))[texts]
    whole.sum_duplicates()
    holding = np.bincount(whole.indices, minlength=whole.shape[1])
    rare = np.flatnonzero((holding > 1) & (holding <= max(COMMON_TEXTS, COMMON_SHARE * len(texts))))
    if not len(rare):
        return whole[:, rare]  # no text is near another
    return text.TfidfTransformer(sublinear_tf=True).fit_transform(whole[:, rare])


def _neighbours(weights_UV: Any, order: Array) -> Iterator[tuple[int, Array]]:
    """Give each text, in this order, with up to NEAREST others that are nearest to it, int64, the nearest first."""
    transposed_VU = weights_UV.T.tocsr()
    for start in range(0, len(order), TEXTS_AT_ONCE):
        texts = order[start : start + TEXTS_AT_ONCE]
        cosines = (weights_UV[texts] @ transposed_VU).tocsr()
        for row, text in enumerate(texts.tolist()):
            bounds = slice(cosines.indptr[row], cosines.indptr[row + 1])
            others, values = cosines.indices[bounds], cosines.data[bounds]
            others, values = others[others != text], values[others != text]
            if len(others) > NEAREST:
                best = np.argpartition(-values, NEAREST - 1)[:NEAREST]
                others, values = others[best], values[best]
            yield text, others[np.lexsort((others, -values))].astype(np.int64)
