from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import textsiam
from tests.cli.conftest import Run, write_pairs
from tests.integrations.toy_model import bag, random_model
from textsiam.integrations.onnx import OnnxPairModel
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import FALLS

PAIRS = list(textsiam.sample_pairs(200, seed=3))
UNCALIBRATED = ": not calibrated: its probabilities and its threshold mean nothing"
TEXTS = ["how do I reset my password", "where is the harbour", ""]


@pytest.fixture
def cosine_folder(tmp_path: Path) -> Path:
    bag("cosine").save(tmp_path / "cosine")
    return tmp_path / "cosine"


def test_onnx_graphs_give_the_probabilities(run: Run, model_folder: Path, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "dev.csv", 60, start=4000)
    result = run("export", "onnx", model_folder, "--out", tmp_path / "onnx", "--pairs", pairs, "--page")
    assert result.code == 0
    model, exported = textsiam.PairModel.load(model_folder), OnnxPairModel.load(tmp_path / "onnx")
    rows = [(a, b) for a, b, _ in textsiam.read_pairs(pairs)]
    np.testing.assert_allclose(exported.score_pairs(rows), model.score_pairs(rows), atol=1e-6)
    sizes = dict(line.split()[:2] for line in result.out.splitlines() if line.endswith("bytes"))
    assert {name: int(size.replace(",", "")) for name, size in sizes.items()} == {
        path.name: path.stat().st_size for path in (tmp_path / "onnx").iterdir()
    }
    assert "index.html" in sizes
    accuracy = textsiam.evaluate(model, pairs, draws=0).accuracy
    assert f"accuracy: {accuracy:.5f} before, {accuracy:.5f} after" in result.out


def test_the_folder_of_sentence_transformers_comes_back(run: Run, cosine_folder: Path, tmp_path: Path) -> None:
    assert run("export", "sentence-transformers", cosine_folder, "--out", tmp_path / "st").code == 0
    vectors = textsiam.PairModel.load(cosine_folder).encode(TEXTS)
    np.testing.assert_allclose(SentenceTransformer(str(tmp_path / "st")).encode(TEXTS), vectors, atol=1e-5)
    back = tmp_path / "back"
    result = run("import", "sentence-transformers", tmp_path / "st", "--out", back)
    assert result.code == 0
    assert UNCALIBRATED in result.err
    np.testing.assert_array_equal(textsiam.PairModel.load(back).encode(TEXTS), vectors)
    result = run("import", "sentence-transformers", tmp_path / "st", "--out", back)
    assert result.code == 2
    assert result.err == f"textsiam: --out {back} holds a model; give another folder, or --overwrite to replace it\n"


def test_an_lstm_is_written_for_newer_versions_alone(run: Run, tmp_path: Path) -> None:
    parts = Architecture(encoder="lstm", dim=8, units=6, pooling="mean", head="cosine")
    random_model(parts).save(tmp_path / "lstm")
    arguments = ("export", "sentence-transformers", tmp_path / "lstm", "--out", tmp_path / "st")
    result = run(*arguments)
    assert result.code == 2
    assert "(--min-version) to 6.2 if" in result.err
    assert not (tmp_path / "st").exists()
    assert run(*arguments, "--min-version", "6.2").code == 0
    vectors = textsiam.PairModel.load(tmp_path / "lstm").encode(TEXTS)
    np.testing.assert_allclose(SentenceTransformer(str(tmp_path / "st")).encode(TEXTS), vectors, atol=1e-5)
    wrong = run(*arguments[:3], "--out", tmp_path / "x", "--min-version", "5.2")
    assert wrong.code == 2
    assert wrong.err == "textsiam: min_version is '5.2', expected one of 5.1, 6.2; did you mean '6.2'?\n"


