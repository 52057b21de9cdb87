"""PairModel: what production loads and calls; NumPy unless a device is asked for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError, import_extra
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.encoders import NUMPY_ENCODERS, Encoder
from textsiam.model.folder import read_folder, write_folder
from textsiam.model.heads import NUMPY_HEADS, Head
from textsiam.model.weights import check_weights
from textsiam.progress import progress
from textsiam.text.tokenizer import TokenIds, Tokenizer

PAIRS_AT_ONCE = 20_000  # pairs whose vectors are held at the same time
TORCH_RUNTIME = "textsiam.training.runtime"  # resolved by name when a device is asked for: NumPy alone needs no torch


@dataclass(frozen=True, slots=True)
class TextReport:
    """What of some texts a model could not read.

    ``texts`` counts distinct texts (of each 20,000 pairs), ``unknown_tokens`` tokens; ``empty``, ``unknown`` (no known
    token) and ``cut`` (longer than the model reads) count texts.
    """

    texts: int = 0
    empty: int = 0
    unknown: int = 0
    cut: int = 0
    unknown_tokens: int = 0

    @classmethod
    def of(cls, tokens: TokenIds) -> TextReport:
        """Count what of distinct, tokenized texts was lost."""
        return cls(len(tokens), tokens.empty_texts, tokens.unknown_texts, tokens.cut_texts, tokens.unknown_tokens)

    def __add__(self, other: TextReport) -> TextReport:
        return TextReport(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


class PairScores(NamedTuple):
    """Scores of n pairs: ``probabilities`` and the head's ``raw`` scores, float32 (n,); a report on the texts."""

    probabilities: Array
    raw: Array
    texts: TextReport


class PairModel:
    """A trained siamese model: texts to vectors, pairs to calibrated probabilities.

    Made by ``textsiam.train`` or ``PairModel.load``. ``architecture``, ``tokenizer``, ``calibration`` and ``weights``
    (name -> float32 array) are its parts; ``details`` says how it was made (JSON values), ``card`` is its model card.
    """

    def __init__(
        self,
        *,
        architecture: Architecture,
        vocabulary: bytes,
        weights: Mapping[str, Array],
        calibration: Calibration | None = None,
        details: Mapping[str, Any] | None = None,
        card: str = "",
        train_toml: str = "",
        device: str | None = None,
    ) -> None:
        self.architecture = architecture
        self.tokenizer = Tokenizer(vocabulary, max_tokens=architecture.max_tokens)
        self.weights = dict(weights)
        check_weights(self.weights, architecture, self.tokenizer.size)
        self.calibration = calibration or Calibration()
        self.details = dict(details or {})
        self.card, self.train_toml = card, train_toml
        self._run_on(device)

    @classmethod
    def load(cls, folder: str | Path, device: str | None = None) -> PairModel:
        """Load a model folder.

        ``device``: None runs in NumPy; "cpu" or "cuda" runs in torch (extra ``train``). Raises ModelFolderError for a
        folder that is missing, cut short, altered or too new, OptionError for a device that is not there.
        """
        files = read_folder(folder)
        try:
            config = json.loads(files["config.json"])
            model = cls(
                architecture=Architecture(**config["architecture"]),
                vocabulary=files["vocabulary.model"],
                weights=safetensors.numpy.load(files["weights.safetensors"]),
                calibration=Calibration(**json.loads(files["calibration.json"])),
                details=config["details"],
                card=files.get("README.md", b"").decode(),
                train_toml=files.get("train.toml", b"").decode(),
            )
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
        if device is not None:  # only now: a device that is not there does not mean that the folder was altered
            model._run_on(device)
        return model

    def save(self, folder: str | Path) -> None:
        """Write the model folder; an earlier model there stays until the new one is complete.

        Raises ModelFolderError if something that is not a model stands there, or the disk refuses.
        """
        # the fields of Architecture alone, for a TrainConfig is one too
        parts = {field.name: getattr(self.architecture, field.name) for field in dataclasses.fields(Architecture)}
        config = {"architecture": parts, "details": self.details}
        files = {
            "config.json": _json(config),
            # safetensors writes an array's memory as it lies, even where its axes are transposed
            "weights.safetensors": safetensors.numpy.save(
                {name: np.ascontiguousarray(weight) for name, weight in self.weights.items()}
            ),
            "vocabulary.model": self.tokenizer.proto,
            "calibration.json": _json(dataclasses.asdict(self.calibration)),
            "train.toml": self.train_toml.encode(),
            "README.md": self.card.encode(),
        }
        write_folder(folder, files)

    def encode(self, texts: Iterable[str]) -> Array:
        """Return the texts' vectors, float32 (n, D), never NaN; an empty text has the zero vector.

        Raises OptionError naming the position of the first thing that is not a str.
        """
        distinct, index = _distinct(texts)
        return self._encoder(self.tokenizer.encode(distinct))[index]

    def score(self, text_a: str, text_b: str) -> float:
        """Return the calibrated probability in [0, 1] that the two texts say the same."""
        return float(self.score_pairs([(text_a, text_b)])[0])

    def score_pairs(self, pairs: Iterable[Sequence[str]]) -> Array:
        """Return the calibrated probability of each (text a, text b), float32 (n,) in [0, 1].

        What else stands in a pair, such as its label, is not looked at. Raises OptionError naming the position of the
        first thing that is not a pair of str.
        """
        return self.score_details(pairs).probabilities

    def score_details(self, pairs: Iterable[Sequence[str]], *, show_progress: bool = False) -> PairScores:
        """Score as ``score_pairs`` does; adds the scores before calibration and a report on what was empty or cut."""
        if isinstance(pairs, str):
            raise OptionError("pairs is one text, expected a list of (text a, text b)")
        rows = list(pairs)
        raw, report = np.empty(len(rows), dtype=np.float32), TextReport()
        with progress("scoring", len(rows), "pairs", show=show_progress) as bar:
            for start in range(0, len(rows), PAIRS_AT_ONCE):
                chunk = rows[start : start + PAIRS_AT_ONCE]
                _check_pairs(chunk, start)
                distinct, index = _distinct([pair[0] for pair in chunk] + [pair[1] for pair in chunk])
                tokens = self.tokenizer.encode(distinct)
                report += TextReport.of(tokens)
                vectors = self._encoder(tokens)
                raw[start : start + len(chunk)] = self._head(vectors[index[: len(chunk)]], vectors[index[len(chunk) :]])
                bar.advance(len(chunk))
        return PairScores(self.calibration.probability(raw), raw, report)

    def inspect(self, texts: Iterable[str]) -> TextReport:
        """Count what of the distinct ``texts`` is empty, unknown or cut short; raises as ``encode`` does."""
        return TextReport.of(self.tokenizer.encode(_distinct(texts)[0]))

    def encode_tokens(self, tokens: TokenIds) -> Array:
        """Return vectors, float32 (n, D), of texts that ``self.tokenizer`` has turned into ids."""
        return self._encoder(tokens)

    def compare_vectors(self, u: Array, v: Array) -> Array:
        """Return the calibrated probability, float32 (n,), of vectors (n, D) against (n, D), row by row."""
        return self.calibration.probability(self._head(u, v))

    def _run_on(self, device: str | None) -> None:
        self.device = device
        self._encoder, self._head = _runtime(self.architecture, self.weights, device)

    def __repr__(self) -> str:
        parts = self.architecture
        return f"PairModel({parts.encoder} + {parts.head}, D={parts.vector_size}, V={self.tokenizer.size})"


