"""A folder of sentence-transformers to a PairModel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

import textsiam
from textsiam.arrays import Array
from textsiam.data.read import read_pairs
from textsiam.errors import DataError, ModelFolderError, OptionError, import_extra
from textsiam.integrations.sentence_transformers.exporting import HEADS
from textsiam.integrations.sentence_transformers.model_card import import_card
from textsiam.integrations.sentence_transformers.modules_of import LONGEST, POOLINGS, lstm_names
from textsiam.integrations.sentence_transformers.plain_tokenizer import check_plain
from textsiam.integrations.sentence_transformers.saved_modules import (
    WHOLE_NUMBERS,
    SavedModule,
    own_class,
    read_modules,
)
from textsiam.integrations.sentence_transformers.vocabulary_of import vocabulary_of
from textsiam.integrations.sentence_transformers.word_models_of import word_list_of, word_piece_of
from textsiam.model.architecture import Architecture
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING
from textsiam.text.tokenizer import Tokenizer

_MODES = {theirs: ours for ours, theirs in POOLINGS.items()}
_LEGACY_MODES = {
    **{f"pooling_mode_{mode}_tokens": mode for mode in ("max", "mean", "mean_sqrt_len", "weightedmean")},
    **{"pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken"},
}
_UNIT = "Normalize"


def import_sentence_transformers(folder: str | Path, *, dev: Any = None) -> PairModel:
    """Make a model of a folder that holds a ``StaticEmbedding``, or ``WordEmbeddings`` and ``Pooling`` (and ``LSTM``).

    Vectors equal those of ``SentenceTransformer(folder).encode`` within 1e-5 (of a ``StaticEmbedding``, texts of
    thousands of tokens within 1e-3: torch rounds its sums after each token); a ``Normalize`` behind them is left out,
    and their cosines are equal then. Texts of ``WordEmbeddings`` are cut at ``max_seq_length`` as sentence-transformers
    6.2 does; versions before it do not cut them.
    The vocabulary must be

    - one that ``export_sentence_transformers`` writes, whatever was trained since (it is proved that the ids are the
      same);
    - of a ``StaticEmbedding``, or ``WordEmbeddings`` that add no tokens, the WordPiece of BERT, with BERT's normalizer
      and pre-tokenizer, also as model2vec stores it (see text/bert_characters.py for rare characters of which Python's
      tables differ);
    - of ``WordEmbeddings``, a ``WhitespaceTokenizer``, which leaves unknown words out. Without ``LSTM`` they become a
      bag, which pools by mean.

    A text is cut where the folder cuts it, or after 100,000 tokens. Ids are numbered anew, padding 0 and unknown 1. The
    head is the folder's similarity. sentence-transformers is not needed, torch only for a folder without safetensors.

    ``dev`` (what ``read_pairs`` takes, not read in training) calibrates it: extra ``train``. Without, its probabilities
    and its threshold mean nothing, and ``details["calibrated"]`` is False. ``details["imported"]`` names the modules.

    Raises ModelFolderError for a folder that is missing, cut short or no such folder, OptionError that says why for one
    that has no equal here: other modules, prompts, code of its own, a tokenizer that cuts texts in another way;
    DataError for ``dev`` pairs with one label only.
    """
    if not isinstance(folder, str | PathLike):
        raise OptionError(f"folder is a {type(folder).__name__}, expected the path of a sentence-transformers folder")
    modules, config = read_modules(Path(folder))
    names = tuple(module.name for module in modules)
    unit = names[-1:] == (_UNIT,)
    kinds = names[:-1] if unit else names
    if kinds not in _IMPORTS:
        expected = "; or ".join(map(", ".join, _IMPORTS))
        raise OptionError(f"{folder} holds the modules {', '.join(names)}; expected {expected}; and no other")
    head = config.get("similarity_fn_name") or "cosine"
    if head not in HEADS:
        raise OptionError(f"{folder} compares by {head!r}, expected one of {', '.join(HEADS)}")
    if unit and head != "cosine":
        raise OptionError(f"{folder} compares vectors of length 1 by {head!r}; with {_UNIT}, expected cosine")
    try:
        parts, vocabulary, weights = _IMPORTS[kinds](modules, head)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelFolderError(f"{folder} was altered: its files do not make a model ({error!r})") from error
    details = {
        "textsiam": textsiam.__version__,
        "imported": list(names),
        "calibrated": dev is not None,
        "parameters": sum(weight.size for weight in weights.values()),
    }
    try:
        model = PairModel(architecture=parts, vocabulary=vocabulary, weights=weights, details=details)
    except OptionError as error:
        raise ModelFolderError(f"{folder} was altered: its weights do not make a model ({error})") from error
    if dev is not None:
        _calibrate(model, dev)
    model.card = import_card(model, names)
    return model


_Parts = tuple[Architecture, bytes, dict[str, Array]]


def _bag(modules: Sequence[SavedModule], head: str) -> _Parts:
    module = modules[0]
    tokenizer = module.json("tokenizer.json")
    truncation = tokenizer.get("truncation") or {}
    if truncation.get("direction", "Right") != "Right":
        raise OptionError(f"{module.folder} cuts the beginnings of long texts off, and textsiam their ends")
    longest = min(truncation.get("max_length", LONGEST), LONGEST)
    embedding = _static_rows(module)
    with _named(module):
        vocabulary, embedding = _tokens(module, tokenizer, longest, embedding)
    parts = Architecture(encoder="bag", dim=embedding.shape[1], head=head, max_tokens=longest)
    return parts, vocabulary, {EMBEDDING: embedding}


def _static_rows(module: SavedModule) -> Array:
    """Give the embedding of each token; model2vec keeps one for several tokens, and their weights, apart."""
    if module.holds("embedding.weight"):
        return module.weight("embedding.weight")
    rows = module.weight("embeddings")
    if module.holds("mapping"):
        rows = rows[module.weight("mapping", WHOLE_NUMBERS)]
    return rows * module.weight("weights")[:, None] if module.holds("weights") else rows


def _word_bag(modules: Sequence[SavedModule], head: str) -> _Parts:
    words, pooling = modules[:2]
    if _pooling(pooling, bidirectional=False) != "mean":
        raise OptionError(f"{pooling.folder} does not pool by mean, as a bag of tokens does; expected mean")
    longest, vocabulary, embedding = _words(words)
    parts = Architecture(encoder="bag", dim=embedding.shape[1], head=head, max_tokens=longest)
    return parts, vocabulary, {EMBEDDING: embedding}


def _words(module: SavedModule) -> tuple[int, bytes, Array]:
    """Give after how many tokens a text is cut, the vocabulary, and the embedding of each token."""
    settings = module.json("wordembedding_config.json")
    kind = own_class(str(settings.get("tokenizer_class")), "tokenizer")
    longest, embedding = min(settings.get("max_seq_length", LONGEST), LONGEST), module.weight("emb_layer.weight")
    with _named(module):
        if kind == "WhitespaceTokenizer":
            words, embedding = word_list_of(module.json("whitespacetokenizer_config.json"), embedding)
            return longest, words.to_bytes(), embedding
        if kind == "TransformersTokenizerWrapper":
            tokenizer = module.json("tokenizer.json")
            check_plain(module, tokenizer)
            return longest, *_tokens(module, tokenizer, longest, embedding)
        raise OptionError(f"it has a {kind}, expected a WhitespaceTokenizer or a tokenizer of transformers")


def _tokens(module: SavedModule, tokenizer: Mapping[str, Any], longest: int, embedding: Array) -> tuple[bytes, Array]:
    """Give the vocabulary of a ``tokenizer.json``, and the embedding of each of its tokens."""
    if tokenizer["model"]["type"] == "WordPiece":
        pieces, embedding = word_piece_of(tokenizer, embedding)
        return pieces.to_bytes(), embedding
    vocabulary = vocabulary_of(tokenizer, longest)
    expected = Tokenizer(vocabulary).size
    if len(embedding) != expected:
        raise ModelFolderError(
            f"{module.weights_file} holds {len(embedding):,} embeddings, expected {expected:,}, one for each token of "
            "tokenizer.json; copy or save it again"
        )
    return vocabulary, embedding


def _lstm(modules: Sequence[SavedModule], head: str) -> _Parts:
    words, lstm, pooling = modules[:3]
    sizes = lstm.json("lstm_config.json")
    longest, vocabulary, embedding = _words(words)
    parts = Architecture(
        encoder="lstm",
        dim=embedding.shape[1],
        units=sizes["hidden_dim"],
        layers=sizes.get("num_layers", 1),
        bidirectional=sizes.get("bidirectional", True),
        pooling=_pooling(pooling, bidirectional=sizes.get("bidirectional", True)),
        head=head,
        max_tokens=longest,
    )
    weights = {ours: lstm.weight(theirs) for ours, theirs in lstm_names(parts).items()}
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


@contextmanager
def _named(module: SavedModule) -> Iterator[None]:
    """Name the folder of what cannot be imported."""
    try:
        yield
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


_IMPORTS: dict[tuple[str, ...], Callable[[Sequence[SavedModule], str], _Parts]] = {
    ("StaticEmbedding",): _bag,
    ("WordEmbeddings", "Pooling"): _word_bag,
    ("WordEmbeddings", "LSTM", "Pooling"): _lstm,
}