def test_commands_that_use_probabilities_say_that_they_mean_nothing(
    run: Run, cosine_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("export", "sentence-transformers", "cosine", "--out", "st").code == 0
    assert run("import", "sentence-transformers", "st", "--out", "back").code == 0
    write_pairs(tmp_path / "pairs.csv", 60)
    (tmp_path / "texts.csv").write_text("id,text\n" + "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS)), "utf-8")
    for command in (
        ("score", "back", *TEXTS[:2]),
        ("score", "back", "pairs.csv", "--out", "scored.csv"),
        ("explain", "back", *TEXTS[:2]),
        ("duplicates", "back", "texts.csv", "--threshold", 0.5, "--out", "out.csv"),
        ("evaluate", "back", "pairs.csv"),
        ("compare", "cosine", "back", "pairs.csv"),
        ("threshold", "back"),
        ("shrink", "back", "--out", "small", "--pairs", "pairs.csv"),
        ("export", "onnx", "back", "--out", "onnx"),
        ("export", "sentence-transformers", "back", "--out", "again"),
        ("index", "add", "index.db", "texts.csv", "--model", "back", "--threshold", 0.5),
        ("index", "find", "index.db", TEXTS[0]),
    ):
        result = run(*command)
        assert result.code == 0, result.err
        assert result.err.count(f"back{UNCALIBRATED}") == 1, command
    assert "**Warning**: not calibrated: its probabilities" in (tmp_path / "onnx" / "README.md").read_text("utf-8")
    card = (tmp_path / "again" / "README.md").read_text("utf-8")
    assert "not calibrated: from which cosine on two texts say the same is not known" in card
    assert "| probability |" not in card
    failed = run("distill", "pairs.csv", "--teacher", "back", "--out", "student")
    assert failed.code == 2
    assert f"teacher PairModel(bag + cosine, D=8, V=64) is no teacher of logits{UNCALIBRATED}" in failed.err


def test_what_is_imported_is_calibrated_on_dev(run: Run, cosine_folder: Path, tmp_path: Path) -> None:
    assert run("export", "sentence-transformers", cosine_folder, "--out", tmp_path / "st").code == 0
    pairs = write_pairs(tmp_path / "dev.csv", 200)
    result = run("import", "sentence-transformers", tmp_path / "st", "--out", tmp_path / "back", "--dev", pairs)
    assert result.code == 0
    assert UNCALIBRATED not in result.err
    assert "back: calibrated on 200 pairs, threshold 0." in result.err
    assert UNCALIBRATED not in run("score", tmp_path / "back", *TEXTS[:2]).err
    calibrated = textsiam.PairModel.load(tmp_path / "back")
    labels = textsiam.read_pairs(pairs).labels
    scores = calibrated.score_pairs([(a, b) for a, b, _ in textsiam.read_pairs(pairs)])
    assert abs(scores.mean() - labels.mean()) < 0.02


@pytest.mark.parametrize("words", [None, ["harbour", "night train"]])
def test_word_vectors(run: Run, cosine_folder: Path, tmp_path: Path, words: list[str] | None) -> None:
    out, options = tmp_path / "words.txt.gz", []
    if words is not None:
        (tmp_path / "words.txt").write_text("\n".join(words[:1]), encoding="utf-8")
        options = ["--words", tmp_path / "words.txt"]
    result = run("export", "word-vectors", cosine_folder, "--out", out, *options)
    assert result.code == 0
    with gzip.open(out, "rt", encoding="utf-8") as file:
        first, *lines = file.read().splitlines()
    count, dim = map(int, first.split())
    assert result.out == f"{out}: {count:,} vectors\n"
    assert (count, dim) == (len(lines), 8)
    vectors = {line.split()[0]: np.array(line.split()[1:], np.float32) for line in lines}
    assert words is None or list(vectors) == ["harbour"]
    model = textsiam.PairModel.load(cosine_folder)
    one_token = [word for word in vectors if len(model.tokenizer.encode([word]).ids) == 1]
    assert words is not None or len(one_token) > 20
    for word in one_token if words is None else vectors:
        np.testing.assert_array_equal(vectors[word], model.encode([word])[0])
    assert "is there already" in run("export", "word-vectors", cosine_folder, "--out", out).err


@pytest.mark.parametrize("name", ["words.txt", "words.csv", "words.jsonl", "words"])
def test_words_are_read_a_line_each_whatever_the_file_is_called(
    run: Run, cosine_folder: Path, tmp_path: Path, name: str
) -> None:
    file, out = tmp_path / name, tmp_path / "out.txt"
    file.write_bytes("\ufeffharbour\r\n\r\nnaïve \r\ntext,label\r\nharbour\r\n".encode())
    result = run("export", "word-vectors", cosine_folder, "--out", out, "--words", file)
    assert (result.code, result.err) == (0, "")
    lines = out.read_text("utf-8").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["harbour", "naïve", "text,label"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"harbour\n\nnew password\n", ", line 3: 'new password' has white space in it, expected a word a line"),
        (b"harbour\n\xff\n", ", line 2: "),
        (b"\n \n", ": is empty"),
        (b"", ": is empty"),
        (None, ": does not exist"),
    ],
)
def test_bad_words_are_told_with_their_place(
    run: Run, cosine_folder: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "w.csv"
    if content is not None:
        file.write_bytes(content)
    result = run("export", "word-vectors", cosine_folder, "--out", tmp_path / "out.txt", "--words", file)
    assert result.code == 2
    assert result.err.startswith(f"textsiam: {file}{message}")
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["export", "onnx", "MODEL", "--out", "x", "--weights", "int4"],
            "weights is 'int4', expected one of fp32, int8",
        ),
        (["export", "onnx", "MODEL", "--out", "x", "--labels", "A=1"], "go with --pairs FILE"),
        (["export", "onnx", "MODEL", "--out", "x", "--ort", "https://a.example/x/"], "a.example/x/ goes with --page"),
        (["export", "sentence-transformers", "MODEL", "--out", "x"], "head 'mlp' compares by what it learned"),
        (["export", "word-vectors", "MODEL", "--out", "none/x.txt"], "there is no folder none; make it first"),
        (["export", "onnx", "missing", "--out", "x"], "missing is not there, expected a model folder"),
        (["import", "sentence-transformers", "missing", "--out", "x"], "modules.json is not there, expected a folder"),
        (["import", "sentence-transformers", "missing", "--out", "x", "--labels", "A=1"], "go with --dev FILE"),
    ],
)
def test_bad_input_is_told(
    run: Run, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*[model_folder if argument == "MODEL" else argument for argument in arguments])
    assert result.code == 2
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_model_whose_scores_fall_with_the_labels_is_warned_of(run: Run, cosine_folder: Path, tmp_path: Path) -> None:
    assert run("export", "sentence-transformers", cosine_folder, "--out", tmp_path / "st").code == 0
    scores = textsiam.PairModel.load(cosine_folder).score_pairs([(a, b) for a, b, _ in PAIRS])
    rows = [(a, b, int(score < np.median(scores))) for (a, b, _), score in zip(PAIRS, scores, strict=True)]
    with (tmp_path / "dev.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text_a", "text_b", "label"), *rows])
    dev = ("--dev", tmp_path / "dev.csv")
    result = run("import", "sentence-transformers", tmp_path / "st", "--out", tmp_path / "back", *dev)
    assert f"{tmp_path / 'back'}: {FALLS}" in result.err
    assert f"| **warning** | {FALLS} |" in (tmp_path / "back" / "README.md").read_text("utf-8")
    assert FALLS in run("score", tmp_path / "back", *TEXTS[:2]).err
    assert run("export", "onnx", tmp_path / "back", "--out", tmp_path / "onnx").code == 0
    assert f"**Warning**: {FALLS}." in (tmp_path / "onnx" / "README.md").read_text("utf-8")


def test_a_model_calibrated_on_grades_has_no_threshold(run: Run, cosine_folder: Path, tmp_path: Path) -> None:
    assert run("export", "sentence-transformers", cosine_folder, "--out", tmp_path / "st").code == 0
    rows = [(a, b, number % 6) for number, (a, b, _) in enumerate(PAIRS)]
    with (tmp_path / "dev.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text_a", "text_b", "label"), *rows])
    dev = ("--dev", tmp_path / "dev.csv", "--label-range", "0,5")
    result = run("import", "sentence-transformers", tmp_path / "st", "--out", tmp_path / "back", *dev)
    assert f"back: calibrated on {len(PAIRS)} pairs\n" in result.err
    assert f"| calibration | on {len(PAIRS)} dev pairs |" in (tmp_path / "back" / "README.md").read_text("utf-8")
