"""Teachers: models, a function or a file, asked for logits of pairs or vectors of texts."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import DataError, OptionError
from textsiam.model.calibration import log_odds
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import UNCALIBRATED, is_calibrated
from textsiam.progress import progress
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.distill_config import LOGIT, LOGITS, PROBABILITY, DistillConfig
from textsiam.training.runtime import find_device
from textsiam.training.taught import digest
from textsiam.training.teacher_file import read_outputs

AT_ONCE = 10_000  # pairs or texts that a teacher is asked about at the same time
LEAST = 1e-6  # probabilities nearer to 0 or 1 count as this near


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A teacher that is asked (``answer``, of a list of pairs or texts), or has told already (``outputs``).

    ``name`` and ``fingerprint`` say which it is; of a function there is nothing to tell but its name.
    """

    name: str
    fingerprint: str
    answer: Callable[[list[Any]], Any] | None = None
    outputs: Array | None = None


def open_teacher(teacher: Any, target: str, config: DistillConfig, prior: float | None) -> Teacher:
    """Take a PairModel or the path of its folder, a list of such, the path of a file of outputs, or a function.

    Logits of a PairModel are the calibrated ones, which its head's raw scores need not be, moved from the share of same
    pairs that its calibration assumes to ``prior`` (None: left there); several models give the mean of theirs. Models
    of folders answer on the GPU where the student is trained on it. Raises OptionError for what is no teacher
    and for logits that nothing calibrated, DataError for a file that cannot be read, ModelFolderError for a folder.
    """
    if isinstance(teacher, str | PathLike) and not Path(teacher).is_dir():
        outputs = read_outputs(Path(teacher), config.teacher_output)
        return Teacher(name=Path(teacher).name, fingerprint=digest(outputs), outputs=outputs)
    if callable(teacher) and not isinstance(teacher, PairModel):
        name = f"{getattr(teacher, '__module__', '')}.{getattr(teacher, '__qualname__', type(teacher).__qualname__)}"
        return Teacher(name=name, fingerprint="", answer=teacher)
    models = _models(teacher, "cuda" if find_device(config.device).type == "cuda" else None)
    if config.teacher_output != LOGIT:
        raise OptionError(
            f"teacher_output is {config.teacher_output!r}, but a PairModel's logits are taken; leave it out"
        )
    if target != LOGITS and len(models) > 1:
        raise OptionError(
            f"there are {len(models)} teachers, whose vectors have nothing in common; give one, or take target logits"
        )
    for model in models if target == LOGITS else ():
        if not is_calibrated(model.details):
            raise OptionError(f"teacher {model!r} is no teacher of logits: {UNCALIBRATED}")
    return _of_models(models, target, prior)


def _models(teacher: Any, device: str | None) -> list[PairModel]:
    """Load the models of one teacher or of several, for ``device``; a PairModel computes where it is."""
    if isinstance(teacher, list | tuple) and teacher:
        return [_one_of_several(one, device) for one in teacher]
    if isinstance(teacher, PairModel):
        return [teacher]
    if isinstance(teacher, str | PathLike):
        return [PairModel.load(Path(teacher), device=device)]
    raise OptionError(
        f"teacher is {teacher!r:.80}, expected a PairModel, a model folder, a file of its outputs, or a function"
    )


def _one_of_several(teacher: Any, device: str | None) -> PairModel:
    if isinstance(teacher, PairModel):
        return teacher
    if isinstance(teacher, str | PathLike) and Path(teacher).is_dir():
        return PairModel.load(Path(teacher), device=device)
    shown = str(teacher) if isinstance(teacher, PathLike) else f"{teacher!r:.80}"
    raise OptionError(f"several teachers must all be models or model folders, but {shown} is none; leave it out")


def _of_models(models: list[PairModel], target: str, prior: float | None) -> Teacher:
    parts = [_calibrated(model, prior) for model in models]

    def mean_logits(pairs: list[tuple[str, str]]) -> Array:
        logits: Array = np.mean([logits(pairs) for logits, _ in parts], axis=0)
        return logits

    return Teacher(
        name=", ".join(map(repr, models)),
        fingerprint=" ".join(known for _, known in parts),
        answer=mean_logits if target == LOGITS else models[0].encode,
    )


def _calibrated(model: PairModel, prior: float | None) -> tuple[Callable[[list[tuple[str, str]]], Array], str]:
    """Give a function of pairs to the model's logits, and what the model is known by."""
    calibration = model.calibration
    shift = 0.0 if prior is None else log_odds(prior) - log_odds(calibration.prior)

    def logits(pairs: list[tuple[str, str]]) -> Array:
        return calibration.logit(model.score_details(pairs).raw) + shift

    numbers = [model.weights[name] for name in sorted(model.weights)]
    curve = dataclasses.replace(calibration, threshold=0.5, policy="given")  # neither has a part in a logit
    known = hashlib.sha256(f"{digest(*numbers)} {curve} {shift} {model.architecture}".encode() + model.tokenizer.proto)
    return logits, known.hexdigest()


