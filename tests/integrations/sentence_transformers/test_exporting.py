"""Exported folders, loaded by sentence-transformers itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from tests.integrations.sentence_transformers.conftest import TEXTS, make, unit
from tests.text.word_cases import proto_of
from textsiam.errors import ModelFolderError, OptionError
from textsiam.integrations.sentence_transformers import export_sentence_transformers, import_sentence_transformers
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel
from textsiam.text.word_list import WordList

LSTM: dict[str, Any] = {"encoder": "lstm", "dim": 8, "units": 6}
PLAIN = {
    "bag": {"encoder": "bag", "dim": 12},
    "dot": {"encoder": "bag", "dim": 12, "head": "dot"},
    "euclidean": {"encoder": "bag", "dim": 12, "head": "euclidean"},
    "lstm-mean": {**LSTM, "pooling": "mean", "layers": 2, "bidirectional": True},
    "lstm-last": {**LSTM, "pooling": "last", "head": "manhattan"},
}


WORDS = WordList(["a", "abc", "don't", "def", "x", "\ud800", "a", "\u00e4rger"], stop_words=["b"], lowercase=True)
ENDLESS = 100_000


def loaded(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("kind", ["unigram", "bpe", "word"])
def test_vectors_are_those_of_encode(kind: str, name: str, tmp_path: Path) -> None:
    model = make(proto_of(kind, "nfkc_casefold"), **PLAIN[name])
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    found = loaded(tmp_path / "exported")
    vectors = found.encode(TEXTS)
    np.testing.assert_allclose(vectors, model.encode(TEXTS), rtol=0, atol=1e-5)
    assert np.abs(vectors).max() > 0.1
    assert found.similarity_fn_name == model.architecture.head
    raw = model.score_details(list(zip(TEXTS, TEXTS[3:] + TEXTS[:3], strict=True))).raw
    theirs = found.similarity_pairwise(vectors, found.encode(TEXTS[3:] + TEXTS[:3]))
    np.testing.assert_allclose(theirs, raw, atol=2e-5)


@pytest.mark.parametrize("proto", [proto_of("bpe", "nfkc_casefold"), WORDS.to_bytes()], ids=["bpe", "words"])
@pytest.mark.parametrize("weighting", ["idf", "sif"])
def test_weighted_means_keep_their_direction(proto: bytes, weighting: str, tmp_path: Path) -> None:
    model = make(proto, encoder="bag", dim=12, weighting=weighting, max_tokens=ENDLESS)
    export_sentence_transformers(model, tmp_path / "exported")
    vectors = loaded(tmp_path / "exported").encode(TEXTS)
    np.testing.assert_allclose(vectors, unit(model.encode(TEXTS)), rtol=0, atol=1e-5)


def test_of_max_pooling_only_a_text_without_a_token_differs(tmp_path: Path) -> None:
    model = make(proto_of("char", "nfkc"), **LSTM, bidirectional=True)
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    vectors, ours = loaded(tmp_path / "exported").encode(TEXTS), model.encode(TEXTS)
    empty = ~ours.any(axis=1)
    assert empty.sum() == 2
    np.testing.assert_allclose(vectors[~empty], ours[~empty], rtol=0, atol=1e-5)
    assert (vectors[empty] == -np.inf).all()
    assert "A text without a token" in (tmp_path / "exported" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("max_tokens", [2, ENDLESS])
def test_lists_of_words_have_the_vectors_of_encode(max_tokens: int, name: str, tmp_path: Path) -> None:
    model = make(WORDS.to_bytes(), max_tokens=max_tokens, **PLAIN[name])
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    vectors = loaded(tmp_path / "exported").encode(TEXTS)
    np.testing.assert_allclose(vectors, model.encode(TEXTS), rtol=0, atol=1e-5)
    assert np.abs(vectors).max() > 0.1
    back = import_sentence_transformers(tmp_path / "exported")
    assert back.tokenizer.encode(TEXTS).lengths.tolist() == model.tokenizer.encode(TEXTS).lengths.tolist()
    np.testing.assert_array_equal(back.encode(TEXTS), model.encode(TEXTS))
    loaded(tmp_path / "exported").save(str(tmp_path / "saved"), create_model_card=False)  # where each word comes once
    np.testing.assert_array_equal(loaded(tmp_path / "saved").encode(TEXTS), vectors)


@pytest.mark.parametrize(
    ("proto", "options", "reason"),
    [
        (proto_of("unigram", "nfkc"), LSTM, "earlier versions cannot read the tokenizer of WordEmbeddings in front"),
        (WORDS.to_bytes(), {**LSTM, "max_tokens": 99_999}, "earlier versions do not cut a text after 99,999 words"),
        (WORDS.to_bytes(), {"encoder": "bag", "dim": 4}, "earlier versions do not cut a text after 40 words"),
    ],
)
def test_what_version_5_1_cannot_read_is_written_for_newer_ones_alone(
    proto: bytes, options: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    model = make(proto, **options)
    advice = r"set min_version \(--min-version\) to 6\.2 if 6\.2 or later versions alone are to load it"
    with pytest.raises(OptionError, match=rf"sentence-transformers 5\.1: {reason}.*; {advice}$"):
        export_sentence_transformers(model, tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    card = (tmp_path / "exported" / "README.md").read_text(encoding="utf-8")
    assert f"\n\nNeeds sentence-transformers 6.2 or later: {reason}" in card
    with pytest.raises(OptionError, match=r"min_version is '6\.0', expected one of 5\.1, 6\.2"):
        export_sentence_transformers(model, tmp_path / "other", min_version="6.0")


def test_the_folder_holds_plain_data_and_says_what_a_similarity_means(bag: PairModel, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    export_sentence_transformers(bag, folder)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    inner = ["0_StaticEmbedding/model.safetensors", "0_StaticEmbedding/tokenizer.json"]
    assert files == [*inner, "README.md", "config_sentence_transformers.json", "modules.json"]
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    assert [one["type"] for one in modules] == ["sentence_transformers.models.StaticEmbedding"]
    card = (folder / "README.md").read_text(encoding="utf-8")
    cosine = bag.calibration.least_raw(bag.calibration.threshold)
    assert f"| {cosine:.6g} | 0.45 (threshold) |" in card
    assert (3.5 * cosine - 0.7) == pytest.approx(np.log(0.45 / 0.55), abs=1e-5)
    assert card.startswith("---\nlibrary_name: sentence-transformers\n")
    assert card.endswith("## The model\n\nA textsiam model\n\nOf a test.\n")


def card_of(model: PairModel, folder: Path) -> str:
    export_sentence_transformers(model, folder)
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("head", "calibration", "probabilities", "line"),
    [
        # log odds 4 * cosine: 0.9 is a cosine of 0.549, 0.95 of 0.736, 0.99 of 1.149
        ("cosine", {"slope": 4.0, "threshold": 0.95}, ["0.1", "0.25", "0.5", "0.75", "0.9", "0.95 (threshold)"], None),
        ("cosine", {"slope": 4.0, "threshold": 0.99}, ["0.1", "0.25", "0.5", "0.75", "0.9"], "No cosine reaches"),
        ("cosine", {"slope": 1.0, "intercept": 2.0}, ["0.75", "0.9"], "Every cosine reaches"),
        ("cosine", {"slope": 0.01, "intercept": 9.0}, [], "Every cosine reaches"),
        ("euclidean", {"slope": 1.0, "intercept": 0.5}, ["0.1", "0.25", "0.5 (threshold)"], None),
        ("manhattan", {"slope": 1.0, "intercept": -0.5}, ["0.1", "0.25"], "No negative Manhattan distance reaches"),
        ("dot", {"slope": 0.01}, ["0.1", "0.25", "0.5 (threshold)", "0.75", "0.9"], None),
    ],
)
def test_the_card_lists_similarities_that_there_can_be(
    head: str, calibration: dict[str, float], probabilities: list[str], line: str | None, tmp_path: Path
) -> None:
    model = make(proto_of("unigram", "nfkc_casefold"), encoder="bag", dim=12, head=head)
    model.calibration = Calibration(**calibration)  # type: ignore[arg-type] # numbers alone
    card = card_of(model, tmp_path / "exported")
    rows = re.findall(r"^\| (-?[\d.e-]+) \| ([\d.]+(?: \(threshold\))?) \|$", card, re.MULTILINE)
    assert [says for _, says in rows] == probabilities
    for raw, says in rows:
        odds = calibration["slope"] * float(raw) + calibration.get("intercept", 0)
        assert 1 / (1 + np.exp(-odds)) == pytest.approx(float(says.split()[0]), abs=1e-4)
    assert ("reaches the threshold, a probability of" in card) == bool(line)
    assert (line or "") in card
    assert ("| probability |" in card) == bool(rows)


def test_the_card_of_a_model_of_grades_speaks_of_nearness(bag: PairModel, tmp_path: Path) -> None:
    model = make(proto_of("unigram", "nfkc_casefold"), encoder="bag", dim=12)
    model.details |= {"graded": True, "label_range": [0.0, 5.0]}
    card = card_of(model, tmp_path / "exported")
    assert "how near two texts are in meaning, which stands for the grades 0 to 5:" in card
    assert "| cosine | nearness |" in card
    assert "threshold" not in card
    assert "say the same" not in card
    assert f"| {model.calibration.least_raw(0.75):.6g} | 0.75 |" in card
    del model.details["label_range"]
    assert "how near two texts are in meaning:" in card_of(model, tmp_path / "other")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"encoder": "bag", "head": "mlp"}, "head 'mlp' compares by what it learned"),
        ({"encoder": "bag", "head": "alignment"}, "head 'alignment' compares by what it learned"),
        ({"encoder": "bag", "head": "squared_euclidean"}, "head 'squared_euclidean' compares by what it learned"),
        ({"encoder": "bag", "ngrams": 2, "buckets": 50}, "ngrams is 2"),
        ({"encoder": "bag", "weighting": "sif", "head": "dot"}, "weighting 'sif' keeps the length"),
        ({"encoder": "gru"}, "encoder 'gru' has no module there"),
        ({"encoder": "cnn"}, "encoder 'cnn' has no module there"),
        ({"encoder": "lstm", "pooling": "attention"}, "pools with attention"),
        ({"encoder": "lstm", "pooling": "last", "bidirectional": True}, "last states that are pooled there are other"),
    ],
)
def test_what_has_no_equal_is_refused(options: dict[str, Any], reason: str, tmp_path: Path) -> None:
    small: dict[str, Any] = {} if options["encoder"] == "bag" else {"units": 4}
    model = make(proto_of("bpe", "identity"), dim=4, **small, **options)
    with pytest.raises(OptionError, match=reason):
        export_sentence_transformers(model, tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []


def test_symbols_of_the_user_are_refused(tmp_path: Path) -> None:
    model = make(proto_of("bpe", "identity", ("<url>",)), encoder="bag", dim=4)
    with pytest.raises(OptionError, match="symbols of the user"):
        export_sentence_transformers(model, tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_no_words_is_refused(tmp_path: Path) -> None:
    model = make(WordList([]).to_bytes(), encoder="bag", dim=4, max_tokens=ENDLESS)
    with pytest.raises(OptionError, match="is a list of no words"):
        export_sentence_transformers(model, tmp_path / "exported")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(bag: PairModel, tmp_path: Path) -> None:
    bag.save(tmp_path / "model")
    with pytest.raises(ModelFolderError, match="is not empty"):
        export_sentence_transformers(bag, tmp_path / "model")
    assert PairModel.load(tmp_path / "model").fingerprint() == bag.fingerprint()
    with pytest.raises(OptionError, match="model is a path"):
        export_sentence_transformers(tmp_path / "model", tmp_path / "exported")  # type: ignore[arg-type]


OLD = """
import json, sys
import numpy as np, sentence_transformers
assert sentence_transformers.__version__.startswith("5.1"), sentence_transformers.__version__
texts = json.load(open(sys.argv[1], encoding="utf-8"))
for folder in sys.argv[2:]:
    found = sentence_transformers.SentenceTransformer(folder, device="cpu", local_files_only=True)
    np.save(folder + ".npy", found.encode(texts))
    print(found.similarity_fn_name)
