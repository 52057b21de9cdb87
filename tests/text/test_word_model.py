from __future__ import annotations

import json
from pathlib import Path

import pytest

from textsiam.errors import OptionError, VocabularyError
from textsiam.text.tokenizer import Tokenizer, read_processor, read_token_model
from textsiam.text.vocabulary import Vocabulary
from textsiam.text.word_list import WordList
from textsiam.text.word_model import check_sentencepiece, is_word_model
from textsiam.text.wordpiece import WordPiece

MODELS = [WordPiece(["", "?", "a", "##b"]), WordList(["a", "b\ud800"], stop_words=["c", "b"])]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.kind)
def test_bytes_come_back_as_the_same_model(model: WordPiece | WordList) -> None:
    proto = model.to_bytes()
    assert is_word_model(proto)
    back = read_token_model(proto)
    assert type(back) is type(model)
    assert (back.to_bytes(), back.spellings, back.ids("a ab")) == (proto, model.spellings, model.ids("a ab"))


def test_a_sentencepiece_model_is_another_kind(proto: bytes) -> None:
    assert not is_word_model(proto)
    check_sentencepiece(proto, "this")
    for model in MODELS:
        with pytest.raises(OptionError, match=f"^this needs a SentencePiece vocabulary, .* is a {model.kind}$"):
            check_sentencepiece(model.to_bytes(), "this")
        with pytest.raises(VocabularyError, match=f"is a {model.kind}, not a SentencePiece model"):
            read_processor(model.to_bytes())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2, this textsiam reads 1"),
        ({"kind": "magic"}, "of kind 'magic', which is unknown"),
        ({"names": 3}, "the wordpiece vocabulary was altered"),
        ({"special": [9]}, "the wordpiece vocabulary was altered"),
        ({"color": 3}, "the wordpiece vocabulary was altered"),
    ],
)
def test_altered_bytes_are_refused(change: dict[str, object], message: str) -> None:
    altered = json.dumps({**json.loads(MODELS[0].to_bytes()), **change}).encode()
    with pytest.raises(VocabularyError, match=message):
        Tokenizer(altered)


def test_bytes_that_were_cut_short_are_refused() -> None:
    with pytest.raises(VocabularyError, match="cut short"):
        Tokenizer(MODELS[0].to_bytes()[:-2])


def test_it_is_kept_as_a_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    path.write_bytes(MODELS[0].to_bytes())
    assert Vocabulary.load(path).size == 4
