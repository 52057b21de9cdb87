from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import mteb
import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict
from mteb.abstasks import AbsTaskPairClassification, AbsTaskRetrieval, AbsTaskSTS
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.cache import ResultCache
from mteb.models import CrossEncoderProtocol, EncoderProtocol
from mteb.models.model_meta import ScoringFunction
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score

from tests.integrations.toy_model import bag, random_model
from textsiam.arrays import Array
from textsiam.errors import OptionError
from textsiam.integrations.mteb import MtebCrossEncoder, MtebEncoder
from textsiam.model.architecture import HEADS, Architecture
from textsiam.model.pair_model import PairModel

PAIRS = [
    ("how do i reset my password", "my password: how do we reset", 1),
    ("where is the harbour", "which tram stops near the harbour", 0),
    ("when does the night train leave", "does the train leave at night, when", 1),
    ("who waters the tomatoes in summer", "the tomatoes in summer, who waters", 1),
    ("what opens this old cupboard", "who opens the library", 0),
    ("can we cancel an order of bread", "when can i cancel my order", 0),
    ("which tram stops near the library", "the library: which tram is near", 1),
    ("how do i cancel", "", 0),
]
GRADES = [4.5, 2.0, 5.0, 4.0, 1.5, 3.0, 3.5, 0.0]
FIRST, SECOND, LABELS = [row[0] for row in PAIRS], [row[1] for row in PAIRS], [row[2] for row in PAIRS]


def metadata(name: str, kind: str, main: str) -> TaskMetadata:
    parts: dict[str, Any] = {"name": name, "type": kind, "main_score": main, "description": "A few texts of ours."}
    parts |= {"dataset": {"path": "NA", "revision": "NA"}, "category": "t2t", "modalities": ["text"]}
    parts |= {"eval_splits": ["test"], "eval_langs": ["eng-Latn"], "reference": None, "bibtex_citation": ""}
    return TaskMetadata(**parts)


class OurPairs(AbsTaskPairClassification):
    metadata = metadata("OurPairs", "PairClassification", "max_ap")

    def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
        columns = {"sentence1": FIRST, "sentence2": SECOND, "labels": LABELS}
        self.dataset = DatasetDict({"test": Dataset.from_dict(columns)})
        self.data_loaded = True


class OurGrades(AbsTaskSTS):
    metadata = metadata("OurGrades", "STS", "cosine_spearman")

    def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
        columns = {"sentence1": FIRST, "sentence2": SECOND, "score": GRADES}
        self.dataset = DatasetDict({"test": Dataset.from_dict(columns)})
        self.data_loaded = True


def search_data(*, ranked: bool) -> RetrievalSplitData:
    """Ask for the second text of each pair by the first; the one in its place is what is meant."""
    queries = [{"id": f"q{number}", "text": text} for number, text in enumerate(FIRST)]
    corpus = [{"id": f"d{number}", "text": text, "title": ""} for number, text in enumerate(SECOND)]
    return RetrievalSplitData(
        queries=Dataset.from_list(queries),
        corpus=Dataset.from_list(corpus),
        relevant_docs={f"q{number}": {f"d{number}": 1} for number in range(len(PAIRS))},
        top_ranked={query["id"]: [text["id"] for text in corpus] for query in queries} if ranked else None,
    )


class OurSearch(AbsTaskRetrieval):
    metadata = metadata("OurSearch", "Retrieval", "mrr_at_10")

    def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
        self.dataset = {"default": {"test": search_data(ranked=False)}}
        self.data_loaded = True


class OurReranking(AbsTaskRetrieval):
    metadata = metadata("OurReranking", "Reranking", "mrr_at_10")

    def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
        self.dataset = {"default": {"test": search_data(ranked=True)}}
        self.data_loaded = True


@cache
def toy(head: str) -> PairModel:
    return bag(head, seed=2)


def scores_of(model: MtebEncoder | MtebCrossEncoder, task: type[mteb.AbsTask], **options: Any) -> dict[str, float]:
    """Run mteb, and give what it found on the one split."""
    result = mteb.evaluate(model, task(), **{"cache": None, "show_progress_bar": False, **options})
    (found,) = result.task_results[0].scores["test"]
    return dict(found)


