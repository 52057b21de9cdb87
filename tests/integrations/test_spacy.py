from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

import textsiam
from tests.integrations.toy_model import bag
from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError
from textsiam.integrations.spacy import TextsiamPipe, make_textsiam
from textsiam.model.pair_model import PairModel

TEXTS = ["how do i reset my password", "where is the harbour", "", "does the night train leave"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "toy"
    bag().save(folder)
    return folder


@pytest.fixture
def nlp(folder: Path) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(folder)})
    return nlp


def component(nlp: Language, name: str = "textsiam") -> TextsiamPipe:
    return cast(TextsiamPipe, nlp.get_pipe(name))


def vector_of(text: Doc | Span) -> Array:
    return cast(Array, text.vector)


def cosine(u: Array, v: Array) -> float:
    norms = float(np.linalg.norm(u.astype(np.float64)) * np.linalg.norm(v.astype(np.float64)))
    return float(u.astype(np.float64) @ v) / norms if norms else 0.0


def check_docs(docs: list[Doc], model: PairModel, texts: list[str] = TEXTS) -> None:
    """Compare all that documents answer with what the model gives for their texts."""
    vectors = model.encode(texts)
    assert [doc.text for doc in docs] == texts
    for doc, text, vector in zip(docs, texts, vectors, strict=True):
        np.testing.assert_allclose(vector_of(doc), vector, atol=1e-6)
        assert doc.vector_norm == pytest.approx(float(np.linalg.norm(vector)), abs=1e-6)
        assert doc.has_vector == bool(text)
        for other, there in zip(docs, vectors, strict=True):
            assert doc.similarity(other) == pytest.approx(cosine(vector, there), abs=1e-6)
            assert doc._.duplicate_probability(other) == model.score(text, other.text)


def test_a_document_answers_what_the_model_gives_for_its_text(nlp: Language) -> None:
    model = bag()
    check_docs([nlp(text) for text in TEXTS], model)
    check_docs(list(nlp.pipe(TEXTS)), model)
    a, b = nlp(TEXTS[0]), nlp(TEXTS[1])
    assert a.similarity(b) == b.similarity(a)
    assert 0 < a._.duplicate_probability(b) != pytest.approx(a.similarity(b), abs=0.01)
    assert a._.duplicate_probability(TEXTS[1]) == a._.duplicate_probability(b)
    assert a._.duplicate_probability(b, prior=0.01) == model.score(TEXTS[0], TEXTS[1], prior=0.01)
    assert a._.duplicate_probability(b, prior=0.01) < a._.duplicate_probability(b)


@pytest.mark.parametrize("head", ["cosine", "squared_euclidean", "alignment"])
def test_similarity_is_the_cosine_whatever_the_head(tmp_path: Path, head: str) -> None:
    model = bag(head, seed=1)
    model.save(tmp_path / "model")
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    check_docs(list(nlp.pipe(TEXTS)), model)


