"""The encoders as ONNX graphs: padded ids and lengths to text vectors, equal to NumPy and torch; one file each."""

from __future__ import annotations

from collections.abc import Callable

from textsiam.integrations.onnx.encoders.bag import bag
from textsiam.integrations.onnx.encoders.cnn import cnn
from textsiam.integrations.onnx.encoders.recurrent import gru, lstm
from textsiam.integrations.onnx.encoders.transformer import transformer
from textsiam.integrations.onnx.texts import Encoded, EncoderParts, Texts, read_texts
from textsiam.model.architecture import Architecture

ENCODERS: dict[str, Callable[[EncoderParts, Texts], Encoded]] = {
    "bag": bag,
    "cnn": cnn,
    "gru": gru,
    "lstm": lstm,
    "transformer": transformer,
}


def encoded(parts: EncoderParts, ids_BT: str, lengths_B: str) -> tuple[Texts, Encoded]:
    """Add the encoder to the graph."""
    texts = read_texts(parts.graph, ids_BT, lengths_B, least_steps(parts.architecture))
    return texts, ENCODERS[parts.architecture.encoder](parts, texts)


def least_steps(architecture: Architecture) -> int:
    """Give the tokens up to which texts are padded: one, or as many as the widest filter or longest run has."""
    return max(architecture.filter_widths) if architecture.encoder == "cnn" else architecture.ngrams
