"""The modules of sentence-transformers that a model becomes, with the files of their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy

from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.tokenizer_json import read_pieces, tokenizer_json
from textsiam.integrations.sentence_transformers.word_piece_json import word_piece_json
from textsiam.model.architecture import Architecture
from textsiam.model.folder import as_json
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING, TOKEN_WEIGHT
from textsiam.text.word_list import FIRST_WORD, WordList
from textsiam.text.word_model import is_word_model, word_model_settings

POOLINGS = {"max": "max", "mean": "mean", "last": "lasttoken"}  # ours, and sentence-transformers'
LONGEST = 100_000  # tokens: the most that ``max_tokens`` takes
# the paths of all versions from 3.4 to 6.2
PATH = "sentence_transformers.models."
_MODES = ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")


class Module(NamedTuple):
    """A module of sentence-transformers, and the files of its folder."""

    name: str
    files: dict[str, bytes]


def modules_of(model: PairModel) -> list[Module]:
    """Give the modules whose vectors are those of a model that ``check_exportable`` lets pass.

    Raises OptionError for a vocabulary of which no tokenizer gives the same ids.
    """
    parts = model.architecture
    if parts.encoder == "lstm":
        return [_word_embeddings(model), _lstm(model), _pooling(parts)]
    # the mean of weighted embeddings is not divided by the sum of the weights: only its direction is right
    unit = [Module("Normalize", {"config.json": as_json({})})] if parts.is_weighted else []
    if is_word_list(model):
        return [_word_embeddings(model), _pooling(parts), *unit]
    files = {"model.safetensors": _stored({"embedding.weight": _rows(model)}), "tokenizer.json": _tokenizer(model)}
    return [Module("StaticEmbedding", files), *unit]


def is_word_list(model: PairModel) -> bool:
    """Tell whether a model's vocabulary is a list of words, for which there is a tokenizer of its own."""
    proto = model.tokenizer.proto
    return is_word_model(proto) and word_model_settings(proto)["kind"] == WordList.kind


def _word_embeddings(model: PairModel) -> Module:
    rows, kind = _rows(model), "TransformersTokenizerWrapper"
    if is_word_list(model):
        kind, (words, rows) = "WhitespaceTokenizer", _words(word_model_settings(model.tokenizer.proto), rows)
        # ASCII, for version 5.1 reads it in the encoding of its system
        tokenizer = {"whitespacetokenizer_config.json": json.dumps(words).encode()}
    else:
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 10**30}
        tokenizer = {"tokenizer.json": _tokenizer(model), "tokenizer_config.json": as_json(config)}
    own = {
        "tokenizer_class": f"{PATH}tokenizer.{kind}",
        "update_embeddings": True,
        "max_seq_length": model.architecture.max_tokens,
    }
    stored = {
        "wordembedding_config.json": as_json(own),
        "model.safetensors": _stored({"emb_layer.weight": rows}),
    }
    return Module("WordEmbeddings", stored | tokenizer)


def _words(settings: Mapping[str, Any], rows: Array) -> tuple[dict[str, Any], Array]:
    """Give the settings of a WhitespaceTokenizer, and the embedding of each of its words.

    No text has the two tokens in front. Of a word that comes twice the last one counts; saving it there drops others.
    """
    last = {word: FIRST_WORD + place for place, word in enumerate(settings["words"])}
    if not last:
        raise OptionError("the vocabulary is a list of no words, which sentence-transformers cannot load")
    words = {"vocab": list(last), "stop_words": settings["stop_words"], "do_lower_case": settings["lowercase"]}
    return words, rows[list(last.values())]


def _lstm(model: PairModel) -> Module:
    parts = model.architecture
    sizes = {
        "word_embedding_dimension": parts.dim,
        "hidden_dim": parts.units,
        "num_layers": parts.layers,
        "dropout": 0,
        "bidirectional": parts.bidirectional,
    }
    stored = _stored({theirs: model.weights[ours] for ours, theirs in lstm_names(parts).items()})
    return Module("LSTM", {"lstm_config.json": as_json(sizes), "model.safetensors": stored})


def _pooling(parts: Architecture) -> Module:
    mode = "mean" if parts.encoder == "bag" else POOLINGS[parts.pooling]
    modes = {f"pooling_mode_{one}": one.removesuffix("_tokens") == mode for one in _MODES}
    return Module("Pooling", {"config.json": as_json({"word_embedding_dimension": parts.vector_size, **modes})})


def lstm_names(architecture: Architecture) -> dict[str, str]:
    """Name each weight of the layers of an LSTM as ``textsiam`` and as the module LSTM does."""
    ways = {"forwards": "", "backwards": "_reverse"} if architecture.bidirectional else {"forwards": ""}
    return {
        f"encoder.layers.{layer}.{way}.{name}_l0": f"encoder.{name}_l{layer}{suffix}"
        for layer in range(architecture.layers)
        for way, suffix in ways.items()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }


def _stored(weights: Mapping[str, Array]) -> bytes:
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    return bytes(safetensors.numpy.save(arrays, metadata={"format": "pt"}))


def _rows(model: PairModel) -> Array:
    """Give the embedding of each token, with its weight."""
    embedding_VD, weight_V = model.weights[EMBEDDING], model.weights.get(TOKEN_WEIGHT)
    return embedding_VD if weight_V is None else embedding_VD * weight_V[:, None]


def _tokenizer(model: PairModel) -> bytes:
    proto, longest = model.tokenizer.proto, model.architecture.max_tokens
    contents: dict[str, Any]
    if is_word_model(proto):
        contents = word_piece_json(word_model_settings(proto), longest)
    else:
        contents = tokenizer_json(read_pieces(proto), longest)
    return as_json(contents)
