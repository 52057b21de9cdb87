from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.model.conftest import MakeModel
from tests.model.making import QUICK, fitting, heads_of, random_weights
from textsiam.errors import ModelFolderError, OptionError
from textsiam.model import pair_model
from textsiam.model.architecture import ENCODERS, Architecture
from textsiam.model.calibration import Calibration
from textsiam.model.decisions import Cut, Decisions
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.folder import read_folder, write_folder
from textsiam.model.pair_model import PairModel
from textsiam.model.scores import TextReport
from textsiam.model.seen_texts import SeenTexts
from textsiam.text.tokenizer import Tokenizer

ARCHITECTURES = [
    Architecture(encoder="bag", dim=12, head="cosine"),
    Architecture(encoder="bag", dim=8, head="mlp", head_units=6),
    Architecture(encoder="lstm", dim=6, units=5, head="euclidean", pooling="last"),
    Architecture(encoder="cnn", dim=6, units=5, head="mlp", head_units=7),
    Architecture(encoder="gru", dim=6, units=5, layers=2, bidirectional=True, head="cosine", pooling="attention"),
    Architecture(encoder="transformer", dim=6, layers=2, attention_heads=2, pooling="mean", head="mlp", head_units=7),
    Architecture(encoder="lstm", dim=6, units=5, layers=2, bidirectional=True, head="mlp", head_units=7),
    *(
        Architecture(head="alignment", head_units=7, alignment_units=5, dim=6, **options)
        for options in (
            {"encoder": "bag"},
            {"encoder": "gru", "units": 5, "pooling": "last"},
            {"encoder": "lstm", "units": 5, "layers": 2, "bidirectional": True},
            {"encoder": "transformer", "attention_heads": 2, "pooling": "mean"},
        )
    ),
]
PLAIN = ["how can i learn python", "what is the best way to learn python", "why is the sky blue", "rain"]
STRANGE = {
    "empty": "",
    "white space": " \t\r\n\u00a0\u3000",
    "unknown only": "龘靐齉",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 3,
    "control": "\x00\x01\x07\x1b[31m\x7f\u200b\ufeff",
    "right to left": "\u202eكيف أتعلم بايثون؟ איך לומדים",
    "combining": "e\u0301\u0323" * 50,
    "lone surrogates": "a\ud800b\udfff",
    "100,000 characters": "how to learn " * 7693,
    "one 100,000-character word": "x" * 100_000,
    "not a character": "\uffff\U0010ffff",
}
CUT = Architecture(encoder="bag", dim=4, max_tokens=3)

by_name = pytest.mark.parametrize(
    "architecture", ARCHITECTURES, ids=lambda parts: f"{parts.encoder}-{parts.layers}-{parts.head}"
)


@pytest.fixture(scope="module")
def model_of(make_model: MakeModel) -> dict[tuple[str, str], PairModel]:
    """Give a model of each encoder and head."""
    return {
        (encoder, head): make_model(
            Architecture(
                **fitting(
                    {
                        **{"encoder": encoder, "dim": 6, "units": 5, "bidirectional": True, "attention_heads": 2},
                        **{"head": head, "head_units": 8, "alignment_units": 6},
                    }
                )
            )
        )
        for encoder in ENCODERS
        for head in heads_of(encoder)
    }


@pytest.mark.parametrize(("encoder", "head"), [(encoder, head) for encoder in ENCODERS for head in heads_of(encoder)])
@QUICK
@given(text_a=st.text(st.characters()), text_b=st.text(st.characters()))
@example(text_a="how can i learn python", text_b="what is the best way to learn python")
def test_the_texts_of_a_pair_can_be_swapped_bit_for_bit(
    model_of: dict[tuple[str, str], PairModel], encoder: str, head: str, text_a: str, text_b: str
) -> None:
    model = model_of[encoder, head]
    score = model.score(text_a, text_b)
    assert score == model.score(text_b, text_a)
    assert 0 <= score <= 1


@by_name
def test_the_texts_of_many_pairs_can_be_swapped_bit_for_bit(make_model: MakeModel, architecture: Architecture) -> None:
    model = make_model(architecture)
    texts = [*PLAIN, *STRANGE.values()]
    pairs = [(a, b) for a in texts for b in texts]
    assert model.score_pairs(pairs).tobytes() == model.score_pairs([(b, a) for a, b in pairs]).tobytes()


