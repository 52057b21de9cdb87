"""How many threads NumPy's matrix library uses for a model."""

from __future__ import annotations

from threadpoolctl import ThreadpoolController

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.model.encoders.encoder import Encoder
from textsiam.text.tokenizer import TokenIds


def check_threads(threads: int | None) -> None:
    """Raise OptionError unless ``threads`` is a whole number from 1, or None."""
    if threads is not None and (not isinstance(threads, int) or isinstance(threads, bool) or threads < 1):
        raise OptionError(
            f"threads is {threads!r}, expected a whole number from 1, or None for the library's own choice"
        )


class ThreadLimitedEncoder:
    """A NumPy encoder whose matrix products take ``threads`` threads; the setting is the process's while it works."""

    def __init__(self, encoder: Encoder, threads: int) -> None:
        self.encoder, self.threads = encoder, threads
        self.controller = ThreadpoolController()

    def __call__(self, tokens: TokenIds) -> Array:
        """Return float32 (n, D)."""
        with self.controller.limit(limits=self.threads, user_api="blas"):
            return self.encoder(tokens)
