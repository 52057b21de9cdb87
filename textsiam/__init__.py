"""textsiam: are these two texts the same? Learned from your labelled pairs, answered as a calibrated probability."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# public name -> module that defines it; resolved on first use (PEP 562), so that importing textsiam stays light
_HOMES = {
    "DataError": "textsiam.errors",
    "DistillConfig": "textsiam.training.distill_config",
    "DuplicateClassifier": "textsiam.integrations.duplicate_classifier",
    "DuplicateIndex": "textsiam.index.duplicate_index",
    "DuplicateIndexError": "textsiam.errors",
    "Evaluation": "textsiam.evaluation.evaluation",
    "FewShotClassifier": "textsiam.integrations.few_shot_classifier",
    "IndexBusyError": "textsiam.errors",
    "MissingExtraError": "textsiam.errors",
    "ModelFolderError": "textsiam.errors",
    "OnnxPairModel": "textsiam.integrations.onnx.pair_model",
    "OptionError": "textsiam.errors",
    "PairModel": "textsiam.model.pair_model",
    "Pairs": "textsiam.data.pairs",
    "TextEncoder": "textsiam.integrations.text_encoder",
    "TextsiamError": "textsiam.errors",
    "Tokenizer": "textsiam.text.tokenizer",
    "TrainConfig": "textsiam.training.config",
    "TrainingError": "textsiam.errors",
    "TrainingInterrupted": "textsiam.errors",
    "Vocabulary": "textsiam.text.vocabulary",
    "VocabularyError": "textsiam.errors",
    "WorkerError": "textsiam.errors",
    "audit": "textsiam.data.audit",
    "build_vocabulary": "textsiam.text.vocabulary",
    "compare": "textsiam.evaluation.compare",
    "distill": "textsiam.training.distill",
    "evaluate": "textsiam.evaluation.evaluate",
    "explain": "textsiam.explanation",
    "export_onnx": "textsiam.integrations.onnx.export",
    "export_sentence_transformers": "textsiam.integrations.sentence_transformers.exporting",
    "export_word_vectors": "textsiam.integrations.word_vectors",
    "find_duplicates": "textsiam.index.duplicates",
    "find_matches": "textsiam.index.matches",
    "import_sentence_transformers": "textsiam.integrations.sentence_transformers.importing",
    "question_components": "textsiam.data.components",
    "read_pairs": "textsiam.data.read",
    "sample_pairs": "textsiam.data.sample",
    "split_pairs": "textsiam.data.split",
    "train": "textsiam.training.train",
    "write_report": "textsiam.evaluation.report",
}

__all__ = [
    "DataError",
    "DistillConfig",
    "DuplicateClassifier",
    "DuplicateIndex",
    "DuplicateIndexError",
    "Evaluation",
    "FewShotClassifier",
    "IndexBusyError",
    "MissingExtraError",
    "ModelFolderError",
    "OnnxPairModel",
    "OptionError",
    "PairModel",
    "Pairs",
    "TextEncoder",
    "TextsiamError",
    "Tokenizer",
    "TrainConfig",
    "TrainingError",
    "TrainingInterrupted",
    "Vocabulary",
    "VocabularyError",
    "WorkerError",
    "audit",
    "build_vocabulary",
    "compare",
    "distill",
    "evaluate",
    "explain",
    "export_onnx",
    "export_sentence_transformers",
    "export_word_vectors",
    "find_duplicates",
    "find_matches",
    "import_sentence_transformers",
    "question_components",
    "read_pairs",
    "sample_pairs",
    "split_pairs",
    "train",
    "write_report",
]

if TYPE_CHECKING:
    from textsiam.data.audit import audit
    from textsiam.data.components import question_components
    from textsiam.data.pairs import Pairs
    from textsiam.data.read import read_pairs
    from textsiam.data.sample import sample_pairs
    from textsiam.data.split import split_pairs
    from textsiam.errors import (
        DataError,
        DuplicateIndexError,
        IndexBusyError,
        MissingExtraError,
        ModelFolderError,
        OptionError,
        TextsiamError,
        TrainingError,
        TrainingInterrupted,
        VocabularyError,
        WorkerError,
    )
    from textsiam.evaluation.compare import compare
    from textsiam.evaluation.evaluate import evaluate
    from textsiam.evaluation.evaluation import Evaluation
    from textsiam.evaluation.report import write_report
    from textsiam.explanation import explain
    from textsiam.index.duplicate_index import DuplicateIndex
    from textsiam.index.duplicates import find_duplicates
    from textsiam.index.matches import find_matches
    from textsiam.integrations.duplicate_classifier import DuplicateClassifier
    from textsiam.integrations.few_shot_classifier import FewShotClassifier
    from textsiam.integrations.onnx.export import export_onnx
    from textsiam.integrations.onnx.pair_model import OnnxPairModel
    from textsiam.integrations.sentence_transformers.exporting import export_sentence_transformers
    from textsiam.integrations.sentence_transformers.importing import import_sentence_transformers
    from textsiam.integrations.text_encoder import TextEncoder
    from textsiam.integrations.word_vectors import export_word_vectors
    from textsiam.model.pair_model import PairModel
    from textsiam.text.tokenizer import Tokenizer
    from textsiam.text.vocabulary import Vocabulary, build_vocabulary
    from textsiam.training.config import TrainConfig
    from textsiam.training.distill import distill
    from textsiam.training.distill_config import DistillConfig
    from textsiam.training.train import train


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'textsiam' has no attribute {name!r}")
    try:
        home = importlib.import_module(_HOMES[name])
    except ModuleNotFoundError as error:
        from textsiam.errors import MissingExtraError

        raise MissingExtraError(
            f"textsiam.{name} needs the package {error.name}; install it with: pip install 'textsiam[train]'"
        ) from error
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
