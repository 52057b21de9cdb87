"""Word vectors out of a model, in the text form of word2vec, which gensim, spaCy and ``--vectors`` read."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from textsiam.arrays import Array
from textsiam.atomic import atomic_path
from textsiam.errors import OptionError, check_model
from textsiam.model.architecture import CUSTOM
from textsiam.model.inputs import text_blocks
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING
from textsiam.text.checks import checked_texts
from textsiam.text.word_rules import WORD_START

_UNREAD = (".bz2", ".xz", ".zip", ".zst")  # endings that readers would believe


def export_word_vectors(
    model: PairModel, path: str | Path, *, words: Iterable[str] | None = None, marks: bool = False
) -> int:
    """Write vectors of words in the text form of word2vec, and return how many.

    The first line holds how many vectors follow and how many numbers each has, every other line a word and its numbers
    between spaces, in 9 digits, from which float32 comes back as it was. A path that ends in ".gz" is compressed. The
    file takes its place when it is complete; equal models give equal bytes.

    Without ``words``, the rows of the model's table of token embeddings are written, (V, dim), by rising token id: of
    encoders that read a text in order, too, it is the table below them, and no state; of a bag with a ``weighting``,
    before the weights. A token that begins a word
    ("▁reset" in the vocabulary) is written as the word that it spells, "reset". Tokens that stand inside of words, such
    as "ing", are no words, and left out. With ``marks`` both are written as the vocabulary spells them, "▁reset" and
    "ing", as BPEmb does: for readers that cut texts by the same vocabulary. Padding, the unknown token, bytes, a word
    start without a word, and tokens with white space in them, for which the form has no room, are always left out.

    With ``words``, it is those that are written, in their order and each once, with the vectors (D,) that ``encode``
    gives for them as texts: any word has one, also where the vocabulary cuts it into parts, and also of encoders
    without a table that is known (custom ones). What is empty to the model has the zero vector.

    Give a file without ``marks`` to ``textsiam train --vectors``; of what is read there, each word becomes the
    embedding of the token that spells it, scaled as all are.

    Raises OptionError for a path that cannot be a file of vectors, a word that is empty or has white space in it, and
    where there is nothing to write. An OSError of writing names ``path``.
    """
    check_model(model, pair_model=True)
    path = Path(path)
    _check_path(path)
    if words is None:
        names, tokens = _spelled_tokens(model, marks=marks)
        table = model.weights[EMBEDDING]
        blocks, dim = iter([(names, table[tokens])]), table.shape[1]
    elif marks:
        raise OptionError("marks is True, but words are given, which the vocabulary does not spell; leave one out")
    else:
        names = _checked_words(words)
        blocks = ((block, model.encode(block)) for block in text_blocks(names))
        dim = model.architecture.vector_size
    with _open(path) as stream:
        stream.write(f"{len(names)} {dim}\n".encode())
        for block, vectors in blocks:
            stream.writelines(_lines(block, vectors))
    return len(names)


def _check_path(path: Path) -> None:
    if path.suffix.lower() in _UNREAD:
        raise OptionError(f"path {path}: {path.suffix} cannot be written; end it in .gz to compress, or in .txt")
    if path.is_dir():
        raise OptionError(f"path {path} is a folder, expected a file")
    if not path.parent.is_dir():
        raise OptionError(f"path {path}: there is no folder {path.parent}; make it first")


def _spelled_tokens(model: PairModel, *, marks: bool) -> tuple[list[str], list[int]]:
    """Give what is written for tokens, and their ids."""
    if model.architecture.encoder == CUSTOM:  # weights of any name and shape
        raise OptionError("the encoder of this model is custom, of which no table of embeddings is known; give words")
    spelled = [
        (spelling if marks else spelling.removeprefix(WORD_START), token)
        for token, spelling in enumerate(model.tokenizer.spellings)
        if spelling not in ("", WORD_START) and (marks or spelling.startswith(WORD_START))
    ]
    kept = [(name, token) for name, token in spelled if not _has_space(name)]
    if not kept:
        raise OptionError("no token of this vocabulary begins a word and goes on; give words, or marks=True")
    return [name for name, _ in kept], [token for _, token in kept]


def _checked_words(words: Iterable[str]) -> list[str]:
    """Give each word once; OptionError names the first that the form has no room for."""
    given = checked_texts(words, "words")
    for position, word in enumerate(given):
        if not word or _has_space(word):
            raise OptionError(f"words[{position}] is {word!r:.80}, expected a word without white space in it")
    if not given:
        raise OptionError("words is empty, expected at least one word")
    return list(dict.fromkeys(given))


def _has_space(word: str) -> bool:
    return any(map(str.isspace, word))


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with atomic_path(path) as part, part.open("wb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        # without the name and time of making, which would make equal files differ
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def _lines(names: list[str], vectors: Array) -> Iterator[bytes]:
    form = "%s" + " %.9g" * vectors.shape[1] + "\n"
    for name, row in zip(names, vectors, strict=True):
        yield (form % (name, *row.tolist())).encode("utf-8", "replace")
