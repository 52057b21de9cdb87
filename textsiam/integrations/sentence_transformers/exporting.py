"""A model to a folder that ``SentenceTransformer(folder)`` loads as it is."""

from __future__ import annotations

from pathlib import Path

from textsiam.errors import OptionError, check_choice, check_model
from textsiam.integrations.sentence_transformers.model_card import export_card
from textsiam.integrations.sentence_transformers.modules_of import LONGEST, PATH, is_word_list, modules_of
from textsiam.integrations.sentence_transformers.new_folder import check_free, write_new_folder
from textsiam.model.architecture import Architecture
from textsiam.model.folder import as_json
from textsiam.model.pair_model import PairModel

HEADS = ("cosine", "dot", "euclidean", "manhattan")  # as sentence-transformers names its similarities, too
VERSIONS = ("5.1", "6.2")


def export_sentence_transformers(model: PairModel, folder: str | Path, *, min_version: str = "5.1") -> None:
    """Write a model as a folder of sentence-transformers' own modules; nothing in it is code or pickled.

    A bag of tokens becomes a ``StaticEmbedding``, one of a list of words ``WordEmbeddings`` and ``Pooling``; an LSTM
    becomes ``WordEmbeddings``, ``LSTM`` and ``Pooling``. Vectors equal those of ``model.encode`` within 1e-5 in
    sentence-transformers from ``min_version`` on, measured in 5.1.2 and 6.2.0 (of a ``StaticEmbedding``, texts of
    thousands of tokens within 1e-3: torch rounds its sums after each token); those of a bag with ``weighting`` "idf" or
    "sif" have length 1, so that cosines are equal. ``min_version`` "6.2" also takes what earlier versions cannot read:
    an LSTM whose vocabulary is not a list of words, and a list of words with ``max_tokens`` below 100,000. At 100,000
    earlier versions read a text of a list of words to its end.

    Of a text without a token (an empty one; of a list of words, also one of unknown words) an LSTM with pooling "max"
    has no vector there (minus infinity, -1e9 in 5.1); ours is zero. Versions before 6.2 cannot encode a batch of
    nothing but such texts with an LSTM.

    Token ids are the same for every text without lone surrogates, which tokenizers refuses. With a vocabulary of type
    "unigram", of two ways to cut a word whose scores are equal but for the rounding of float32, the other one may be
    taken: of 163,000 questions in English and Chinese one had two tokens in the other order, which a bag does not read;
    of 30 texts of 14,000 tokens each, none of them cut, two had other tokens.

    ``similarity_fn_name`` is the head. Calibration and threshold have no place there: the folder's README.md says which
    similarity the threshold is. Raises OptionError for what cannot be exported without loss: other heads, encoders,
    n-grams, attention, a bidirectional "last" state, weights of tokens with another head than cosine, symbols of the
    user in the vocabulary, a list of no words, what ``min_version`` cannot read; ModelFolderError where ``folder`` is
    not free or empty, or the disk refuses.
    """
    check_model(model, pair_model=True)
    check_choice("min_version", min_version, VERSIONS)
    check_exportable(model.architecture)
    needs = needs_newest(model)
    if needs and min_version != VERSIONS[-1]:
        raise OptionError(
            f"this model cannot be exported to sentence-transformers {min_version}: {needs}; set "
            f"min_version (--min-version) to {VERSIONS[-1]} if {VERSIONS[-1]} or later versions alone are to load it"
        )
    target = Path(folder)
    check_free(target)
    modules = modules_of(model)
    paths = [f"{number}_{module.name}" for number, module in enumerate(modules)]
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": PATH + module.name}
        for number, (path, module) in enumerate(zip(paths, modules, strict=True))
    ]
    files = {
        "modules.json": as_json(listed),
        "config_sentence_transformers.json": as_json(
            {"prompts": {}, "default_prompt_name": None, "similarity_fn_name": model.architecture.head}
        ),
        "README.md": export_card(model, [module.name for module in modules], needs).encode(),
    }
    for path, module in zip(paths, modules, strict=True):
        files |= {f"{path}/{name}": content for name, content in module.files.items()}
    write_new_folder(target, files)


def check_exportable(architecture: Architecture) -> None:
    """Raise OptionError that says which part of a model has no equal in sentence-transformers."""
    parts = architecture
    refused = {
        f"head {parts.head!r} compares by what it learned; train with head cosine": parts.head not in HEADS,
        f"encoder {parts.encoder!r} has no module there; bag and lstm have": parts.encoder not in ("bag", "lstm"),
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


def needs_newest(model: PairModel) -> str | None:
    """Say why versions before 6.2 cannot read what a model becomes; None where they can."""
    longest = model.architecture.max_tokens
    if is_word_list(model):
        return f"earlier versions do not cut a text after {longest:,} words" if longest < LONGEST else None
    if model.architecture.encoder == "lstm":
        return "earlier versions cannot read the tokenizer of WordEmbeddings in front of an LSTM"
    return None