@by_name
@pytest.mark.parametrize("kind", STRANGE)
def test_any_text_has_a_finite_vector_and_score(make_model: MakeModel, architecture: Architecture, kind: str) -> None:
    model, text = make_model(architecture), STRANGE[kind]
    assert np.isfinite(model.encode([text])).all()
    for other in (text, "", "why is the sky blue"):
        score = model.score(text, other)
        assert 0 <= score <= 1


@by_name
def test_a_text_does_not_feel_its_batch_neighbours(make_model: MakeModel, architecture: Architecture) -> None:
    model = make_model(architecture)
    texts = [*PLAIN, *STRANGE.values(), *(" ".join(PLAIN[:n]) for n in range(4))]
    together = model.encode(texts)
    for row, text in enumerate(texts):
        assert np.abs(model.encode([text])[0] - together[row]).max() < 1e-6


@by_name
def test_encode_gives_rows_in_the_order_of_the_texts(make_model: MakeModel, architecture: Architecture) -> None:
    model = make_model(architecture)
    vectors = model.encode(["rain", "", "why is the sky blue", "rain"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, architecture.vector_size)
    assert not vectors[1].any()
    assert vectors[0].tobytes() == vectors[3].tobytes()
    assert np.abs(vectors[0] - model.encode(["rain"])[0]).max() < 1e-6
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-3
    assert model.encode([]).shape == (0, architecture.vector_size)
    assert model.encode(text for text in ("rain", "")).shape == (2, architecture.vector_size)


@by_name
def test_score_pairs_compares_row_by_row(make_model: MakeModel, architecture: Architecture) -> None:
    model = make_model(architecture)
    pairs = [(a, b) for a in PLAIN for b in PLAIN]
    scores = model.score_pairs(pairs)
    assert scores.dtype == np.float32
    assert scores.shape == (len(pairs),)
    for pair, score in zip(pairs, scores, strict=True):
        assert model.score(*pair) == pytest.approx(float(score), abs=1e-6)
    details = model.score_details(pairs)
    assert details.probabilities.tobytes() == scores.tobytes()
    assert details.raw.dtype == np.float32
    assert model.calibration.probability(details.raw).tobytes() == scores.tobytes()


@by_name
def test_vectors_compare_as_their_texts(make_model: MakeModel, architecture: Architecture) -> None:
    model = make_model(architecture)
    u, v = model.encode(PLAIN), model.encode(PLAIN[::-1])
    if architecture.head == "alignment":
        with pytest.raises(OptionError, match=r"compares the tokens of texts, not vectors; use score_pairs"):
            model.compare_vectors(u, v)
        return
    expected = model.score_pairs(list(zip(PLAIN, PLAIN[::-1], strict=True)))
    assert np.abs(model.compare_vectors(u, v) - expected).max() < 1e-6
    assert np.abs(model.encode_tokens(model.tokenizer.encode(PLAIN)) - u).max() < 1e-6


def test_scores_do_not_depend_on_how_many_pairs_are_worked_on_at_once(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(ARCHITECTURES[-1])
    pairs = [(a, b) for a in [*PLAIN, ""] for b in PLAIN]
    at_once = model.score_details(pairs)
    assert at_once.texts == TextReport(texts=5, empty=1, unknown=0, cut=0, unknown_tokens=0)
    monkeypatch.setattr(pair_model, "PAIRS_AT_ONCE", 3)
    in_parts = model.score_details(pairs)
    assert np.abs(in_parts.raw - at_once.raw).max() < 1e-6
    assert np.abs(in_parts.probabilities - at_once.probabilities).max() < 1e-6
    # the parts' counts are added: the empty text stands in the pairs from 16 on, in two parts of three pairs
    assert in_parts.texts.empty == 2
    with pytest.raises(OptionError, match=r"pairs\[4\]"):
        model.score_pairs([*pairs[:4], ("a", 1)])  # type: ignore[list-item]  # the mistake is the test


@pytest.mark.parametrize("kind", [list, tuple, iter, deque, lambda pairs: (pair for pair in pairs), np.array])
def test_pairs_may_come_in_anything_that_gives_them(make_model: MakeModel, kind: Callable[[Any], Any]) -> None:
    model, pairs = make_model(ARCHITECTURES[0]), [(PLAIN[0], PLAIN[1]), (PLAIN[2], PLAIN[3])]
    assert model.score_pairs(kind(pairs)).tobytes() == model.score_pairs(pairs).tobytes()


def test_what_stands_behind_the_texts_of_a_pair_is_not_looked_at(make_model: MakeModel) -> None:
    model = make_model(ARCHITECTURES[0])
    labelled: Any = [[PLAIN[0], PLAIN[1], 1], (PLAIN[2], PLAIN[3], None)]
    assert model.score_pairs(labelled).tobytes() == model.score_pairs([row[:2] for row in labelled]).tobytes()


def test_no_pairs_have_no_scores(make_model: MakeModel) -> None:
    details = make_model(ARCHITECTURES[0]).score_details([])
    assert details.probabilities.shape == details.raw.shape == (0,)
    assert details.texts == TextReport()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("ab", "pairs is one text, expected a list of (text a, text b)"),
        (["ab"], "pairs[0] is 'ab', expected (text a, text b), both str"),
        (("first", "second"), "pairs[0] is 'first', expected (text a, text b), both str"),
        ([("a", "b"), ("c",)], "pairs[1] is ('c',), expected (text a, text b), both str"),
        ([("a", None)], "pairs[0] is ('a', None), expected (text a, text b), both str"),
        ([(b"a", "b")], "pairs[0] is (b'a', 'b'), expected (text a, text b), both str"),
        ([7], "pairs[0] is 7, expected (text a, text b), both str"),
        ([{"text_a": "a", "text_b": "b"}], "pairs[0] is {'text_a': 'a', 'text_b': 'b'}, expected (text a, text b), "),
        ([{"a"}], "pairs[0] is {'a'}, expected (text a, text b), both str"),
        ([("a", 1, "x" * 1000)], "pairs[0] is ('a', 1, 'xxx"),
    ],
)
def test_what_is_no_pair_is_refused_by_its_place(make_model: MakeModel, pairs: Any, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_model(ARCHITECTURES[0]).score_pairs(pairs)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("one text", "texts is one text, expected a list of texts"),
        (["b", "a", None], "texts[2] is None, expected a str"),
        (["a", ["b"]], "texts[1] is ['b'], expected a str"),
        ([b"a"], "texts[0] is b'a', expected a str"),
    ],
)
def test_what_is_no_text_is_refused_by_its_place(make_model: MakeModel, texts: Any, message: str) -> None:
    model = make_model(ARCHITECTURES[0])
    for method in (model.encode, model.inspect):
        with pytest.raises(OptionError) as caught:
            method(texts)
        assert str(caught.value) == message


