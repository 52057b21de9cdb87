"""The options that say which entries of an index are looked for."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from textsiam.errors import OptionError
from textsiam.index.duplicate_index import DuplicateIndex
from textsiam.index.entry_checks import checked_attributes


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class FindOptions:
    """Which entries are looked for; None where nothing was said."""

    threshold: Annotated[
        float | None,
        Parameter(
            help="Probability from which on two texts are the same; 0: the nearest, however far. [default: that of the "
            "index]"
        ),
    ] = None
    where: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(),
            show_default=False,
            help="An attribute that entries must have, such as lang=en; of several values of one name they need one.",
        ),
    ] = ()

    def attributes(self) -> dict[str, list[Any]]:
        """Give what attributes may be: a text, and the number, or true, false or null, that it stands for."""
        wanted: dict[str, list[Any]] = {}
        for one in self.where:
            name, equals, text = one.partition("=")
            if not name or not equals:
                raise OptionError(f"where (--where) is {one!r}, expected NAME=VALUE, such as lang=en")
            wanted.setdefault(name, []).append(text)
            try:
                value = checked_attributes({name: json.loads(text)}, name)[name]
            except (ValueError, RecursionError):
                continue  # NaN, Infinity and the like are texts, for no attribute can be them
            wanted[name].append(value)
            if type(value) is int:
                with suppress(OverflowError):
                    wanted[name].append(float(value))
        return wanted

    def least(self, index: DuplicateIndex) -> float:
        """Give the threshold that holds in an index."""
        return index.threshold if self.threshold is None else self.threshold
