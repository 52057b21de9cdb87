"""``textsiam export onnx``: a model folder to ONNX graphs, and how far they are off."""

from __future__ import annotations

from pathlib import Path

from textsiam.cli.messages import say
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.scoring_model import load_scoring
from textsiam.errors import OptionError
from textsiam.model.folder import check_no_file


def export_onnx(
    model: Path,
    /,
    *,
    out: Path,
    weights: str = "fp32",
    page: bool = False,
    ort: str = "./ort/",
    pairs: Path | None = None,
    rows: RowOptions = RowOptions(),  # noqa: B008 - frozen
    labels: LabelOptions = LabelOptions(),  # noqa: B008 - frozen
) -> None:
    """Write a model as ONNX graphs.

    Parameters
    ----------
    model
        Model folder.
    out
        Folder to write; what an earlier export left there is replaced.
    weights
        fp32; or int8: matrices as a byte a number with a scale per row, a quarter of the size.
    page
        Add a page that scores two texts in the browser.
    ort
        Where that page finds onnxruntime-web: a folder beside it, or a URL, with / at its end.
    pairs
        File of labelled pairs on which accuracy and ROC-AUC are measured before and after.
    """
    from textsiam.integrations import onnx
    from textsiam.integrations.onnx.page import ORT

    check_no_file(model)
    if pairs is None and (rows, labels) != (RowOptions(), LabelOptions()):
        raise OptionError("the options that say how to read go with --pairs FILE")
    if not page and ort != ORT:
        raise OptionError(f"--ort {ort} goes with --page")
    loaded = load_scoring(model)
    labelled = None if pairs is None else read_labelled(pairs, rows, labels)
    written = onnx.export_onnx(loaded, out, weights=weights, pairs=labelled, page=page, ort=ort)
    for name, size in written.files.items():
        print(f"{name:<20}{size:>14,} bytes")
    measured = written.measured
    print(f"probabilities differ by at most {measured.at_most}")
    for metric, before in measured.before.items():
        print(f"{metric}: {before:.5f} before, {measured.after[metric]:.5f} after")
    say(f"{out}: its README.md has an example")
