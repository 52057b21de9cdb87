"""Where torch computes: devices, and a loaded model's encoder on a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.text.buckets import length_batches, padded
from textsiam.text.tokenizer import TokenIds
from textsiam.training.encoders import ENCODER_MODULES
from textsiam.training.encoders.custom import CustomEncoder, check_fits
from textsiam.training.precision import autocast

TEXTS_AT_ONCE, TOKENS_AT_ONCE = 512, 131_072


def find_device(name: str) -> torch.device:
    """Turn "auto", "cpu", "cuda" (or "cuda:1") into a device; OptionError where it is not there."""
    if not isinstance(name, str):
        raise OptionError(f"device is {name!r}, expected cpu or cuda")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise OptionError(f"device is {name!r}, expected cpu or cuda") from error
    if device.type not in {"cpu", "cuda"}:
        raise OptionError(f"device is {name!r}, expected cpu or cuda")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise OptionError(f"device is {name!r}, but torch finds no GPU here; use cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise OptionError(f"device is {name!r}, but torch finds {torch.cuda.device_count()} GPUs here, counted from 0")
    return device


def device_name(device: torch.device) -> str:
    """Name a GPU as its driver does, and the processor "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


@contextmanager
def deterministic_algorithms() -> Iterator[None]:
    """Hold torch to algorithms that give equal results for equal seeds."""
    memory = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = memory.fill_uninitialized_memory  # type: ignore[attr-defined] # set by torch at run time
    torch.use_deterministic_algorithms(True)
    # torch would also write NaN to every new tensor, a twentieth of a step's time; nothing here is read unwritten
    memory.fill_uninitialized_memory = False  # type: ignore[attr-defined] # as above
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        memory.fill_uninitialized_memory = filled  # type: ignore[attr-defined] # as above


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Let torch use ``threads`` threads (None: as many as it does), and as many as before afterwards."""
    earlier = torch.get_num_threads()
    torch.set_num_threads(threads or earlier)
    try:
        yield
    finally:
        torch.set_num_threads(earlier)


class TorchEncoder:
    """A model's encoder in torch on a device; the torch twin of the NumPy encoders.

    ``make`` gives the module of a custom encoder (None: it is another); EncoderFactoryError where that does not fit.
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Mapping[str, Array],
        device: str,
        threads: int | None,
        precision: str = "fp32",
        make: Callable[[], torch.nn.Module] | None = None,
    ) -> None:
        self.device, self.threads, self.precision = find_device(device), threads, precision
        self.architecture = architecture
        own = {name.removeprefix("encoder."): value for name, value in weights.items() if name.startswith("encoder.")}
        self.module = _module(architecture, own) if make is None else CustomEncoder(make, architecture.vector_size)
        check_fits(self.module, own)
        self.module.load_state_dict({name: torch.from_numpy(value) for name, value in own.items()})
        self.module.to(self.device).eval()

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        with torch_threads(self.threads), autocast(self.precision, self.device):
            return encode_tokens(self.module, tokens, self.architecture.vector_size, self.device)


def _module(architecture: Architecture, weights: Mapping[str, Array]) -> torch.nn.Module:
    return ENCODER_MODULES[architecture.encoder](architecture, len(weights["embedding.weight"]), dropout=0.0)


def encode_tokens(
    module: torch.nn.Module, tokens: TokenIds, vector_size: int, device: torch.device, rows: Array | None = None
) -> Array:
    """Encode texts in batches of like length, float32 (n, D), in evaluation mode and without gradients.

    ``rows`` (int64, (n,)) says which of the texts; None takes all. A batch has at most 512 texts, and with padding
    131,072 tokens, or one text.
    """
    rows = np.arange(len(tokens)) if rows is None else rows
    lengths = tokens.lengths[rows]
    vectors = np.zeros((len(rows), vector_size), dtype=np.float32)
    by_length = np.argsort(lengths, kind="stable")
    by_length = by_length[lengths[by_length] > 0]
    training = module.training
    module.eval()
    with torch.inference_mode():
        for places in length_batches(lengths, by_length, TEXTS_AT_ONCE, TOKENS_AT_ONCE):
            ids_BT, lengths_B = padded(tokens, rows[places])
            encoded = module(torch.from_numpy(ids_BT).to(device), torch.from_numpy(lengths_B).to(device))
            vectors[places] = encoded.float().cpu().numpy()
    module.train(training)
    return vectors
