"""``textsiam score``: two texts to a probability, or a file of pairs to the same file with probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.number_types import WholeNumber
from textsiam.cli.row_options import RowOptions
from textsiam.cli.score_file import ScoredFile, score_file
from textsiam.cli.score_texts import check_texts, score_texts
from textsiam.cli.scored_file import check_out
from textsiam.cli.scoring_model import load_scoring
from textsiam.errors import OptionError
from textsiam.model.folder import check_no_file
from textsiam.model.pair_model import PairModel


def score(  # noqa: PLR0913 - each is an option of the command
    model: Path,
    first: str,
    second: str | None = None,
    /,
    *,
    out: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    column: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    prior: float | None = None,
    device: str | None = None,
    workers: WholeNumber = 1,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
) -> None:
    """Score two texts, or every pair of a file.

    Parameters
    ----------
    model
        Model folder.
    first
        The first text, or, where no second one is given, a file of pairs (its labels, if any, are not needed). Texts
        that start with - go behind --, and options before it.
    second
        The second text.
    out
        File to write: the rows of the input, all of its columns, and the probability; format by its ending.
    overwrite
        Replace OUT if it is there.
    column
        Name of the column of probabilities. [default: probability]
    as_json
        Print JSON for two texts.
    prior
        Share of same pairs among those scored, such as 0.01, for probabilities that assume it; else that of the model.
        The threshold stays the model's: textsiam threshold --prior chooses one for it.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    workers
        Processes that score a file; each takes a copy of the model.
    """
    check_no_file(model)
    if second is not None:
        of_files = {"--out": out is not None, "--overwrite": overwrite, "--column": column is not None}
        of_files["--workers"] = workers != 1
        check_texts(model, first, second, [name for name, given in of_files.items() if given], rows)
        score_texts(_load(model, device, prior), first, second, as_json=as_json)
        return
    if as_json:
        raise OptionError("--json goes with two texts; for a file of pairs, give --out a name that ends in .jsonl")
    if out is None:
        raise OptionError(f"give --out FILE to score the pairs of the file {first}, or a second text to compare with")
    check_out(out, Path(first), overwrite=overwrite)
    wanted = ScoredFile(Path(first), out, "probability" if column is None else column, rows, workers)
    score_file(_load(model, device, prior), wanted)


def _load(folder: Path, device: str | None, prior: float | None) -> PairModel:
    model = load_scoring(folder, device)
    model.calibration = model.calibration_at(prior)
    return model
