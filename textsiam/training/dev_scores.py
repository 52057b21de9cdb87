"""The scores of dev pairs: while training in torch, at the end as production computes them."""

from __future__ import annotations

import numpy as np
import torch

from textsiam.arrays import Array
from textsiam.data.pairs import Pairs
from textsiam.errors import TrainingError, import_extra
from textsiam.model.pair_model import PAIRS_AT_ONCE, PairModel
from textsiam.training.corpus import TokenizedPairs
from textsiam.training.loop import Evaluator
from textsiam.training.network import SiameseNetwork
from textsiam.training.pair_scores import score_pairs
from textsiam.training.runtime import encode_tokens


def dev_evaluator(pairs: TokenizedPairs, metric: str, device: torch.device) -> Evaluator:
    """Make the function that gives a network's ``metric`` ("roc_auc" or "spearman") on dev pairs."""
    roc_auc_score = import_extra("sklearn.metrics", "train", "training").roc_auc_score
    spearmanr = import_extra("scipy.stats", "train", "training").spearmanr

    def evaluate(network: SiameseNetwork) -> dict[str, float]:
        score = score_pairs if network.compares_tokens else _score_vectors
        raw = score(network, pairs, device)
        if not np.isfinite(raw).all():
            raise TrainingError("the scores of dev pairs are not finite; lower learning_rate or clip")
        if metric == "roc_auc":
            return {metric: float(roc_auc_score(pairs.labels > 0.5, raw))}
        if np.ptp(raw) == 0:
            return {metric: 0.0}  # a rank correlation with a constant is not defined
        return {metric: float(spearmanr(pairs.labels, raw).statistic)}

    return evaluate


def _score_vectors(network: SiameseNetwork, pairs: TokenizedPairs, device: torch.device) -> Array:
    """Encode each text once, and compare the vectors, float32 (n,)."""
    vectors = torch.from_numpy(encode_tokens(network.encoder, pairs.tokens, network.vector_size, device))
    network.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            # copied, for torch takes no array that is mapped from a file for reading
            sides = (torch.tensor(index[start : start + PAIRS_AT_ONCE]) for index in (pairs.index_a, pairs.index_b))
            parts.append(network.head(*(vectors[side].to(device) for side in sides)).float().cpu().numpy())
    return np.concatenate(parts)


def production_scores(model: PairModel, pairs: Pairs) -> Array:
    """Return the raw scores that ``model`` gives ``pairs``, float32 (n,), holding few of their texts in memory."""
    blocks = (pairs[start : start + PAIRS_AT_ONCE] for start in range(0, len(pairs), PAIRS_AT_ONCE))
    return np.concatenate([model.score_details(zip(block.text_a, block.text_b, strict=True)).raw for block in blocks])
