from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

import textsiam
from tests.integrations.sentence_transformers.conftest import TEXTS, make, unit
from tests.text.word_cases import TYPES, proto_of
from tests.training.conftest import TOPICS
from textsiam.errors import DataError, ModelFolderError, OptionError
from textsiam.integrations.sentence_transformers import export_sentence_transformers, import_sentence_transformers
from textsiam.model.pair_model import PairModel
from textsiam.model.weights import EMBEDDING

LSTM_OPTIONS: dict[str, Any] = {"encoder": "lstm", "dim": 8, "units": 6, "layers": 2, "bidirectional": True}


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


@pytest.mark.parametrize("kind", TYPES)
def test_an_exported_bag_comes_back_bit_for_bit(kind: str, tmp_path: Path) -> None:
    model = make(proto_of(kind, "nfkc_casefold"), encoder="bag", dim=12, head="dot")
    export_sentence_transformers(model, tmp_path / "exported")
    back = import_sentence_transformers(tmp_path / "exported")
    assert back.architecture == model.architecture
    assert (back.encode(TEXTS) == model.encode(TEXTS)).all()
    tokens, ours = back.tokenizer.encode(TEXTS), model.tokenizer.encode(TEXTS)
    assert (tokens.ids == ours.ids).all()
    assert (tokens.cut_texts, tokens.unknown_texts) == (ours.cut_texts, ours.unknown_texts)


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_an_exported_lstm_comes_back_bit_for_bit(pooling: str, tmp_path: Path) -> None:
    model = make(proto_of("bpe", "nfkc"), pooling=pooling, **LSTM_OPTIONS)
    export_sentence_transformers(model, tmp_path / "exported", min_version="6.2")
    back = import_sentence_transformers(tmp_path / "exported")
    assert back.architecture == model.architecture
    assert (back.encode(TEXTS) == model.encode(TEXTS)).all()


@pytest.mark.parametrize("safe", [True, False])
def test_what_was_trained_and_saved_there_comes_back(safe: bool, tmp_path: Path) -> None:
    for name, options in {"bag": {"encoder": "bag", "dim": 12}, "lstm": {**LSTM_OPTIONS, "pooling": "mean"}}.items():
        model = make(proto_of("unigram", "nfkc_casefold"), **options)
        export_sentence_transformers(model, tmp_path / name, min_version="6.2")
        trained = theirs(tmp_path / name)
        with torch.no_grad():
            for parameter in trained.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)), alpha=0.1)
        trained.save(str(tmp_path / f"{name}-trained"), create_model_card=False, safe_serialization=safe)
        back = import_sentence_transformers(tmp_path / f"{name}-trained")
        np.testing.assert_allclose(back.encode(TEXTS), trained.encode(TEXTS), rtol=0, atol=1e-5)
        assert np.abs(back.encode(TEXTS) - theirs(tmp_path / name).encode(TEXTS)).max() > 0.01


def test_vectors_of_length_1_come_back_with_their_cosines(tmp_path: Path) -> None:
    model = make(proto_of("bpe", "nfkc_casefold"), encoder="bag", dim=12, weighting="idf")
    export_sentence_transformers(model, tmp_path / "exported")
    back = import_sentence_transformers(tmp_path / "exported")
    np.testing.assert_allclose(unit(back.encode(TEXTS)), theirs(tmp_path / "exported").encode(TEXTS), rtol=0, atol=1e-5)
    pairs = list(zip(TEXTS, TEXTS[::-1], strict=True))
    np.testing.assert_allclose(back.score_details(pairs).raw, model.score_details(pairs).raw, atol=1e-5)


