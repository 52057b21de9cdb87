"""Texts without labels, from a file or from memory, that can be read more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from os import PathLike
from pathlib import Path

from textsiam.data.texts import iter_texts
from textsiam.errors import OptionError, TrainingError
from textsiam.progress import progress
from textsiam.text.checks import check_text
from textsiam.text.tokenizer import TokenIds, Tokenizer
from textsiam.training.corpus import BLOCK_TEXTS, joined


class UnlabelledTexts:
    """Texts of a file that ``iter_texts`` reads, or any str; those that are blank are left out.

    A file is read anew each time; other texts are held in memory. Raises DataError for a file that is missing,
    OptionError for what is no text.
    """

    def __init__(self, source: str | PathLike[str] | Iterable[str]) -> None:
        self._path, self._held = None, []
        if isinstance(source, str | PathLike):
            self._path = Path(source)
            iter_texts([self._path])  # a missing file is told before any work
            return
        if isinstance(source, bytes) or not isinstance(source, Iterable):
            raise OptionError(f"texts is of type {type(source).__name__}, expected a path or many str")
        for position, text in enumerate(source):
            check_text(text, position)
            if text and not text.isspace():
                self._held.append(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held) if self._path is None else iter_texts([self._path])

    def tokenize(self, tokenizer: Tokenizer, *, show_progress: bool) -> TokenIds:
        """Give the ids of all texts, in memory; TrainingError where there are none."""
        blocks = []
        with progress("tokenizing", None, "texts without labels", show=show_progress) as bar:
            texts = iter(self)
            while block := list(islice(texts, BLOCK_TEXTS)):
                blocks.append(tokenizer.encode(block))
                bar.advance(len(block))
        if not blocks:
            raise TrainingError("texts (--texts) has no text that is not blank; bring some or leave it out")
        return joined(blocks)