def test_what_a_model_could_not_read_is_counted(make_model: MakeModel) -> None:
    model = make_model(CUT)
    texts = ["", " ", "龘", "龘", "rain", "how can i learn python and how can i reset my password"]
    expected = TextReport(texts=5, empty=2, unknown=1, cut=1, unknown_tokens=1)
    assert model.inspect(texts) == expected
    assert model.inspect(iter(texts)) == expected
    assert model.inspect([]) == TextReport()
    pairs = [(text, "rain") for text in texts]
    assert model.score_details(pairs).texts == expected


def test_reports_add_up() -> None:
    assert TextReport(1, 2, 3, 4, 5) + TextReport(10, 20, 30, 40, 50) == TextReport(11, 22, 33, 44, 55)


@by_name
def test_what_was_saved_is_loaded(make_model: MakeModel, architecture: Architecture, tmp_path: Path) -> None:
    model = make_model(architecture)
    model.details, model.card, model.train_toml = (
        {"seed": 7, "file": "é.tsv", "x": [1.5, None]},
        "# Karte é\n",
        "a = 1\n",
    )
    model.save(tmp_path / "model")
    loaded = PairModel.load(tmp_path / "model")
    assert loaded.architecture == architecture
    assert loaded.calibration == Calibration(slope=1.7, intercept=-0.4, threshold=0.45, prior=0.37)
    assert (loaded.details, loaded.card, loaded.train_toml) == (model.details, model.card, model.train_toml)
    assert loaded.tokenizer.proto == model.tokenizer.proto
    assert {name: value.tobytes() for name, value in loaded.weights.items()} == {
        name: value.tobytes() for name, value in model.weights.items()
    }
    pairs = [(a, b) for a in PLAIN for b in [*PLAIN, *STRANGE.values()]]
    assert loaded.score_pairs(pairs).tobytes() == model.score_pairs(pairs).tobytes()
    assert repr(loaded) == repr(model)


