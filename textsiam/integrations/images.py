"""Images as texts of grey levels, so that pairs of images train, score and are searched as pairs of texts are.

Every row of pixels is a word and every pixel a letter of it, "." the darkest: whatever textsiam does with texts it then
does with images, under a torch module of the user's own that sees pixels. Grey images of one size alone; no colours.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textsiam.arrays import Array
from textsiam.data.class_pairs import class_pairs, separate_pairs
from textsiam.errors import DataError, OptionError, check_integer, import_extra
from textsiam.model.custom import EncoderFactory
from textsiam.text.checks import checked_texts
from textsiam.text.vocabulary import Vocabulary, build_vocabulary

if TYPE_CHECKING:
    from torch import nn

__all__ = ["PixelTexts", "class_pairs", "read_idx", "separate_pairs"]

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # from dark to bright; letters that no normalization changes
ROUNDING = 1 + 1e-6  # what a white pixel may be above the brightest
_IDX_BYTES = 8  # what an idx file says of its numbers: unsigned bytes


@dataclass(frozen=True, kw_only=True)
class PixelTexts:
    """How grey images of ``shape`` (height, width) are written as texts, in ``levels`` grey levels, 2 to 27.

    ``brightest`` is the number of a white pixel, 0 being black: 255 of bytes, 16 of scikit-learn's digits.
    """

    shape: tuple[int, int]
    brightest: float = 255.0
    levels: int = 17

    def __post_init__(self) -> None:
        if isinstance(self.shape, str) or not isinstance(self.shape, Iterable) or len(sides := tuple(self.shape)) != 2:
            raise OptionError(f"shape is {self.shape!r}, expected (height, width) of grey images")
        for name, side in zip(("height", "width"), sides, strict=True):
            check_integer(f"shape ({name})", side, least=1, most=1000)
        object.__setattr__(self, "shape", sides)
        check_integer("levels", self.levels, least=2, most=len(LETTERS))
        if not isinstance(self.brightest, int | float | np.number) or not 0 < self.brightest < math.inf:
            raise OptionError(f"brightest is {self.brightest!r}, expected a number above 0, that of a white pixel")

    @property
    def max_tokens(self) -> int:
        """Tokens of an image: what ``TrainConfig(max_tokens=...)`` must be."""
        return self.shape[0] * (self.shape[1] + 1)

    def write(self, images: Array) -> list[str]:
        """Write images, numbers (n, height, width) from 0 to ``brightest``, as n texts.

        Grey is rounded to the nearest level. Raises OptionError for another shape, and numbers out of range.
        """
        images = np.asarray(images)
        if images.shape[1:] != self.shape or images.ndim != 3:
            raise OptionError(f"images have the shape {images.shape}, expected (n, {self.shape[0]}, {self.shape[1]})")
        if images.size and not (images.min() >= 0 and images.max() <= self.brightest * ROUNDING):
            raise OptionError(
                f"pixels reach from {images.min():g} to {images.max():g}, expected 0 to {self.brightest:g}: give what "
                "a white pixel is as brightest"
            )
        level = np.rint(images / self.brightest * (self.levels - 1)).astype(np.int64)
        letters = np.array([ord(letter) for letter in LETTERS], dtype=np.uint8)[level]
        rows = np.pad(letters, ((0, 0), (0, 0), (0, 1)), constant_values=ord(" "))
        return [image.tobytes().decode("ascii").rstrip() for image in rows]

    def read(self, texts: Iterable[str]) -> Array:
        """Give the images that texts hold, float32 (n, height, width) from 0 to ``brightest``.

        Raises OptionError, with its position, for a text that ``write`` does not give.
        """
        given = checked_texts(texts)
        images = np.zeros((len(given), *self.shape), dtype=np.float32)
        for position, text in enumerate(given):
            images[position] = self._levels_of(text, position)
        scaled: Array = images * np.float32(self.brightest / (self.levels - 1))
        return scaled

    def vocabulary(self) -> Vocabulary:
        """Give the vocabulary whose tokens are grey levels and starts of rows, which ``train`` takes."""
        letters = LETTERS[: self.levels]
        # the darker a level, the more often it is here: ids are numbered by that, behind the start of a word
        words = (letter for place, letter in enumerate(letters) for _ in range(self.levels - place))
        return build_vocabulary(
            [" ".join(words)], size=self.levels + 3, type="char", character_coverage=1.0, normalization="identity"
        )

    def encoder(self, make: Callable[[], nn.Module]) -> EncoderFactory:
        """Give the encoder for ``train`` and ``PairModel.load`` of what makes a torch module.

        The module takes images (B, 1, height, width), float32 in [0, 1], and gives vectors (B, D). It keeps float32
        weights alone: of layers that count batches, as BatchNorm2d does, turn that off (``track_running_stats=False``).
        """
        return partial(_pixel_encoder, self, make)

    def _levels_of(self, text: str, position: int) -> Array:
        rows = text.split(" ")
        height, width = self.shape
        if len(rows) != height or any(len(row) != width or not set(row) <= set(LETTERS[: self.levels]) for row in rows):
            raise OptionError(
                f"text {position} is no image: expected {height} rows of {width} letters, "
                f"{LETTERS[0]!r} to {LETTERS[self.levels - 1]!r}, parted by spaces"
            )
        levels: Array = np.array([[LETTERS.index(letter) for letter in row] for row in rows])
        return levels


def _pixel_encoder(pixels: PixelTexts, make: Callable[[], nn.Module], _vocabulary_size: int) -> nn.Module:
    pixel_encoder = import_extra("textsiam.training.encoders.pixels", "train", "an encoder of images")
    encoder: nn.Module = pixel_encoder.PixelEncoder(make(), pixels.shape, pixels.levels)
    return encoder


def read_idx(path: str | Path) -> Array:
    """Read an idx file of unsigned bytes, gzipped or not, as those of MNIST are: uint8, images (n, height, width).

    Raises DataError for a file that is missing, cut short or holds something else.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot be read as an idx file ({error})", file=path) from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _IDX_BYTES or len(content) < 4 + 4 * content[3]:
        raise DataError("is no idx file of unsigned bytes, expected one such as those of MNIST", file=path)
    sides: Sequence[int] = np.frombuffer(content, ">u4", count=content[3], offset=4).tolist()
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])
    if len(values) != math.prod(sides):
        raise DataError(f"has {len(values):,} bytes of values, expected {math.prod(sides):,}: cut short?", file=path)
    return values.reshape(sides)
