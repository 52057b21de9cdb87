"""The encoders in NumPy: token ids to text vectors, equal to their torch twins within 1e-5; one file each.

Weights carry the names that the torch modules give them. An encoder that is not here runs in torch alone.
"""

from __future__ import annotations

from textsiam.model.encoders.bag import NumpyBagEncoder
from textsiam.model.encoders.cnn import NumpyCNNEncoder
from textsiam.model.encoders.gru import NumpyGRUEncoder
from textsiam.model.encoders.lstm import NumpyLSTMEncoder

NUMPY_ENCODERS: dict[
    str, type[NumpyBagEncoder] | type[NumpyCNNEncoder] | type[NumpyGRUEncoder] | type[NumpyLSTMEncoder]
] = {
    "bag": NumpyBagEncoder,
    "cnn": NumpyCNNEncoder,
    "gru": NumpyGRUEncoder,
    "lstm": NumpyLSTMEncoder,
}
