from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from textsiam.errors import OptionError
from textsiam.training.config import TrainConfig
from textsiam.training.toml_options import READING, read_toml


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a machine that others use too
@given(
    st.dictionaries(
        st.sampled_from(READING),
        st.text() | st.booleans() | st.lists(st.text() | st.integers(-(2**63), 2**63 - 1)),
    )
)
def test_reading_round_trip(tmp_path_factory: pytest.TempPathFactory, reading: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("toml") / "train.toml"
    path.write_text(TrainConfig().to_toml(reading), encoding="utf-8", newline="")
    assert read_toml(path, TrainConfig) == (dataclasses.asdict(TrainConfig()), reading, None, None)


@pytest.mark.parametrize("label", ["\U0001f44d=1,\U0001f44e=0", "\x7f", "\x00\x1f", '"\\', "\u2028\u0085\ufeff"])
def test_texts_that_toml_and_json_write_in_two_ways(tmp_path: Path, label: str) -> None:
    path = tmp_path / "train.toml"
    path.write_text(TrainConfig().to_toml({"labels": label}), encoding="utf-8", newline="")
    assert read_toml(path, TrainConfig).reading == {"labels": label}


def test_names_may_be_written_as_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('out = "m"\nbatch-size = 8\nhead_units = 9\n[reading]\non-error = "skip"\n', encoding="utf-8")
    assert read_toml(path, TrainConfig) == ({"batch_size": 8, "head_units": 9}, {"on_error": "skip"}, "m", None)
    assert TrainConfig.from_toml(path) == TrainConfig(batch_size=8, head_units=9)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("batch-size = 8\nbatch_size = 9\n", "batch_size stands twice in .*mine.toml"),
        ('[reading]\nlabel-range = "0,1"\nlabel_range = "0,2"\n', "label_range stands twice"),
        ("out = 3\n", "out of .*mine.toml is 3, expected the name of a folder"),
        ("reading = 3\n", r"expected a table \[reading\]"),
        ('[reading]\ncolumn = "1"\n', "did you mean 'columns'"),
        ('label-range = "0,5"\n', r"label_range stands at the top of .*mine.toml, but belongs below a line \[reading"),
        ('dev = "dev.csv"\n', "dev stands at the top"),
    ],
)
def test_misplaced_and_doubled_names(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        read_toml(path, TrainConfig)


def test_unknown_toml_key_names_file_and_neighbour(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("epoch = 3\n", encoding="utf-8")
    with pytest.raises(OptionError, match=r"mine\.toml is 'epoch'.*did you mean 'epochs'"):
        read_toml(path, TrainConfig)


@pytest.mark.parametrize(("content", "message"), [("epochs =", "not valid TOML"), (None, "cannot be read")])
def test_broken_or_missing_toml(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(OptionError, match=message):
        read_toml(path, TrainConfig)