def test_a_calibration_of_an_earlier_format_is_read(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model(ARCHITECTURES[0])
    model.save(tmp_path / "model")
    files = read_folder(tmp_path / "model")
    earlier = b'{"slope": 1.7, "intercept": -0.4, "threshold": 0.45, "prior": 0.37}'
    write_folder(tmp_path / "model", {**files, "calibration.json": earlier})
    assert PairModel.load(tmp_path / "model").calibration == model.calibration


CURVES = {
    "beta": Calibration(method="beta", slope=2.0, intercept=0.1, bend=(0.5, 1.5, -0.2), prior=0.3, dev_prior=0.4),
    "isotonic": Calibration(method="isotonic", knots=((-1.0, -3.0), (0.5, 1.25)), policy="recall=0.9"),
}


@pytest.mark.parametrize("method", CURVES)
def test_every_calibration_and_the_decisions_are_saved(make_model: MakeModel, tmp_path: Path, method: str) -> None:
    model = make_model(ARCHITECTURES[0])
    model.calibration = CURVES[method]
    model.decisions = Decisions(pairs=100, same=40, cuts=(Cut(0.5, 20, 19, 0.8, 0.3), Cut(-0.5, 60, 39, 0.5, 0.9)))
    model.seen_texts = SeenTexts.of(PLAIN)
    model.save(tmp_path / "model")
    for loaded in (PairModel.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert (loaded.calibration, loaded.decisions) == (model.calibration, model.decisions)
        assert loaded.seen_texts == model.seen_texts


def test_a_prior_moves_the_odds_of_all_pairs_alike(make_model: MakeModel) -> None:
    model, pairs = make_model(ARCHITECTURES[0]), [(a, b) for a in PLAIN for b in PLAIN]
    dev, rare = model.score_pairs(pairs).astype(float), model.score_pairs(pairs, prior=0.01).astype(float)
    for before, after in zip(dev, rare, strict=True):
        odds = before / (1 - before) * (0.01 / 0.99) / (0.37 / 0.63)
        assert after == pytest.approx(odds / (1 + odds), rel=1e-5)
    assert model.score(*pairs[3], prior=0.01) == pytest.approx(rare[3])
    assert model.score_pairs(pairs, prior=0.37) == pytest.approx(dev)
    with pytest.raises(OptionError, match=r"prior is 1\.5, expected the share of same pairs"):
        model.score_pairs(pairs, prior=1.5)
    model.details["graded"] = True
    with pytest.raises(OptionError, match="learned grades"):
        model.score_pairs(pairs, prior=0.5)
    with pytest.raises(OptionError, match="no threshold can be chosen"):
        model.decide(cost=(1, 5))


def test_a_decision_becomes_the_models_own(make_model: MakeModel) -> None:
    model = make_model(ARCHITECTURES[0])
    model.card = "| threshold | 0.4500 (highest accuracy on dev) |\n"
    model.decisions = Decisions(pairs=100, same=37, cuts=(Cut(0.5, 20, 19, 0.8, 0.3), Cut(-0.5, 60, 36, 0.5, 0.9)))
    decision = model.decide(precision=0.7)
    cut = Calibration(slope=1.7, intercept=-0.4).probability(np.array([0.5]))[0]
    assert model.threshold_for(precision=0.7) == decision.threshold == pytest.approx(float(cut))
    assert model.calibration.threshold == 0.45
    model.set_threshold(decision)
    assert (model.calibration.threshold, model.calibration.policy) == (decision.threshold, "precision=0.7")
    told = model.card
    model.set_threshold(0.25)
    assert (model.calibration.threshold, model.calibration.policy) == (0.25, "given")
    for wrong in (1.5, "0.5", True):
        with pytest.raises(OptionError, match="expected a probability from 0 to 1"):
            model.set_threshold(wrong)  # type: ignore[arg-type] # what is tested
    model.card = told
    assert model.card.startswith(f"| threshold | {decision.threshold:.4f} (precision=0.7, precision at least 0.8000")


def test_saving_again_replaces_the_model(make_model: MakeModel, tmp_path: Path) -> None:
    first, second = make_model(ARCHITECTURES[0], seed=1), make_model(ARCHITECTURES[-1], seed=2)
    first.save(tmp_path / "model")
    second.save(tmp_path / "model")
    assert PairModel.load(tmp_path / "model").score("rain", "sky") == second.score("rain", "sky")


def test_an_architecture_of_a_subclass_is_saved_as_an_architecture(vocabulary: bytes, tmp_path: Path) -> None:
    from textsiam.training.config import TrainConfig

    config = TrainConfig(encoder="bag", dim=4, head="cosine")
    PairModel(
        architecture=config, vocabulary=vocabulary, weights=random_weights(config, Tokenizer(vocabulary).size)
    ).save(tmp_path / "model")
    assert PairModel.load(tmp_path / "model").architecture == config.architecture


def test_weights_that_do_not_lie_in_one_piece_are_saved_right(vocabulary: bytes, tmp_path: Path) -> None:
    architecture = Architecture(encoder="bag", dim=4, head="cosine")
    table = random_weights(architecture, Tokenizer(vocabulary).size)["encoder.embedding.weight"]
    weights = {"encoder.embedding.weight": np.asfortranarray(table)}
    PairModel(architecture=architecture, vocabulary=vocabulary, weights=weights).save(tmp_path / "model")
    assert (PairModel.load(tmp_path / "model").weights["encoder.embedding.weight"] == table).all()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"[]"),
        ("config.json", b"\xff"),
        ("config.json", b'{"architecture": {}}'),
        ("config.json", b'{"architecture": {"encoder": "rnn"}, "details": {}}'),
        ("config.json", b'{"architecture": {"size": 3}, "details": {}}'),
        ("calibration.json", b'{"slope": 1, "twist": 2}'),
        ("calibration.json", b"null"),
        ("calibration.json", b'{"method": "isotonic", "knots": [1, 2]}'),
        ("decisions.json", b'{"pairs": 1, "same": 1, "cuts": [[1]]}'),
        ("decisions.json", b"[]"),
        ("seen_texts.bin", b"123456"),
        ("seen_texts.bin", b"bbbbbaaaaa"),
        ("vocabulary.model", b"not a proto"),
        ("weights.safetensors", b"not tensors"),
        ("weights.safetensors", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"),
        ("README.md", b"\xff"),
    ],
)
@pytest.mark.parametrize("device", [None, "cpu"])
def test_files_that_make_no_model_are_refused_in_one_line(
    make_model: MakeModel, tmp_path: Path, name: str, content: bytes, device: str | None
) -> None:
    make_model(ARCHITECTURES[1]).save(tmp_path / "model")
    files = read_folder(tmp_path / "model")
    write_folder(tmp_path / "model", {**files, name: content})
    with pytest.raises(ModelFolderError, match="its files do not make a model") as caught:
        PairModel.load(tmp_path / "model", device=device)
    assert "\n" not in str(caught.value)


