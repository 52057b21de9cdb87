"""export_onnx: a model as a folder of ONNX graphs, with all that a caller needs besides."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textsiam import __version__
from textsiam.arrays import Array
from textsiam.errors import OptionError, TextsiamError, check_choice, check_model, import_extra
from textsiam.integrations.onnx.card import card_of
from textsiam.integrations.onnx.folder import CARD, FORMAT, KIND, SUFFIX, VOCABULARY, check_target, write_export
from textsiam.integrations.onnx.measure import Measured, measure
from textsiam.integrations.onnx.page import ORT, PAGE_NAMES, check_ort, page_files
from textsiam.integrations.onnx.pair_model import OnnxPairModel, graph_names
from textsiam.model.architecture import CUSTOM
from textsiam.model.fingerprint import fingerprint_of
from textsiam.model.pair_model import PairModel
from textsiam.model.policy import is_calibrated
from textsiam.model.products import FRAMES
from textsiam.model.storage import restore_weights, store_weights
from textsiam.text.tokenizer import PAD_ID, UNKNOWN_ID
from textsiam.text.word_model import check_sentencepiece, is_word_model

PURPOSE = "export_onnx"
MOST_OFF = 1e-3  # of a float32 probability; what is farther off was not computed alike


@dataclass(frozen=True, kw_only=True)
class OnnxExport:
    """What was written: the ``folder``, its ``files`` with their bytes, and how far the export is off.

    ``measured.largest_difference`` is that of a probability; ``measured.before`` and ``measured.after`` are metrics on
    labelled pairs, if there were any.
    """

    folder: Path
    weights: str
    files: dict[str, int]
    measured: Measured


def export_onnx(
    model: PairModel,
    folder: str | Path,
    *,
    weights: str = "fp32",
    pairs: Any = None,
    page: bool = False,
    ort: str = ORT,
) -> OnnxExport:
    """Write a model as ONNX: from token ids to vectors, and from two vectors to a calibrated probability.

    ``encoder.onnx`` takes ``ids`` (int64, (B, T), padded with 0) and ``lengths`` (int64, (B,)) and gives ``vectors``
    (float32, (B, D)); ``head.onnx`` takes ``u`` and ``v`` (float32, (B, D)) and gives ``raw``, ``logit`` and
    ``probability`` (float32, (B,)). Of the head "alignment" there is ``pair.onnx`` in place of ``head.onnx``:
    ``ids_a``, ``lengths_a``, ``ids_b``, ``lengths_b`` to the same outputs. Batch and length vary; a text of length 0
    has the zero vector. The graphs hold to opset 18 and standard operators, which ONNX Runtime and onnxruntime-web
    read. Beside them stand ``vocabulary.model``, ``config.json`` (threshold, calibration, architecture) and
    ``README.md``, a card with an example. An earlier export there stays until the new one is complete, and what else
    stands in its folder stays.

    ``weights``: "fp32", or "int8", a byte a number with a scale for each row, a quarter of the size. ``pairs``:
    labelled pairs (what ``read_pairs`` takes, such as dev) on which accuracy and ROC-AUC before and after are measured;
    else probabilities are compared on the sample corpus. ``page`` adds a page that scores a pair in the browser, with
    onnxruntime-web from ``ort``: a folder beside the page, which is yours to fill (the card says how), or a URL.

    Raises OptionError for a custom encoder, which has no graph, a page of an imported vocabulary, which only textsiam
    reads, and other options that cannot be; ModelFolderError
    where the folder holds something else, or a file of yours in the place of a new one, or the disk refuses;
    MissingExtraError without the extra ``onnx``; TextsiamError where ONNX Runtime does not compute what the model does.
    """
    check_model(model, pair_model=True)
    check_choice("weights", weights, ("fp32", "int8"))
    check_ort(ort, page)
    _check_encoder(model)
    if page:
        check_sentencepiece(model.tokenizer.proto, "the page of an ONNX export")
    folder = Path(folder)
    check_target(folder, _names(model, page))
    config = _config(model, weights)
    graphs = _serialised(model, config)
    config["graphs"] = list(graphs)
    measured = measure(model, OnnxPairModel(graphs, model.tokenizer.proto, config), pairs)
    if weights == "fp32" and measured.largest_difference > MOST_OFF:
        raise TextsiamError(
            f"the ONNX graph gives probabilities that are off by up to {measured.at_most}, so nothing "
            "was written; another version of onnxruntime may compute it right"
        )
    files = {f"{name}{SUFFIX}": graph for name, graph in graphs.items()}
    files |= {VOCABULARY: model.tokenizer.proto}
    files |= page_files(config, ort) if page else {}
    files[CARD] = card_of(config, measured, ort if page else None).encode()
    sizes = {name: len(content) for name, content in write_export(folder, files, config).items()}
    return OnnxExport(folder=folder, weights=weights, files=sizes, measured=measured)


def _serialised(model: PairModel, config: Mapping[str, Any]) -> dict[str, bytes]:
    make_graphs = import_extra("textsiam.integrations.onnx.graphs", "onnx", PURPOSE).make_graphs
    names = ("textsiam", "fingerprint", "weights", "threshold", "vector_size", "max_tokens")
    notes = {name: str(config[name]) for name in names}
    notes |= {name: str(config["architecture"][name]) for name in ("encoder", "head")}
    return {name: graph.SerializeToString() for name, graph in make_graphs(model, config["weights"], notes).items()}


def _config(model: PairModel, weights: str) -> dict[str, Any]:
    imported = is_word_model(model.tokenizer.proto)
    kept = restore_weights(store_weights(model.weights, weights))
    return {
        "kind": KIND,
        "format": FORMAT,
        "textsiam": __version__,
        "fingerprint": fingerprint_of(model.architecture, model.tokenizer.proto, kept),
        "opset": import_extra("textsiam.integrations.onnx.graph", "onnx", PURPOSE).OPSET,
        "weights": weights,
        "architecture": model.architecture.parts(),
        "vector_size": model.architecture.vector_size,
        "max_tokens": model.architecture.max_tokens,
        "graded": bool(model.details.get("graded")),
        "calibrated": is_calibrated(model.details),
        "threshold": model.calibration.threshold,
        "calibration": dataclasses.asdict(model.calibration),
        "head_weights": _head_weights(model.architecture.head, kept),
        "tokenizer": {
            "file": VOCABULARY,
            "library": "textsiam" if imported else "sentencepiece",
            "size": model.tokenizer.size,
            "padding_id": PAD_ID,
            "unknown_id": UNKNOWN_ID,
            "lone_surrogate": None if imported else "?",
        },
    }


def _head_weights(head: str, weights: Mapping[str, Array]) -> dict[str, Any]:
    """Give the weights from which products tell raw scores, where there are any: searches need them."""
    names = [name for name in weights if name.startswith("head.") and head in FRAMES]
    return {name: weights[name].tolist() for name in names}


def _names(model: PairModel, page: bool) -> set[str]:
    graphs = {f"{name}{SUFFIX}" for name in graph_names(model.architecture.head)}
    return {VOCABULARY, CARD, *graphs, *(PAGE_NAMES if page else ())}


def _check_encoder(model: PairModel) -> None:
    if model.architecture.encoder == CUSTOM:
        raise OptionError(
            f"the encoder of this model is a module of its maker's own, class {model.details.get('encoder_class')}, of "
            "which no graph is known; export that module with torch.onnx, or distill the model into another encoder"
        )
