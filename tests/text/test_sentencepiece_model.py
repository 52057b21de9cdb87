from __future__ import annotations

import numpy as np

from tests.text.conftest import made_up_texts
from textsiam.text.sentencepiece_model import SentencePieceModel
from textsiam.text.tokenizer import read_processor, read_token_model


def test_it_says_what_the_processor_says(proto: bytes) -> None:
    processor, model = read_processor(proto), read_token_model(proto)
    assert isinstance(model, SentencePieceModel)
    assert (model.size, model.word_start) == (processor.get_piece_size(), processor.piece_to_id("\u2581"))
    assert model.spellings[:2] == ["", ""]
    assert model.spellings[2:] == [processor.id_to_piece(id_) for id_ in range(2, model.size)]
    for text in [*made_up_texts(20, seed=3), "", "\u6771\u4eac x\u2581y", "a\ud800b"]:
        plain = text.encode("utf-8", "replace").decode("utf-8")
        assert model.pieces(text) == processor.encode(plain, out_type=str)
        ids = processor.encode(plain, out_type=int)
        assert model.decode(ids) == processor.decode(ids)


def test_both_encoders_give_the_ids_of_the_processor(proto: bytes) -> None:
    processor = read_processor(proto)
    few, many = SentencePieceModel(processor).encoders()
    texts = made_up_texts(100, seed=4)
    for _ in range(3):
        rows = processor.encode(texts, out_type=int)
        assert [few.ids(text) for text in texts] == rows
        ids, lengths = many.flat(texts)
        assert [row.tolist() for row in np.split(ids, np.cumsum(lengths)[:-1])] == rows
