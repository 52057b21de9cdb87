"""textsiam.distill: from a teacher's judgements, and labels where there are any, to a calibrated model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.data.read import read_pairs
from textsiam.errors import OptionError
from textsiam.model.inputs import check_pairs
from textsiam.model.pair_model import PairModel
from textsiam.text.checks import checked_texts
from textsiam.text.vocabulary import Vocabulary
from textsiam.training.config import TrainConfig
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.distill_config import AUTO_TARGET, LOGITS, OF_LABELS, OF_LOGITS, VECTORS, DistillConfig
from textsiam.training.fit import fit
from textsiam.training.preparation import Material, prepare
from textsiam.training.starts import Origin
from textsiam.training.taught import Taught, digest
from textsiam.training.teacher_store import TeacherStore
from textsiam.training.teachers import (
    TextsByNumber,
    as_logits,
    open_teacher,
    pair_logits,
    text_vectors,
    told_outputs,
)
from textsiam.training.unlabelled_pairs import near_pairs

WEIGHTLESS_HEADS = ("cosine", "dot", "euclidean", "manhattan")


def distill(
    items: Any,
    teacher: Any,
    *,
    dev: Any = None,
    config: TrainConfig | None = None,
    vocabulary: Vocabulary | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    reading: Mapping[str, str | bool] | None = None,
    show_progress: bool = False,
) -> PairModel:
    """Train a model on what a teacher says of pairs or texts, and calibrate it on dev.

    ``items``: labelled pairs, as Pairs or what ``read_pairs`` takes; or a list of pairs (text a, text b) without
    labels, or of texts, and then ``dev`` must be given. ``teacher``: a PairModel or the path of its folder, or a
    list of these, whose logits' mean counts; a function that turns a list of pairs into logits (n,), or a list of
    texts into vectors (n, D), whichever ``config.target`` says; or a file of such numbers, row i for item i: .npy,
    or for logits also .csv, .tsv or .txt with a column of that name. ``config``: a DistillConfig, or a TrainConfig
    with the default options of distillation. The rest is as in ``train``.

    A teacher is asked before training, once for each distinct pair or text, in the first of several processes; with
    ``out`` its answers are kept beside the checkpoint, and a function is known by its name alone when a run goes on.
    Labelled pairs have ``teacher_weight`` of their loss from the teacher. A PairModel's logits are its calibrated ones,
    moved to the share of same pairs among labelled ``items``. Heads that give no logit learn one along with the model
    (scale and offset), as vectors learn a linear map to the teacher's: neither is part of the model.

    Raises what ``train`` does; DataError too where a teacher's numbers are of a wrong shape or not finite, OptionError
    for options without use, for a teacher or target that does not go with the items, and for a model as a teacher of
    logits that was not calibrated.
    """
    origin = Origin()
    config = origin.options(config)
    if not isinstance(config, DistillConfig):
        config = DistillConfig(**dataclasses.asdict(config))
    origin.check(config, vocabulary)
    lesson = _Lesson(items, teacher, dev, config, vocabulary, show_progress)
    return fit(
        lesson.prepare,
        config,
        origin=origin,
        teach=lesson.teach,
        out=out,
        resume=resume,
        reading=reading,
        show_progress=show_progress,
    )


class _Lesson:
    """The first process's view of a run: what is learned from whom."""

    def __init__(
        self,
        items: Any,
        teacher: Any,
        dev: Any,
        config: DistillConfig,
        vocabulary: Vocabulary | None,
        show_progress: bool,
    ) -> None:
        self.items, self.teacher, self.dev, self.config = items, teacher, dev, config
        self.vocabulary, self.show_progress = vocabulary, show_progress

    def prepare(self) -> Material:
        """Read the items, check that target and options go with them, and open the teacher."""
        config, pairs, self.of_texts = self.config, *_without_labels(self.items)
        labelled = pairs is None
        self.target = _target(config, of_texts=self.of_texts)
        if not labelled:
            config.refuse(OF_LABELS, "the items have no labels")
            if self.dev is None:
                raise OptionError("the items have no labels to calibrate on; give dev (--dev), labelled pairs")
            self.dev = read_pairs(self.dev)
            label_range = (0.0, 1.0) if self.dev.graded else None
            self.items = Pairs.from_rows(((a, b, 0) for a, b in pairs or ()), label_range=label_range)
        else:
            self.items = read_pairs(self.items)
        if self.target == VECTORS and not (labelled and config.teacher_weight < 1):
            _check_weightless(config.head)
        self.source = open_teacher(self.teacher, self.target, config, self._prior() if labelled else None)
        if self.source.outputs is not None:
            self._check_file(labelled=labelled)
        return prepare(
            self.items, self.dev, config, self.vocabulary, labelled=labelled, show_progress=self.show_progress
        )

    def teach(
        self, material: Material, pairs: TokenizedPairs, dev: TokenizedPairs, store: TeacherStore, resume: bool
    ) -> Taught:
        """Choose the extra pairs and get the teacher's outputs; ``pairs`` may have implied ones behind the given."""
        config, extra = self.config, None
        if config.extra_pairs:
            extra = near_pairs(pairs, dev, share=config.extra_pairs, seed=config.seed, show_progress=self.show_progress)
        whole = pairs if extra is None else extra.behind(pairs)
        key = self._key(material, whole)
        outputs = store.get(key, lambda: self._outputs(material, whole), resume=resume)
        told = {
            "teacher": self.source.name,
            "teacher_sha256": self.source.fingerprint or None,
            "target": self.target,
            "labelled": material.labelled,
            "weight": config.teacher_weight if material.labelled else 1.0,
            "temperature": config.teacher_temperature if self.target == LOGITS else None,
            "output": config.teacher_output if self.target == LOGITS else None,
            "extra_pairs": 0 if extra is None else len(extra.index_a),
            "sha256": digest(outputs),
        }
        of_logits = self.target == LOGITS
        return Taught(
            extra=extra,
            logits=outputs if of_logits else None,
            vectors=None if of_logits else outputs,
            labelled=material.labelled,
            told=told,
        )

    def _outputs(self, material: Material, pairs: TokenizedPairs) -> Array:
        texts, show = TextsByNumber(material.pairs, pairs), self.show_progress
        given = len(material.pairs)
        if self.source.outputs is None:
            if self.target == LOGITS:
                return pair_logits(self.source, pairs, texts, self.config.teacher_output, show_progress=show)
            return text_vectors(self.source, len(pairs.tokens), texts, show_progress=show)
        if self.target == VECTORS:
            vectors = told_outputs(self.source, (given, None))
            return vectors[texts.first]  # of a text that comes twice the first
        logits = as_logits(told_outputs(self.source, (given,)), self.config.teacher_output, self.source)
        return np.concatenate([logits, np.full(len(pairs) - given, np.nan, dtype=np.float32)])

    def _key(self, material: Material, pairs: TokenizedPairs) -> str:
        asked = digest(pairs.index_a, pairs.index_b)
        parts = (self.source.name, self.source.fingerprint, self.target, self.config.teacher_output)
        return json.dumps([*parts, material.pairs.fingerprint(), asked])

    def _prior(self) -> float | None:
        if self.items.graded:
            return None
        return 0.5 if self.config.balanced else float(self.items.labels.mean(dtype=np.float64))

    def _check_file(self, *, labelled: bool) -> None:
        """Refuse what a file of outputs, which speaks of the given items alone, cannot tell."""
        self.config.refuse(("extra_pairs",), "the teacher is a file, which says nothing of other pairs")
        if self.config.teacher_weight == 1:
            self.config.refuse(
                ("implied",),
                "the teacher is a file, which says nothing of them, and teacher_weight 1 leaves labels out",
            )
        if self.target == VECTORS and not self.of_texts:
            raise OptionError(
                "the teacher is a file of vectors, which go with texts; give texts, a function or a model"
            )
        if labelled and self.dev is None:
            raise OptionError(
                "the teacher is a file, row i for pair i, which does not go with pairs of which some are set aside; "
                "give dev (--dev)"
            )
        told_outputs(self.source, (len(self.items),) if self.target == LOGITS else (len(self.items), None))