"""


@pytest.mark.slow
def test_version_5_1_gives_the_same_vectors(tmp_path: Path) -> None:
    packages = os.environ.get("TEXTSIAM_ST51")
    if not packages:
        pytest.skip("no sentence-transformers 5.1: set TEXTSIAM_ST51 to a folder that pip install --target filled")
    models = {
        "bag": make(proto_of("unigram", "nfkc_casefold"), encoder="bag", dim=12, head="euclidean"),
        "sif": make(proto_of("bpe", "nfkc_casefold"), encoder="bag", dim=12, weighting="sif"),
        "words": make(proto_of("word", "nfkc_casefold"), encoder="bag", dim=12),
        "list": make(WORDS.to_bytes(), encoder="bag", dim=12, max_tokens=ENDLESS),
        "list-sif": make(WORDS.to_bytes(), encoder="bag", dim=12, weighting="sif", max_tokens=ENDLESS),
        "list-mean": make(WORDS.to_bytes(), **PLAIN["lstm-mean"], max_tokens=ENDLESS),
        "list-last": make(WORDS.to_bytes(), **PLAIN["lstm-last"], max_tokens=ENDLESS),
        "list-max": make(WORDS.to_bytes(), **LSTM, bidirectional=True, max_tokens=ENDLESS),
    }
    for name, model in models.items():
        export_sentence_transformers(model, tmp_path / name)
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", OLD, str(tmp_path / "texts.json"), *(str(tmp_path / name) for name in models)],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": packages},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split() == [model.architecture.head for model in models.values()]
    for name, model in models.items():
        ours = unit(model.encode(TEXTS)) if "sif" in name else model.encode(TEXTS)
        if name == "list-max":
            ours[~ours.any(axis=1)] = -1e9  # which has no vector there
            assert "-1e9 in version 5.1" in (tmp_path / name / "README.md").read_text(encoding="utf-8")
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), ours, rtol=0, atol=1e-5)
