"""Pretraining of an encoder on texts without labels: a text finds its other copy among all texts of a batch.

Both copies of a text have lost other words at random and go through other dropout, and every other text of the batch is
a negative (Gao, Yao, Chen, "SimCSE: simple contrastive learning of sentence embeddings", 2021; words deleted as
in Wu et al., "CLEAR: contrastive learning for sentence representation", 2020). It goes with every encoder, and trains
what is compared later: the text vector.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.progress import progress
from textsiam.text.buckets import padded
from textsiam.text.tokenizer import PAD_ID, TokenIds
from textsiam.training.checkpoint import PRETRAINING, has_checkpoint
from textsiam.training.collator import PaddedCollator, PairBatch
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs, joined
from textsiam.training.known_same import groups_over_equal_ids, id_digests, number_digests
from textsiam.training.loop import TrainingLoop
from textsiam.training.network import SiameseNetwork
from textsiam.training.objective import Objective

DELETED = 0.15  # share of a copy's tokens
# options of the training on pairs, which pretraining leaves at their defaults
OF_PAIRS = (
    *("head_units", "alignment_units", "margin", "temperature", "positive_weight", "label_smoothing", "balanced"),
    *("implied", "hard_negatives", "averaging", "evaluate_every", "patience"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class PretrainingTexts:
    """Distinct texts to learn from, those of the training pairs first, as pairs of each with itself.

    ``groups`` (int64) gives the group of ``known_same`` of each text of ``pairs``; other texts are one each.
    """

    pairs: TokenizedPairs
    groups: Array

    @classmethod
    def of(cls, pairs: TokenizedPairs, texts: TokenIds) -> PretrainingTexts:
        """Join the texts of labelled ``pairs`` and others; texts of equal ids are one, without a token none."""
        tokens = joined([pairs.tokens, texts])
        numbers, first = number_digests(id_digests(tokens, pairwise(tokens.offsets), len(tokens)))
        mine = numbers[: len(pairs.tokens)]
        own = first[: mine.max() + 1]
        groups = len(pairs.tokens) + np.arange(len(first))
        groups[: len(own)] = groups_over_equal_ids(pairs, mine, own)[own]
        rows = first[tokens.lengths[first] > 0]
        return cls(TokenizedPairs(tokens, rows, rows, np.ones(len(rows), np.float32)), groups[numbers])

    def __len__(self) -> int:
        return len(self.pairs)

    def fingerprint(self) -> str:
        """Give a digest of the texts and groups."""
        tokens = self.pairs.tokens
        parts: Iterable[Array] = (tokens.ids, tokens.offsets, self.groups)
        return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


class NoisyCollator(PaddedCollator):
    """Makes batches of two copies of each text, every token of which is deleted with probability DELETED.

    A copy keeps at least one token. Draws from torch's random numbers, which checkpoints hold.
    """

    def __call__(self, rows: Array, _seed: Sequence[int] = ()) -> PairBatch:
        """Collate two copies of the texts with these row numbers, int64 (B,)."""
        texts = self.pairs.index_a[rows]
        ids_UT, lengths_U = without_some(*padded(self.pairs.tokens, np.concatenate([texts, texts])))
        groups = texts if self.groups is None else self.groups[texts]
        places = np.arange(len(texts))
        labels = self.pairs.labels[rows]
        return self.batch(ids_UT, lengths_U, np.concatenate([groups, groups]), places, places + len(texts), labels)


def without_some(ids_UT: Array, lengths_U: Array) -> tuple[Array, Array]:
    """Delete tokens of padded texts (each of at least one token) at random, at least one stays; ids and lengths."""
    draw_UT = torch.rand(ids_UT.shape).numpy()
    draw_UT[np.arange(ids_UT.shape[1]) >= lengths_U[:, None]] = -1
    kept_UT = (draw_UT >= DELETED) | (draw_UT == draw_UT.max(axis=1, keepdims=True))
    order_UT = np.argsort(~kept_UT, axis=1, kind="stable")
    lengths_U = kept_UT.sum(axis=1)
    steps = int(lengths_U.max(initial=0))
    ids_UT = np.take_along_axis(np.where(kept_UT, ids_UT, PAD_ID), order_UT, axis=1)[:, :steps]
    return ids_UT, lengths_U


def pretrain(
    network: SiameseNetwork,
    texts: PretrainingTexts,
    config: TrainConfig,
    device: torch.device,
    *,
    identity: str,
    folder: Path | None,
    resume: bool,
    show_progress: bool,
    patient: bool = False,
) -> None:
    """Train the encoder of ``network``, in place, on texts for ``pretrain_epochs``; ``patient`` is the loop's.

    Its checkpoint stands in a folder of its own in the run's ``folder``, and stays there when it has ended, so that a
    run that goes on with ``resume`` has no need to pretrain again. The caller's random numbers are left as they are.
    Raises what ``TrainingLoop`` does.
    """
    own = _config(config)
    place = None if folder is None else folder / PRETRAINING
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(config.seed)
        loop = TrainingLoop(
            network=SiameseNetwork(own.architecture, 0, word_dropout=own.word_dropout, encoder=network.encoder),
            objective=Objective(own, graded=False),
            pairs=texts.pairs,
            config=own,
            device=device,
            evaluate=None,
            metric=None,
            identity=identity,
            folder=place,
            collate=NoisyCollator,
            groups=texts.groups,
            patient=patient,
        )
        if resume and place is not None and has_checkpoint(place):
            loop.resume()
        with progress("pretraining", loop.total_pairs, "texts", show=show_progress, done=loop.state.pairs) as bar:
            loop.run(bar)
            bar.note(f"pretrained on {len(texts):,} distinct texts, epochs: {own.epochs:,}")


def _config(config: TrainConfig) -> TrainConfig:
    """Give what ``config`` says of the encoder and its steps; the rest is that of pairs with labels."""
    default = TrainConfig()
    unused = {name: getattr(default, name) for name in OF_PAIRS}
    return dataclasses.replace(config, **unused, head="cosine", loss="in_batch", epochs=config.pretrain_epochs)
