"""A folder of sentence-transformers to a PairModel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import textsiam
from textsiam.arrays import Array
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, ModelFolderError, OptionError, import_extra
from textsiam.integrations.sentence_transformers.exporting import HEADS, POOLINGS, lstm_names
from textsiam.integrations.sentence_transformers.model_card import import_card
from textsiam.integrations.sentence_transformers.saved_modules import SavedModule, read_modules
from textsiam.integrations.sentence_transformers.vocabulary_of import vocabulary_of
from textsiam.model.architecture import Architecture
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING

LONGEST = 100_000  # tokens: the most that ``max_tokens`` takes
_MODES = {theirs: ours for ours, theirs in POOLINGS.items()}
_LEGACY_MODES = {
    **{f"pooling_mode_{mode}_tokens": mode for mode in ("max", "mean", "mean_sqrt_len", "weightedmean")},
    **{"pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken"},
}
_BAG, _LSTM = ("StaticEmbedding",), ("WordEmbeddings", "LSTM", "Pooling")
_UNIT = "Normalize"


def import_sentence_transformers(folder: str | Path, *, dev: Any = None) -> PairModel:
    """Make a model of a folder that holds a ``StaticEmbedding``, or ``WordEmbeddings``, ``LSTM`` and ``Pooling``.

    Vectors equal those of ``SentenceTransformer(folder).encode`` within 1e-5; a ``Normalize`` behind them is left out,
    and their cosines are equal then. The vocabulary must be one that ``export_sentence_transformers`` writes, whatever
    was trained since (it is proved that the ids are the same); a text is cut where the folder cuts it, or after 100,000
    tokens. The head is the folder's similarity. sentence-transformers is not needed, torch only for a folder without
    safetensors.

    ``dev`` (what ``read_pairs`` takes, not read in training) calibrates it: extra ``train``. Without, its probabilities
    and its threshold mean nothing, and ``details["calibrated"]`` is False. ``details["imported"]`` names the modules.

    Raises ModelFolderError for a folder that is missing, cut short or no such folder, OptionError that says why for one
    that has no equal here: other modules, prompts, code of its own, a tokenizer that is no SentencePiece model (such as
    the WordPiece of BERT); DataError for ``dev`` pairs with one label only.
    """
    modules, config = read_modules(Path(folder))
    names = tuple(module.name for module in modules)
    unit = names[-1:] == (_UNIT,)
    kinds = names[:-1] if unit else names
    if kinds not in (_BAG, _LSTM):
        raise OptionError(
            f"{folder} holds the modules {', '.join(names)}; expected {_BAG[0]}, or {', '.join(_LSTM)}, and no other"
        )
    head = config.get("similarity_fn_name") or "cosine"
    if head not in HEADS:
        raise OptionError(f"{folder} compares by {head!r}, expected one of {', '.join(HEADS)}")
    if unit and head != "cosine":
        raise OptionError(f"{folder} compares vectors of length 1 by {head!r}; with {_UNIT}, expected cosine")
    try:
        parts, vocabulary, weights = (_bag if kinds == _BAG else _lstm)(modules, head)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
    model = PairModel(
        architecture=parts,
        vocabulary=vocabulary,
        weights=weights,
        details={
            "textsiam": textsiam.__version__,
            "imported": list(names),
            "calibrated": dev is not None,
            "parameters": sum(weight.size for weight in weights.values()),
        },
    )
    if dev is not None:
        _calibrate(model, dev)
    model.card = import_card(model, names, calibrated=dev is not None)
    return model


_Parts = tuple[Architecture, bytes, dict[str, Array]]


def _bag(modules: Sequence[SavedModule], head: str) -> _Parts:
    module = modules[0]
    tokenizer = module.json("tokenizer.json")
    truncation = tokenizer.get("truncation") or {}
    if truncation.get("direction", "Right") != "Right":
        raise OptionError(f"{module.folder} cuts the beginnings of long texts off, and textsiam their ends")
    longest = min(truncation.get("max_length", LONGEST), LONGEST)
    vocabulary = _vocabulary(module, tokenizer, longest)
    embedding = module.weight("embedding.weight")
    parts = Architecture(encoder="bag", dim=embedding.shape[1], head=head, max_tokens=longest)
    return parts, vocabulary, {EMBEDDING: embedding}


def _lstm(modules: Sequence[SavedModule], head: str) -> _Parts:
    words, lstm, pooling = modules[:3]
    settings, sizes = words.json("wordembedding_config.json"), lstm.json("lstm_config.json")
    kind = str(settings.get("tokenizer_class")).rpartition(".")[2]
    if kind != "TransformersTokenizerWrapper":
        raise OptionError(
            f"{words.folder} has a {kind}, which leaves unknown words and stop words out; no SentencePiece model does"
        )
    embedding = words.weight("emb_layer.weight")
    parts = Architecture(
        encoder="lstm",
        dim=embedding.shape[1],
        units=sizes["hidden_dim"],
        layers=sizes.get("num_layers", 1),
        bidirectional=sizes.get("bidirectional", True),
        pooling=_pooling(pooling, bidirectional=sizes.get("bidirectional", True)),
        head=head,
        max_tokens=min(settings.get("max_seq_length", LONGEST), LONGEST),
    )
    weights = {ours: lstm.weight(theirs) for ours, theirs in lstm_names(parts).items()}
    vocabulary = _vocabulary(words, words.json("tokenizer.json"), parts.max_tokens)
    return parts, vocabulary, {EMBEDDING: embedding, **weights}


def _pooling(module: SavedModule, *, bidirectional: bool) -> str:
    config = module.json("config.json")
    found = config.get("pooling_mode") or [mode for key, mode in _LEGACY_MODES.items() if config.get(key)]
    modes = [found] if isinstance(found, str) else list(found)
    if len(modes) != 1 or modes[0] not in _MODES or (bidirectional and modes[0] == "lasttoken"):
        raise OptionError(
            f"{module.folder} pools by {', '.join(modes) or 'nothing'}{' in two directions' if bidirectional else ''}; "
            "expected max, mean or, in one direction, lasttoken"
        )
    return _MODES[modes[0]]


def _vocabulary(module: SavedModule, tokenizer: Mapping[str, Any], max_tokens: int) -> bytes:
    try:
        return vocabulary_of(tokenizer, max_tokens)
    except OptionError as error:
        raise OptionError(f"{module.folder} cannot be imported without loss: {error}") from error


def _calibrate(model: PairModel, dev: Any) -> None:
    purpose = "calibrating an imported model"
    scores = import_extra("textsiam.training.dev_scores", "train", purpose)
    calibrating = import_extra("textsiam.training.calibrate", "train", purpose)
    pairs = read_pairs(dev)
    if len(pairs) == 0 or float(np.ptp(pairs.labels)) == 0:
        raise DataError(f"dev has {len(pairs):,} pairs, expected some that are the same and some that are not")
    calibrating.calibrate(model, scores.production_scores(model, pairs), pairs)
    model.details |= {
        "dev": {"pairs": len(pairs), "label_mean": float(pairs.labels.mean()), "sha256": pairs.fingerprint()},
        "graded": pairs.graded,
        "label_range": list(pairs.label_range),
    }
