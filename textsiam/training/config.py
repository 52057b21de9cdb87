"""Every option of training, with its bounds; the same names stand in TOML files and on the command line."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from textsiam.errors import OptionError, check_choice
from textsiam.model.architecture import Architecture
from textsiam.model.options import known_options, option

LOSSES = ("auto", "bce", "contrastive", "cosine_embedding", "squared_error")
# the losses that each head's output can be trained with; the first is what "auto" takes for 0/1 labels
HEAD_LOSSES = {
    "cosine": ("contrastive", "cosine_embedding", "squared_error"),
    "euclidean": ("contrastive",),
    "mlp": ("bce", "squared_error"),
}
# the value of "margin" that means: the loss's own default
AUTO_MARGIN = -2.0
# the margins that a loss can take; losses that are not here have none
MARGINS = {"contrastive": (1e-6, 100.0), "cosine_embedding": (-1.0, 1.0)}

# what the table [reading] of a TOML file may hold: further files, and how the command line reads all of them
READING = ("dev", "vocab", "columns", "header", "quoting", "delimiter", "on_error", "labels", "label_range")


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Architecture):
    """The architecture and how it is trained; checked at birth.

    Parameters
    ----------
    loss
        "auto" is "bce" for the mlp head, "contrastive" for the others, and "squared_error" for graded labels.
    margin
        Of the contrastive loss (above 0) and the cosine-embedding loss (-1 to 1); -2 takes the loss's own default.
    epochs
        Passes over the training pairs; the learning rate is planned for all of them.
    batch_size
        Pairs a step, of all processes together where several train (torchrun).
    learning_rate
        Highest rate of AdamW, reached after the warm-up; it then falls to 0 along a cosine.
    weight_decay
        Of AdamW, on matrices other than the embedding.
    warmup
        Share of all steps in which the rate rises.
    clip
        Largest norm of the gradient; larger ones are scaled down.
    dropout
        Share of embedding components, of states between layers and of head activations set to 0 while training.
    balanced
        Draw as many pairs of label 1 as of label 0 (the rarer ones again and again).
    vocabulary_size
        Tokens of the vocabulary that is built from the training texts; not used with a ready vocabulary.
    vocabulary_type
        "unigram", "bpe", "word" or "char".
    evaluate_every
        Steps between evaluations on dev; 0 evaluates at the end of each epoch.
    patience
        Evaluations without a better dev ROC-AUC (graded: Spearman) before training stops; 0 never stops.
    precision
        "fp32", "bf16", or "auto": bf16 where the processor computes in it, fp32 elsewhere.
    device
        "cpu", "cuda", or "auto": the GPU where there is one.
    threads
        Threads that torch uses on the processor, shared out among several processes; 0 leaves torch's choice.
    seed
        Of everything random; equal seed on an equal machine gives equal weights.
    """

    loss: str = option("auto", choices=LOSSES)
    margin: float = option(AUTO_MARGIN, low=AUTO_MARGIN, high=100)
    epochs: int = option(4, low=1, high=10_000)
    batch_size: int = option(256, low=2, high=1_000_000)
    learning_rate: float = option(2e-3, low=1e-8, high=10)
    weight_decay: float = option(0.01, low=0, high=10)
    warmup: float = option(0.05, low=0, high=1)
    clip: float = option(1.0, low=1e-6, high=1e9)
    dropout: float = option(0.2, low=0, high=0.95)
    balanced: bool = option(False)
    vocabulary_size: int = option(16_000, low=4, high=1_000_000)
    vocabulary_type: str = option("unigram", choices=("unigram", "bpe", "word", "char"))
    evaluate_every: int = option(0, low=0)
    patience: int = option(0, low=0)
    precision: str = option("auto", choices=("auto", "fp32", "bf16"))
    device: str = option("auto", choices=("auto", "cpu", "cuda"))
    threads: int = option(0, low=0, high=1024)
    seed: int = option(0, low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss != "auto" and self.loss not in HEAD_LOSSES[self.head]:
            fitting = ", ".join(HEAD_LOSSES[self.head])
            raise OptionError(f"loss {self.loss!r} does not go with head {self.head!r}, expected one of {fitting}")
        self._check_margin(HEAD_LOSSES[self.head][0] if self.loss == "auto" else self.loss)

    def _check_margin(self, loss: str) -> None:
        if self.margin == AUTO_MARGIN:
            return
        if loss not in MARGINS:
            raise OptionError(f"margin is {self.margin:g}, but loss {loss!r} has none; leave it out")
        low, high = MARGINS[loss]
        if not low <= self.margin <= high:
            raise OptionError(f"margin is {self.margin:g}, expected {low:g} to {high:g} for loss {loss!r}")

    @property
    def architecture(self) -> Architecture:
        """The part that the trained model is made of."""
        names = [field.name for field in dataclasses.fields(Architecture)]
        return Architecture(**{name: getattr(self, name) for name in names})

    def resolved_loss(self, *, graded: bool) -> str:
        """Name the loss that "auto" stands for.

        Raises OptionError where the head cannot learn grades, or the loss cannot take ``margin``.
        """
        if self.loss != "auto":
            return self.loss
        if graded and "squared_error" not in HEAD_LOSSES[self.head]:
            raise OptionError(f"head {self.head!r} has no loss for graded labels; choose head 'cosine' or 'mlp'")
        loss = "squared_error" if graded else HEAD_LOSSES[self.head][0]
        self._check_margin(loss)
        return loss

    def to_toml(self, reading: Mapping[str, str | bool | Sequence[str | int]] | None = None) -> str:
        """Return all options as TOML that ``from_toml`` reads back equal, and ``reading`` as the table [reading].

        Raises OptionError for a text that TOML cannot hold, as it is no valid Unicode.
        """
        lines = [_toml_line(name, value) for name, value in dataclasses.asdict(self).items()]
        if reading:
            lines += ["", "[reading]", *(_toml_line(name, value) for name, value in reading.items())]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_toml(cls, path: str | Path) -> TrainConfig:
        """Read the training options of a TOML file; OptionError names the file and an option that it has wrong."""
        return cls(**read_toml(path).training)


class TomlOptions(NamedTuple):
    """What a TOML file of options holds: those of TrainConfig, the table [reading], and the model folder to write."""

    training: dict[str, Any]
    reading: dict[str, Any]
    out: str | None


def _toml_line(name: str, value: object) -> str:
    # JSON's numbers, booleans, texts and lists are TOML's too, but for two things: DEL must be escaped, and escapes of
    # surrogates, by which JSON writes what is beyond 16 bits, are forbidden
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    if not line.isascii() and any("\ud800" <= character <= "\udfff" for character in line):
        raise OptionError(f"{name} is {value!r}, which is not valid Unicode and cannot be kept in train.toml")
    return line


def read_toml(path: str | Path) -> TomlOptions:
    """Read a TOML file of training options; its table [reading] says how the command line reads pairs.

    Names may be written with - in place of _. Those that there are not are refused; values are checked by TrainConfig,
    but for ``out``.
    """
    try:
        with Path(path).open("rb") as file:
            values = _underscored(tomllib.load(file), path)
    except OSError as error:
        raise OptionError(
            f"{path} cannot be read: {error.strerror}; expected a TOML file of training options"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path} is not valid TOML: {error}") from error
    reading, out = values.pop("reading", {}), values.pop("out", None)
    if not isinstance(reading, dict):
        raise OptionError(f"reading of {path} is {reading!r}, expected a table [reading]")
    reading = _underscored(reading, path)
    for name in reading:
        check_choice(f"an option of [reading] in {path}", name, READING)
    if not isinstance(out, str | None):
        raise OptionError(f"out of {path} is {out!r}, expected the name of a folder in quotes")
    misplaced = next((name for name in values if name in READING), None)
    if misplaced is not None:
        raise OptionError(f"{misplaced} stands at the top of {path}, but belongs below a line [reading]; move it there")
    return TomlOptions(known_options(TrainConfig, values, str(path)), reading, out)


def _underscored(values: Mapping[str, Any], path: str | Path) -> dict[str, Any]:
    """Give names as Python writes them; the command line writes them with -."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        plain = name.replace("-", "_")
        if plain in found:
            raise OptionError(f"{plain} stands twice in {path}, with - and with _; remove one of them")
        found[plain] = value
    return found
