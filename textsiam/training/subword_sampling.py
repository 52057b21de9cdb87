"""Texts cut into smaller pieces at random while training, anew each time that they are in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.text.flat import Flat, positions_within
from textsiam.text.piece_splits import piece_splits
from textsiam.text.tokenizer import PAD_ID
from textsiam.text.word_model import check_sentencepiece
from textsiam.training.config import TrainConfig

STREAM = 1  # other random numbers of the same seed are drawn without it


@dataclass(frozen=True, slots=True)
class SubwordSampling:
    """Puts for a ``share`` of the tokens the smaller ones that spell them, and so on for a share of these.

    ``splits`` are the ``piece_splits`` of the vocabulary; a text keeps at most ``max_tokens`` tokens. It has the aim of
    Kudo, "Subword regularization", 2018, and of the BPE dropout of Provilkov et al., 2020: that a model knows words by
    their parts too. They draw among all the ways to cut a text; these are few of them, but need the ids alone, and suit
    unigram and BPE vocabularies alike.
    """

    share: float
    splits: Flat
    max_tokens: int

    def __call__(self, ids_UT: Array, lengths_U: Array, seed: Sequence[int]) -> tuple[Array, Array]:
        """Return padded ids, int64 (U, T), and lengths, int64 (U,), of texts cut so; equal for equal ``seed``."""
        random = np.random.default_rng([*seed, STREAM])
        ids, lengths_U = self._cut(ids_UT[_inside(lengths_U)], lengths_U, random)
        inside_UT = _inside(lengths_U)
        ids_UT = np.full(inside_UT.shape, PAD_ID, dtype=np.int64)
        ids_UT[inside_UT] = ids
        return ids_UT, lengths_U

    def _cut(self, ids: Array, lengths_U: Array, random: np.random.Generator) -> Flat:
        """Cut the tokens of U texts, laid end to end; each round draws for the parts that the one before has made."""
        parts, counts = self.splits
        starts = np.cumsum(counts) - counts
        text_of, is_new = np.repeat(np.arange(len(lengths_U)), lengths_U), np.ones(len(ids), np.bool_)
        while is_new.any():
            falls = np.flatnonzero(is_new & (counts[ids] > 0))
            falls = falls[random.random(len(falls)) < self.share]
            falling = ids[falls]
            sizes, is_new = np.ones(len(ids), np.int64), np.zeros(len(ids), np.bool_)
            sizes[falls], is_new[falls] = counts[falling], True
            ids, text_of, is_new = (np.repeat(of_tokens, sizes) for of_tokens in (ids, text_of, is_new))
            ids[is_new] = parts[np.repeat(starts[falling], counts[falling]) + positions_within(counts[falling])]
        lengths_U = np.bincount(text_of, minlength=len(lengths_U))
        kept = positions_within(lengths_U) < self.max_tokens
        return ids[kept], np.minimum(lengths_U, self.max_tokens)


def sampling_of(config: TrainConfig, proto: bytes) -> SubwordSampling | None:
    """Make what ``config`` asks for (None: nothing); OptionError where no token of the vocabulary falls apart."""
    if not config.subword_sampling:
        return None
    check_sentencepiece(proto, f"subword_sampling {config.subword_sampling:g}")
    splits = piece_splits(proto)
    if not len(splits[0]):
        raise OptionError(
            f"subword_sampling is {config.subword_sampling:g}, but no token of this vocabulary is spelled by smaller "
            "ones, as in unigram and bpe vocabularies; leave it out"
        )
    return SubwordSampling(config.subword_sampling, splits, config.max_tokens)


def _inside(lengths_U: Array) -> Array:
    """Tell which places of padded ids are within their texts, bool (U, T)."""
    inside_UT: Array = np.arange(lengths_U.max(initial=0)) < lengths_U[:, None]
    return inside_UT
