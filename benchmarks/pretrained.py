"""Peers that start from all-MiniLM-L6-v2, whose own training data hold the duplicates of QQP, test pairs included."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from judging import Scored, best_setting, scores_by_vectors
from peers import minilm_folder
from splits import read_sides
from timing import say

from textsiam.errors import import_extra

PURPOSE = "this benchmark"


def minilm_cosine(folder: Path, _place: Path) -> Scored:
    """Cosine of all-MiniLM-L6-v2 as it comes, in sentence-transformers; only the threshold is from dev."""
    started = time.monotonic()
    model = import_extra("sentence_transformers", "bench", PURPOSE).SentenceTransformer(
        str(minilm_folder()), device="cpu"
    )
    minutes = (time.monotonic() - started) / 60
    sides = read_sides(folder)
    dev, test = scores_by_vectors(
        partial(model.encode, batch_size=32, show_progress_bar=False), [sides["dev"], sides["test"]]
    )
    return Scored(dev=dev, test=test, minutes=minutes, parameters=sum(p.numel() for p in model.parameters()))


def model2vec_cosine(folder: Path, _place: Path, dimensions: int) -> Scored:
    """Cosine of model2vec distilled from all-MiniLM-L6-v2, not trained on pairs."""
    started = time.monotonic()
    model = distilled(dimensions)
    minutes = (time.monotonic() - started) / 60
    sides = read_sides(folder)
    dev, test = scores_by_vectors(model.encode, [sides["dev"], sides["test"]])
    return Scored(dev=dev, test=test, minutes=minutes, parameters=int(model.embedding.size))


def model2vec_pairs(folder: Path, _place: Path, dimensions: int, learning_rates: list[float]) -> Scored:
    """model2vec's own model for pairs, on its distilled embeddings; it learns from train's duplicates alone.

    Its loss (InfoNCE) takes the other texts of a batch for different. Early stopping by dev's duplicates as its
    documentation describes; learning rate and whether its head is used in training are chosen on dev.
    """
    pair_model = import_extra("model2vec.train", "bench", PURPOSE).StaticModelForPairSimilarity
    sides = read_sides(folder)
    same = {side: pairs.select(pairs.labels > 0.5) for side, pairs in sides.items()}
    start = distilled(dimensions)
    tried = {}
    for rate in learning_rates:
        for layers in (0, 1):
            started = time.monotonic()
            model = pair_model.from_static_model(model=start, n_layers=layers)
            model.fit(
                same["train"].text_a,
                same["train"].text_b,
                learning_rate=rate,
                text_a_val=same["dev"].text_a,
                text_b_val=same["dev"].text_b,
                device="cpu",
            )
            static = model.to_static_model()
            minutes = (time.monotonic() - started) / 60
            dev, test = scores_by_vectors(static.encode, [sides["dev"], sides["test"]])
            name = f"learning rate {rate:g}, {'a' if layers else 'no'} head in training"
            tried[name] = Scored(dev=dev, test=test, minutes=minutes, parameters=int(np.size(static.embedding)))
            say(f"model2vec, {name}: {minutes:.1f} minutes")
    return best_setting(tried, sides["dev"].labels)


def distilled(dimensions: int) -> Any:
    """Distil model2vec's static embeddings from all-MiniLM-L6-v2 (a minute or so)."""
    distill = import_extra("model2vec.distill", "bench", PURPOSE).distill
    return distill(str(minilm_folder()), device="cpu", pca_dims=dimensions)