def _target(config: DistillConfig, *, of_texts: bool) -> str:
    target = config.target
    if target == AUTO_TARGET:
        target = VECTORS if of_texts else LOGITS
    if target == LOGITS and of_texts:
        raise OptionError(
            "target is 'logits', which are of pairs, but the items are texts; give pairs (text a, text b)"
        )
    if target == VECTORS:
        config.refuse(OF_LOGITS, "vectors are learned")
    return target


def _check_weightless(head: str) -> None:
    if head not in WEIGHTLESS_HEADS:
        raise OptionError(
            f"head {head!r} has weights, which vectors alone do not train; choose one of "
            f"{', '.join(WEIGHTLESS_HEADS)}, or bring labels, with teacher_weight below 1"
        )


def _without_labels(items: Any) -> tuple[list[tuple[str, str]] | None, bool]:
    """Give the pairs of items that are pairs or texts without labels (a text is paired with itself), else None.

    Tells also whether they are texts.
    """
    if not isinstance(items, list | tuple) or not items:
        return None, False
    if isinstance(items[0], str):
        return [(text, text) for text in checked_texts(items)], True
    if isinstance(items[0], list | tuple) and len(items[0]) == 2:
        check_pairs(items, 0)
        _check_two(items)
        return [(a, b) for a, b in items], False
    return None, False


def _check_two(items: Iterable[Any]) -> None:
    for number, item in enumerate(items):
        if len(item) != 2:
            raise OptionError(f"pairs[{number}] has {len(item)} parts, but the first has no label; label all or none")
