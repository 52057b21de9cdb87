"""The one parity test: the NumPy twins and the torch modules give the same vectors and raw scores."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch

from tests.model.making import fitting, heads_of, random_tokens, random_weights
from textsiam.model.alignment import NumpyAlignment
from textsiam.model.architecture import POOLINGS, TOKEN_ENCODERS, VECTOR_HEADS, Architecture
from textsiam.model.encoders import NUMPY_ENCODERS
from textsiam.model.encoders.encoder import TokenEncoder
from textsiam.model.heads import NUMPY_HEADS
from textsiam.text.buckets import padded
from textsiam.text.tokenizer import TokenIds
from textsiam.training.encoders import text_states as torch_states
from textsiam.training.network import SiameseNetwork
from textsiam.training.pair_scores import TorchComparer
from textsiam.training.runtime import encode_tokens

pytestmark = pytest.mark.usefixtures("one_torch_thread")

VOCABULARY = 97
LENGTHS = list(range(61))
UNBOUNDED = ("dot", "manhattan", "squared_euclidean")
BAGS: list[dict[str, Any]] = [
    {},
    {"weighting": "sif"},
    {"ngrams": 2, "buckets": 40},
    {"weighting": "idf", "ngrams": 5, "buckets": 300},
]
ENCODERS: list[dict[str, Any]] = [
    *({"encoder": "bag", **options} for options in BAGS),
    *({"encoder": "cnn", "widths": widths} for widths in ("1", "2,3,4", "7,16,5")),
    *(
        {"encoder": encoder, "layers": layers, "bidirectional": bidirectional, "pooling": pooling}
        for encoder in ("gru", "lstm")
        for layers in (1, 2)
        for bidirectional in (False, True)
        for pooling in POOLINGS
    ),
    {"encoder": "gru", "pooling": "attention", "layers": 2, "ngrams": 2, "buckets": 50},
    {"encoder": "lstm", "pooling": "mean", "bidirectional": True, "ngrams": 3, "buckets": 300},
]


def make_network(architecture: Architecture, seed: int) -> SiameseNetwork:
    """Draw a network; weights of gates are larger than torch's first ones, so that the gates work in their bends."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = SiameseNetwork(architecture, VOCABULARY, dropout=0.5).eval()
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if name == "encoder.ngram_embedding.weight":
                    weight[1:].normal_()  # they start at 0
                if "embedding" not in name and architecture.encoder != "cnn":
                    weight.mul_(2)
        network.weigh_tokens(random_tokens(LENGTHS, VOCABULARY, seed=7))
    return network


def in_one_padded_batch(network: SiameseNetwork, tokens: TokenIds) -> torch.Tensor:
    """Encode short and long texts side by side: as much padding as can be."""
    ids_BT, lengths_B = padded(tokens, np.arange(len(tokens)))
    vectors_BD: torch.Tensor = network.encoder(torch.from_numpy(ids_BT), torch.from_numpy(lengths_B))
    return vectors_BD


@pytest.mark.parametrize("options", ENCODERS, ids=lambda options: "-".join(map(str, options.values())))
def test_numpy_and_torch_give_the_same(options: dict[str, Any]) -> None:
    sizes = {"dim": 24, "units": 20, "head_units": 32}
    tokens = random_tokens(LENGTHS, VOCABULARY, seed=2)
    # every text beside its neighbour, itself, the empty text and one far off
    places = np.arange(len(tokens))
    index_a = np.concatenate([places, places, places, places])
    index_b = np.concatenate([np.roll(places, 1), places, np.zeros_like(places), places[::-1]])
    for head in VECTOR_HEADS:
        architecture = Architecture(**fitting({**sizes, **options, "head": head}))
        network = make_network(architecture, seed=1)
        weights = network.numpy_weights()
        vectors = NUMPY_ENCODERS[architecture.encoder](architecture, weights)(tokens)
        raw = NUMPY_HEADS[head](weights)(vectors[index_a], vectors[index_b])
        with torch.inference_mode():
            torch_vectors = in_one_padded_batch(network, tokens)
            torch_raw = network.head(torch_vectors[index_a], torch_vectors[index_b])
        assert np.abs(vectors - torch_vectors.numpy()).max() < 1e-5
        # these grow with the vectors, which of a CNN have no bound, and a float32 of 60 has steps of 4e-6
        steps = 1e-6 * np.abs(raw) if head in UNBOUNDED else 0.0
        assert (np.abs(raw - torch_raw.numpy()) < 1e-5 + steps).all()
    # as a loaded model runs in torch: texts of like length together, the empty one left out
    by_like_length = encode_tokens(network.encoder, tokens, architecture.vector_size, torch.device("cpu"))
    assert np.abs(vectors - by_like_length).max() < 1e-5