def cosines(model: PairModel) -> Array:
    u, v = (model.encode(texts).astype(np.float64) for texts in (FIRST, SECOND))
    norms = np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1)
    # of a zero vector, such as that of the empty text, mteb takes 0.5 for the cosine
    found: Array = np.divide((u * v).sum(axis=1), norms, out=np.full(len(u), 0.5), where=norms > 0)
    return found


def raw(model: PairModel, firsts: list[str] = FIRST, seconds: list[str] = SECOND) -> Array:
    return model.score_details(list(zip(firsts, seconds, strict=True))).raw


def table(model: PairModel) -> Array:
    """Give the raw scores of each first text with each second one, pair by pair."""
    return np.stack([raw(model, [text] * len(SECOND), SECOND) for text in FIRST])


def reciprocal_rank(scores: Array) -> float:
    """Give the mean of 1 / the place of what is meant."""
    return float(np.mean([1 / (1 + (row > row[place]).sum()) for place, row in enumerate(scores)]))


@pytest.mark.parametrize("head", HEADS)
def test_pair_classification_ranks_by_the_head_and_by_the_usual_distances(head: str) -> None:
    model = toy(head)
    found = scores_of(MtebEncoder(model), OurPairs)
    u, v = model.encode(FIRST), model.encode(SECOND)
    assert found["similarity_ap"] == pytest.approx(average_precision_score(LABELS, raw(model)), abs=1e-6)
    pairs = list(zip(FIRST, SECOND, strict=True))
    assert found["similarity_ap"] == pytest.approx(average_precision_score(LABELS, model.score_pairs(pairs)), abs=1e-6)
    assert found["cosine_ap"] == pytest.approx(average_precision_score(LABELS, cosines(model)), abs=1e-6)
    distances = np.linalg.norm(u - v, axis=1)
    assert found["euclidean_ap"] == pytest.approx(average_precision_score(LABELS, -distances), abs=1e-6)


@pytest.mark.parametrize("head", ["cosine", "mlp", "alignment"])
def test_grades_correlate_with_the_head_and_with_the_cosine(head: str) -> None:
    model = toy(head)
    found = scores_of(MtebEncoder(model), OurGrades)
    assert found["pearson"] == pytest.approx(pearsonr(GRADES, raw(model))[0], abs=1e-5)
    assert found["spearman"] == pytest.approx(spearmanr(GRADES, raw(model))[0], abs=1e-5)
    assert found["cosine_pearson"] == pytest.approx(pearsonr(GRADES, cosines(model))[0], abs=1e-5)
    assert found["main_score"] == pytest.approx(spearmanr(GRADES, cosines(model))[0], abs=1e-5)


@pytest.mark.parametrize("head", ["cosine", "mlp", "alignment"])
@pytest.mark.parametrize("task", [OurSearch, OurReranking])
def test_search_and_reranking_go_by_the_head(task: type[AbsTaskRetrieval], head: str) -> None:
    model = toy(head)
    found = scores_of(MtebEncoder(model), task)
    assert found["mrr_at_10"] == pytest.approx(reciprocal_rank(table(model)), abs=1e-4)


