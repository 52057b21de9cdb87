"""Where a loaded model's encoder computes: in NumPy, or in torch for a device or an encoder without a twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textsiam.arrays import Array
from textsiam.errors import OptionError, import_extra
from textsiam.model.architecture import Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.encoders.encoder import Encoder
from textsiam.model.threads import ThreadLimitedEncoder

if TYPE_CHECKING:
    from torch import nn

TORCH_RUNTIME = "textsiam.training.runtime"  # resolved by name, only where it is needed: NumPy alone needs no torch


def make_encoder(
    architecture: Architecture,
    weights: Mapping[str, Array],
    device: str | None,
    threads: int | None,
    precision: str,
    make: Callable[[], nn.Module] | None,
) -> Encoder:
    """Make the encoder of a model; ``make`` gives the module of a custom one. Errors as ``PairModel.load``."""
    if device is not None or architecture.encoder not in NUMPY_ENCODERS:
        purpose = f"encoder {architecture.encoder!r}" if device is None else f"device={device!r}"
        runtime = import_extra(TORCH_RUNTIME, "train", purpose)
        device = "cpu" if device is None else device
        in_torch: Encoder = runtime.TorchEncoder(architecture, weights, device, threads, precision, make)
        return in_torch
    if precision == "bf16":
        raise OptionError("precision is 'bf16', but NumPy computes in fp32; give a device too, 'cpu' or 'cuda'")
    encoder = NUMPY_ENCODERS[architecture.encoder](architecture, weights)
    return encoder if threads is None else ThreadLimitedEncoder(encoder, threads)
