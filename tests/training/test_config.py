from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import docstring_parser
import pytest

from textsiam.errors import OptionError
from textsiam.model.architecture import Architecture
from textsiam.training.config import TrainConfig
from textsiam.training.loss_rules import WeightedLoss


def test_toml_round_trip(tmp_path: Path) -> None:
    config = TrainConfig(encoder="bag", head="cosine", learning_rate=3e-5, balanced=True, seed=11, margin=0.25)
    path = tmp_path / "train.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert TrainConfig.from_toml(path) == config


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(OptionError, match=r"dev is 'a\\udcff', which is not valid Unicode"):
        TrainConfig().to_toml({"dev": "a\udcff"})


def test_every_option_is_described() -> None:
    documents = [docstring_parser.parse(c.__doc__ or "") for c in (Architecture, TrainConfig)]
    described = [item.arg_name for document in documents for item in document.params]
    assert described == [field.name for field in dataclasses.fields(TrainConfig)]


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(OptionError, match=r"encoder is 'lstn'.*did you mean 'lstm'.*epochs is 0.*dropout is 2"):
        TrainConfig(encoder="lstn", epochs=0, dropout=2)


def test_a_loss_must_go_with_the_head() -> None:
    with pytest.raises(OptionError, match="loss 'bce' does not go with head 'cosine', expected one of contrastive"):
        TrainConfig(head="cosine", loss="bce")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "mlp", "margin": 0.5}, "loss 'bce' has none"),
        ({"head": "cosine", "margin": 0}, "margin is 0, expected 1e-06 to 100 for loss 'contrastive'"),
        ({"head": "cosine", "loss": "cosine_embedding", "margin": 1.5}, "expected -1 to 1"),
        (
            {"head": "cosine", "loss": "contrastive+triplet_hard", "margin": 3},
            "expected 1e-06 to 2 for loss 'triplet_h",
        ),
        ({"loss": "bce+in_batch", "margin": 1}, r"loss 'bce' \+ 'in_batch' has none; leave it out"),
    ],
)
def test_a_margin_must_go_with_the_loss(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        TrainConfig(**options)


def test_a_temperature_must_go_with_the_loss() -> None:
    assert TrainConfig(loss="bce+in_batch", temperature=0.1).temperature == 0.1
    with pytest.raises(OptionError, match=r"temperature is 0\.1, but loss 'bce' has none; leave it out"):
        TrainConfig(temperature=0.1)


def test_a_weight_of_label_1_must_go_with_the_loss() -> None:
    assert TrainConfig(loss="bce+in_batch", positive_weight=9).positive_weight == 9
    with pytest.raises(OptionError, match="positive_weight is 9, but loss 'cosent' has none; leave it out"):
        TrainConfig(head="cosine", loss="cosent", positive_weight=9)


def test_labels_are_smoothed_where_a_loss_learns_probabilities() -> None:
    for head, loss in (("mlp", "auto"), ("dot", "squared_error"), ("manhattan", "bce+in_batch")):
        assert TrainConfig(head=head, loss=loss, label_smoothing=0.1).label_smoothing == 0.1
    for head, loss in (("cosine", "auto"), ("cosine", "squared_error"), ("euclidean", "auto+squared_error")):
        with pytest.raises(
            OptionError, match=r"label_smoothing is 0\.1, but loss .* learns no probability; leave it out"
        ):
            TrainConfig(head=head, loss=loss, label_smoothing=0.1)


@pytest.mark.parametrize("lengths", ["3,", "0", "9", "3,3", "3 4", "2.5", "\u0663"])
def test_lengths_of_character_n_grams(lengths: str) -> None:
    assert TrainConfig(char_ngrams="3,4,5").char_ngrams == "3,4,5"
    with pytest.raises(OptionError, match="expected different numbers, 1 to 8, such as '3,4,5', or ''"):
        TrainConfig(char_ngrams=lengths)


def test_a_wrong_loss_is_told_with_other_mistakes() -> None:
    with pytest.raises(OptionError, match=r"loss is 'bec', .*did you mean 'bce'\?; epochs is 0"):
        TrainConfig(loss="bec", epochs=0)
    with pytest.raises(OptionError, match="loss is 3, expected a text"):
        TrainConfig(loss=3)  # type: ignore[arg-type]  # the mistake is the test


@pytest.mark.parametrize(
    ("head", "graded", "loss"),
    [
        ("mlp", False, "bce"),
        ("mlp", True, "squared_error"),
        ("cosine", False, "contrastive"),
        ("cosine", True, "squared_error"),
        ("euclidean", False, "contrastive"),
        ("dot", False, "bce"),
        ("manhattan", False, "bce"),
        ("manhattan", True, "squared_error"),
        ("squared_euclidean", False, "bce"),
    ],
)
def test_what_auto_stands_for(head: str, graded: bool, loss: str) -> None:
    assert TrainConfig(head=head).losses(graded=graded) == (WeightedLoss(loss),)


def test_a_distance_cannot_learn_grades() -> None:
    with pytest.raises(OptionError, match="no loss for graded labels"):
        TrainConfig(head="euclidean").losses(graded=True)


def test_architecture_is_the_part_that_the_model_keeps() -> None:
    config = TrainConfig(encoder="bag", dim=32, max_tokens=50)
    assert config.architecture == Architecture(encoder="bag", dim=32, max_tokens=50)
    assert type(config.architecture) is Architecture
