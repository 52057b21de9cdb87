"""Embeddings of tokens from a file of word vectors, for vocabularies whose tokens are parts of words too."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sentencepiece import SentencePieceProcessor

from textsiam.arrays import Array
from textsiam.errors import DataError, OptionError
from textsiam.text.tokenizer import PAD_ID, UNKNOWN_ID, Tokenizer, read_processor
from textsiam.text.word_model import check_sentencepiece
from textsiam.text.word_rules import WORD_START
from textsiam.training.vector_file import VectorFile

MOST_WORDS = 2_000_000  # distinct words of the corpus that are held; beyond, the rarest are forgotten
_OUTER = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """Embeddings of V tokens: ``table`` float32 (V, D), ``covered`` bool (V,) says which rows the file gave.

    ``whole`` tokens are words of the file.
    """

    table: Array
    covered: Array
    whole: int

    def fingerprint(self) -> str:
        """Give a sha256 (hex) of the rows and which they are."""
        return hashlib.sha256(self.table.tobytes() + self.covered.tobytes()).hexdigest()

    def details(self) -> dict[str, object]:
        """Describe them in JSON values."""
        counts = {"tokens": len(self.covered), "covered": int(self.covered.sum()), "whole_words": self.whole}
        return counts | {"sha256": self.fingerprint()}

    def summary(self) -> str:
        """Say what share of the tokens has a vector."""
        count, covered = len(self.covered), int(self.covered.sum())
        return f"{covered / count:.1%} of {count:,} tokens have one, {self.whole / count:.1%} as whole words"


def check_vectors(path: Path, dim: int) -> None:
    """Raise OptionError unless the vectors of the file have ``dim`` numbers, DataError where it holds none."""
    found = VectorFile(path).dim
    if found != dim:
        raise OptionError(
            f"dim is {dim}, but the vectors of {path} have {found} numbers; give dim {found} (--dim {found})"
        )


def embed_words(path: Path, texts: Iterable[str], proto: bytes, *, show_progress: bool = False) -> TokenVectors:
    """Compose embeddings for a vocabulary from word vectors and the training ``texts``.

    A token that starts a word takes the vector of the word that it spells. Any other token, such as a piece inside of
    words, takes the mean of the vectors of those words of the texts that have it among their tokens, each weighted by
    how often it occurs; where there are none, as in scripts without spaces, that of the word that it spells. All are
    then scaled by one number, so that the mean square of their components is 1, as it is of the random start, which
    tokens without any vector keep.

    Words are compared as the vocabulary normalises them; of several words of the file that it does not tell apart, the
    first is taken, which most files have as the most frequent. Words of the texts count with and without the
    punctuation around them. Padding and the unknown token get no vector.

    The file is read once, line by line; memory goes to the distinct words of the texts and two tables (V, D). Raises
    DataError for a file that cannot be understood (see ``VectorFile``) or has no word of the vocabulary.
    """
    check_sentencepiece(proto, "a start from word vectors (--vectors)")
    processor = read_processor(proto)
    tokenizer, file = Tokenizer(proto), VectorFile(path)
    starts, inside = _spelled(processor.id_to_piece(list(range(tokenizer.size))))
    counts = _word_counts(texts, processor)
    number = {word: place for place, word in enumerate(counts)}
    segmented = tokenizer.encode(list(counts))
    wanted = starts.keys() | inside.keys() | counts.keys()

    def key_of(word: str) -> str | None:
        """Give the form that the vocabulary makes of a word, where it is wanted and comes for the first time."""
        key = word if word in wanted else _normalized(word, processor)
        if key not in wanted:
            return None
        wanted.remove(key)
        return key

    whole: dict[int, Array] = {}
    spelling: dict[int, Array] = {}
    sums, weights = np.zeros((tokenizer.size, file.dim), np.float32), np.zeros(tokenizer.size, np.float32)
    for key, vector in file.vectors(key_of, show_progress=show_progress):
        if key in starts:
            whole[starts[key]] = vector
        if key in inside:
            spelling[inside[key]] = vector
        if key in counts:
            tokens = np.unique(segmented[number[key]])
            sums[tokens] += counts[key] * vector
            weights[tokens] += counts[key]
    weights[[PAD_ID, UNKNOWN_ID]] = 0
    table = sums / np.maximum(weights, 1)[:, None]
    covered = weights > 0
    for token, vector in [*((t, v) for t, v in spelling.items() if not covered[t]), *whole.items()]:
        table[token], covered[token] = vector, True
    if not covered.any():
        raise DataError("has no word of the vocabulary, expected vectors of the language of the pairs", file=path)
    return TokenVectors(_scaled(table, covered), covered, len(whole))


def _spelled(pieces: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Give the tokens that start a word by the words that they spell, and those that stand inside of words."""
    known = [(piece, token) for token, piece in enumerate(pieces) if token not in (PAD_ID, UNKNOWN_ID)]
    starts = {piece[1:]: token for piece, token in known if piece.startswith(WORD_START) and piece != WORD_START}
    return starts, {piece: token for piece, token in known if not piece.startswith(WORD_START)}


def _normalized(word: str, processor: SentencePieceProcessor) -> str:
    return str(processor.normalize(word)).strip(WORD_START)


def _word_counts(texts: Iterable[str], processor: SentencePieceProcessor) -> dict[str, int]:
    """Count the words of texts, as they stand and without the punctuation around them, in normalised form."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(text.split())
        if len(found) > MOST_WORDS:
            found = _frequent(found)
    counts: Counter[str] = Counter()
    for word, count in found.items():
        for form in {word, _OUTER.sub("", word)}:
            counts[_normalized(form, processor)] += count
    del counts[""]
    return dict(counts)


def _frequent(counts: Counter[str]) -> Counter[str]:
    """Forget the rarest words, so that at most half of MOST_WORDS are left."""
    least = 1
    while len(counts) > MOST_WORDS // 2:
        least += 1
        counts = Counter({word: count for word, count in counts.items() if count >= least})
    return counts


def _scaled(table: Array, covered: Array) -> Array:
    """Scale the covered rows such that the mean square of their numbers is 1, where they are not all 0."""
    mean_square = float(np.square(table[covered], dtype=np.float64).mean())
    table[~covered] = 0
    return np.asarray(table / np.float32(mean_square**0.5 or 1))
