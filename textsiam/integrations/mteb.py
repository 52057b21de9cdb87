"""A model as mteb evaluates one: as an encoder, whose similarity is the model's pair head, or as a cross-encoder.

    import mteb
    from textsiam.integrations.mteb import MtebEncoder
    encoder = MtebEncoder(textsiam.PairModel.load("models/mine"), "mine/support-questions")
    results = mteb.evaluate(encoder, mteb.get_tasks(tasks=["SprintDuplicateQuestions"]))

mteb shows the scores of cosine, dot product and the usual distances beside those of the model's own similarity. That
is the raw score of the pair head: it ranks pairs as the calibrated probability does, and does not come so near to 1
that different pairs tie. (Where a text is empty to the model, its vector is zero, and mteb takes the cosine for 0.5.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from textsiam.arrays import Array, unit_vectors
from textsiam.errors import OptionError, check_model, import_extra
from textsiam.model.architecture import VECTOR_HEADS
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.heads import EPSILON
from textsiam.model.inputs import TEXTS_AT_ONCE
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING
from textsiam.progress import progress

try:
    from mteb.models import ModelMeta
    from mteb.models.model_meta import ScoringFunction
except ModuleNotFoundError:
    import_extra("mteb", "integrations", "evaluating with mteb")
    raise

if TYPE_CHECKING:
    import torch
    from mteb.abstasks.task_metadata import TaskMetadata
    from mteb.types import Array as MtebArray
    from mteb.types import BatchedInput, PromptType
    from torch.utils.data import DataLoader

VECTORS_AT_ONCE = 8_192  # that a head compares with one: its features are several times as large
_FUNCTIONS = {
    "cosine": ScoringFunction.COSINE,
    "dot": ScoringFunction.DOT_PRODUCT,
    "euclidean": ScoringFunction.EUCLIDEAN,
    "manhattan": ScoringFunction.MANHATTAN,
}


class MtebEncoder:
    """What ``mteb.evaluate`` takes for an encoder (``EncoderProtocol``): texts to vectors, and their similarity.

    ``name`` is "organization/model", under which mteb keeps results; with the model's fingerprint as the revision, so
    that another model under the same name does not get the results of this one. Prompts are not used, and the kind of
    a text, query or document, makes no difference.

    The head "alignment" compares tokens, which no vector holds: with it the texts of all vectors that ``encode`` has
    given are remembered, and similarities take the time that pairs take. For reranking see ``MtebCrossEncoder``.

    Raises OptionError for a name without "/".
    """

    def __init__(self, model: PairModel, name: str = "textsiam/model") -> None:
        check_model(model)
        self.model = model
        self.mteb_model_meta = _meta(model, name, "dense")
        self._by_tokens = model.architecture.head not in VECTOR_HEADS
        self._texts: dict[bytes, str] = {}  # by their vectors, for the head that compares tokens

    def encode(
        self,
        inputs: DataLoader[BatchedInput],
        *,
        task_metadata: TaskMetadata | None = None,
        hf_split: str = "",
        hf_subset: str = "",
        prompt_type: PromptType | None = None,
        batch_size: int = 0,
        show_progress_bar: bool = False,
        precision: str = "float32",
    ) -> Array:
        """Return the vectors, float32 (n, D), of the texts in ``inputs``, batches that have them under "text".

        Nothing else has an effect, but for ``show_progress_bar``, and ``precision``: OptionError unless it is
        "float32". How many texts are encoded at once is chosen here.
        """
        del task_metadata, hf_split, hf_subset, prompt_type, batch_size
        if precision != "float32":
            raise OptionError(f"precision is {precision!r}, but vectors of textsiam are float32; leave it out")
        texts = _texts_of(inputs)
        parts = [np.zeros((0, self.model.architecture.vector_size), np.float32)]
        with progress("encoding", None, "texts", show=show_progress_bar) as bar:
            while block := list(islice(texts, TEXTS_AT_ONCE)):
                parts.append(self.model.encode(block))
                if self._by_tokens:
                    self._texts.update((vector.tobytes(), text) for vector, text in zip(parts[-1], block, strict=True))
                bar.advance(len(block))
        return np.concatenate(parts)

    def similarity(self, embeddings1: MtebArray, embeddings2: MtebArray) -> torch.Tensor:
        """Return raw scores, float32 (n, m), of each of the first vectors, (n, D), with each of the second, (m, D)."""
        import torch

        u, v = _vectors(embeddings1), _vectors(embeddings2)
        product = _PRODUCTS.get(self.model.architecture.head)
        return torch.from_numpy(self._all_pairs(u, v) if product is None else product(u, v))

    def similarity_pairwise(self, embeddings1: MtebArray, embeddings2: MtebArray) -> torch.Tensor:
        """Return raw scores, float32 (n,), of each of the first vectors, (n, D), with the second in its place."""
        import torch

        return torch.from_numpy(self._scores(_vectors(embeddings1), _vectors(embeddings2)))

    def _all_pairs(self, u: Array, v: Array) -> Array:
        scores = np.empty((len(u), len(v)), np.float32)
        for row, vector in zip(scores, u, strict=True):
            for start in range(0, len(v), VECTORS_AT_ONCE):
                block = v[start : start + VECTORS_AT_ONCE]
                row[start : start + len(block)] = self._scores(np.broadcast_to(vector, block.shape), block)
        return scores

    def _scores(self, u: Array, v: Array) -> Array:
        if not self._by_tokens:
            return self.model.compare_raw(u, v)
        return self.model.score_details(
            [(self._text(one), self._text(other)) for one, other in zip(u, v, strict=True)]
        ).raw

    def _text(self, vector: Array) -> str:
        text = self._texts.get(vector.tobytes())
        if text is None:
            raise OptionError("a vector is none that this object has encoded, and head 'alignment' needs its text")
        return text


class MtebCrossEncoder:
    """What ``mteb.evaluate`` takes for a cross-encoder (``CrossEncoderProtocol``): pairs of texts to scores.

    mteb reranks with it. ``name`` is as ``MtebEncoder`` takes it.
    """

    def __init__(self, model: PairModel, name: str = "textsiam/model") -> None:
        check_model(model)
        self.model = model
        self.mteb_model_meta = _meta(model, name, "cross-encoder")

    def predict(
        self,
        inputs1: DataLoader[BatchedInput],
        inputs2: DataLoader[BatchedInput],
        *,
        task_metadata: TaskMetadata | None = None,
        hf_split: str = "",
        hf_subset: str = "",
        prompt_type: PromptType | None = None,
        batch_size: int = 0,
        show_progress_bar: bool = False,
        precision: str = "float32",
    ) -> Array:
        """Return raw scores, float32 (n,), of each text of ``inputs1`` with the one of ``inputs2`` in its place.

        Options as ``MtebEncoder.encode`` takes them. Raises OptionError where one of the two has more texts.
        """
        del task_metadata, hf_split, hf_subset, prompt_type, batch_size
        if precision != "float32":
            raise OptionError(f"precision is {precision!r}, but scores of textsiam are float32; leave it out")
        firsts, seconds = list(_texts_of(inputs1)), list(_texts_of(inputs2))
        if len(firsts) != len(seconds):
            raise OptionError(f"inputs1 has {len(firsts):,} texts and inputs2 {len(seconds):,}, expected as many")
        pairs = zip(firsts, seconds, strict=True)
        return self.model.score_details(pairs, show_progress=show_progress_bar).raw


def _meta(model: PairModel, name: str, kind: str) -> ModelMeta:
    """Describe a model as mteb keeps it with its results."""
    if "/" not in name:
        raise OptionError(f"name is {name!r}, expected organization/model, such as 'mine/{name}'")
    architecture = model.architecture
    in_numpy = model.device is None and architecture.encoder in NUMPY_ENCODERS
    embedding = model.weights.get(EMBEDDING)
    parts: dict[str, Any] = {
        "loader": None,
        "name": name,
        "revision": model.fingerprint(),
        "release_date": None,
        "languages": None,
        "n_parameters": sum(weight.size for weight in model.weights.values()),
        "n_embedding_parameters": None if embedding is None else embedding.size,
        "memory_usage_mb": sum(weight.nbytes for weight in model.weights.values()) / 2**20,
        "max_tokens": architecture.max_tokens,
        "embed_dim": architecture.vector_size,
        "license": None,
        "open_weights": None,
        "public_training_code": None,
        "public_training_data": None,
        "framework": ["NumPy" if in_numpy else "PyTorch"],
        "similarity_fn_name": _FUNCTIONS.get(architecture.head, ScoringFunction.CUSTOM),
        "use_instructions": False,
        "training_datasets": None,
        "model_type": [kind],
    }
    return ModelMeta(**parts)


def _texts_of(batches: Iterable[Any]) -> Iterator[str]:
    for batch in batches:
        if "text" not in batch:
            raise OptionError(f"a batch has {', '.join(sorted(batch))}, expected text: textsiam reads nothing else")
        yield from batch["text"]


def _vectors(given: MtebArray) -> Array:
    """Give vectors of NumPy or torch, (n, D) or one (D,), as float32 (n, D)."""
    return np.atleast_2d(np.asarray(given, dtype=np.float32))


def _cosines(u: Array, v: Array) -> Array:
    return np.asarray((unit_vectors(u, EPSILON) @ unit_vectors(v, EPSILON).T).clip(-1, 1))


# heads of which matrix products give all pairs at once
_PRODUCTS: dict[str, Callable[[Array, Array], Array]] = {"cosine": _cosines, "dot": lambda u, v: np.asarray(u @ v.T)}
