from __future__ import annotations

from typing import Any

import pytest
import torch

from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.training.config import TrainConfig
from textsiam.training.encoders.ngram_mean import NgramEmbedding, leave_out_ngrams
from textsiam.training.network import SiameseNetwork

IDS, LENGTHS = torch.tensor([[5, 6, 7, 8], [6, 6, 0, 0], [9, 0, 0, 0]]), torch.tensor([4, 2, 1])
ENCODERS: dict[str, dict[str, Any]] = {"bag": {}, "lstm": {"units": 3}, "gru": {"units": 3}}


def _network(encoder: str, **options: Any) -> SiameseNetwork:
    architecture = Architecture(encoder=encoder, dim=4, head="cosine", ngrams=2, buckets=50, **ENCODERS[encoder])
    return SiameseNetwork(architecture, 12, **options)


def test_a_share_of_the_steps_does_without_and_in_the_others_ngrams_count_the_more() -> None:
    torch.manual_seed(1)
    embedding = NgramEmbedding(Architecture(encoder="bag", dim=4, ngrams=3, buckets=1000))
    torch.nn.init.normal_(embedding.weight)
    whole = embedding.mean(IDS, LENGTHS).detach()
    leave_out_ngrams(embedding, 0.4)
    hidden = 0
    for _ in range(2000):
        found = embedding.mean(IDS, LENGTHS).detach()
        if bool((found == 0).all()):
            hidden += 1
        else:
            assert torch.allclose(found, whole / 0.6, atol=1e-6)
    assert hidden == pytest.approx(800, abs=80)
    assert torch.equal(embedding.eval().mean(IDS, LENGTHS), whole)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_is_not_hidden_draws_nothing(share: float) -> None:
    embedding = NgramEmbedding(Architecture(encoder="bag", dim=4, ngrams=2, buckets=50)).train(not share)
    leave_out_ngrams(embedding, share)
    state = torch.get_rng_state()
    embedding.mean(IDS, LENGTHS)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_network_hides_them_while_training_alone(encoder: str) -> None:
    torch.manual_seed(1)
    network = _network(encoder, ngram_dropout=0.5)
    with torch.no_grad():
        network.get_parameter("encoder.ngram_embedding.weight")[1:].normal_()
    found = [network.encoder(IDS, LENGTHS) for _ in range(20)]
    assert len({tuple(vectors[0].tolist()) for vectors in found}) == 2
    assert len({tuple(vectors[2].tolist()) for vectors in found}) == 1  # one token has none
    network.eval()
    plain = _network(encoder).eval()
    plain.load_state_dict(network.state_dict())
    assert torch.equal(network.encoder(IDS, LENGTHS), plain.encoder(IDS, LENGTHS))


def test_without_ngrams_there_is_nothing_to_hide() -> None:
    assert TrainConfig(encoder="bag", ngrams=2, ngram_dropout=0.5).ngram_dropout == 0.5
    with pytest.raises(OptionError, match=r"ngram_dropout is 0\.5, but ngrams is 1 and there are no n-grams; leave it"):
        TrainConfig(encoder="bag", ngram_dropout=0.5)
