from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.model.making import fitting
from textsiam.model.architecture import ENCODERS, Architecture
from textsiam.model.encoders.ngrams import ngram_rows
from textsiam.text.tokenizer import PAD_ID
from textsiam.training.collator import PairBatch
from textsiam.training.encoders import ENCODER_MODULES, lstm
from textsiam.training.encoders.ngram_mean import NgramEmbedding
from textsiam.training.layouts import PaddedLayout
from textsiam.training.network import SiameseNetwork
from textsiam.training.word_dropout import WordDropout

IDS, LENGTHS = torch.tensor([[5, 6, 7, 8], [6, 6, 0, 0], [9, 0, 0, 0]]), torch.tensor([4, 2, 1])
HIDDEN = IDS.masked_fill(torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], dtype=torch.bool), PAD_ID)
MARK = 11  # a token that is not in IDS


def _architecture(encoder: str, **options: Any) -> Architecture:
    return Architecture(**fitting({"encoder": encoder, "dim": 8, "units": 5, "head_units": 4, **options}))


def test_the_share_is_hidden_token_by_token_and_anew() -> None:
    torch.manual_seed(1)
    ids_UT = torch.full((500, 40), 7)
    dropout = WordDropout(0.3)
    first, second = dropout(ids_UT), dropout(ids_UT)
    assert set(first.unique().tolist()) == {PAD_ID, 7}
    assert (first == PAD_ID).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert not torch.equal(first, second)
    assert bool((ids_UT == 7).all())


@pytest.mark.parametrize(("share", "training"), [(0.0, True), (0.5, False)])
def test_without_a_share_or_training_nothing_is_hidden_or_drawn(share: float, training: bool) -> None:
    state = torch.get_rng_state()
    assert WordDropout(share).train(training)(IDS) is IDS
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("pooling", ["max", "attention", "last", "mean"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_is_hidden_is_a_zero_embedding_in_its_place(
    encoder: str, pooling: str, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if padded:
        monkeypatch.setattr(lstm, "layout_of", PaddedLayout)
    torch.manual_seed(2)
    architecture = _architecture(encoder, pooling=pooling, bidirectional=True, layers=2)
    module = ENCODER_MODULES[architecture.encoder](architecture, 12, dropout=0.0)
    with torch.no_grad():
        module.embedding.weight[MARK] = 0
    vectors_UD = module(HIDDEN, LENGTHS)
    # a token of the vocabulary that happens to embed as zeros
    marked = torch.where((HIDDEN == PAD_ID) & (IDS != PAD_ID), MARK, HIDDEN)
    assert torch.allclose(vectors_UD, module(marked, LENGTHS), atol=1e-6)
    assert not torch.allclose(vectors_UD[:2], module(IDS, LENGTHS)[:2], atol=1e-3)
    torch.autograd.backward(vectors_UD.square().sum())
    gradient = module.embedding.weight.grad
    assert gradient is not None
    assert not gradient[PAD_ID].any()
    assert gradient[7].any()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("encoder", ["bag", "lstm", "gru"])
def test_ngrams_with_a_hidden_token_are_none(encoder: str) -> None:
    architecture = _architecture(encoder, ngrams=3, buckets=1000)
    module = ENCODER_MODULES[architecture.encoder](architecture, 12, dropout=0.0)
    ngrams = module.ngram_embedding
    assert isinstance(ngrams, NgramEmbedding)
    with torch.no_grad():
        torch.nn.init.normal_(ngrams.weight)[PAD_ID] = 0
    mean_BD = ngrams.mean(HIDDEN, LENGTHS)
    # of text 5 0 7 8 the run 7 8 alone is left, of its five
    [row] = (int(rows[0, 0]) for rows in ngram_rows(torch.tensor([[7], [8]]), 2, 1000))
    assert torch.allclose(mean_BD[0], ngrams.weight[row] / 5)
    assert not mean_BD[1:].any()
    torch.autograd.backward(mean_BD.sum())
    assert ngrams.weight.grad is not None
    assert ngrams.weight.grad.any(dim=1).nonzero().flatten().tolist() == [row]


@pytest.mark.parametrize("head", ["mlp", "cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_texts_that_are_hidden_whole_give_finite_gradients(encoder: str, head: str) -> None:
    network = SiameseNetwork(_architecture(encoder, head=head), 12, dropout=0.2, word_dropout=0.95)
    batch = PairBatch(IDS, LENGTHS, torch.tensor([0, 1]), torch.tensor([2, 2]), torch.ones(2), torch.arange(3))
    for seed in range(5):
        torch.manual_seed(seed)
        raw_B = network(batch)
        assert raw_B.isfinite().all()
        network.zero_grad()
        torch.autograd.backward(raw_B.sum())
        for name, weight in network.named_parameters():
            assert weight.grad is None or bool(weight.grad.isfinite().all()), name


def test_the_network_hides_tokens_while_training_alone() -> None:
    torch.manual_seed(3)
    network = SiameseNetwork(_architecture("lstm"), 12, word_dropout=0.5)
    batch = PairBatch(IDS, LENGTHS, torch.tensor([0, 1]), torch.tensor([1, 2]), torch.ones(2), torch.arange(3))
    assert not torch.equal(network(batch), network(batch))
    network.eval()
    assert torch.equal(network(batch), network(batch))
    plain = SiameseNetwork(_architecture("lstm"), 12).eval()
    plain.load_state_dict(network.state_dict())  # it has no weights of its own
    assert torch.equal(network(batch), plain(batch))
