"""An encoder of the user's own: what makes its module, since a model folder keeps weights and no code."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from textsiam.errors import OptionError
from textsiam.model.architecture import CUSTOM, Architecture

if TYPE_CHECKING:
    from torch import nn

EncoderFactory: TypeAlias = "Callable[[int], nn.Module]"
"""Makes the module for a vocabulary of so many tokens. The module takes padded ids (int64, (B, T)) and lengths (int64,
(B,)) and gives vectors (B, D)."""
PYTHON_ALONE = "is a module of your own, which only Python can give: textsiam.train(..., encoder=factory)"


class EncoderFactoryError(OptionError):
    """What makes a custom encoder is missing, or makes one that does not fit."""


def check_factory(architecture: Architecture, factory: EncoderFactory | None, details: dict[str, Any]) -> None:
    """Raise EncoderFactoryError where a model with a custom encoder has no factory, or another model has one."""
    if architecture.encoder == CUSTOM and factory is None:
        name = details.get("encoder_class") or "unknown"
        raise EncoderFactoryError(
            f"the encoder of this model is a module of its maker's own, class {name}; give what makes it, in Python: "
            "PairModel.load(folder, encoder=factory)"
        )
    if architecture.encoder != CUSTOM and factory is not None:
        raise EncoderFactoryError(
            f"encoder (a factory) is given, but this model has the encoder {architecture.encoder!r}; leave it out"
        )


def check_sendable(factory: EncoderFactory) -> None:
    """Raise OptionError unless other processes can be told of ``factory``, which is done by its name."""
    try:
        pickle.dumps(factory)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise OptionError(
            f"the encoder's factory {factory!r} cannot be sent to other processes ({reason}); "
            "make it a function or class at the top of a module, or take one process"
        ) from error