class TextsByNumber:
    """The texts of ``pairs`` by their numbers in ``tokenized``, looked up without holding all of them."""

    def __init__(self, pairs: Pairs, tokenized: TokenizedPairs) -> None:
        self._pairs = pairs
        both = np.concatenate([tokenized.index_a[: len(pairs)], tokenized.index_b[: len(pairs)]])
        self.first = np.unique(both, return_index=True)[1]

    def __call__(self, numbers: Array) -> list[str]:
        """Give the texts of these numbers, int64 (n,), in their order."""
        distinct, place = np.unique(numbers, return_inverse=True)
        rows, turn = self.first[distinct], len(self._pairs)
        is_second = rows >= turn
        texts = np.empty(len(rows), dtype=object)
        texts[~is_second] = np.array(self._pairs.select(rows[~is_second]).text_a, dtype=object)
        texts[is_second] = np.array(self._pairs.select(rows[is_second] - turn).text_b, dtype=object)
        return list(texts[place])


def pair_logits(
    teacher: Teacher, pairs: TokenizedPairs, texts: TextsByNumber, output: str, *, show_progress: bool
) -> Array:
    """Ask a teacher once for each distinct pair (text a, text b); returns the logits of all, float32 (N,)."""
    keys = pairs.index_a * len(pairs.tokens) + pairs.index_b
    distinct, place = np.unique(keys, return_inverse=True)
    ends = np.divmod(distinct, len(pairs.tokens))

    def questions() -> Iterator[list[tuple[str, str]]]:
        for start in range(0, len(distinct), AT_ONCE):
            both = texts(np.concatenate([end[start : start + AT_ONCE] for end in ends]))
            yield list(zip(both[: len(both) // 2], both[len(both) // 2 :], strict=True))

    answers = [
        _checked(part, (count,), teacher)
        for part, count in _ask(teacher, questions(), len(distinct), "pairs", show_progress)
    ]
    return as_logits(np.concatenate(answers), output, teacher)[place]


def text_vectors(teacher: Teacher, count: int, texts: TextsByNumber, *, show_progress: bool) -> Array:
    """Ask a teacher for the vectors of the texts numbered from 0 to ``count``, float32 (count, E)."""
    numbers = np.arange(count)
    blocks = (texts(numbers[start : start + AT_ONCE]) for start in range(0, count, AT_ONCE))
    answers: list[Array] = []
    for part, asked in _ask(teacher, blocks, count, "texts", show_progress):
        size = answers[0].shape[1] if answers else None
        answers.append(_checked(part, (asked, size), teacher))
    return np.concatenate(answers)


def _ask(
    teacher: Teacher, questions: Iterator[list[Any]], total: int, unit: str, show_progress: bool
) -> Iterator[tuple[Any, int]]:
    assert teacher.answer is not None
    with progress("asking the teacher", total, unit, show=show_progress) as bar:
        for question in questions:
            yield teacher.answer(question), len(question)
            bar.advance(len(question))


def told_outputs(teacher: Teacher, shape: tuple[int | None, ...]) -> Array:
    """Give the outputs of a teacher's file, float32; DataError unless they are finite and of this shape (None: any)."""
    return _checked(teacher.outputs, shape, teacher)


def as_logits(values: Array, output: str, teacher: Teacher) -> Array:
    """Turn a teacher's probabilities into logits, float32 (n,), where ``output`` says that they are such."""
    if output != PROBABILITY:
        return values
    if len(values) and (values.min() < 0 or values.max() > 1):
        raise DataError(
            f"teacher {teacher.name} gives probabilities from {values.min():g} to {values.max():g}, expected 0 to 1; "
            "if they are logits, set teacher_output (--teacher-output) to logit"
        )
    kept = values.astype(np.float64).clip(LEAST, 1 - LEAST)
    logits: Array = (np.log(kept) - np.log1p(-kept)).astype(np.float32)
    return logits


def _checked(given: Any, shape: tuple[int | None, ...], teacher: Teacher) -> Array:
    try:
        found = np.asarray(given)
    except (ValueError, TypeError, RuntimeError):
        found = np.zeros(0, dtype=object)
    fits = found.ndim == len(shape) and all(want in (None, got) for want, got in zip(shape, found.shape, strict=True))
    if not fits or found.dtype.kind not in "fiu":
        wanted = ", ".join("D" if size is None else str(size) for size in shape)
        got = f"{found.dtype} of shape {found.shape}" if found.dtype != object else f"{type(given).__name__}"
        raise DataError(
            f"teacher {teacher.name} gives {got}, expected numbers of shape ({wanted}), one row for each "
            f"{'pair' if len(shape) == 1 else 'text'}"
        )
    # as float32, in which what is too large becomes infinite
    with np.errstate(over="ignore"):
        numbers = found.astype(np.float32, copy=False)
    finite = np.isfinite(numbers)
    if not finite.all():
        row = int(np.argmin(finite.reshape(len(numbers), -1).all(axis=1)))
        raise DataError(f"teacher {teacher.name} gives a number in row {row} (from 0) that is not finite")
    return numbers
