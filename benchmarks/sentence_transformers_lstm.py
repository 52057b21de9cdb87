"""The LSTM of ``train.py`` in sentence-transformers, trained by its own trainer (imports torch: seconds)."""

from __future__ import annotations

import tempfile
import time
from typing import Any

import numpy as np

from textsiam import Pairs, TrainConfig, Vocabulary
from textsiam.errors import import_extra
from textsiam.text.tokenizer import read_processor

PURPOSE = "this benchmark"
package = import_extra("sentence_transformers", "bench", PURPOSE)
models = import_extra("sentence_transformers.models", "bench", PURPOSE)
losses = import_extra("sentence_transformers.losses", "bench", PURPOSE)
tokenizers = import_extra("sentence_transformers.sentence_transformer.modules.tokenizer", "bench", PURPOSE)
transformers = import_extra("transformers", "bench", PURPOSE)

MARGIN = 0.8  # textsiam's own for cosine distances
PREFETCHED = 4  # batches that each worker keeps ready


class SentencePieceTokenizer(tokenizers.WordTokenizer):  # type: ignore[misc,name-defined] # known at run time only
    """The ids that textsiam reads; a text at a time, faster than the tokenizers that the package brings."""

    def __init__(self, proto: bytes) -> None:
        self.processor = read_processor(proto)

    def tokenize(self, text: str, **_options: object) -> list[int]:
        """Return the ids of one text."""
        ids: list[int] = self.processor.encode(text, out_type=int)
        return ids

    def _not_needed(*_arguments: object) -> None:
        raise NotImplementedError("training asks a tokenizer for ids alone")

    set_vocab = get_vocab = save = load = _not_needed


class StepClock(transformers.TrainerCallback):  # type: ignore[misc,name-defined] # known at run time only
    """Keeps when each step ended."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_arguments: object, **_named: object) -> None:
        """Take the time."""
        self.ends.append(time.perf_counter())


def sentence_transformers_seconds(
    pairs: Pairs, vocabulary: Vocabulary, config: TrainConfig, bf16: bool, workers: int
) -> float:
    """Train one epoch and return its seconds, scaled up from all steps but the first, before which workers start."""
    dataset = import_extra("datasets", "bench", PURPOSE).Dataset.from_dict(
        {"sentence1": list(pairs.text_a), "sentence2": list(pairs.text_b), "label": pairs.labels.tolist()}
    )
    model = make_model(vocabulary, config)
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = package.SentenceTransformerTrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            use_cpu=True,
            bf16=bf16,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_num_workers=workers,
            dataloader_prefetch_factor=PREFETCHED if workers else None,
        )
        trainer = package.SentenceTransformerTrainer(
            model=model,
            args=arguments,
            train_dataset=dataset,
            loss=losses.ContrastiveLoss(model, losses.SiameseDistanceMetric.COSINE_DISTANCE, margin=MARGIN),
            callbacks=[clock],
        )
        trainer.remove_callback(transformers.PrinterCallback)  # writes to stdout
        trainer.train()
    steps = len(clock.ends)
    return (clock.ends[-1] - clock.ends[0]) * steps / (steps - 1)


def make_model(vocabulary: Vocabulary, config: TrainConfig) -> Any:
    """Make word embeddings that are trained, LSTM and mean pooling."""
    weights = np.random.default_rng(7).normal(size=(vocabulary.size, config.dim)).astype(np.float32)
    words = models.WordEmbeddings(
        SentencePieceTokenizer(vocabulary.proto), weights, update_embeddings=True, max_seq_length=config.max_tokens
    )
    lstm = models.LSTM(config.dim, config.units, bidirectional=False)
    pooling = models.Pooling(config.units, pooling_mode="mean")
    return package.SentenceTransformer(modules=[words, lstm, pooling], device="cpu")
