"""Two texts to a probability, or to a grade where the model learned grades."""

from __future__ import annotations

import json
from pathlib import Path

from textsiam.cli.messages import tell_texts
from textsiam.cli.row_options import RowOptions
from textsiam.data.files import file_format
from textsiam.errors import DataError, OptionError
from textsiam.model.pair_model import PairModel


def check_texts(model: Path, first: str, second: str, of_files: list[str], rows: RowOptions) -> None:
    """Raise OptionError for options that go with a file, ``of_files`` and ``rows``, and for files in place of texts."""
    if rows != RowOptions():
        raise OptionError("the options that say how to read go with a file of pairs, but two texts were given")
    if of_files:
        raise OptionError(f"{of_files[0]} goes with a file of pairs, but two texts were given")
    if is_file(first) and (is_file(second) or _is_file_name(second)):
        raise OptionError(
            f"{first!r} and {second!r} are names of files, expected two texts; "
            f"the pairs of one file are scored with: textsiam score {model} {first} --out FILE"
        )


def score_texts(model: PairModel, first: str, second: str, *, as_json: bool) -> None:
    """Print how probable it is that two texts are the same, or their grade; on stderr what could not be read."""
    probability, threshold = model.score(first, second), model.calibration.threshold
    tell_texts(model.inspect([first, second]))
    if model.details.get("graded"):
        low, high = model.details["label_range"]
        grade = low + probability * (high - low)
        values = {"grade": grade, "label_range": [low, high], "probability": probability}
        line = f"{grade:.4f}  grade, from {low:g} to {high:g}"
    else:
        values = {"probability": probability, "same": probability >= threshold, "threshold": threshold}
        line = f"{probability:.4f}  {'same' if values['same'] else 'not the same'} (threshold {threshold:.4f})"
    print(json.dumps(values) if as_json else line)


def is_file(text: str) -> bool:
    """Tell whether a text is the path of a file."""
    try:
        return Path(text).is_file()
    except OSError:  # as for a text too long for a name
        return False


def _is_file_name(text: str) -> bool:
    """Tell whether a text ends as the files of pairs do, and has no spaces as sentences have."""
    try:
        file_format(Path(text))
    except DataError:
        return False
    return " " not in text