@pytest.mark.parametrize(
    "options",
    [options for options in ENCODERS if options["encoder"] in TOKEN_ENCODERS],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_numpy_and_torch_align_alike(options: dict[str, Any]) -> None:
    architecture = Architecture(dim=24, head="alignment", alignment_units=16, head_units=32, **_with_units(options))
    tokens = random_tokens(LENGTHS, VOCABULARY, seed=2)
    network = make_network(architecture, seed=1)
    # a head as it starts, and states below 1: a softmax takes the rounding of large products to their exponents
    with torch.no_grad():
        for weight in network.head.parameters():
            weight.div_(2)
        if architecture.encoder == "bag":
            network.get_parameter("encoder.embedding.weight").mul_(0.3)
    weights = network.numpy_weights()
    encoder = cast(TokenEncoder, NUMPY_ENCODERS[architecture.encoder](architecture, weights))
    vectors, states = encoder.read(tokens)
    ids_BT, lengths_B = map(torch.from_numpy, padded(tokens, np.arange(len(tokens))))
    with torch.inference_mode():
        texts = cast(torch_states.TokenEncoder, network.encoder).read(ids_BT, lengths_B)
    assert np.abs(vectors - encoder(tokens)).max() < 1e-6
    assert np.abs(vectors - texts.vectors_UD.numpy()).max() < 1e-5
    for text, length in enumerate(LENGTHS):
        mine = states[tokens.offsets[text] : tokens.offsets[text + 1]]
        assert np.abs(mine - texts.states_UTD[text, :length].numpy()).max(initial=0) < 1e-5
    places = np.arange(len(tokens))
    index_a = np.concatenate([places, places, places, places])
    index_b = np.concatenate([np.roll(places, 1), places, np.zeros_like(places), places[::-1]])
    raw = NumpyAlignment(encoder, weights)(tokens, index_a, index_b)
    with torch.inference_mode():
        in_one_batch = network.head(texts, torch.from_numpy(index_a), torch.from_numpy(index_b))
    by_like_length = TorchComparer(architecture, weights, "cpu", None)(tokens, index_a, index_b)
    assert np.abs(raw - in_one_batch.numpy()).max() < 1e-5
    assert np.abs(raw - by_like_length).max() < 1e-5


def _with_units(options: dict[str, Any]) -> dict[str, Any]:
    return options if options["encoder"] == "bag" else {"units": 20, **options}


@pytest.mark.parametrize("head", VECTOR_HEADS)
@pytest.mark.parametrize("length", [0.0, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-2, 1.0])
def test_the_heads_agree_on_vectors_of_any_length(head: str, length: float) -> None:
    architecture = Architecture(encoder="bag", dim=16, head=head)
    network = make_network(architecture, seed=3)
    u, v = np.random.default_rng(4).normal(0, 0.25, size=(2, 50, 16)).astype(np.float32) * np.float32(length)
    raw = NUMPY_HEADS[head](network.numpy_weights())(u, v)
    with torch.inference_mode():
        torch_raw = network.head(torch.from_numpy(u), torch.from_numpy(v))
    assert np.abs(raw - torch_raw.numpy()).max() < 1e-5


def test_every_numpy_encoder_is_held_to_its_twin() -> None:
    assert {options["encoder"] for options in ENCODERS} == set(NUMPY_ENCODERS)


@pytest.mark.parametrize(
    ("options", "head"),
    [(options, head) for options in ENCODERS for head in heads_of(options["encoder"])],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_the_weights_have_the_names_and_shapes_that_these_tests_draw(options: dict[str, Any], head: str) -> None:
    architecture = Architecture(
        **fitting({"dim": 3, "units": 2, "head": head, "head_units": 4, "alignment_units": 5, **options})
    )
    drawn = random_weights(architecture, VOCABULARY)
    torch_weights = SiameseNetwork(architecture, VOCABULARY).numpy_weights()
    assert {name: value.shape for name, value in drawn.items()} == {n: w.shape for n, w in torch_weights.items()}
    assert {value.dtype for value in torch_weights.values()} == {np.dtype(np.float32)}
