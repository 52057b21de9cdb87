"""Numbers on the command line, taken as they are written: the parser alone would round 1.5 to 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token


def whole_number(kind: Any, tokens: Sequence[Token]) -> int:  # noqa: ARG001 - the parser gives the kind too
    """Read a whole number; ValueError says that one was expected."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError("a whole number") from None


def number(kind: Any, tokens: Sequence[Token]) -> float:  # noqa: ARG001 - as above
    """Read a number; ValueError says that one was expected."""
    try:
        return float(tokens[0].value)
    except ValueError:
        raise ValueError("a number") from None


WholeNumber = Annotated[int, Parameter(converter=whole_number)]
