"""export_onnx: what it writes, what it says of it, what it refuses, and that the card's example runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from torch import nn

import textsiam
from tests.integrations.onnx_cases import model_of, name_of
from tests.training.encoders.test_custom import WeightedMean
from textsiam.errors import OptionError, TextsiamError
from textsiam.integrations.onnx import OnnxPairModel, export, export_onnx
from textsiam.integrations.onnx.graph import MOST_BYTES, Graph
from textsiam.model.architecture import Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.pair_model import PairModel

LSTM: dict[str, Any] = {"encoder": "lstm", "bidirectional": True, "ngrams": 2, "buckets": 50, "max_tokens": 20}
KINDS: list[dict[str, Any]] = [
    {**LSTM, "head": "mlp"},
    {"encoder": "bag", "head": "cosine"},
    {"encoder": "transformer", "head": "squared_euclidean"},
    {"encoder": "gru", "head": "alignment"},
]
TEXTS = ["how do I learn", "", "a b c " * 30, "\U0001f600 \ud800", "\u05e9\u05dc\u05d5\u05dd"]
PAIRS = [(a, b) for a in TEXTS for b in TEXTS]


@pytest.mark.parametrize("weights", ["fp32", "int8"])
@pytest.mark.parametrize("options", KINDS, ids=name_of)
def test_an_export_scores_as_the_model(tmp_path: Path, options: dict[str, Any], weights: str) -> None:
    model = model_of(options)
    made = export_onnx(model, tmp_path / "new" / "onnx", weights=weights)
    loaded = OnnxPairModel.load(made.folder, threads=1)
    same = model if weights == "fp32" else model_of(options, stored="int8")
    probabilities = loaded.score_pairs(PAIRS)
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - same.score_pairs(PAIRS)).max() < 1e-6
    for text_a, text_b in PAIRS[:8]:
        assert loaded.score(text_a, text_b) == loaded.score(text_b, text_a)
        assert loaded.score(text_a, text_b) == pytest.approx(same.score(text_a, text_b), abs=1e-6)
    assert loaded.calibration == model.calibration
    assert loaded.fingerprint() == same.fingerprint()
    assert made.measured.pairs > 200
    assert (made.measured.largest_difference < 1e-5) == (weights == "fp32")
    assert made.measured.largest_difference < 0.05
    graphs = {"encoder.onnx", "pair.onnx" if options["head"] == "alignment" else "head.onnx"}
    assert made.files.keys() == graphs | {"vocabulary.model", "README.md", "config.json"}
    assert made.files == {name: (made.folder / name).stat().st_size for name in made.files}
    assert {path.name for path in made.folder.iterdir()} == made.files.keys()
    assert np.abs(loaded.encode(TEXTS) - same.encode(TEXTS)).max() < 1e-6
    assert not loaded.encode([""]).any()


def test_a_model_that_computes_in_bf16_is_compared_in_fp32(tmp_path: Path) -> None:
    source = model_of(KINDS[1])
    rounding = PairModel(
        architecture=source.architecture,
        vocabulary=source.tokenizer.proto,
        weights=source.weights,
        device="cpu",
        precision="bf16",
    )
    assert export_onnx(rounding, tmp_path / "onnx").measured.largest_difference < 1e-6


def test_nothing_to_score_is_nothing(tmp_path: Path) -> None:
    for options in KINDS[1::2]:
        loaded = OnnxPairModel.load(export_onnx(model_of(options), tmp_path / options["head"]).folder)
        assert loaded.score_pairs([]).shape == (0,)


def test_the_graphs_say_what_they_are_of(tmp_path: Path) -> None:
    model = model_of(KINDS[0])
    folder = export_onnx(model, tmp_path / "onnx").folder
    for name in ("encoder", "head"):
        graph = onnx.load(folder / f"{name}.onnx")
        onnx.checker.check_model(graph, full_check=True)
        assert {(entry.domain, entry.version) for entry in graph.opset_import} == {("", 18)}
        assert {entry.key: entry.value for entry in graph.metadata_props} == {
            "textsiam": textsiam.__version__,
            "fingerprint": model.fingerprint(),
            "threshold": "0.45",
            "encoder": "lstm",
            "head": "mlp",
            "vector_size": "32",
            "max_tokens": "20",
            "weights": "fp32",
        }
    config = json.loads((folder / "config.json").read_text())
    assert Calibration(**config["calibration"]) == model.calibration
    assert Architecture(**config["architecture"]) == model.architecture
    assert (folder / "vocabulary.model").read_bytes() == model.tokenizer.proto


def test_int8_is_a_quarter_of_the_size(tmp_path: Path) -> None:
    model = model_of({"encoder": "bag", "dim": 64, "ngrams": 2, "buckets": 5_000, "head": "mlp"})
    sizes = [
        export_onnx(model, tmp_path / weights, weights=weights).files["encoder.onnx"] for weights in ("fp32", "int8")
    ]
    assert 3.7 < sizes[0] / sizes[1] < 4


@pytest.mark.parametrize("weights", ["fp32", "int8"])
def test_what_is_lost_is_measured_on_labelled_pairs(tmp_path: Path, weights: str) -> None:
    model = model_of(KINDS[0])
    pairs = textsiam.sample_pairs(120)
    made = export_onnx(model, tmp_path / "onnx", weights=weights, pairs=pairs)
    scores = OnnxPairModel.load(made.folder).score_pairs(list(zip(pairs.text_a, pairs.text_b, strict=True)))
    assert made.measured.pairs == 120
    assert made.measured.after["accuracy"] == pytest.approx(((scores >= 0.45) == (pairs.labels > 0.5)).mean())
    before = textsiam.evaluate(model, pairs, draws=0)
    assert made.measured.before == {"accuracy": before.accuracy, "roc_auc": before.roc_auc}
    # a share of ordered pairs of one label and the other
    ordered = np.subtract.outer(scores[pairs.labels > 0.5], scores[pairs.labels < 0.5])
    assert made.measured.after["roc_auc"] == pytest.approx(((ordered > 0) + 0.5 * (ordered == 0)).mean())
    card = (made.folder / "README.md").read_text()
    assert "on 120 labelled pairs" in card
    assert f"ROC-AUC {before.roc_auc:.5f} before, {made.measured.after['roc_auc']:.5f} after" in card


@pytest.mark.parametrize("options", [KINDS[0], KINDS[3]], ids=name_of)
def test_the_example_of_the_card_runs(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = model_of(options)
    folder = export_onnx(model, tmp_path / "onnx").folder
    (example,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(example, names)
    expected = model.score_pairs(list(zip(names["texts_a"], names["texts_b"], strict=True)))
    assert np.abs(names["probability"] - expected).max() < 1e-6
    assert str(names["probability"] >= 0.45) in capsys.readouterr().out


def test_a_custom_encoder_is_refused(tmp_path: Path) -> None:
    def factory(size: int) -> nn.Module:
        return WeightedMean(size)

    source = model_of(KINDS[1])
    module = factory(source.tokenizer.size)
    model = PairModel(
        architecture=Architecture(encoder="custom", dim=6, head="cosine"),
        vocabulary=source.tokenizer.proto,
        weights={f"encoder.module.{name}": value.numpy() for name, value in module.state_dict().items()},
        details={"encoder_class": "WeightedMean"},
        encoder=factory,
    )
    with pytest.raises(OptionError, match=r"class WeightedMean, of which no graph is known; export .* torch\.onnx"):
        export_onnx(model, tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"weights": "fp16"}, "weights is 'fp16', expected one of fp32, int8"),
        ({"ort": "https://example.org/ort/"}, "there is no page that looks there; ort goes with page=True"),
        ({"ort": "./ort"}, "with '/' at its end"),
        ({"ort": "https://example.org/; script-src *//"}, "ort is 'https://example.org/; script-src"),
        ({"ort": 'x" onload="y/'}, "expected where onnxruntime-web is found"),
        ({"ort": "javascript:alert(1)/"}, "expected where onnxruntime-web is found"),
    ],
)
def test_bad_options_are_named(tmp_path: Path, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError, match=re.escape(problem)):
        export_onnx(model_of(KINDS[1]), tmp_path / "onnx", **options)
    assert not (tmp_path / "onnx").exists()


def test_a_path_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="model is a path"):
        export_onnx("models/mine", tmp_path / "onnx")  # type: ignore[arg-type] # that is the test


def test_what_is_no_pair_of_texts_is_named(tmp_path: Path) -> None:
    loaded = OnnxPairModel.load(export_onnx(model_of(KINDS[1]), tmp_path / "onnx").folder)
    with pytest.raises(OptionError, match=r"pairs\[1\]"):
        loaded.score_pairs([("a", "b"), ("a", 3)])  # type: ignore[list-item] # that is the test
    with pytest.raises(OptionError, match="pairs is one text"):
        loaded.score_pairs("ab")
    with pytest.raises(OptionError, match="threads is 0"):
        OnnxPairModel.load(tmp_path / "onnx", threads=0)


WITHOUT_A_PACKAGE = """
import sys, textsiam
from textsiam.integrations.onnx import export_onnx
sys.modules[sys.argv[1]] = None
try:
    export_onnx(textsiam.PairModel.load(sys.argv[2]), sys.argv[3])
except textsiam.MissingExtraError as error:
    print(error)
"""


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(tmp_path: Path, package: str) -> None:
    model_of(KINDS[1]).save(tmp_path / "model")
    arguments = [package, str(tmp_path / "model"), str(tmp_path / "onnx")]
    command = [sys.executable, "-c", WITHOUT_A_PACKAGE, *arguments]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"needs the package {package}; install it with: pip install 'textsiam[onnx]'" in said
    assert not (tmp_path / "onnx").exists()


def test_graphs_that_compute_something_else_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"encoder": "bag", "head": "dot"}
    other, model = model_of(options, scale=0.9), model_of(options)
    serialised = export._serialised
    monkeypatch.setattr(export, "_serialised", lambda _model, config: serialised(other, config))
    with pytest.raises(TextsiamError, match="off by up to"):
        export_onnx(model, tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def test_a_graph_that_no_file_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_BYTES < 2**31
    monkeypatch.setattr("textsiam.integrations.onnx.graph.MOST_BYTES", 1_000)
    graph = Graph("encoder")
    graph.constant(np.zeros(300, np.float32))
    with pytest.raises(OptionError, match=r"encoder\.onnx would hold .* take weights='int8'"):
        graph.model({})