def test_dev_pairs_calibrate_it(tmp_path: Path) -> None:
    rows = [(f"what about the {a} here", f"the {b} now", float(a == b)) for a in TOPICS for b in (*TOPICS, *[a] * 4)]
    vocabulary = textsiam.build_vocabulary([text for row in rows for text in row[:2]], size=80)
    model = make(vocabulary.proto, encoder="bag", dim=12)
    export_sentence_transformers(model, tmp_path / "exported")
    plain, fitted = (import_sentence_transformers(tmp_path / "exported", dev=dev) for dev in (None, rows))
    assert (plain.details["calibrated"], fitted.details["calibrated"]) == (False, True)
    assert "| calibration | none |\n| **warning** | not calibrated: " in plain.card
    assert "| calibration | on 96 dev pairs, threshold 0." in fitted.card
    assert "warning" not in fitted.card
    assert plain.decisions is None
    assert fitted.decisions is not None
    probabilities = fitted.score_pairs([row[:2] for row in rows])
    same = np.array([row[2] for row in rows]) > 0.5
    assert probabilities.mean() == pytest.approx(same.mean(), abs=0.02)
    fitted.save(tmp_path / "model")
    assert (PairModel.load(tmp_path / "model").score_pairs([row[:2] for row in rows]) == probabilities).all()
    assert (textsiam.evaluate(fitted, rows).roc_auc or 0) > 0.9
    with pytest.raises(DataError, match="dev has 2 pairs, expected some that are the same"):
        import_sentence_transformers(tmp_path / "exported", dev=[("a", "b", 1), ("a", "c", 1)])


def test_neither_sentence_transformers_nor_torch_is_needed(bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    program = (
        "import sys\n"
        "for name in ('sentence_transformers', 'torch', 'tokenizers', 'transformers'): sys.modules[name] = None\n"
        "import textsiam.integrations.sentence_transformers as ways\n"
        "ways.export_sentence_transformers(ways.import_sentence_transformers(sys.argv[1]), sys.argv[2])\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "exported"), str(tmp_path / "again")], check=True, timeout=120
    )
    for name in ("tokenizer.json", "model.safetensors"):
        first, again = (tmp_path / one / "0_StaticEmbedding" / name for one in ("exported", "again"))
        assert first.read_bytes() == again.read_bytes()


def test_other_modules_are_refused_by_name(bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    found = theirs(tmp_path / "exported")
    found.append(Dense(12, 4))
    found.save(str(tmp_path / "dense"))
    with pytest.raises(OptionError, match="holds the modules StaticEmbedding, Dense; expected StaticEmbedding"):
        import_sentence_transformers(tmp_path / "dense")


def write(path: Path, change: dict[str, Any] | list[Any]) -> None:
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**held, **change} if isinstance(change, dict) else change), encoding="utf-8")


