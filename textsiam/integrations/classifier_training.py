"""What the parameters of a DuplicateClassifier ask of training, and dev pairs for small sets."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from textsiam.data.pairs import Pairs
from textsiam.data.split import set_dev_aside
from textsiam.errors import OptionError, TrainingError, check_integer
from textsiam.training.config import TrainConfig
from textsiam.training.presets import with_base, with_preset

# parameters that are options of TrainConfig, by the same names
OPTIONS = (
    *("encoder", "dim", "units", "layers", "bidirectional", "pooling", "ngrams", "head", "head_units", "loss"),
    *("epochs", "batch_size", "learning_rate", "dropout", "positive_weight", "vocabulary_size", "vocabulary_type"),
    *("device", "threads"),
)
DEV_OF_EACH = 10  # dev pairs of the rarer label that a calibration should have
LARGEST_DEV_SHARE = 1 / 3
STEPS = 8  # of an epoch, at least, where nobody chose the size of a batch


def options_of(classifier: Any, count: int) -> TrainConfig:
    """Put the options of a classifier together, for ``count`` pairs; raises OptionError as TrainConfig does."""
    given = {name: value for name in OPTIONS if (value := getattr(classifier, name)) is not None}
    if classifier.random_state is not None:
        given["seed"] = _seed_of(classifier.random_state)
    config, preset = classifier.config, classifier.preset
    if config is None:
        options = with_preset(preset, given)
        if "batch_size" not in given:
            usual = options.get("batch_size", TrainConfig().batch_size)
            options["batch_size"] = max(2, min(count // STEPS, usual))
        return TrainConfig(**options)
    if not isinstance(config, TrainConfig):
        raise OptionError(f"config is {config!r:.60}, expected a textsiam.TrainConfig")
    if preset is not None:
        raise OptionError(f"preset is {preset!r}, but config is given too; leave one of them out")
    return TrainConfig(**with_base(dataclasses.asdict(config), given))


def _seed_of(random_state: object) -> object:
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.Generator):
        raise OptionError("random_state is a numpy Generator, expected an integer or a numpy RandomState")
    check_integer("random_state", random_state, least=0, most=2**32 - 1)
    return random_state


def with_dev(pairs: Pairs, seed: int) -> tuple[Pairs, Pairs | None]:
    """Set dev pairs aside, more than a tenth of a small set, for few pairs calibrate badly; None leaves it to training.

    Raises TrainingError where no text-disjoint part can be set aside.
    """
    from textsiam.training.preparation import DEV_SHARE  # with torch

    same = int(pairs.labels.sum())
    share = DEV_OF_EACH / max(1, min(same, len(pairs) - same))
    if share <= DEV_SHARE:
        return pairs, None
    try:
        return set_dev_aside(pairs, min(share, LARGEST_DEV_SHARE), seed=seed)
    except OptionError as error:
        raise TrainingError(f"no dev part can be set aside ({error}); give fit dev=(X, y) of their own") from error
