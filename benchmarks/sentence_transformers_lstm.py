"""The LSTM of ``train.py`` and ``quality.py`` in sentence-transformers, by its own trainer (imports torch: seconds)."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from judging import Scored, scores_by_vectors
from splits import read_sides

from textsiam import Pairs, TrainConfig, Vocabulary, build_vocabulary
from textsiam.errors import import_extra
from textsiam.text.tokenizer import read_processor

PURPOSE = "this benchmark"
package = import_extra("sentence_transformers", "bench", PURPOSE)
models = import_extra("sentence_transformers.models", "bench", PURPOSE)
losses = import_extra("sentence_transformers.losses", "bench", PURPOSE)
tokenizers = import_extra("sentence_transformers.sentence_transformer.modules.tokenizer", "bench", PURPOSE)
transformers = import_extra("transformers", "bench", PURPOSE)
torch = import_extra("torch", "bench", PURPOSE)
precision = import_extra("textsiam.training.precision", "bench", PURPOSE)

MARGIN = 0.8  # textsiam's own for cosine distances
PREFETCHED = 4  # batches that each worker keeps ready
TRIAL_STEPS = 100  # whose second half tells how long one takes: the first ones are slower
LOSSES = {
    "contrastive": partial(
        losses.ContrastiveLoss, distance_metric=losses.SiameseDistanceMetric.COSINE_DISTANCE, margin=MARGIN
    ),
    "online_contrastive": partial(
        losses.OnlineContrastiveLoss, distance_metric=losses.SiameseDistanceMetric.COSINE_DISTANCE, margin=MARGIN
    ),
    "cosine_similarity": losses.CosineSimilarityLoss,
}


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
    steps = -(-len(pairs) // config.batch_size)
    return (
        seconds_a_step(fit(make_model(vocabulary, config), pairs, config, steps, "contrastive", bf16, workers)) * steps
    )


def seconds_a_step(ends: list[float]) -> float:
    """Mean time of all steps but the first, from when each ended."""
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def fit(
    model: Any, pairs: Pairs, config: TrainConfig, steps: int, loss: str, bf16: bool, workers: int = 0
) -> list[float]:
    """Train so many steps with the learning rate falling to 0; returns when each step ended."""
    dataset = import_extra("datasets", "bench", PURPOSE).Dataset.from_dict(
        {"sentence1": list(pairs.text_a), "sentence2": list(pairs.text_b), "label": pairs.labels.tolist()}
    )
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = package.SentenceTransformerTrainingArguments(
            output_dir=folder,
            max_steps=steps,
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
            model=model, args=arguments, train_dataset=dataset, loss=LOSSES[loss](model), callbacks=[clock]
        )
        trainer.remove_callback(transformers.PrinterCallback)  # writes to stdout
        trainer.train()
    return clock.ends


def trained_for_minutes(folder: Path, loss: str, learning_rate: float, minutes: float) -> Scored:
    """Train the LSTM of textsiam's cosine rows on train.tsv for so many minutes, and score by cosine.

    The vocabulary is learned as textsiam does and counts, as does finding out how long a step takes; the steps are
    as many as fit into the minutes that are left.
    """
    started = time.monotonic()
    sides = read_sides(folder)
    config = TrainConfig(
        encoder="lstm",
        dim=128,
        units=64,
        bidirectional=True,
        pooling="mean",
        head="cosine",
        learning_rate=learning_rate,
    )
    vocabulary = build_vocabulary(sides["train"].texts(), size=config.vocabulary_size)
    bf16 = precision.computes_bf16(torch.device("cpu"))
    ends = fit(make_model(vocabulary, config), sides["train"], config, TRIAL_STEPS, loss, bf16)
    trial = seconds_a_step(ends[TRIAL_STEPS // 2 :])
    left = minutes * 60 - (time.monotonic() - started)
    steps = int(left / trial)
    if steps < 1:
        raise SystemExit(f"{minutes:g} minutes are over before the first step; give more")
    model = make_model(vocabulary, config)
    fit(model, sides["train"], config, steps, loss, bf16)
    took = (time.monotonic() - started) / 60
    model.eval()
    dev, test = scores_by_vectors(
        partial(model.encode, batch_size=config.batch_size, show_progress_bar=False), [sides["dev"], sides["test"]]
    )
    epochs = steps * config.batch_size / len(sides["train"])
    return Scored(
        dev=dev,
        test=test,
        minutes=took,
        parameters=sum(value.numel() for value in model.parameters()),
        setting=f"{steps:,} steps of {config.batch_size}, {epochs:.2f} epochs, learning rate {learning_rate:g}",
    )


def make_model(vocabulary: Vocabulary, config: TrainConfig) -> Any:
    """Make word embeddings that are trained, LSTM and mean pooling."""
    weights = np.random.default_rng(7).normal(size=(vocabulary.size, config.dim)).astype(np.float32)
    words = models.WordEmbeddings(
        SentencePieceTokenizer(vocabulary.proto), weights, update_embeddings=True, max_seq_length=config.max_tokens
    )
    lstm = models.LSTM(config.dim, config.units, bidirectional=config.bidirectional)
    pooling = models.Pooling(lstm.get_embedding_dimension(), pooling_mode="mean")
    return package.SentenceTransformer(modules=[words, lstm, pooling], device="cpu")
