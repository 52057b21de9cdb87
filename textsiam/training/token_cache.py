"""Tokenized pairs on disk: written block by block, mapped into memory, found again by a run that goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from textsiam.arrays import Array
from textsiam.atomic import write_atomically
from textsiam.data.pairs import Pairs
from textsiam.errors import TrainingError
from textsiam.text.tokenizer import TokenIds, Tokenizer
from textsiam.training.corpus import COUNTS, DistinctTexts, TokenizedPairs, offsets_of, token_blocks, tokenize_pairs

FORMAT = 1
HEADER = "header.json"
PAIRS_IN_MEMORY = 500_000  # more go to files
DTYPES = {"ids": "<i4", "offsets": "<i8", "index_a": "<i8", "index_b": "<i8", "labels": "<f4"}


class TokenCache:
    """Tokenizes pairs, each distinct text once; use it in a ``with`` block.

    Up to PAIRS_IN_MEMORY pairs stay in memory. More go to files in ``folder``, where they are found again by the
    fingerprints of pairs and vocabulary; without ``folder`` they go to a temporary one, which goes when the block ends.
    """

    def __init__(self, folder: Path | None, tokenizer: Tokenizer, *, show_progress: bool = False) -> None:
        self._folder, self._tokenizer, self._show_progress = folder, tokenizer, show_progress
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._vocabulary = hashlib.sha256(tokenizer.proto).hexdigest()

    def __enter__(self) -> TokenCache:
        return self

    def __exit__(self, *_: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def tokenize(self, pairs: Pairs, fingerprint: str) -> TokenizedPairs:
        """Give pairs, whose ``fingerprint`` it is, as ids in memory or mapped from files; errors as ``store``."""
        if len(pairs) <= PAIRS_IN_MEMORY:
            return tokenize_pairs(pairs, self._tokenizer, show_progress=self._show_progress)
        return open_tokens(self.store(pairs, fingerprint))

    def store(self, pairs: Pairs, fingerprint: str) -> Path:
        """Write the files of ``pairs``, unless they are there whole and unaltered, and give their folder.

        Raises TrainingError where they cannot be written.
        """
        key = f"{FORMAT} {fingerprint} {self._vocabulary} {self._tokenizer.max_tokens}"
        try:
            folder = self._place() / hashlib.sha256(key.encode()).hexdigest()[:16]
            if not is_whole(folder, key):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True, exist_ok=True)
                self._write(folder, pairs, key)
        except OSError as error:
            where = error.filename or self._folder or tempfile.gettempdir()
            raise TrainingError(
                f"the token ids could not be written to {where}: {error.strerror}; make room there and try again"
            ) from error
        return folder

    def remove(self) -> None:
        """Remove the files, once the run has finished; what is still mapped stays on Windows."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self) -> Path:
        if self._folder is not None:
            return self._folder
        if self._temporary is None:
            # Windows keeps files that are still mapped
            self._temporary = tempfile.TemporaryDirectory(prefix="textsiam-tokens-", ignore_cleanup_errors=True)
        return Path(self._temporary.name)

    def _write(self, folder: Path, pairs: Pairs, key: str) -> None:
        texts = DistinctTexts.of(pairs, show_progress=self._show_progress)
        for name, array in (("index_a", texts.index_a), ("index_b", texts.index_b), ("labels", pairs.labels)):
            _write_array(folder, name, array)
        blocks = token_blocks(pairs, texts, self._tokenizer, show_progress=self._show_progress)
        counts = dict.fromkeys(COUNTS, 0)
        with _file(folder, "ids").open("wb") as file:
            offsets = offsets_of(_write_blocks(blocks, file, counts))
        _write_array(folder, "offsets", offsets)
        sums = {name: _sha256(_file(folder, name)) for name in DTYPES}
        content = {"key": key, "counts": counts, "sha256": sums}
        write_atomically(folder / HEADER, json.dumps(content | {"header_sha256": _header_sum(content)}))  # last: whole


def open_tokens(folder: Path) -> TokenizedPairs:
    """Map the files that ``TokenCache.store`` wrote; TrainingError where they cannot be opened."""
    try:
        counts = json.loads((folder / HEADER).read_text(encoding="utf-8"))["counts"]
        arrays = {name: _mapped(_file(folder, name), dtype) for name, dtype in DTYPES.items()}
    except OSError as error:
        raise TrainingError(
            f"the token ids in {folder} cannot be opened: {error.strerror}; every process of a run must see that folder"
        ) from error
    tokens = TokenIds(ids=arrays["ids"], offsets=arrays["offsets"], **counts)
    return TokenizedPairs(tokens, arrays["index_a"], arrays["index_b"], arrays["labels"])


def is_whole(folder: Path, key: str) -> bool:
    """Tell whether the files in ``folder`` are those of ``key``, none of them cut short or altered."""
    try:
        content = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        unaltered = content.pop("header_sha256") == _header_sum(content) and content["key"] == key
        return unaltered and all(_sha256(_file(folder, name)) == content["sha256"][name] for name in DTYPES)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _write_blocks(blocks: Iterable[TokenIds], file: BinaryIO, counts: dict[str, int]) -> Iterator[Array]:
    """Write the ids of blocks, add up their counts, and give the lengths of their texts."""
    for block in blocks:
        file.write(_plain(block.ids, "ids"))
        for name in counts:
            counts[name] += getattr(block, name)
        yield block.lengths


def _write_array(folder: Path, name: str, array: Array) -> None:
    with _file(folder, name).open("wb") as file:
        file.write(_plain(array, name))


def _plain(array: Array, name: str) -> memoryview:
    return np.ascontiguousarray(array, DTYPES[name]).data


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.bin"


def _mapped(path: Path, dtype: str) -> Array:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)  # nothing cannot be mapped
    return np.memmap(path, dtype=dtype, mode="r").view(np.ndarray)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _header_sum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
