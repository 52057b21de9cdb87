"""The README.md of an exported folder, and the card of an imported model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import textsiam
from textsiam.integrations.sentence_transformers.modules_of import is_word_list
from textsiam.model.calibration import FALLS
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import doubt, is_calibrated

_FRONT = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
---
"""
_NAMES = {"cosine": "cosine", "dot": "dot product", "euclidean": "negative Euclidean distance"}
_RANGES = {"cosine": (-1.0, 1.0), "dot": (-np.inf, np.inf)}  # of distances, negative: up to 0
_UNKNOWN = "sentence-transformers knows no calibration."
_SAME = "probabilities that two texts say the same (of pairs with a share of {:.3g} same ones)"
_PROBABILITIES = (0.1, 0.25, 0.5, 0.75, 0.9)


def export_card(model: PairModel, modules: Sequence[str], needs_newest: str | None) -> str:
    """Write the README.md: how to load it, what the similarity says, and the card of the model that it was."""
    parts = model.architecture
    lines = [
        f"{_FRONT}# A textsiam model in the modules of sentence-transformers",
        "```python\nfrom sentence_transformers import SentenceTransformer\n\n"
        'model = SentenceTransformer("path/to/this/folder")\n'
        'model.similarity(model.encode(["a text"]), model.encode(["another one"]))\n```',
        f"Modules: {', '.join(modules)}. Vectors of {parts.vector_size}"
        f"{' and length 1' if 'Normalize' in modules else ''}, compared by their {_similarity(model)}. "
        f"A text is read up to its token {parts.max_tokens:,}. Written by textsiam {textsiam.__version__} from the "
        f"model with the fingerprint {model.fingerprint()}.",
        *_limits(model, needs_newest),
        _threshold(model),
    ]
    card = model.card.strip().replace("\n# ", "\n### ").removeprefix("# ")
    return "\n\n".join([*lines, *(["## The model", card] if card else [])]) + "\n"


def import_card(model: PairModel, modules: Sequence[str]) -> str:
    """Write the card of a model that was imported."""
    parts = model.architecture
    what = "none"
    if is_calibrated(model.details):
        threshold = "" if model.details["graded"] else f", threshold {model.calibration.threshold:.4f}"
        what = f"on {model.details['dev']['pairs']:,} dev pairs{threshold}"
    said = doubt(model.details, model.calibration)
    warning = f"| **warning** | {said} |\n" if said else ""
    return (
        "# A textsiam model\n\n"
        f"Imported from a folder of sentence-transformers ({', '.join(modules)}); load it with "
        "`textsiam.PairModel.load(folder)`.\n\n| | |\n|---|---|\n"
        f"| architecture | {parts.encoder} encoder, {parts.head} head, vectors of {parts.vector_size} |\n"
        f"| vocabulary | {model.tokenizer.size:,} tokens |\n| calibration | {what} |\n{warning}"
    )


def _similarity(model: PairModel) -> str:
    return _NAMES.get(model.architecture.head, "negative Manhattan distance")


def _limits(model: PairModel, needs_newest: str | None) -> list[str]:
    lines = [f"Needs sentence-transformers 6.2 or later: {needs_newest}."] if needs_newest else []
    if is_word_list(model):
        lines.append("Words that are not in the list are left out.")
    if model.architecture.encoder == "lstm":
        if model.architecture.pooling == "max":
            older = "" if needs_newest else ", -1e9 in version 5.1"
            lines.append(f"A text without a token, such as an empty one, has no vector: minus infinity{older}.")
        if not needs_newest:
            lines.append("Versions before 6.2 cannot encode a batch of nothing but texts without a token.")
    return lines


def _threshold(model: PairModel) -> str:
    """Say which similarity the threshold on the probability is, and what other probabilities are."""
    calibration, name = model.calibration, _similarity(model)
    if not is_calibrated(model.details):
        return f"The model was not calibrated: from which {name} on two texts say the same is not known."
    graded = bool(model.details.get("graded"))
    if not calibration.rises:
        return f"**Warning**: {FALLS}."
    lowest, highest = _RANGES.get(model.architecture.head, (-np.inf, 0.0))
    rows, unreached = [], []
    for probability in sorted({*_PROBABILITIES, *([] if graded else [calibration.threshold])}):
        raw = calibration.least_raw(probability)
        own = " (threshold)" if not graded and probability == calibration.threshold else ""
        if np.isfinite(raw) and lowest <= raw <= highest:
            rows.append(f"| {raw:.6g} | {probability:.4g}{own} |")
        elif own:
            which = f"No {name} reaches" if raw > highest or raw == np.inf else f"Every {name} reaches"
            unreached = [f"{which} the threshold, a probability of {probability:.4g}."]
    said, column = (_grades(model), "nearness") if graded else (_SAME.format(calibration.prior), "probability")
    intro = f"From these values of the {name} on, the model gave these {said}:"
    table = [intro, "\n".join([f"| {name} | {column} |", "|---|---|", *rows])] if rows else []
    return "\n\n".join([" ".join([_UNKNOWN, *unreached, *table[:1]]), *table[1:]])


def _grades(model: PairModel) -> str:
    grades = model.details.get("label_range")
    stands = f", which stands for the grades {grades[0]:g} to {grades[1]:g}" if grades else ""
    return f"numbers from 0 to 1, how near two texts are in meaning{stands}"
