from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers

from tests.integrations.sentence_transformers.conftest import TEXTS
from tests.text.word_cases import HARD, TYPES, expected, proto_of
from textsiam.errors import OptionError
from textsiam.integrations.sentence_transformers.tokenizer_json import read_pieces, tokenizer_json
from textsiam.integrations.sentence_transformers.vocabulary_of import vocabulary_of, write_proto


def written(kind: str, normalization: str = "nfkc_casefold") -> dict[str, Any]:
    return tokenizer_json(read_pieces(proto_of(kind, normalization)), 40)


@pytest.mark.parametrize("normalization", ["nfkc_casefold", "identity"])
@pytest.mark.parametrize("kind", TYPES)
def test_the_vocabulary_comes_back_with_the_same_ids(kind: str, normalization: str) -> None:
    proto = proto_of(kind, normalization)
    # as tokenizers itself writes it once more
    again = json.loads(tokenizers.Tokenizer.from_str(json.dumps(written(kind, normalization))).to_str())
    back = vocabulary_of(again, 40)
    texts = [*TEXTS, *HARD, "".join(HARD), "0p pp aabab ppp 000 p0p0 abcabc"]
    assert expected(back, texts) == expected(proto, texts)
    ours, theirs = read_pieces(proto), read_pieces(back)
    assert (theirs.names, theirs.kinds, theirs.type) == (ours.names, ours.kinds, ours.type)


def test_a_proto_is_written_as_it_was_read() -> None:
    pieces = read_pieces(proto_of("unigram", "nfkc"))
    assert read_pieces(write_proto(pieces)) == pieces


def test_a_unigram_model_that_normalizes_otherwise_is_refused() -> None:
    tokenizer = tokenizers.Tokenizer(models.Unigram([("<pad>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)], 1, False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    with pytest.raises(OptionError, match="Unigram model is not known to give the ids"):
        vocabulary_of(json.loads(tokenizer.to_str()), 40)


def changed(kind: str, *path: str | int, to: Any) -> dict[str, Any]:
    tokenizer: Any = copy.deepcopy(written(kind, "identity"))
    place = tokenizer
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = to
    return dict(tokenizer)


@pytest.mark.parametrize(
    "tokenizer",
    [
        changed("unigram", "normalizer", "normalizers", 0, to={"type": "Lowercase"}),
        changed("unigram", "pre_tokenizer", to={"type": "Whitespace"}),
        changed("unigram", "added_tokens", to=[{"id": 9, "content": "<url>", "special": True}]),
        changed("unigram", "model", "unk_id", to=2),
        changed("unigram", "model", "byte_fallback", to=True),
        changed("unigram", "model", "vocab", to=[["a", 1.0]]),
        changed("bpe", "model", "fuse_unk", to=False),
        changed("bpe", "model", "dropout", to=0.1),
        changed("bpe", "model", "merges", to=["a b"]),
        changed("bpe", "model", "vocab", to="none"),
        changed("word", "model", "vocab", 5, to=["\u2581a", -1.0]),
        changed("char", "post_processor", to={"type": "TemplateProcessing", "single": [{"SpecialToken": {}}]}),
        changed("char", "model", to=None),
    ],
)
def test_a_tokenizer_that_was_changed_is_refused(tokenizer: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"teachers of textsiam\.distill"):
        vocabulary_of(tokenizer, 40)
