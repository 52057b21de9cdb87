"""``textsiam export sentence-transformers``: a model folder to one that SentenceTransformer loads."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.scoring_model import load_scoring
from textsiam.model.folder import check_no_file


def export_sentence_transformers(model: Path, /, *, out: Path, min_version: str = "5.1") -> None:
    """Write a model as a folder that SentenceTransformer loads.

    Parameters
    ----------
    model
        Model folder, of a bag of tokens or an LSTM with a head that compares vectors as they are, such as cosine.
    out
        Folder to write; it must be new, or empty.
    min_version
        Earliest version of sentence-transformers that is to load it: 5.1; or 6.2, which is needed by LSTMs of subwords,
        and by imported lists of words if texts are cut.
    """
    from textsiam.integrations import sentence_transformers

    check_no_file(model)
    loaded = load_scoring(model)
    sentence_transformers.export_sentence_transformers(loaded, out, min_version=min_version)
    print(f"{out}: its README.md says what its similarities mean")