def test_a_stream_is_encoded_batch_by_batch(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    model = component(nlp).pair_model
    sizes, encode = [], model.encode

    def counted(texts: list[str]) -> Array:
        sizes.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(model, "encode", counted)
    check_docs(list(nlp.pipe(iter(TEXTS * 3), batch_size=5))[:4], bag())
    assert sizes == [5, 5, 2]


def test_a_span_answers_for_its_own_text(nlp: Language) -> None:
    model = bag()
    doc, other = nlp("how do i reset my password please"), nlp(TEXTS[1])
    span = doc[3:6]
    vector = model.encode(["reset my password"])[0]
    np.testing.assert_allclose(vector_of(span), vector, atol=1e-6)
    assert span.vector_norm == pytest.approx(float(np.linalg.norm(vector)), abs=1e-6)
    assert span.has_vector
    assert span.similarity(other) == pytest.approx(cosine(vector, vector_of(other)), abs=1e-6)
    assert other.similarity(span) == pytest.approx(span.similarity(other), abs=1e-7)
    assert span._.duplicate_probability(other) == model.score(span.text, other.text)
    assert other._.duplicate_probability(span) == model.score(other.text, span.text)


def test_a_part_made_a_document_and_documents_made_one_have_vectors_of_their_own(nlp: Language) -> None:
    model = bag()
    doc = nlp("how do i reset my password")
    for copied in (True, False):
        part = doc[3:6].as_doc(copy_user_data=copied)
        np.testing.assert_allclose(vector_of(part), model.encode(["reset my password"])[0], atol=1e-6)
    docs = [nlp(text) for text in (TEXTS[0], TEXTS[1])]
    whole = Doc.from_docs(docs)
    assert whole is not None
    component(nlp)(whole)
    np.testing.assert_allclose(vector_of(whole), model.encode([f"{TEXTS[0]} {TEXTS[1]}"])[0], atol=1e-6)
    np.testing.assert_allclose(vector_of(whole[len(docs[0]) :]), model.encode([TEXTS[1]])[0], atol=1e-6)


def test_others_than_documents_are_compared_by_their_text(nlp: Language) -> None:
    doc = nlp(TEXTS[0])
    vectors = bag().encode([TEXTS[0], "password", "harbour"])
    assert doc.similarity(doc[5]) == pytest.approx(cosine(vectors[0], vectors[1]), abs=1e-6)
    assert doc.similarity(nlp.vocab["harbour"]) == pytest.approx(cosine(vectors[0], vectors[2]), abs=1e-6)
    with pytest.raises(OptionError, match="3 cannot be compared, expected a Doc, a Span, a Token or a str"):
        doc.similarity(3)  # type: ignore[arg-type] # the mistake
    with pytest.raises(OptionError, match=r"None cannot be compared"):
        doc._.duplicate_probability(None)
    with pytest.raises(OptionError, match=r"duplicate_probability of a document without a textsiam model; run it"):
        spacy.blank("en")(TEXTS[0])._.duplicate_probability(doc)


def test_documents_from_other_processes_answer_as_well(nlp: Language) -> None:
    docs = list(nlp.pipe(TEXTS * 3, n_process=2, batch_size=2))
    check_docs(docs[4:8], bag())
    assert [doc.text for doc in docs] == TEXTS * 3
    np.testing.assert_allclose(vector_of(docs[0][3:]), bag().encode(["reset my password"])[0], atol=1e-6)
    pairs = list(nlp.pipe([(text, number) for number, text in enumerate(TEXTS)], as_tuples=True, n_process=2))
    assert [context for _, context in pairs] == [0, 1, 2, 3]
    check_docs([doc for doc, _ in pairs], bag())


def test_a_component_that_is_switched_off_leaves_documents_alone(nlp: Language) -> None:
    for processes in (1, 2):
        (doc,) = nlp.pipe(TEXTS[:1], disable=["textsiam"], n_process=processes)
        assert doc.user_hooks == {}
        assert doc.user_data == {}


def test_a_component_of_another_pipeline_answers_once_documents_pass_it(nlp: Language) -> None:
    other = spacy.blank("en")
    other.add_pipe("textsiam", source=nlp)
    check_docs(list(other.pipe(TEXTS)), bag())
    docs = other.pipe(TEXTS, n_process=2)
    check_docs(list(component(other).pipe(docs)), bag())


def test_of_two_components_the_last_one_answers(folder: Path, tmp_path: Path) -> None:
    second = bag("cosine", seed=5)
    second.save(tmp_path / "second")
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", name="first", config={"model": str(folder)})
    nlp.add_pipe("textsiam", name="second", config={"model": str(tmp_path / "second")})
    for processes in (1, 2):
        check_docs(list(nlp.pipe(TEXTS, n_process=processes)), second)
    doc = component(nlp, "first")(nlp(TEXTS[0]))
    np.testing.assert_allclose(vector_of(doc), bag().encode(TEXTS[:1])[0], atol=1e-6)


def test_a_moved_pipeline_needs_the_first_folder_no_more(tmp_path: Path) -> None:
    model = bag()
    model.save(tmp_path / "model")
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(tmp_path / "model")
    (tmp_path / "pipeline").rename(tmp_path / "moved")
    loaded = spacy.load(tmp_path / "moved")
    check_docs(list(loaded.pipe(TEXTS)), model)
    check_docs(list(loaded.pipe(TEXTS, n_process=2)), model)
    # what lies inside is an ordinary model folder
    assert PairModel.load(tmp_path / "moved" / "textsiam" / "model").fingerprint() == model.fingerprint()


def test_the_saved_model_counts_where_the_first_folder_has_another_one_now(tmp_path: Path) -> None:
    bag().save(tmp_path / "model")
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    nlp.to_disk(tmp_path / "pipeline")
    bag(seed=9).save(tmp_path / "model")
    check_docs([spacy.load(tmp_path / "pipeline")(text) for text in TEXTS], bag())


@pytest.mark.parametrize("weights", ["fp16", "int8"])
def test_a_small_model_stays_small_in_a_pipeline(tmp_path: Path, weights: str) -> None:
    bag().save(tmp_path / "model", weights=weights)
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    nlp.to_disk(tmp_path / "pipeline")
    stored = tmp_path / "pipeline" / "textsiam" / "model" / "weights.safetensors"
    assert stored.stat().st_size == (tmp_path / "model" / "weights.safetensors").stat().st_size
    check_docs(list(spacy.load(tmp_path / "pipeline").pipe(TEXTS)), PairModel.load(tmp_path / "model"))


def test_bytes_hold_the_model_too(tmp_path: Path) -> None:
    model = bag()
    model.save(tmp_path / "model")
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    data, config = nlp.to_bytes(), nlp.config
    shutil.rmtree(tmp_path / "model")
    from_config = spacy.blank("en").from_config(config)
    bare = spacy.blank("en")
    bare.add_pipe("textsiam")
    for made in (from_config, bare):
        check_docs(list(made.from_bytes(data).pipe(TEXTS)), model)
    without = component(nlp).to_bytes(exclude=["model"])
    assert len(without) < 10 < len(component(nlp).to_bytes())
    check_docs([pickle.loads(pickle.dumps(nlp))(text) for text in TEXTS], model)


def test_saved_documents_need_not_be_encoded_again(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = list(nlp.pipe(TEXTS))
    binary = DocBin(docs=docs, store_user_data=True).to_bytes()
    single = docs[0].to_bytes(exclude=["user_hooks"])

    def never(texts: list[str]) -> Array:
        assert texts == []
        return np.zeros((0, 8), np.float32)

    with monkeypatch.context() as patch:
        patch.setattr(component(nlp).pair_model, "encode", never)
        restored = list(component(nlp).pipe(DocBin().from_bytes(binary).get_docs(nlp.vocab)))
        restored.append(component(nlp)(Doc(nlp.vocab).from_bytes(single)))
        assert restored[4].similarity(restored[0]) == pytest.approx(1)
    check_docs(restored[:4], bag())


def test_a_document_goes_to_another_process_without_the_model(nlp: Language, folder: Path, tmp_path: Path) -> None:
    doc, other = nlp(TEXTS[0]), nlp(TEXTS[1])
    (tmp_path / "docs.pickle").write_bytes(pickle.dumps([doc, other]))
    code = """
import pathlib, pickle, sys
import spacy
from textsiam.errors import OptionError
doc, other = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
print(doc.similarity(other))
try:
    doc._.duplicate_probability(other)
except OptionError as error:
    print(error)
nlp = spacy.blank("en")
import textsiam.integrations.spacy
nlp.add_pipe("textsiam", config={"model": sys.argv[2]})
print(doc._.duplicate_probability(other))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "docs.pickle"), str(folder)]
    similarity, refused, probability = subprocess.run(
        command, capture_output=True, text=True, check=True, encoding="utf-8"
    ).stdout.splitlines()
    assert float(similarity) == pytest.approx(doc.similarity(other))
    assert refused.startswith("the model of this document is not loaded in this process; load the pipeline")
    assert float(probability) == pytest.approx(doc._.duplicate_probability(other))


def make_file(path: Path) -> None:
    path.write_text("no model")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (None, "model is not there, expected a model folder as written by textsiam train"),
        (Path.mkdir, "model is no model folder, or cut short"),
        (make_file, "model is a file, expected a model folder"),
    ],
)
def test_a_wrong_folder_is_told_at_once(tmp_path: Path, make: Callable[[Path], None] | None, line: str) -> None:
    if make is not None:
        make(tmp_path / "model")
    nlp = spacy.blank("en")
    with pytest.raises(ModelFolderError, match=line):
        nlp.add_pipe("textsiam", config={"model": str(tmp_path / "model")})
    # spaCy may read the model after it has made the pipeline of a config; where it does not, the first text tells
    config = nlp.config | {"components": {"textsiam": {"factory": "textsiam", "model": str(tmp_path / "model")}}}
    config["nlp"]["pipeline"] = ["textsiam"]
    with pytest.raises(ModelFolderError, match=line):
        nlp.from_config(config)(TEXTS[0])


def test_a_component_without_a_model_says_what_to_give(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("textsiam", name="same")
    for use in (lambda: nlp(TEXTS[0]), lambda: list(nlp.pipe(TEXTS)), lambda: nlp.to_disk(tmp_path / "pipeline")):
        with pytest.raises(OptionError, match=r"the component 'same' has no model; give its folder: nlp\.add_pipe"):
            use()
    assert [doc.text for doc in nlp.pipe(TEXTS, disable=["same"], n_process=2)] == TEXTS


def test_a_wrong_option_is_named_by_spacy() -> None:
    for name, value in (("model", 3), ("modle", "models/mine")):
        with pytest.raises(ValueError, match=name):
            spacy.blank("en").add_pipe("textsiam", config={name: value})


def test_an_error_goes_to_the_handler_of_the_pipeline(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    model = component(nlp).pair_model
    encode, failed = model.encode, []

    def fails(texts: list[str]) -> Array:
        if TEXTS[1] in texts:
            raise MemoryError("no room")
        return encode(texts)

    def note(name: str, pipe: object, docs: list[Doc], error: Exception) -> None:
        failed.append((name, [doc.text for doc in docs], str(error)))

    monkeypatch.setattr(model, "encode", fails)
    with pytest.raises(MemoryError):
        list(nlp.pipe(TEXTS))
    nlp.set_error_handler(cast(Any, note))  # which spaCy types as one that never returns
    assert [doc.text for doc in nlp.pipe(TEXTS, batch_size=1)] == [TEXTS[0], *TEXTS[2:]]
    assert failed == [("textsiam", [TEXTS[1]], "no room")]


def test_spacy_knows_what_the_component_does(nlp: Language) -> None:
    meta = nlp.get_pipe_meta("textsiam")
    assert meta.assigns == [
        "doc.vector",
        "doc.user_data",
        "doc._.duplicate_probability",
        "span._.duplicate_probability",
    ]
    assert (meta.requires, meta.retokenizes, meta.default_config) == ([], False, {"model": None})
    assert (nlp.analyze_pipes() or {})["problems"] == {"textsiam": []}


def test_the_entry_point_of_the_package_is_the_factory() -> None:
    project = Path(textsiam.__file__).parents[1] / "pyproject.toml"
    (name, value), *more = tomllib.loads(project.read_text("utf-8"))["project"]["entry-points"][
        "spacy_factories"
    ].items()
    assert more == []
    assert (name, EntryPoint(name, value, "spacy_factories").load()) == ("textsiam", make_textsiam)


def test_without_spacy_the_extra_is_named() -> None:
    code = "import sys; sys.modules['spacy'] = None; import textsiam.integrations.spacy"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, encoding="utf-8")
    last = run.stderr.splitlines()[-1]
    assert last.endswith("the spaCy component needs the package spacy; install it with: pip install 'textsiam[spacy]'")
