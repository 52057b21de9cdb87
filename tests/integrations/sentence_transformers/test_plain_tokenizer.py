"""Settings of transformers by which texts are cut in another way than tokenizer.json says are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from tests.integrations.sentence_transformers.conftest import make
from tests.integrations.sentence_transformers.test_word_models_of import FLAGS, PIECES, word_piece
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers import export_sentence_transformers, import_sentence_transformers

HELLO = {"content": "hello", "special": True}
OPTIONS: dict[str, Any] = {"encoder": "lstm", "dim": 8, "units": 6, "pooling": "mean"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an exported LSTM of word pieces, with "[CLS]" among its added tokens."""
    static = StaticEmbedding(word_piece(PIECES, FLAGS[0]), embedding_dim=8)
    SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "static"), create_model_card=False)
    proto = import_sentence_transformers(tmp_path / "static").tokenizer.proto
    export_sentence_transformers(make(proto, **OPTIONS), tmp_path / "exported", min_version="6.2")
    return tmp_path / "exported"


def change(folder: Path, name: str, values: dict[str, Any]) -> None:
    path = next(folder.rglob("tokenizer.json")).with_name(name)
    held = json.loads(path.read_text("utf-8")) if path.exists() else {}
    path.write_text(json.dumps({**held, **values}), encoding="utf-8")


def decoder(folder: Path, **flags: bool) -> dict[str, Any]:
    """Give "[CLS]" as transformers writes it into its settings."""
    added = json.loads(next(folder.rglob("tokenizer.json")).read_text("utf-8"))["added_tokens"]
    token = next(one for one in added if one["content"] == "[CLS]")
    return {"added_tokens_decoder": {str(token["id"]): {**token, **flags}}}


@pytest.mark.parametrize(
    ("file", "values", "reason"),
    [
        ("tokenizer.json", {"post_processor": {"type": "BertProcessing"}}, "BertProcessing, adds tokens"),
        ("tokenizer.json", {"padding": {"pad_token": "hello"}}, "it has the special token 'hello', which transformers"),
        ("tokenizer_config.json", {"tokenizer_class": "BertTokenizer"}, "its tokenizer is a BertTokenizer"),
        ("tokenizer_config.json", {"tokenizer_class": None}, r"tokenizer_config\.json names no tokenizer_class"),
        ("tokenizer_config.json", {"cls_token": "hello"}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"extra_special_tokens": ["hello"]}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"extra_special_tokens": {"x": "hello"}}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"5": HELLO}}, "it has the special token 'hello'"),
        ("tokenizer_config.json", {"split_special_tokens": True}, "sets split_special_tokens to True, and what that"),
        ("tokenizer_config.json", {"add_bos_token": True}, "sets add_bos_token to True, and what that"),
        ("tokenizer_config.json", {"do_lower_case": True}, "sets do_lower_case to True, and what that"),
        ("special_tokens_map.json", {"bos_token": HELLO}, "it has the special token 'hello'"),
        ("special_tokens_map.json", {"split_special_tokens": True}, "sets split_special_tokens to True, and what that"),
        ("tokenizer_config.json", {"added_tokens_decoder": {"3": {"content": "[CLS]"}}}, r"special token '\[CLS\]'"),
        ("added_tokens.json", {"[CLS]": 7}, r"it has the special token '\[CLS\]'"),
        ("added_tokens.json", {"hello": 5}, "it has the special token 'hello'"),
    ],
)
def test_what_transformers_adds_of_its_own_is_refused(
    folder: Path, file: str, values: dict[str, Any], reason: str
) -> None:
    change(folder, file, values)
    with pytest.raises(OptionError, match=f"0_WordEmbeddings cannot be imported without loss: .*{reason}"):
        import_sentence_transformers(folder)


@pytest.mark.parametrize("flag", ["normalized", "single_word", "lstrip"])
def test_an_added_token_that_is_looked_for_in_another_way_is_refused(folder: Path, flag: str) -> None:
    change(folder, "tokenizer_config.json", decoder(folder, **{flag: True}))
    with pytest.raises(OptionError, match=r"the special token '\[CLS\]', which transformers finds in texts in another"):
        import_sentence_transformers(folder)


def test_what_transformers_says_once_more_does_no_harm(folder: Path) -> None:
    said = {"cls_token": "[CLS]", "clean_up_tokenization_spaces": False, "max_length": 9, "split_special_tokens": False}
    change(folder, "tokenizer_config.json", {**decoder(folder), **said})
    (token,) = decoder(folder)["added_tokens_decoder"].values()
    flags = {flag: token[flag] for flag in ("lstrip", "normalized", "rstrip", "single_word")}
    change(folder, "special_tokens_map.json", {"cls_token": {"content": "[CLS]", **flags}})
    change(folder, "added_tokens.json", {"[CLS]": token["id"]})
    texts = ["hellox [CLS] hello", "how is it"]
    theirs = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(texts)
    np.testing.assert_allclose(import_sentence_transformers(folder).encode(texts), theirs, rtol=0, atol=1e-5)