def test_the_files_of_a_folder_are_plain_json(make_model: MakeModel, tmp_path: Path) -> None:
    make_model(CUT).save(tmp_path / "model")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {
        "README.md", "calibration.json", "config.json", "manifest.json", "train.toml", "vocabulary.model",
        "weights.safetensors",
    }  # fmt: skip
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    assert config["architecture"]["max_tokens"] == 3
    calibration = json.loads((tmp_path / "model" / "calibration.json").read_text(encoding="utf-8"))
    assert calibration == {
        "method": "platt", "slope": 1.7, "intercept": -0.4, "bend": [], "knots": [], "threshold": 0.45,
        "policy": "accuracy", "prior": 0.37, "dev_prior": 0.37, "dev_threshold": None,
    }  # fmt: skip


@by_name
@pytest.mark.usefixtures("one_torch_thread")
def test_torch_on_the_processor_gives_what_numpy_gives(
    make_model: MakeModel, architecture: Architecture, tmp_path: Path
) -> None:
    make_model(architecture).save(tmp_path / "model")
    in_numpy, in_torch = (PairModel.load(tmp_path / "model", device=device) for device in (None, "cpu"))
    assert (in_numpy.device, in_torch.device) == (None, "cpu")
    texts = [*PLAIN, *STRANGE.values()]
    assert np.abs(in_numpy.encode(texts) - in_torch.encode(texts)).max() < 1e-5
    pairs = [(a, b) for a in texts for b in texts]
    a, b = in_numpy.score_details(pairs), in_torch.score_details(pairs)
    assert np.abs(a.raw - b.raw).max() < 1e-5
    assert np.abs(a.probabilities - b.probabilities).max() < 1e-5
    swapped = in_torch.score_pairs([(b, a) for a, b in pairs])
    assert swapped.tobytes() == b.probabilities.tobytes()


