"""The component among others: behind it, beside one of an equal model, and switched off by name."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from tests.integrations.toy_model import bag
from textsiam.integrations.spacy import TextsiamPipe
from textsiam.model.pair_model import PairModel

TEXTS = ["how do i reset my password", "where is the harbour", "does the night train leave"]
OTHER = "who waters the tomatoes"


@Language.component("textsiam_test_asks")
def asks(doc: Doc) -> Doc:
    """Write down what a component that stands behind is told."""
    doc.user_data["told"] = [doc.vector_norm, doc._.duplicate_probability(OTHER), doc[:2].similarity(doc)]
    return doc


def pipeline(folder: Path) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(folder)})
    return nlp


def pair_model(nlp: Language) -> PairModel:
    return cast(TextsiamPipe, nlp.get_pipe("textsiam")).pair_model


@pytest.mark.parametrize("processes", [1, 2])
def test_a_component_behind_it_is_answered_in_every_process(
    tmp_path: Path, processes: int, capfd: pytest.CaptureFixture[str]
) -> None:
    model = bag()
    model.save(tmp_path / "model")
    nlp = pipeline(tmp_path / "model")
    nlp.add_pipe("textsiam_test_asks")
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # so that a worker would print, and not raise
        docs = list(nlp.pipe(TEXTS, n_process=processes))
    assert "W109" not in capfd.readouterr().err
    for doc, vector in zip(docs, model.encode(TEXTS), strict=True):
        norm, probability, similarity = doc.user_data["told"]
        assert norm == pytest.approx(float(np.linalg.norm(vector)), abs=1e-6)
        assert probability == model.score(doc.text, OTHER)
        assert similarity == pytest.approx(doc[:2].similarity(doc), abs=1e-6)


def test_a_component_keeps_its_own_model_beside_one_that_is_equal(tmp_path: Path) -> None:
    model = bag()
    model.save(tmp_path / "half", weights="fp16")
    half = PairModel.load(tmp_path / "half")
    half.save(tmp_path / "half in full")
    half.card = "# Another card\n"
    half.save(tmp_path / "half", weights="fp16")
    first, second = pipeline(tmp_path / "half in full"), pipeline(tmp_path / "half")
    assert pair_model(first) is not pair_model(second)
    assert pair_model(first).fingerprint() == pair_model(second).fingerprint()
    second.to_disk(tmp_path / "pipeline")
    saved = tmp_path / "pipeline" / "textsiam" / "model"
    assert (saved / "README.md").read_text().startswith("# Another card\n")
    assert (saved / "weights.safetensors").stat().st_size == (tmp_path / "half/weights.safetensors").stat().st_size
    # what documents are told is one thing, whichever of the two they passed
    assert first(TEXTS[0]).similarity(second(TEXTS[0])) == pytest.approx(1, abs=1e-6)


def test_a_model_that_is_given_stays_on_its_device() -> None:
    first, given = TextsiamPipe(model=bag()), bag()
    other = TextsiamPipe(model=given)
    assert other.pair_model is given
    assert other.hooks is first.hooks


def test_one_name_is_switched_off_as_a_list_of_it_is(tmp_path: Path) -> None:
    bag().save(tmp_path / "model")
    nlp = pipeline(tmp_path / "model")
    nlp.add_pipe("textsiam_test_asks", name="asks")
    for processes in (1, 2):
        for doc in nlp.pipe(TEXTS, disable="asks", n_process=processes):
            assert "told" not in doc.user_data
            assert doc.has_vector
        for doc in nlp.pipe(TEXTS, disable="sometextsiam", n_process=processes):
            assert doc.user_data["told"]
