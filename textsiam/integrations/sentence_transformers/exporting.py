"""A model to a folder that ``SentenceTransformer(folder)`` loads as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy

from textsiam.arrays import Array
from textsiam.errors import OptionError, check_model
from textsiam.integrations.sentence_transformers.model_card import export_card
from textsiam.integrations.sentence_transformers.new_folder import check_free, write_new_folder
from textsiam.integrations.sentence_transformers.tokenizer_json import read_pieces, tokenizer_json
from textsiam.integrations.sentence_transformers.word_piece_json import word_piece_json
from textsiam.model.architecture import Architecture
from textsiam.model.folder import as_json
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING, TOKEN_WEIGHT
from textsiam.text.word_model import is_word_model, word_model_settings

HEADS = ("cosine", "dot", "euclidean", "manhattan")  # as sentence-transformers names its similarities, too
POOLINGS = {"max": "max", "mean": "mean", "last": "lasttoken"}  # ours, and sentence-transformers'
# the paths of all versions from 3.4 to 6.2
MODULES = "sentence_transformers.models."
WRAPPER = f"{MODULES}tokenizer.TransformersTokenizerWrapper"
_POOLING_MODES = ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")


class Module(NamedTuple):
    """A module of sentence-transformers, and the files of its folder."""

    name: str
    files: dict[str, bytes]


def export_sentence_transformers(model: PairModel, folder: str | Path) -> None:
    """Write a model as a folder of sentence-transformers' own modules; nothing in it is code or pickled.

    A bag of tokens becomes a ``StaticEmbedding`` (measured in sentence-transformers 5.1 and 6.2), an LSTM
    ``WordEmbeddings``, ``LSTM`` and ``Pooling`` (6.2; 5.1 cannot read such a tokenizer). Vectors equal those of
    ``model.encode`` within 1e-5; those of a bag with ``weighting`` "idf" or "sif" have length 1, so that cosines are
    equal. With pooling "max" a text without a token has no vector there (minus infinity); ours is zero.

    Token ids are the same for every text without lone surrogates, which tokenizers refuses. With a vocabulary of type
    "unigram", of two ways to cut a word whose scores are equal but for the rounding of float32, the other one may be
    taken: of 163,000 questions in English and Chinese one had two tokens in the other order, which a bag does not read;
    of 30 texts of 14,000 tokens each, none of them cut, two had other tokens.

    ``similarity_fn_name`` is the head. Calibration and threshold have no place there: the folder's README.md says which
    similarity the threshold is. Raises OptionError for what cannot be exported without loss: other heads, encoders,
    n-grams, attention, a bidirectional "last" state, weights of tokens with another head than cosine, symbols of the
    user in the vocabulary, lists of words; ModelFolderError where ``folder`` is not free or empty, or the disk refuses.
    """
    check_model(model)
    check_exportable(model.architecture)
    target = Path(folder)
    check_free(target)
    modules = _EXPORTS[model.architecture.encoder](model)
    paths = [f"{number}_{module.name}" for number, module in enumerate(modules)]
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": MODULES + module.name}
        for number, (path, module) in enumerate(zip(paths, modules, strict=True))
    ]
    files = {
        "modules.json": as_json(listed),
        "config_sentence_transformers.json": as_json(
            {"prompts": {}, "default_prompt_name": None, "similarity_fn_name": model.architecture.head}
        ),
        "README.md": export_card(model, [module.name for module in modules]).encode(),
    }
    for path, module in zip(paths, modules, strict=True):
        files |= {f"{path}/{name}": content for name, content in module.files.items()}
    write_new_folder(target, files)


def check_exportable(architecture: Architecture) -> None:
    """Raise OptionError that says which part of a model has no equal in sentence-transformers."""
    parts = architecture
    refused = {
        f"head {parts.head!r} compares by what it learned; train with head cosine": parts.head not in HEADS,
        f"encoder {parts.encoder!r} has no module there; bag and lstm have": parts.encoder not in _EXPORTS,
        f"ngrams is {parts.ngrams}, and no module there looks up runs of tokens; train with ngrams 1": parts.ngrams > 1,
        "no module there pools with attention; train with pooling max, mean or last": parts.pooling == "attention",
        "of a bidirectional LSTM the last states that are pooled there are other ones; take pooling max or mean": (
            parts.bidirectional and parts.pooling == "last"
        ),
        f"weighting {parts.weighting!r} keeps the length of vectors with head cosine only, not {parts.head!r}": (
            parts.is_weighted and parts.head != "cosine"
        ),
    }
    for reason, holds in refused.items():
        if holds:
            raise OptionError(f"this model cannot be exported to sentence-transformers without loss: {reason}")


def _static_embedding(model: PairModel) -> list[Module]:
    embedding_VD, weight_V = model.weights[EMBEDDING], model.weights.get(TOKEN_WEIGHT)
    if weight_V is not None:
        embedding_VD = embedding_VD * weight_V[:, None]
    files = {"model.safetensors": _stored({"embedding.weight": embedding_VD}), "tokenizer.json": _tokenizer(model)}
    # the mean of weighted embeddings is not divided by the sum of the weights: only its direction is right
    unit = [] if weight_V is None else [Module("Normalize", {"config.json": as_json({})})]
    return [Module("StaticEmbedding", files), *unit]


def _lstm(model: PairModel) -> list[Module]:
    parts = model.architecture
    words = {"tokenizer_class": WRAPPER, "update_embeddings": True, "max_seq_length": parts.max_tokens}
    sizes = {
        "word_embedding_dimension": parts.dim,
        "hidden_dim": parts.units,
        "num_layers": parts.layers,
        "dropout": 0,
        "bidirectional": parts.bidirectional,
    }
    mode = {"max": "max_tokens", "mean": "mean_tokens", "last": "lasttoken"}[parts.pooling]
    pooling = {f"pooling_mode_{one}": one == mode for one in _POOLING_MODES}
    return [
        Module(
            "WordEmbeddings",
            {
                "wordembedding_config.json": as_json(words),
                "model.safetensors": _stored({"emb_layer.weight": model.weights[EMBEDDING]}),
                "tokenizer.json": _tokenizer(model),
                "tokenizer_config.json": as_json(
                    {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 10**30}
                ),
            },
        ),
        Module(
            "LSTM",
            {"lstm_config.json": as_json(sizes), "model.safetensors": _stored(torch_lstm(model.weights, parts))},
        ),
        Module("Pooling", {"config.json": as_json({"word_embedding_dimension": parts.pooled_size, **pooling})}),
    ]


def lstm_names(architecture: Architecture) -> dict[str, str]:
    """Name each weight of the layers of an LSTM as ``textsiam`` and as the module LSTM does."""
    ways = {"forwards": "", "backwards": "_reverse"} if architecture.bidirectional else {"forwards": ""}
    return {
        f"encoder.layers.{layer}.{way}.{name}_l0": f"encoder.{name}_l{layer}{suffix}"
        for layer in range(architecture.layers)
        for way, suffix in ways.items()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }


def torch_lstm(weights: Mapping[str, Array], architecture: Architecture) -> dict[str, Array]:
    """Give the weights of an LSTM's layers under the names of the module LSTM."""
    return {theirs: weights[ours] for ours, theirs in lstm_names(architecture).items()}


def _stored(weights: Mapping[str, Array]) -> bytes:
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    return bytes(safetensors.numpy.save(arrays, metadata={"format": "pt"}))


def _tokenizer(model: PairModel) -> bytes:
    proto, longest = model.tokenizer.proto, model.architecture.max_tokens
    contents: dict[str, Any]
    if is_word_model(proto):
        contents = word_piece_json(word_model_settings(proto), longest)
    else:
        contents = tokenizer_json(read_pieces(proto), longest)
    return as_json(contents)


_EXPORTS: dict[str, Callable[[PairModel], list[Module]]] = {"bag": _static_embedding, "lstm": _lstm}
