"""``textsiam export word-vectors``: the vectors of a model's words as a text file."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.outputs import check_new
from textsiam.errors import DataError
from textsiam.model.folder import check_no_file
from textsiam.model.pair_model import PairModel


def export_word_vectors(
    model: Path, /, *, out: Path, words: Path | None = None, marks: bool = False, overwrite: bool = False
) -> None:
    """Write the vectors of a model's words in the text form of word2vec.

    Parameters
    ----------
    model
        Model folder.
    out
        File to write; compressed if it ends in .gz.
    words
        Text file, a word a line, whatever its ending: these words, with the vectors that the model gives them as texts,
        in place of the rows of its embedding table.
    marks
        Write all tokens as the vocabulary spells them, those inside of words too.
    overwrite
        Replace OUT if it is there.
    """
    from textsiam.integrations import word_vectors

    check_no_file(model)
    check_new(out, "--out", overwrite=overwrite, inputs=() if words is None else (words,))
    given = None if words is None else _read_words(words)
    count = word_vectors.export_word_vectors(PairModel.load(model), out, words=given, marks=marks)
    print(f"{out}: {count:,} vectors")


def _read_words(file: Path) -> list[str]:
    """Read a word a line; empty lines are passed over. Raises DataError that names the line."""
    from textsiam.data.files import check_file
    from textsiam.data.texts import plain_lines

    check_file(file)
    words: list[str] = []
    for number, line in enumerate(plain_lines(file), 1):
        if isinstance(line, DataError):
            raise line
        parts = line.split()
        if len(parts) > 1:
            raise DataError(f"{line!r:.80} has white space in it, expected a word a line", file=file, line=number)
        words += parts
    return words
