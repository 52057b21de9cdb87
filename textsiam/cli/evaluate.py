"""``textsiam evaluate``: a model folder's metrics on a pair file."""

from __future__ import annotations

import json
from pathlib import Path

from textsiam.cli.messages import tell_texts
from textsiam.cli.pair_options import PairOptions


def evaluate(
    model: Path,
    pairs: Path,
    /,
    *,
    by: str | None = None,
    json_output: bool = False,
    curves: bool = False,
    device: str | None = None,
    reading: PairOptions = PairOptions(),  # noqa: B008 - frozen
) -> None:
    """Evaluate a model on a file of labelled pairs, at the threshold that dev chose.

    Example: textsiam evaluate models/quora test.tsv

    Parameters
    ----------
    model
        Model folder.
    pairs
        File of labelled pairs.
    by
        Column whose values make slices with metrics of their own.
    json_output
        Print JSON instead of a table.
    curves
        Add the points of the ROC and precision-recall curves to the JSON.
    device
        cpu or cuda to encode with torch; NumPy if not given.
    """
    import textsiam

    loaded = textsiam.PairModel.load(model, device=device)
    result = textsiam.evaluate(loaded, reading.read(pairs, keep=() if by is None else (by,)), by=by)
    tell_texts(result.texts)
    if not json_output:
        print(result)
        return
    values = result.to_dict()
    if curves:
        for name, points in (("roc", result.roc()), ("precision_recall", result.precision_recall())):
            values[name] = {axis: numbers.tolist() for axis, numbers in points.items()}
    print(json.dumps(values, indent=2))
