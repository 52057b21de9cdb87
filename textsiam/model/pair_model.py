"""PairModel: what production loads and calls; NumPy unless a device is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError, check_choice
from textsiam.model.architecture import Architecture
from textsiam.model.batches import pairs_of_columns
from textsiam.model.calibration import Calibration
from textsiam.model.custom import EncoderFactory, EncoderFactoryError, check_factory, check_sendable
from textsiam.model.decisions import Decision, Decisions, adopted, checked_threshold, decide
from textsiam.model.fingerprint import fingerprint_of
from textsiam.model.folder import read_folder, write_folder
from textsiam.model.inputs import check_pairs, distinct_texts, places_of, text_blocks
from textsiam.model.model_files import ALTERED, files_of, parts_of
from textsiam.model.products import Frame, frame_of
from textsiam.model.runtime import make_runtime
from textsiam.model.scores import PairScores, TextReport
from textsiam.model.seen_texts import SeenTexts
from textsiam.model.threads import check_threads
from textsiam.model.weights import check_weights
from textsiam.progress import progress
from textsiam.text.checks import checked_texts
from textsiam.text.tokenizer import TokenIds, Tokenizer

COMPUTING = ("fp32", "bf16", "auto")
_PARTS = (
    *("architecture", "weights", "calibration", "decisions", "seen_texts", "details", "card", "train_toml"),
    *("device", "threads", "precision"),
)
PAIRS_AT_ONCE = 20_000  # pairs whose vectors are held at the same time


class PairModel:
    """A trained siamese model: texts to vectors, pairs to calibrated probabilities.

    Made by ``textsiam.train`` or ``PairModel.load``. ``architecture``, ``tokenizer``, ``calibration``, ``weights``
    (name -> float32 array), ``decisions`` (what dev promises of thresholds, or None) and ``seen_texts`` (hashes of the
    training texts, or None) are its parts; ``details`` says how it was made (JSON values), ``card`` is its model card;
    ``encoder_factory`` makes the module of a custom encoder (else None).
    """

    def __init__(  # noqa: PLR0913 - the parts of a model, and where it runs
        self,
        *,
        architecture: Architecture,
        vocabulary: bytes,
        weights: Mapping[str, Array],
        calibration: Calibration | None = None,
        decisions: Decisions | None = None,
        seen_texts: SeenTexts | None = None,
        details: Mapping[str, Any] | None = None,
        card: str = "",
        train_toml: str = "",
        device: str | None = None,
        threads: int | None = None,
        precision: str = "fp32",
        encoder: EncoderFactory | None = None,
    ) -> None:
        self.architecture = architecture
        self.tokenizer = Tokenizer(vocabulary, max_tokens=architecture.max_tokens)
        self.weights = dict(weights)
        check_weights(self.weights, architecture, self.tokenizer.size)
        self.calibration, self.decisions, self.seen_texts = calibration or Calibration(), decisions, seen_texts
        self.details = dict(details or {})
        self.card, self.train_toml = card, train_toml
        check_factory(architecture, encoder, self.details)
        self.encoder_factory = encoder
        self._run_on(device, threads, precision)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        device: str | None = None,
        *,
        threads: int | None = None,
        precision: str = "fp32",
        encoder: EncoderFactory | None = None,
    ) -> PairModel:
        """Load a model folder.

        ``device``: None runs in NumPy, but an encoder without a NumPy twin (``transformer``, ``custom``) in torch on
        the processor; "cpu" or "cuda" runs in torch (extra ``train``). ``threads`` that this process uses while it
        encodes (None: as many as NumPy or torch choose, mostly one for each core). ``precision`` in which torch
        computes vectors: "fp32", "bf16", or "auto" (bf16 where the device has instructions for it). In bf16 numbers of
        a vector are off by some 2 % of the largest one, in stacks of layers by more, and change by as much with what
        else is encoded. The weights become float32 however they are stored: a smaller folder takes no less memory.
        ``encoder`` is what made the module of a custom encoder (see ``textsiam.train``): the folder keeps its weights
        and no code. Raises ModelFolderError for a folder that is missing, cut short, altered or too new, OptionError
        for a device that is not there, bf16 in NumPy, and an ``encoder`` that is missing or does not fit,
        MissingExtraError where torch is needed and missing.
        """
        files = read_folder(folder)
        try:
            model = cls(**parts_of(files), encoder=encoder)
        except EncoderFactoryError:
            raise
        except ALTERED as error:
            raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
        # only now: a wrong one does not mean an altered folder
        if (device, threads, precision) != (None, None, "fp32"):
            model._run_on(device, threads, precision)
        return model

    def save(self, folder: str | Path, weights: str = "fp32") -> None:
        """Write the model folder; an earlier model there stays until the new one is complete.

        ``weights`` are stored as they are ("fp32"), in half of the bytes ("fp16") or in a quarter ("int8", a scale for
        each row of a matrix). The latter two move the probabilities a little, with calibration and threshold as they
        are; the folder's ``details["weights"]`` and card name them. Raises ModelFolderError if something that is not a
        model stands there, or the disk refuses; OptionError for other ``weights``, or numbers that they do not hold.
        """
        write_folder(folder, files_of(self, weights))

    def encode(self, texts: Iterable[str], *, workers: int = 1) -> Array:
        """Return the texts' vectors, float32 (n, D), never NaN; an empty text has the zero vector.

        ``workers`` above 1 start as many processes (see ``workers.workers``), which pays from some 100,000 texts on.
        Raises OptionError naming the position of the first thing that is not a str, WorkerError if a process dies.
        """
        given = checked_texts(texts)
        distinct = dict.fromkeys(given)
        texts = list(distinct)
        vectors = self._encode_distinct(texts) if workers == 1 else self._encode_in_workers(texts, workers)
        return vectors if len(distinct) == len(given) else vectors[places_of(given, distinct)]

    def _encode_distinct(self, texts: list[str]) -> Array:
        return self._runtime.encode(self.tokenizer.encode(texts))

    def _encode_in_workers(self, texts: list[str], count: int) -> Array:
        from textsiam.model.workers import workers  # its imports take a tenth of all that a model needs

        with workers(self, count) as run:
            parts = [part for _, part in run("_encode_distinct", text_blocks(texts), list)]
        return np.concatenate([np.zeros((0, self.architecture.vector_size), np.float32), *parts])

    def score(self, text_a: str, text_b: str, *, prior: float | None = None) -> float:
        """Return the calibrated probability in [0, 1] that the two texts say the same; ``prior`` as ``score_pairs``."""
        return float(self.score_pairs([(text_a, text_b)], prior=prior)[0])

    def score_pairs(self, pairs: Iterable[Sequence[str]], *, prior: float | None = None) -> Array:
        """Return the calibrated probability of each (text a, text b), float32 (n,) in [0, 1].

        What else stands in a pair, such as its label, is not looked at. ``prior`` is the share of same pairs among
        those that are scored, such as 0.01 (None: that of the calibration, mostly dev's): the probabilities are moved
        to it, see ``Calibration.at``. Raises OptionError naming the position of the first thing that is not a pair
        of str, or for a prior out of range or for grades, which have none.
        """
        return self.score_details(pairs, prior=prior).probabilities

    def score_details(
        self, pairs: Iterable[Sequence[str]], *, prior: float | None = None, show_progress: bool = False
    ) -> PairScores:
        """Score as ``score_pairs`` does; adds the scores before calibration and a report on what was empty or cut."""
        calibration = self.calibration_at(prior)
        if isinstance(pairs, str):
            raise OptionError("pairs is one text, expected a list of (text a, text b)")
        if hasattr(pairs, "columns"):
            raise OptionError(f"pairs is a table ({type(pairs).__name__}); score its columns with score_batch")
        rows = list(pairs)
        raw, report = np.empty(len(rows), dtype=np.float32), TextReport()
        with progress("scoring", len(rows), "pairs", show=show_progress) as bar:
            for start in range(0, len(rows), PAIRS_AT_ONCE):
                chunk = rows[start : start + PAIRS_AT_ONCE]
                check_pairs(chunk, start)
                distinct, index = distinct_texts([pair[0] for pair in chunk] + [pair[1] for pair in chunk])
                tokens = self.tokenizer.encode(distinct)
                report += TextReport.of(tokens)
                raw[start : start + len(chunk)] = self._runtime.compare(
                    tokens, index[: len(chunk)], index[len(chunk) :]
                )
                bar.advance(len(chunk))
        return PairScores(calibration.probability(raw), raw, report)

    def score_batch(
        self, batch: Any, *, text_a: str = "text_a", text_b: str = "text_b", prior: float | None = None
    ) -> dict[str, Array]:
        """Score columns of texts: {"probability": float32 (n,)}, as ``score_pairs`` gives them.

        ``batch`` is a mapping of columns or a data frame (pandas, polars, pyarrow, datasets), in which ``text_a`` and
        ``text_b`` name the columns; others are not looked at. Made for ``dataset.map(model.score_batch, batched=True,
        fn_kwargs={"text_a": "question1", "text_b": "question2"})``. Raises DataError for a column that is not there,
        naming those that are, and for the first thing in one that is not a str, with its row; OptionError as
        ``score_pairs`` does, and for a batch without columns.
        """
        return {"probability": self.score_pairs(pairs_of_columns(batch, text_a, text_b), prior=prior)}

    def threshold_for(
        self,
        *,
        precision: float | None = None,
        recall: float | None = None,
        cost: tuple[float, float] | None = None,
        prior: float | None = None,
    ) -> float:
        """Return the threshold on probabilities that ``decide`` chooses."""
        return self.decide(precision=precision, recall=recall, cost=cost, prior=prior).threshold

    def decide(
        self,
        *,
        precision: float | None = None,
        recall: float | None = None,
        cost: tuple[float, float] | None = None,
        prior: float | None = None,
    ) -> Decision:
        """Choose a threshold by what dev shows, and tell what it shows of it; the model stays as it is.

        ``precision``: the lowest threshold that has at least this precision with 95 % confidence, not only on dev;
        ``recall``: the highest that has this recall, likewise; ``cost``, of a false positive and of a false negative:
        that of the least expected cost. ``prior``: the share of same pairs where it will be used (None: that of the
        calibration); score with it. OptionError unless one is given and in range, where dev cannot promise it, and for
        a model of grades.
        """
        if self.details.get("graded"):
            raise OptionError("this model learned grades, of which no share is the same; no threshold can be chosen")
        return decide(self.calibration_at(prior), self.decisions, precision=precision, recall=recall, cost=cost)

    def set_threshold(self, decision: Decision | float) -> None:
        """Make a threshold the model's own, or a decision: its threshold, and the prior that probabilities assume."""
        if not isinstance(decision, Decision):
            decision = Decision(checked_threshold(decision), "given", self.calibration.prior)
        self.calibration, self.card = adopted(decision, self.calibration, self.card)

    def inspect(self, texts: Iterable[str]) -> TextReport:
        """Count what of the distinct ``texts`` is empty, unknown or cut short; raises as ``encode`` does."""
        return TextReport.of(self.tokenizer.encode(distinct_texts(texts)[0]))

    def encode_tokens(self, tokens: TokenIds) -> Array:
        """Return vectors, float32 (n, D), of texts that ``self.tokenizer`` has turned into ids."""
        return self._runtime.encode(tokens)

    def compare_vectors(self, u: Array, v: Array) -> Array:
        """Return the calibrated probability, float32 (n,), of vectors (n, D) against (n, D), row by row.

        Raises OptionError for the head "alignment", which compares tokens.
        """
        return self.calibration.probability(self.compare_raw(u, v))

    def compare_raw(self, u: Array, v: Array) -> Array:
        """Return the scores before calibration, float32 (n,), of which ``compare_vectors`` makes probabilities."""
        if self._runtime.head is None:
            raise OptionError(
                f"head {self.architecture.head!r} compares the tokens of texts, not vectors; use score_pairs"
            )
        return self._runtime.head(u, v)

    def frame(self, vectors: Array) -> Frame | None:
        """Say how products of vectors like these, (n, D), tell raw scores; None for heads of which they do not."""
        return frame_of(self.architecture.head, self.weights, vectors) if self.calibration.rises else None

    def fingerprint(self) -> str:
        """Hash all that vectors and raw scores follow from: 32 hexadecimal digits."""
        return fingerprint_of(self.architecture, self.tokenizer.proto, self.weights)

    def calibration_at(self, prior: float | None) -> Calibration:
        """Give the calibration for a share of same pairs (None: as it is); OptionError for grades, which have none."""
        if prior is None:
            return self.calibration
        if self.details.get("graded"):
            raise OptionError(f"prior is {prior!r}, but this model learned grades, which have none; leave it out")
        return self.calibration.at(prior)

    def _run_on(self, device: str | None, threads: int | None, precision: str) -> None:
        check_threads(threads)
        check_choice("precision", precision, COMPUTING)
        self.device, self.threads, self.precision = device, threads, precision
        make = None if self.encoder_factory is None else partial(self.encoder_factory, self.tokenizer.size)
        self._runtime = make_runtime(self.architecture, self.weights, device, threads, precision, make)

    def __reduce__(self) -> tuple[object, ...]:
        if self.encoder_factory is not None:
            check_sendable(self.encoder_factory)
        parts = {name: getattr(self, name) for name in _PARTS}
        return _unpickle, ({**parts, "vocabulary": self.tokenizer.proto, "encoder": self.encoder_factory},)

    def __repr__(self) -> str:
        parts = self.architecture
        return f"PairModel({parts.encoder} + {parts.head}, D={parts.vector_size}, V={self.tokenizer.size})"


def _unpickle(parts: dict[str, Any]) -> PairModel:
    """Make the runtime anew: what it has looked up by now is larger than the weights."""
    return PairModel(**parts)
