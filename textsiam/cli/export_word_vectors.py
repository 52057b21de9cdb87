"""``textsiam export word-vectors``: the vectors of a model's words as a text file."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.outputs import check_new
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
        Text file, a word a line: these words, with the vectors that the model gives them as texts, in place of the
        rows of its embedding table.
    marks
        Write all tokens as the vocabulary spells them, those inside of words too.
    overwrite
        Replace OUT if it is there.
    """
    from textsiam.data.texts import iter_texts
    from textsiam.integrations import word_vectors

    check_no_file(model)
    check_new(out, "--out", overwrite=overwrite, inputs=() if words is None else (words,))
    loaded = PairModel.load(model)
    given = None if words is None else list(iter_texts([words]))
    count = word_vectors.export_word_vectors(loaded, out, words=given, marks=marks)
    print(f"{out}: {count:,} vectors")