def _distinct(texts: Iterable[str]) -> tuple[list[str], Array]:
    """Give the distinct texts and, for each text, where it stands among them.

    They are sorted, so that a batch looks the same to the matrix library whichever text came first: this is what makes
    score(a, b) and score(b, a) equal to the last bit.
    """
    if isinstance(texts, str):
        raise OptionError("texts is one text, expected a list of texts")
    given = list(texts)
    for position, text in enumerate(given):
        if not isinstance(text, str):
            raise OptionError(f"texts[{position}] is {text!r:.80}, expected a str")
    distinct = sorted(set(given))
    place = {text: number for number, text in enumerate(distinct)}
    return distinct, np.fromiter((place[text] for text in given), dtype=np.int64, count=len(given))


def _check_pairs(pairs: Sequence[Sequence[str]], start: int) -> None:
    for number, pair in enumerate(pairs, start):
        if not _is_pair(pair):
            raise OptionError(f"pairs[{number}] is {pair!r:.80}, expected (text a, text b), both str")


def _is_pair(pair: Sequence[str]) -> bool:
    if isinstance(pair, str):
        return False
    try:
        text_a, text_b = pair[0], pair[1]
    except (TypeError, LookupError):
        return False
    return isinstance(text_a, str) and isinstance(text_b, str)


def _runtime(architecture: Architecture, weights: Mapping[str, Array], device: str | None) -> tuple[Encoder, Head]:
    head = NUMPY_HEADS[architecture.head](weights)
    if device is None:
        return NUMPY_ENCODERS[architecture.encoder](architecture, weights), head
    runtime = import_extra(TORCH_RUNTIME, "train", f"device={device!r}")
    encoder: Encoder = runtime.TorchEncoder(architecture, weights, device)
    return encoder, head


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