@by_name
@pytest.mark.usefixtures("one_torch_thread")
def test_bf16_is_near_fp32(make_model: MakeModel, architecture: Architecture, tmp_path: Path) -> None:
    from textsiam.training.precision import computes_bf16
    from textsiam.training.runtime import find_device

    make_model(architecture).save(tmp_path / "model")
    plain, near = (PairModel.load(tmp_path / "model", "cpu", precision=precision) for precision in ("fp32", "bf16"))
    texts = [*PLAIN, *STRANGE.values()]
    vectors, off = plain.encode(texts), np.abs(plain.encode(texts) - near.encode(texts)).max()
    assert off < 0.02 * np.abs(vectors).max()
    if architecture.encoder != "bag":
        assert off > 0  # a bag is a sum, which bf16 leaves alone
    assert pickle.loads(pickle.dumps(near)).encode(texts).tobytes() == near.encode(texts).tobytes()
    automatic = PairModel.load(tmp_path / "model", "cpu", precision="auto").encode(texts)
    expected = near if computes_bf16(find_device("cpu")) else plain
    assert automatic.tobytes() == expected.encode(texts).tobytes()


def test_a_precision_that_there_is_not_is_refused(make_model: MakeModel, tmp_path: Path) -> None:
    make_model(ARCHITECTURES[0]).save(tmp_path / "model")
    with pytest.raises(OptionError, match="precision is 'bf15', expected one of fp32, bf16, auto; did you mean 'bf16'"):
        PairModel.load(tmp_path / "model", "cpu", precision="bf15")
    with pytest.raises(OptionError, match="precision is 'bf16', but NumPy computes in fp32; give a device too"):
        PairModel.load(tmp_path / "model", precision="bf16")
    assert PairModel.load(tmp_path / "model", precision="auto").precision == "auto"


@pytest.mark.parametrize("device", ["cuda", "gpu", "", "mps", "meta"])
def test_a_device_that_is_not_there_is_refused(make_model: MakeModel, tmp_path: Path, device: str) -> None:
    import torch

    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    make_model(ARCHITECTURES[0]).save(tmp_path / "model")
    with pytest.raises(OptionError, match=f"device is {device!r}"):
        PairModel.load(tmp_path / "model", device=device)


LOAD_AND_SCORE = """
import sys
from textsiam import PairModel
model = PairModel.load(sys.argv[1])
assert 0 <= model.score("rain", "sky") <= 1
print(*sorted(name for name in sys.modules if "." not in name))
"""


@pytest.mark.parametrize("architecture", [parts for parts in ARCHITECTURES if parts.encoder in NUMPY_ENCODERS], ids=str)
def test_loading_and_scoring_need_no_torch(make_model: MakeModel, architecture: Architecture, tmp_path: Path) -> None:
    make_model(architecture).save(tmp_path / "model")
    command = [sys.executable, "-c", LOAD_AND_SCORE, str(tmp_path / "model")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(run.stdout.split())
    assert "numpy" in loaded
    assert loaded & {"torch", "sklearn", "scipy", "datasets", "pyarrow", "pandas", "matplotlib"} == set()


@pytest.mark.usefixtures("one_torch_thread")
def test_an_encoder_without_a_numpy_twin_runs_in_torch_by_itself(make_model: MakeModel, tmp_path: Path) -> None:
    make_model(Architecture(encoder="transformer", dim=8, head="cosine")).save(tmp_path / "model")
    by_itself, asked = (PairModel.load(tmp_path / "model", device=device) for device in (None, "cpu"))
    assert by_itself.device is None
    assert by_itself.encode(PLAIN).tobytes() == asked.encode(PLAIN).tobytes()
    assert by_itself.encode(PLAIN).any()
    of_one_thread = PairModel.load(tmp_path / "model", threads=1)
    assert of_one_thread.encode(PLAIN).tobytes() == asked.encode(PLAIN).tobytes()
    copy = pickle.loads(pickle.dumps(by_itself))
    assert copy.encode(PLAIN).tobytes() == asked.encode(PLAIN).tobytes()


LOAD_WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # as if it were not installed
from textsiam import MissingExtraError, PairModel
try:
    PairModel.load(sys.argv[1])
except MissingExtraError as error:
    print(error)
"""


def test_without_torch_such_an_encoder_names_the_extra(make_model: MakeModel, tmp_path: Path) -> None:
    make_model(Architecture(encoder="transformer", dim=8, head="cosine")).save(tmp_path / "model")
    command = [sys.executable, "-c", LOAD_WITHOUT_TORCH, str(tmp_path / "model")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == (
        "encoder 'transformer' needs the package torch; install it with: pip install 'textsiam[train]'"
    )
