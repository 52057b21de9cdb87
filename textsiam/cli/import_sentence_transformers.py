"""``textsiam import sentence-transformers``: a folder of sentence-transformers to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.messages import say
from textsiam.cli.outputs import check_no_model
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scoring_model import tell_doubt
from textsiam.errors import OptionError
from textsiam.model.folder import check_target


def import_sentence_transformers(
    folder: Path,
    /,
    *,
    out: Path,
    dev: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Make a model of a sentence-transformers folder.

    Parameters
    ----------
    folder
        Folder as SentenceTransformer saves it, of a StaticEmbedding, or of WordEmbeddings, with an LSTM or without.
    out
        Model folder to write.
    dev
        File of labelled pairs on which probabilities and threshold are fitted; without, they mean nothing.
    overwrite
        Replace the model that is at OUT.
    """
    from textsiam.integrations import sentence_transformers

    if dev is None and (rows, labels) != (RowOptions(), LabelOptions()):
        raise OptionError("the options that say how to read go with --dev FILE")
    check_target(out)
    check_no_model(out, overwrite=overwrite)
    labelled = None if dev is None else read_labelled(dev, rows, labels)
    model = sentence_transformers.import_sentence_transformers(folder, dev=labelled)
    model.save(out)
    tell_doubt(out, model)
    if labelled is not None:
        threshold = "" if labelled.graded else f", threshold {model.calibration.threshold:.4f}"
        say(f"{out}: calibrated on {len(labelled):,} pairs{threshold}")
    print(f"{out}: {model!r}")