@pytest.mark.parametrize("head", ["mlp", "alignment"])
def test_a_cross_encoder_reranks_by_the_head(head: str) -> None:
    model = toy(head)
    cross = MtebCrossEncoder(model, "ours/cross")
    assert isinstance(cross, CrossEncoderProtocol)
    assert not isinstance(cross, EncoderProtocol)
    assert cross.mteb_model_meta.is_cross_encoder
    found = scores_of(cross, OurReranking, encode_kwargs={"batch_size": 3})
    assert found["mrr_at_10"] == pytest.approx(reciprocal_rank(table(model)), abs=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_similarity_is_the_raw_score_of_every_pair(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textsiam.integrations.mteb.VECTORS_AT_ONCE", 3)
    model, expected = toy(head), table(toy(head))
    encoder = MtebEncoder(model)
    u, v = encoder.encode(loader(FIRST)), encoder.encode(loader(SECOND))
    np.testing.assert_allclose(encoder.similarity(u, v), expected, atol=2e-6)
    np.testing.assert_allclose(encoder.similarity_pairwise(u, v), np.diag(expected), atol=2e-6)
    both = encoder.similarity(torch.from_numpy(u), v)
    assert isinstance(both, torch.Tensor)
    assert (both.shape, both.dtype) == ((8, 8), torch.float32)
    np.testing.assert_allclose(encoder.similarity(u[0], v), expected[:1], atol=2e-6)


def loader(texts: list[str], size: int = 3) -> Any:
    return torch.utils.data.DataLoader(Dataset.from_dict({"text": texts}), batch_size=size)


def test_texts_are_encoded_as_the_model_encodes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(Architecture(encoder="lstm", dim=6, units=5, head="cosine"))
    monkeypatch.setattr("textsiam.integrations.mteb.TEXTS_AT_ONCE", 5)
    found = MtebEncoder(model).encode(loader(FIRST))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model.encode(FIRST), atol=1e-6)
    assert MtebEncoder(model).encode([]).shape == (0, 5)  # type: ignore[arg-type] # any batches do


def test_mteb_is_told_what_the_model_is() -> None:
    model = toy("mlp")
    encoder = MtebEncoder(model, "ours/questions")
    assert isinstance(encoder, EncoderProtocol)
    meta = encoder.mteb_model_meta
    assert (meta.name, meta.revision, meta.embed_dim, meta.framework) == (
        "ours/questions",
        model.fingerprint(),
        8,
        ["NumPy"],
    )
    assert meta.n_parameters == 64 * 8 + 8 * 24 + 8 + 8 + 1
    assert meta.n_embedding_parameters == 64 * 8
    assert meta.similarity_fn_name is ScoringFunction.CUSTOM
    assert MtebEncoder(toy("cosine")).mteb_model_meta.similarity_fn_name is ScoringFunction.COSINE
    transformer = Architecture(encoder="transformer", dim=8, attention_heads=2, head="cosine")
    assert MtebEncoder(random_model(transformer)).mteb_model_meta.framework == ["PyTorch"]


def test_results_that_mteb_keeps_are_never_those_of_another_model(tmp_path: Path) -> None:
    kept = ResultCache(tmp_path)
    first, second = bag("cosine", seed=3), bag("cosine", seed=4)
    found = [scores_of(MtebEncoder(model, "ours/same"), OurPairs, cache=kept) for model in (first, second, first)]
    assert found[0]["similarity_ap"] == pytest.approx(found[2]["similarity_ap"], abs=1e-5)  # kept ones are rounded
    assert found[1]["similarity_ap"] == pytest.approx(average_precision_score(LABELS, raw(second)), abs=1e-6)
    assert len(list(tmp_path.rglob("OurPairs.json"))) == 2


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(OptionError, match="name is 'questions', expected organization/model, such as 'mine/questions'"):
        MtebEncoder(toy("mlp"), "questions")
    with pytest.raises(OptionError, match="model is a path, expected a model"):
        MtebCrossEncoder("models/mine")  # type: ignore[arg-type] # the mistake
    with pytest.raises(OptionError, match="precision is 'int8', but vectors of textsiam are float32"):
        scores_of(MtebEncoder(toy("mlp")), OurPairs, encode_kwargs={"precision": "int8"})
    with pytest.raises(OptionError, match="a vector is none that this object has encoded"):
        MtebEncoder(toy("alignment")).similarity(np.ones(8, np.float32), np.ones(8, np.float32))
    with pytest.raises(OptionError, match="a batch has image, expected text"):
        MtebEncoder(toy("mlp")).encode([{"image": []}])  # type: ignore[arg-type] # any batches do
    with pytest.raises(OptionError, match="inputs1 has 8 texts and inputs2 2, expected as many"):
        MtebCrossEncoder(toy("mlp")).predict(loader(FIRST), loader(SECOND[:2]))


def test_without_mteb_the_extra_is_named() -> None:
    code = "import sys; sys.modules['mteb'] = None; import textsiam.integrations.mteb"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, encoding="utf-8")
    last = run.stderr.splitlines()[-1]
    assert last.endswith("needs the package mteb; install it with: pip install 'textsiam[integrations]'")
