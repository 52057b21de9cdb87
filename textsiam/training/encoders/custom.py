"""An encoder of the user's own in torch. Shapes: B texts, T tokens (padded), D vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from textsiam.arrays import Array
from textsiam.model.custom import EncoderFactoryError
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.layouts import with_steps

LARGEST = 4096  # of D, as of every encoder's
TOLERANCE = 1e-4  # of a vector's largest number, by which padding may move it


class CustomEncoder(nn.Module):
    """The module that ``make`` gives, tried on a small batch; its weights stand below "module.".

    An empty text becomes the zero vector, whatever the module makes of it: it gets such a text as one token of padding.

    Raises EncoderFactoryError where ``make`` gives no module, one without weights to train or with weights that are not
    float32, or one that does not turn ids (B, T) and lengths (B,) into vectors (B, D), the same with and without
    padding, D being ``vector_size`` (None: any).
    """

    def __init__(self, make: Callable[[], nn.Module], vector_size: int | None = None) -> None:
        super().__init__()
        with _told("its factory"):
            module = make()
        if not isinstance(module, nn.Module):
            raise EncoderFactoryError(f"encoder made a {type(module).__name__}, expected it to make a torch.nn.Module")
        self.class_name = type(module).__qualname__
        self.module = module.cpu()
        self.vector_size = _vector_size(module, self.class_name)
        _check_weights(module, self.class_name)
        if vector_size not in (None, self.vector_size):
            raise EncoderFactoryError(
                f"the encoder {self.class_name} gives vectors of {self.vector_size}, but dim is {vector_size}; "
                "leave dim out, or give the factory that goes with it"
            )

    def forward(self, ids_BT: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        """Return (B, D)."""
        vectors_BD: torch.Tensor = self.module(with_steps(ids_BT, 1), lengths_B.clamp(min=1))
        return vectors_BD.masked_fill((lengths_B == 0)[:, None], 0)


def check_fits(encoder: nn.Module, weights: Mapping[str, Array]) -> None:
    """Raise EncoderFactoryError unless ``weights`` have the names and shapes of those of ``encoder``."""
    own = {name: tuple(value.shape) for name, value in encoder.state_dict().items()}
    given = {name: weight.shape for name, weight in weights.items()}
    different = sorted(name for name in own.keys() | given.keys() if own.get(name) != given.get(name))
    if different:
        name = different[0]
        kept, made = (shapes.get(name, "not there") for shapes in (given, own))
        raise EncoderFactoryError(
            f"the model's weights do not fit the module {getattr(encoder, 'class_name', '')} that encoder (a factory) "
            f"makes: {name} is {kept} in the model and {made} in the module; give the factory that it was trained with"
        )


def _vector_size(module: nn.Module, class_name: str) -> int:
    """Give D, once the module is known to do what an encoder does."""
    ids_BT = torch.tensor([[1, 2, 1], [2, 1, PAD_ID]])
    training = module.training
    module.eval()
    with torch.no_grad(), _told(class_name):
        batch_BD = module(ids_BT, torch.tensor([3, 2]))
        alone_1D = module(ids_BT[1:, :2], torch.tensor([2]))
    module.train(training)
    _check_vectors(batch_BD, (2, None), class_name)
    size = int(batch_BD.shape[1])
    _check_vectors(alone_1D, (1, size), class_name)
    off = float((batch_BD[1] - alone_1D[0]).abs().max())
    if off > TOLERANCE * max(1.0, float(alone_1D.abs().max())):
        raise EncoderFactoryError(
            f"the encoder {class_name} gives a text another vector where it stands padded beside a longer one (a "
            f"difference of {off:.2g}); leave out what stands behind lengths, where ids are {PAD_ID}"
        )
    return size


def _check_vectors(vectors: Any, expected: tuple[int, int | None], class_name: str) -> None:
    if not isinstance(vectors, torch.Tensor):
        raise EncoderFactoryError(f"the encoder {class_name} returns a {type(vectors).__name__}, expected a tensor")
    texts, size = expected
    fits = vectors.ndim == 2 and len(vectors) == texts and size in (None, vectors.shape[1])
    if not fits or not 1 <= vectors.shape[1] <= LARGEST or vectors.dtype != torch.float32:
        raise EncoderFactoryError(
            f"the encoder {class_name} returns {vectors.dtype} {tuple(vectors.shape)} for {texts} texts, expected "
            f"torch.float32 ({texts}, {size or 'D'}){'' if size else f' with D from 1 to {LARGEST}'}"
        )
    if not torch.isfinite(vectors).all():
        raise EncoderFactoryError(f"the encoder {class_name} gives numbers that are not finite")


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say in one line that code of the user's failed when it was tried; its own error stays behind it."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())
        raise EncoderFactoryError(
            f"the encoder cannot be tried: {what} raised {type(error).__name__}: {reason:.200}; a factory takes the "
            "vocabulary's size, and its module ids (B, T) and lengths (B,), both int64"
        ) from error


def _check_weights(module: nn.Module, class_name: str) -> None:
    for name, value in module.state_dict().items():
        if not isinstance(value, torch.Tensor) or value.dtype != torch.float32:
            kind = value.dtype if isinstance(value, torch.Tensor) else type(value).__name__
            raise EncoderFactoryError(
                f"{name} of the encoder {class_name} is {kind}, and a model keeps torch.float32 alone; make it that, "
                "or, where it can be made anew, a buffer with persistent=False"
            )
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise EncoderFactoryError(f"the encoder {class_name} has no weights to train; give one with parameters")
