"""How a model computes: in NumPy, or in torch where a device is asked for or an encoder has no NumPy twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from textsiam.arrays import Array
from textsiam.errors import OptionError, import_extra
from textsiam.model.alignment import NumpyAlignment
from textsiam.model.architecture import Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.encoders.encoder import TokenEncoder
from textsiam.model.heads import NUMPY_HEADS, Head
from textsiam.model.threads import with_threads
from textsiam.text.tokenizer import TokenIds

if TYPE_CHECKING:
    from torch import nn

TORCH = "textsiam.training"  # resolved by name, only where it is needed: NumPy alone needs no torch


class Runtime(NamedTuple):
    """What a model computes with.

    ``encode``: the vectors of texts, float32 (n, D). ``compare``: the raw scores, float32 (m,), of pairs of n texts by
    their places. ``head``: those of vectors against vectors; None if it compares tokens.
    """

    encode: Callable[[TokenIds], Array]
    compare: Callable[[TokenIds, Array, Array], Array]
    head: Head | None


def make_runtime(
    architecture: Architecture,
    weights: Mapping[str, Array],
    device: str | None,
    threads: int | None,
    precision: str,
    make: Callable[[], nn.Module] | None = None,
) -> Runtime:
    """Make what an architecture computes with; ``make`` gives the module of a custom encoder.

    The rest is as ``PairModel.load`` takes it.
    """
    if device is not None or architecture.encoder not in NUMPY_ENCODERS:
        return _torch_runtime(architecture, weights, device, threads, precision, make)
    if precision == "bf16":
        raise OptionError("precision is 'bf16', but NumPy computes in fp32; give a device too, 'cpu' or 'cuda'")
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, weights)
    encode = with_threads(encoder, threads)
    if architecture.head == "alignment":
        compare = NumpyAlignment(cast(TokenEncoder, encoder), weights)
        return Runtime(encode, with_threads(compare, threads), None)
    return _by_vectors(encode, NUMPY_HEADS[architecture.head](weights))


def _torch_runtime(
    architecture: Architecture,
    weights: Mapping[str, Array],
    device: str | None,
    threads: int | None,
    precision: str,
    make: Callable[[], nn.Module] | None,
) -> Runtime:
    purpose = f"encoder {architecture.encoder!r}" if device is None else f"device={device!r}"
    options = (architecture, weights, "cpu" if device is None else device, threads, precision)
    encode = import_extra(f"{TORCH}.runtime", "train", purpose).TorchEncoder(*options, make)
    if architecture.head == "alignment":
        compare = import_extra(f"{TORCH}.pair_scores", "train", purpose).TorchComparer(*options)
        return Runtime(encode, compare, None)
    return _by_vectors(encode, NUMPY_HEADS[architecture.head](weights))


def _by_vectors(encode: Callable[[TokenIds], Array], head: Head) -> Runtime:
    """Encode each text once, and compare the vectors of the sides."""

    def compare(tokens: TokenIds, index_a: Array, index_b: Array) -> Array:
        vectors = encode(tokens)
        return head(vectors[index_a], vectors[index_b])

    return Runtime(encode, compare, head)