MODULE = {"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}
SETTINGS, TOKENIZER = "config_sentence_transformers.json", "0_StaticEmbedding/tokenizer.json"


@pytest.mark.parametrize(
    ("file", "change", "error", "message"),
    [
        (SETTINGS, {"similarity_fn_name": "maxsim"}, OptionError, "compares by 'maxsim'"),
        (SETTINGS, {"prompts": {"q": "query: "}, "default_prompt_name": "q"}, OptionError, "prompt 'query: '"),
        ("modules.json", [{**MODULE, "type": "my_code.Encoder"}], OptionError, "'my_code.Encoder' is code of its own"),
        ("modules.json", [{**MODULE, "path": "../elsewhere"}], ModelFolderError, "no folder inside of it"),
        ("modules.json", [{**MODULE, "path": "1_Other"}], ModelFolderError, "tokenizer.json is not there"),
        ("modules.json", [1], ModelFolderError, "is no list of modules"),
        ("modules.json", [], ModelFolderError, r"modules\.json is no list of modules, it holds \[\]; expected a list"),
        (SETTINGS, {"prompts": ["x"]}, ModelFolderError, r'has the prompts \["x"\] and default_prompt_name null, exp'),
        (SETTINGS, {"default_prompt_name": ["x"]}, ModelFolderError, r'default_prompt_name \["x"\], expected'),
        (TOKENIZER, {"truncation": {"direction": "Left", "max_length": 3}}, OptionError, "cuts the beginnings"),
        (TOKENIZER, {"truncation": {"max_length": "3"}}, ModelFolderError, "was altered"),
    ],
)
def test_a_folder_that_was_changed_is_refused(
    file: str, change: Any, error: type[Exception], message: str, bag: PairModel, tmp_path: Path
) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    write(tmp_path / "exported" / file, change)
    with pytest.raises(error, match=message):
        import_sentence_transformers(tmp_path / "exported")


def test_a_folder_that_was_cut_short_is_refused(bag: PairModel, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"modules\.json is not there"):
        import_sentence_transformers(tmp_path)
    export_sentence_transformers(bag, tmp_path / "exported")
    weights = tmp_path / "exported" / "0_StaticEmbedding" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(ModelFolderError, match="cannot be read as weights"):
        import_sentence_transformers(tmp_path / "exported")


def test_modules_that_are_an_object_are_refused(bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    (tmp_path / "exported" / "modules.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"is no list of modules, it holds \{\}; expected a list"):
        import_sentence_transformers(tmp_path / "exported")


@pytest.mark.parametrize("pickled", [False, True])
def test_bfloat16_is_read_exactly(pickled: bool, bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    inner = tmp_path / "exported" / "0_StaticEmbedding"
    embedding = torch.from_numpy(bag.weights[EMBEDDING]).to(torch.bfloat16)
    if pickled:
        (inner / "model.safetensors").unlink()
        torch.save({"embedding.weight": embedding}, inner / "pytorch_model.bin")
    else:
        save_file({"embedding.weight": embedding}, inner / "model.safetensors")
    back = import_sentence_transformers(tmp_path / "exported")
    assert (back.weights[EMBEDDING] == embedding.float().numpy()).all()


def test_numbers_of_another_kind_are_named(bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    stored = tmp_path / "exported" / "0_StaticEmbedding" / "model.safetensors"
    for kind, name in ((torch.float8_e4m3fn, "F8_E4M3"), (torch.int32, "int32")):
        save_file({"embedding.weight": torch.from_numpy(bag.weights[EMBEDDING]).to(kind)}, stored)
        with pytest.raises(
            OptionError, match=f"safetensors holds the weight 'embedding.weight' as {name}, expected fl"
        ):
            import_sentence_transformers(tmp_path / "exported")


def test_missing_rows_and_numbers_are_told_with_their_file(bag: PairModel, tmp_path: Path) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    stored = tmp_path / "exported" / "0_StaticEmbedding" / "model.safetensors"
    embedding = torch.from_numpy(bag.weights[EMBEDDING])
    rows = len(embedding)
    save_file({"embedding.weight": embedding[:-3].clone()}, stored)
    with pytest.raises(
        ModelFolderError, match=rf"model\.safetensors holds {rows - 3} embeddings, expected {rows}, one"
    ):
        import_sentence_transformers(tmp_path / "exported")
    save_file({"embedding.weight": embedding * torch.nan}, stored)
    with pytest.raises(ModelFolderError, match="exported was altered: its weights do not make a model"):
        import_sentence_transformers(tmp_path / "exported")
    model = make(proto_of("bpe", "nfkc_casefold"), **LSTM_OPTIONS)
    export_sentence_transformers(model, tmp_path / "lstm", min_version="6.2")
    save_file({"emb_layer.weight": torch.zeros(5, 8)}, tmp_path / "lstm" / "0_WordEmbeddings" / "model.safetensors")
    with pytest.raises(ModelFolderError, match=r"0_WordEmbeddings.model\.safetensors holds 5 embeddings, expected"):
        import_sentence_transformers(tmp_path / "lstm")


class Shout:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("unpickled",)


def test_no_pickle_is_run(bag: PairModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export_sentence_transformers(bag, tmp_path / "exported")
    inner = tmp_path / "exported" / "0_StaticEmbedding"
    (inner / "model.safetensors").unlink()
    torch.save({"embedding.weight": Shout()}, inner / "pytorch_model.bin")
    with pytest.raises(ModelFolderError, match="cannot be read as weights"):
        import_sentence_transformers(tmp_path / "exported")
    assert capsys.readouterr().out == ""


def test_what_is_no_folder_of_sentence_transformers_is_told(bag: PairModel, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"pairs\.csv is a file, expected a folder that sentence-transformers"):
        import_sentence_transformers(tmp_path / "pairs.csv")
    bag.save(tmp_path / "model")
    with pytest.raises(OptionError, match=r"model is a textsiam model already; load it with textsiam\.PairModel\.load"):
        import_sentence_transformers(tmp_path / "model")
    with pytest.raises(OptionError, match="folder is a PairModel, expected the path of a sentence-transformers folder"):
        import_sentence_transformers(bag)  # type: ignore[arg-type]
