"""``textsiam compare``: two model folders on the same pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scoring_model import load_scoring
from textsiam.model.folder import check_no_file


def compare(
    first: Path,
    second: Path,
    pairs: Path,
    /,
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    device: str | None = None,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Compare two models on the same file of labelled pairs: which differences are more than chance.

    Parameters
    ----------
    first
        Model folder.
    second
        Model folder that the first is compared with; differences are second minus first.
    pairs
        File of labelled pairs.
    as_json
        Print JSON instead of a table.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    import textsiam

    check_no_file(first)
    check_no_file(second)
    one, other = (load_scoring(folder, device) for folder in (first, second))
    result = textsiam.compare(one, other, read_labelled(pairs, rows, labels), show_progress=True)
    print(json.dumps(result.to_dict(), indent=2) if as_json else result)
