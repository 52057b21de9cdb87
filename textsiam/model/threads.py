"""How many threads NumPy's matrix library uses for a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from threadpoolctl import ThreadpoolController

from textsiam.arrays import Array
from textsiam.errors import OptionError

Given = ParamSpec("Given")


def check_threads(threads: int | None) -> None:
    """Raise OptionError unless ``threads`` is a whole number from 1, or None."""
    if threads is not None and (not isinstance(threads, int) or isinstance(threads, bool) or threads < 1):
        raise OptionError(
            f"threads is {threads!r}, expected a whole number from 1, or None for the library's own choice"
        )


def with_threads(work: Callable[Given, Array], threads: int | None) -> Callable[Given, Array]:
    """Make ``work`` take ``threads`` threads for matrix products (None: as many as it does).

    The setting is the process's while it works.
    """
    if threads is None:
        return work
    controller = ThreadpoolController()

    def limited(*args: Given.args, **kwargs: Given.kwargs) -> Array:
        with controller.limit(limits=threads, user_api="blas"):
            return work(*args, **kwargs)

    return limited
