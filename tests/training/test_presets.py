from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from tests.model.making import heads_of
from textsiam.errors import OptionError
from textsiam.model.architecture import CUSTOM, ENCODERS
from textsiam.training.config import TrainConfig
from textsiam.training.presets import PRESETS, described_presets, with_preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_option_of_a_preset_is_set(name: str) -> None:
    config = TrainConfig.preset(name)
    assert {option: getattr(config, option) for option in PRESETS[name]} == PRESETS[name]
    others = [field for field in dataclasses.fields(TrainConfig) if field.name not in PRESETS[name]]
    assert all(getattr(config, field.name) == field.default for field in others)


def test_no_preset_equals_another_or_the_defaults() -> None:
    configs = [TrainConfig(), *map(TrainConfig.preset, PRESETS)]
    assert all(one != other for one, other in itertools.combinations(configs, 2))


def test_options_that_are_given_win() -> None:
    config = TrainConfig.preset("fast", {"seed": 7, "units": 9})
    assert config == dataclasses.replace(TrainConfig.preset("fast"), seed=7, units=9)
    with pytest.raises(OptionError, match=r"an option of TrainConfig is 'sed'.*did you mean 'seed'"):
        TrainConfig.preset("fast", {"sed": 7})


@pytest.mark.parametrize(
    ("encoder", "head"), [(encoder, head) for encoder in (*ENCODERS, CUSTOM) for head in heads_of(encoder)]
)
@pytest.mark.parametrize("name", PRESETS)
def test_what_another_encoder_or_head_has_no_use_for_is_left_out(name: str, head: str, encoder: str) -> None:
    config = TrainConfig.preset(name, {"encoder": encoder, "head": head})
    assert (config.encoder, config.head, config.epochs) == (encoder, head, PRESETS[name]["epochs"])


def test_spellings_are_left_out_where_nothing_shares_them() -> None:
    assert TrainConfig.preset("fast").char_ngrams
    assert TrainConfig.preset("fast", {"vocabulary_type": "char"}).char_ngrams == ""
    assert TrainConfig.preset("balanced", {"encoder": CUSTOM}).char_ngrams == ""
    assert "char_ngrams" not in with_preset("fast", {}, vectors=True)
    assert with_preset("fast", {"char_ngrams": "2"}, vectors=True)["char_ngrams"] == "2"


def test_a_bag_drops_no_ngrams() -> None:
    assert TrainConfig.preset("balanced", {"encoder": "bag"}).ngrams == 2
    assert TrainConfig.preset("balanced", {"encoder": "bag"}).ngram_dropout == 0
    assert TrainConfig.preset("balanced", {"encoder": "bag", "ngram_dropout": 0.2}).ngram_dropout == 0.2


def test_without_ngrams_none_are_dropped() -> None:
    assert TrainConfig.preset("balanced", {"ngrams": 1}).ngram_dropout == 0
    assert TrainConfig.preset("balanced", {"ngrams": 3}).ngram_dropout == 0.5
    with pytest.raises(OptionError, match=r"ngram_dropout is 0\.2, but ngrams is 1"):
        TrainConfig.preset("balanced", {"ngrams": 1, "ngram_dropout": 0.2})


def test_what_is_given_is_not_left_out() -> None:
    with pytest.raises(OptionError, match="units is 64, but encoder 'bag' has no units"):
        TrainConfig.preset("fast", {"encoder": "bag", "units": 64})


def test_unknown_names() -> None:
    with pytest.raises(OptionError, match=r"preset is 'fsat', expected one of fast, .*did you mean 'fast'"):
        TrainConfig.preset("fsat")


def test_no_preset_sets_nothing() -> None:
    assert with_preset(None, {"seed": 3}) == {"seed": 3}


def test_the_description_names_every_option() -> None:
    told = described_presets().split("; ")
    for line, (name, options) in zip(told, PRESETS.items(), strict=True):
        assert line.startswith(f"{name} sets ")
        assert all(f"{option} {str(value).lower()}" in line for option, value in options.items())


def test_a_toml_file_can_name_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('preset = "balanced"\nunits = 9\n', encoding="utf-8")
    assert TrainConfig.from_toml(path) == TrainConfig.preset("balanced", {"units": 9})
    for wrong in ('"balance"', "3"):
        path.write_text(f"preset = {wrong}\n", encoding="utf-8")
        with pytest.raises(
            OptionError, match=r"preset of .*mine\.toml is .*, expected one of fast, balanced, accurate"
        ):
            TrainConfig.from_toml(path)
