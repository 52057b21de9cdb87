"""The encoders in torch: padded token ids and lengths to text vectors; one file each.

Padding is id 0 behind the text. A text without tokens becomes the zero vector. A text's vector does not depend on its
batch neighbours. Of a token's embedding the same components are dropped in all texts of a batch: what both texts of a
pair have in common is dropped alike in both. (A bag drops components of each text's mean.)
"""

from __future__ import annotations

from textsiam.training.encoders.bag import BagEncoder
from textsiam.training.encoders.cnn import CNNEncoder
from textsiam.training.encoders.gru import GRUEncoder
from textsiam.training.encoders.lstm import LSTMEncoder
from textsiam.training.encoders.transformer import TransformerEncoder

ENCODER_MODULES: dict[
    str, type[BagEncoder] | type[CNNEncoder] | type[GRUEncoder] | type[LSTMEncoder] | type[TransformerEncoder]
] = {
    "bag": BagEncoder,
    "cnn": CNNEncoder,
    "gru": GRUEncoder,
    "lstm": LSTMEncoder,
    "transformer": TransformerEncoder,
}
