"""Batches of texts that need no mask (all of one length), or need one (padded)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from textsiam.errors import OptionError
from textsiam.text.tokenizer import PAD_ID, TokenIds


def exact_length_buckets(
    lengths: npt.NDArray[np.integer], max_tokens: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Give (length, rows) for every length > 0: rows, int64 (b,), are the texts of ``lengths`` (n,) that have it.

    A bucket holds at most ``max_tokens`` tokens but at least one row, so a length may come several times. Lengths
    rise, rows of one length keep their order, every row with a token comes exactly once. OptionError: max_tokens < 1.
    """
    if max_tokens < 1:
        raise OptionError(f"max_tokens is {max_tokens!r}, expected a whole number from 1")
    return _buckets(np.asarray(lengths), max_tokens)


def _buckets(lengths: npt.NDArray[np.integer], max_tokens: int) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    order = np.argsort(lengths, kind="stable").astype(np.int64, copy=False)
    found, starts = np.unique(lengths[order], return_index=True)
    ends = np.append(starts, len(order))[1:]
    for length, start, end in zip(found.tolist(), starts.tolist(), ends.tolist(), strict=True):
        if length <= 0:
            continue
        step = max(1, max_tokens // length)
        for first in range(start, end, step):
            yield length, order[first : min(first + step, end)]


def length_batches(
    lengths: npt.NDArray[np.integer], by_length: npt.NDArray[np.int64], most_rows: int, most_tokens: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Cut rows by rising length into batches of so many rows and, with padding, tokens; or of one row."""
    start = 0
    while start < len(by_length):
        rows = by_length[start : start + most_rows]
        padded_tokens = lengths[rows] * np.arange(1, len(rows) + 1)
        rows = rows[: max(1, np.count_nonzero(padded_tokens <= most_tokens))]
        yield rows
        start += len(rows)


def padded(tokens: TokenIds, rows: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the ids of ``rows`` (B,) as int64 (B, T), 0 behind each text's end, and their lengths, int64 (B,).

    T is the longest of these rows, 0 where none has a token; a row outside the texts raises IndexError.
    """
    rows = np.asarray(rows, dtype=np.int64)
    starts_B = tokens.offsets[:-1][rows]
    lengths_B = tokens.offsets[1:][rows] - starts_B  # tokens.lengths would compute those of all texts
    steps_T = np.arange(lengths_B.max(initial=0))
    inside_BT = steps_T < lengths_B[:, None]
    ids_BT = np.full(inside_BT.shape, PAD_ID, dtype=np.int64)
    ids_BT[inside_BT] = tokens.ids[(starts_B[:, None] + steps_T)[inside_BT]]
    return ids_BT, lengths_B
