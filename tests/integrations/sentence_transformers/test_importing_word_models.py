"""Folders of WordPiece and of lists of words become models that do all that models do."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    LSTM,
    Normalize,
    Pooling,
    StaticEmbedding,
    WordEmbeddings,
)
from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer

import textsiam
from tests.integrations.sentence_transformers.conftest import make
from tests.integrations.sentence_transformers.test_word_models_of import FLAGS, HARD, PIECES, word_piece
from tests.training.conftest import TOPICS
from textsiam.errors import OptionError
from textsiam.integrations.onnx import OnnxPairModel, export_onnx
from textsiam.integrations.sentence_transformers import export_sentence_transformers, import_sentence_transformers
from textsiam.integrations.word_vectors import export_word_vectors
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING
from textsiam.training.config import TrainConfig
from textsiam.training.word_vectors import embed_words

ROWS = [(f"what about the {a} here", f"the {b} now", float(a == b)) for a in TOPICS for b in (*TOPICS, *[a] * 4)]
WORDS = list(dict.fromkeys(word for row in ROWS for text in row[:2] for word in text.split()))


def saved(folder: Path, *modules: torch.nn.Module, **options: Any) -> Path:
    SentenceTransformer(modules=list(modules), device="cpu", **options).save(str(folder), create_model_card=False)
    return folder


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def static(pieces: list[str], dim: int = 8) -> StaticEmbedding:
    torch.manual_seed(5)
    return StaticEmbedding(word_piece(pieces, FLAGS[0]), embedding_dim=dim)


def words(*, stop_words: tuple[str, ...] = ("here",), dim: int = 8, **options: Any) -> WordEmbeddings:
    embedding = np.random.default_rng(6).normal(size=(len(WORDS), dim)).astype(np.float32)
    return WordEmbeddings(WhitespaceTokenizer(WORDS, stop_words), embedding, **options)


def lstm(dim: int = 8, **options: Any) -> LSTM:
    torch.manual_seed(7)
    return LSTM(dim, 6, **options)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("folders")
    return {
        "wordpiece": saved(base / "wordpiece", static(list(dict.fromkeys([*PIECES, *WORDS])))),
        "word_list": saved(base / "words", words(), Pooling(8, pooling_mode="mean")),
        "word_lstm": saved(base / "lstm", words(), lstm(num_layers=2), Pooling(12, pooling_mode="max")),
    }


KINDS = ["wordpiece", "word_list", "word_lstm"]
TEXTS = [text for row in ROWS[:30] for text in row[:2]]


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_those_of_sentence_transformers(kind: str, folders: dict[str, Path]) -> None:
    model = import_sentence_transformers(folders[kind])
    texts = [text[:3_000] for text in [*HARD, *TEXTS]]
    if kind == "word_lstm":  # which has no vector there for a text without a token
        texts = [text for text in texts if model.tokenizer.encode([text]).ids.size]
    assert len(texts) > 30
    assert np.abs(model.encode(texts)).max() > 0.1
    np.testing.assert_allclose(model.encode(texts), theirs(folders[kind]).encode(texts), rtol=0, atol=1e-5)
    # thousands of equal rows: torch's EmbeddingBag, which a StaticEmbedding is, rounds after each of them
    longest, apart = [HARD[-1]], 1e-3 if kind == "wordpiece" else 1e-5
    np.testing.assert_allclose(model.encode(longest), theirs(folders[kind]).encode(longest), rtol=0, atol=apart)


@pytest.mark.parametrize("pooling", ["mean", "max", "lasttoken"])
def test_lstms_of_words_pool_in_any_way_that_is_known(pooling: str, tmp_path: Path) -> None:
    one_way = pooling == "lasttoken"
    layers = lstm(bidirectional=not one_way)
    pooled = Pooling(6 if one_way else 12, pooling_mode=pooling)
    folder = saved(tmp_path / "words", words(max_seq_length=3), layers, pooled)
    model = import_sentence_transformers(folder)
    assert model.architecture.max_tokens == 3
    np.testing.assert_allclose(model.encode(TEXTS), theirs(folder).encode(TEXTS), rtol=0, atol=1e-5)


def test_words_of_a_file_of_vectors(tmp_path: Path) -> None:
    lines = [f"{word} {number}.5 -{number} 0.25" for number, word in enumerate(WORDS)]
    (tmp_path / "vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    embeddings = WordEmbeddings.from_text_file(str(tmp_path / "vectors.txt"))
    folder = saved(tmp_path / "words", embeddings, Pooling(3, pooling_mode="mean"), Normalize())
    model = import_sentence_transformers(folder)
    assert model.tokenizer.spellings[2:4] == ["\u2581PADDING_TOKEN", f"\u2581{WORDS[0]}"]
    vectors = model.encode(TEXTS)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(unit, theirs(folder).encode(TEXTS), rtol=0, atol=1e-5)


def test_a_tokenizer_that_cuts_and_rows_as_model2vec_stores_them(tmp_path: Path) -> None:
    module = static(PIECES)
    module.tokenizer.enable_truncation(4)
    folder = saved(tmp_path / "static", module)
    model = import_sentence_transformers(folder)
    assert model.architecture.max_tokens == 4
    np.testing.assert_allclose(model.encode(HARD), theirs(folder).encode(HARD), rtol=0, atol=1e-5)
    random = np.random.default_rng(3)
    stored: dict[str, Any] = {
        "embeddings": random.normal(size=(20, 8)).astype(np.float32),
        "mapping": random.integers(0, 20, len(PIECES)),
        "weights": random.random(len(PIECES)).astype(np.float32),
    }
    safetensors.numpy.save_file(stored, next(folder.rglob("model.safetensors")))
    model = import_sentence_transformers(folder)
    np.testing.assert_allclose(model.encode(HARD), theirs(folder).encode(HARD), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_models_are_kept_scored_explained_and_searched(kind: str, folders: dict[str, Path], tmp_path: Path) -> None:
    model = import_sentence_transformers(folders[kind], dev=ROWS)
    pairs = [row[:2] for row in ROWS]
    probabilities = model.score_pairs(pairs)
    model.save(tmp_path / "model")
    for copy in (PairModel.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert (copy.score_pairs(pairs) == probabilities).all()
        assert copy.fingerprint() == model.fingerprint()
    assert textsiam.evaluate(model, ROWS).roc_auc is not None
    explained = textsiam.explain(model, *pairs[0])
    parts = sum(word.contribution for word in explained.words)
    assert explained.logit - explained.baseline == pytest.approx(parts, abs=1e-4)
    texts = ["the math now", "the math now!", "nothing"]
    assert textsiam.find_duplicates(texts, model, threshold=0.5).groups
    with textsiam.DuplicateIndex.open(tmp_path / "index.db", model) as index:
        index.add("one", texts[0])
        assert index.find(texts[0], threshold=0.0)[0].key == "one"
    other = import_sentence_transformers(folders["word_list" if kind == "wordpiece" else "wordpiece"])
    with pytest.raises(textsiam.DuplicateIndexError, match="model"):
        textsiam.DuplicateIndex.open(tmp_path / "index.db", other)


@pytest.mark.parametrize("kind", KINDS)
def test_models_are_trained_on_and_teach(kind: str, folders: dict[str, Path]) -> None:
    model = import_sentence_transformers(folders[kind], dev=ROWS)
    parts = model.architecture.parts()
    known = {field.name for field in dataclasses.fields(TrainConfig)}
    same: dict[str, Any] = {name: value for name, value in parts.items() if name in known}
    config = TrainConfig(**same, loss="contrastive", epochs=1, batch_size=16)
    tuned = textsiam.train(ROWS, dev=ROWS, init=model, config=config)
    assert tuned.tokenizer.proto == model.tokenizer.proto
    assert np.abs(tuned.weights[EMBEDDING] - model.weights[EMBEDDING]).max() > 1e-4
    assert not tuned.weights[EMBEDDING][0].any()
    lesson = textsiam.DistillConfig(encoder="bag", dim=8, epochs=1, batch_size=16, vocabulary_size=80)
    pupil = textsiam.distill(ROWS, tuned, dev=ROWS, config=lesson)
    assert pupil.score_pairs([ROWS[0][:2]]).shape == (1,)
    cut = dataclasses.replace(config, subword_sampling=0.1)
    with pytest.raises(OptionError, match=r"subword_sampling 0\.1 needs a SentencePiece vocabulary, .* is a word"):
        textsiam.train(ROWS, dev=ROWS, init=model, config=cut)


def test_word_vectors_of_pieces_that_begin_words(folders: dict[str, Path], tmp_path: Path) -> None:
    model = import_sentence_transformers(folders["wordpiece"])
    export_word_vectors(model, tmp_path / "vectors.txt")
    written = {line.split(" ")[0] for line in (tmp_path / "vectors.txt").read_text("utf-8").splitlines()[1:]}
    assert {"how", "arger", "?", *WORDS} <= written
    assert not written & {"ger", "##ger", "[MASK]", "[UNK]"}
    assert export_word_vectors(import_sentence_transformers(folders["word_list"]), tmp_path / "words.txt") == len(WORDS)


def test_word_pieces_go_back_bit_for_bit(folders: dict[str, Path], tmp_path: Path) -> None:
    model = import_sentence_transformers(folders["wordpiece"])
    export_sentence_transformers(model, tmp_path / "exported")
    np.testing.assert_allclose(
        theirs(tmp_path / "exported").encode(HARD), theirs(folders["wordpiece"]).encode(HARD), rtol=0, atol=1e-6
    )
    again = import_sentence_transformers(tmp_path / "exported")
    assert again.tokenizer.proto == model.tokenizer.proto
    assert (again.weights[EMBEDDING] == model.weights[EMBEDDING]).all()


@pytest.mark.parametrize("kind", ["word_list", "word_lstm"])
def test_lists_of_words_go_back_bit_for_bit(kind: str, folders: dict[str, Path], tmp_path: Path) -> None:
    model = import_sentence_transformers(folders[kind])
    export_sentence_transformers(model, tmp_path / "exported")
    again = import_sentence_transformers(tmp_path / "exported")
    assert again.fingerprint() == model.fingerprint()
    np.testing.assert_array_equal(theirs(tmp_path / "exported").encode(TEXTS), theirs(folders[kind]).encode(TEXTS))


def test_an_lstm_of_word_pieces_is_exported_too(folders: dict[str, Path], tmp_path: Path) -> None:
    proto = import_sentence_transformers(folders["wordpiece"]).tokenizer.proto
    model = make(proto, encoder="lstm", dim=8, units=6, pooling="mean")
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    texts = [text for text in HARD if model.tokenizer.encode([text]).ids.size]
    loaded = theirs(tmp_path / "exported")
    np.testing.assert_allclose(loaded.encode(texts), model.encode(texts), rtol=0, atol=1e-5)
    back = import_sentence_transformers(tmp_path / "exported")
    assert back.tokenizer.proto == proto
    np.testing.assert_array_equal(back.encode(texts), model.encode(texts))
    loaded.save(str(tmp_path / "saved"), create_model_card=False)
    np.testing.assert_array_equal(import_sentence_transformers(tmp_path / "saved").encode(texts), model.encode(texts))


HELLO = {
    "content": "hello",
    "lstrip": False,
    "normalized": False,
    "rstrip": False,
    "single_word": False,
    "special": True,
}


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        (
            "tokenizer.json",
            {"post_processor": {"type": "BertProcessing"}},
            "BertProcessing, adds tokens",
        ),
        ("tokenizer.json", {"padding": {"pad_token": "hello"}}, "it has the special token 'hello', which transformers"),
        (
            "tokenizer_config.json",
            {"tokenizer_class": "BertTokenizer"},
            "its tokenizer is a BertTokenizer",
        ),
        ("tokenizer_config.json", {"tokenizer_class": None}, "tokenizer_config.json names no tokenizer_class"),
        ("tokenizer_config.json", {"cls_token": "hello"}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"extra_special_tokens": ["hello"]}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"5": HELLO}}, "it has the special token 'hello'"),
        ("special_tokens_map.json", {"bos_token": HELLO}, "it has the special token 'hello'"),
        ("added_tokens.json", {"hello": 5}, "it has the special token 'hello'"),
    ],
)
def test_what_transformers_adds_of_its_own_is_refused(
    folders: dict[str, Path], tmp_path: Path, file: str, change: dict[str, Any], reason: str
) -> None:
    proto = import_sentence_transformers(folders["wordpiece"]).tokenizer.proto
    model = make(proto, encoder="lstm", dim=8, units=6, pooling="mean")
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    path = next((tmp_path / "exported").rglob("tokenizer.json")).with_name(file)
    held = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**held, **change}), encoding="utf-8")
    with pytest.raises(OptionError, match=f"0_WordEmbeddings cannot be imported without loss: .*{reason}"):
        import_sentence_transformers(tmp_path / "exported")


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_are_exported_and_a_page_that_cuts_texts_with_sentencepiece_is_refused(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    model = import_sentence_transformers(folders[kind], dev=ROWS)
    with pytest.raises(OptionError, match=r"the page of an ONNX export needs a SentencePiece vocabulary, .* is a word"):
        export_onnx(model, tmp_path / "onnx", page=True)
    assert not (tmp_path / "onnx").exists()
    export_onnx(model, tmp_path / "onnx")
    exported = OnnxPairModel.load(tmp_path / "onnx")
    np.testing.assert_allclose(exported.encode(TEXTS), model.encode(TEXTS), rtol=0, atol=1e-5)
    assert exported.config["tokenizer"]["library"] == "textsiam"
    card = (tmp_path / "onnx" / "README.md").read_text(encoding="utf-8")
    assert "only textsiam's `Tokenizer` reads it" in card
    assert "SentencePiece" not in card


def test_a_start_from_word_vectors_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "vectors.txt").write_text("2 2\nhow 1 2\nthe 3 4\n", encoding="utf-8")
    proto = import_sentence_transformers(folders["wordpiece"]).tokenizer.proto
    with pytest.raises(OptionError, match=r"word vectors \(--vectors\) needs a SentencePiece vocabulary"):
        embed_words(tmp_path / "vectors.txt", ["how"], proto)


def test_what_has_no_equal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="does not pool by mean, as a bag of tokens does"):
        import_sentence_transformers(saved(tmp_path / "max", words(), Pooling(8, pooling_mode="max")))
    folder = saved(tmp_path / "phrases", words(), Pooling(8, pooling_mode="mean"))
    path = next(folder.rglob("wordembedding_config.json"))
    path.write_text(path.read_text("utf-8").replace("WhitespaceTokenizer", "PhraseTokenizer"), encoding="utf-8")
    with pytest.raises(
        OptionError, match="cannot be imported without loss: it has a PhraseTokenizer, expected a White"
    ):
        import_sentence_transformers(folder)
    folder = saved(tmp_path / "static", static(PIECES))
    held = json.loads((path := next(folder.rglob("tokenizer.json"))).read_text("utf-8"))
    path.write_text(json.dumps({**held, "normalizer": {"type": "NFKC"}}), encoding="utf-8")
    with pytest.raises(OptionError, match="cannot be imported without loss: its normalizer is NFKC"):
        import_sentence_transformers(folder)
