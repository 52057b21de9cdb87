from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from textsiam.errors import OptionError
from textsiam.training.config import TrainConfig
from textsiam.training.distill_config import DistillConfig


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "vectors", "teacher_temperature": 2.0}, "teacher_temperature is 2.0, but has no use where vectors"),
        ({"extra_pairs": 0.5, "balanced": True}, "balanced is True, but has no use where extra pairs"),
        ({"hard_negatives": 0.1}, "hard_negatives is 0.1, but has no use where a teacher judges"),
        ({"target": "logit"}, "did you mean 'logits'"),
        ({"teacher_weight": 1.0, "loss": "bce"}, "loss is 'bce', but has no use where teacher_weight is 1"),
        (
            {"teacher_weight": 1.0, "label_smoothing": 0.1},
            "label_smoothing is 0.1, but has no use where teacher_weight is 1",
        ),
        ({"teacher_weight": 0.0}, "teacher_weight is 0.0, expected a number, 0.001 to 1"),
    ],
)
def test_options_are_checked_at_birth(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        DistillConfig(**options)


def test_toml_keeps_the_options_of_distillation_which_training_refuses(tmp_path: Path) -> None:
    config = DistillConfig(teacher_weight=0.25, extra_pairs=0.5, epochs=2)
    (tmp_path / "c.toml").write_text(config.to_toml(), encoding="utf-8")
    assert DistillConfig.from_toml(tmp_path / "c.toml") == config
    with pytest.raises(OptionError, match="'target'"):
        TrainConfig.from_toml(tmp_path / "c.toml")
