"""What the commands that train read besides their options: the TOML file, pairs, dev, the vocabulary."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textsiam.cli import INTERRUPTED
from textsiam.cli.messages import say
from textsiam.cli.outputs import check_no_model
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.train_options import FILES, Reading
from textsiam.data.files import check_file
from textsiam.errors import OptionError, import_extra
from textsiam.model.architecture import CUSTOM, Architecture
from textsiam.model.custom import PYTHON_ALONE
from textsiam.model.folder import check_target
from textsiam.training.config import TrainConfig
from textsiam.training.presets import PRESETS, with_preset
from textsiam.training.starts import check_encoder
from textsiam.training.toml_options import TomlOptions, read_toml

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.model.pair_model import PairModel
    from textsiam.text.vocabulary import Vocabulary

Config = TypeVar("Config", bound=TrainConfig)


class Settings(Generic[Config]):
    """What the options of a run, of this ``kind``, are taken from: the command line and a TOML file (None: none)."""

    def __init__(self, kind: type[Config], file: Path | None) -> None:
        self.kind, self.file = kind, file
        self.written = TomlOptions({}, {}, None) if file is None else read_toml(file, kind)

    def config(
        self, options: Any, preset: str | None, initial: PairModel | None = None, *, vectors: bool = False
    ) -> Config:
        """Let the named ``options`` win over the TOML file, and that over the preset, as it suits word ``vectors``.

        What they leave open of the architecture is that of ``initial``, the model to go on from, if there is one.
        """
        named = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
        given = {**self.written.training, **named}
        if given.get("encoder") == CUSTOM:
            raise OptionError(f"encoder (--encoder) is {CUSTOM!r}, which {PYTHON_ALONE}")
        self._check_preset(preset, given)
        preset = self.written.preset if preset is None else preset
        if initial is None:
            return self.kind(**with_preset(preset, given, vectors=vectors))
        check_encoder(given, initial.architecture)
        chosen = with_preset(preset, {**dataclasses.asdict(initial.architecture), **given})
        parts = {field.name for field in dataclasses.fields(Architecture)}
        return self.kind.like(initial, {name: chosen[name] for name in chosen if name in given or name not in parts})

    def _check_preset(self, preset: str | None, given: Mapping[str, Any]) -> None:
        """Raise OptionError for a preset of the command line that would set nothing."""
        if preset in PRESETS and self.file is not None and set(PRESETS[preset]) <= set(given):
            raise OptionError(
                f"--preset {preset} sets nothing that {self.file} does not set, whose options win; leave one out"
            )

    def reading(self, files: Mapping[str, Path | None], rows: RowOptions, labels: LabelOptions) -> Reading:
        """Join what the command line and the TOML file say of reading; ``files`` besides that of the pairs.

        Raises OptionError for a file that the TOML file names and the command does not take.
        """
        useless = next((name for name in FILES if name in self.written.reading and name not in files), None)
        if useless is not None:
            raise OptionError(
                f"{useless} in [reading] of {self.file} is none of the files that this command reads besides PAIRS "
                f"({', '.join(files)}); leave it out"
            )
        given = {name: None if path is None else str(path) for name, path in files.items()}
        named = {**given, **dataclasses.asdict(rows), **dataclasses.asdict(labels)}
        return Reading(self.written.reading, named, self.file)

    def folder(self, out: Path | None, *, replaces: bool) -> Path:
        """Give the model folder to write; OptionError if there is none, or it holds a model that stays."""
        if out is None and self.written.out is None:
            raise OptionError("--out is missing: give the model folder to write, here or as out in the --config file")
        folder = Path(out or str(self.written.out))
        check_no_model(folder, overwrite=replaces)
        return folder


def takes_part() -> bool:
    """Tell whether this is one of several processes that torchrun has started, and not the first, which reads."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and os.environ.get("RANK", "0") != "0"


def take_part(work: Callable[[], object]) -> None:
    """Work as one of several processes: the first one reads, tells and writes, and says how to go on."""
    try:
        work()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def check_all(pairs: Path, folder: Path, config: TrainConfig, reading: Reading, command: str) -> None:
    """Raise, before the work of reading is done, what would be raised after it."""
    for file in (pairs, reading.dev, reading.texts):
        if file is not None:
            check_file(file)
    check_target(folder)
    config.to_toml(reading.given)
    # torch, which takes seconds: not before the rest is known to be right
    runtime = import_extra("textsiam.training.runtime", "train", f"textsiam {command}")
    runtime.find_device(config.device)


def read_vocabulary(reading: Reading) -> Vocabulary | None:
    """Read the vocabulary (None: not given)."""
    import textsiam

    return None if reading.vocab is None else textsiam.Vocabulary.load(reading.vocab)


def read_both(pairs: Path, reading: Reading) -> tuple[Pairs, Pairs | None]:
    """Read the training pairs and dev (None: not given)."""
    train_pairs = _read(pairs, reading)
    return train_pairs, None if reading.dev is None else _read(reading.dev, reading)


def tell_model(model: PairModel, folder: Path) -> None:
    """Say what came out, and print the model card."""
    for note in model.details["vocabulary_notes"]:
        say(f"vocabulary: {note}")
    say(f"{model!r}, {model.details['seconds'] / 60:.1f} minutes of training; model folder: {folder}")
    print(model.card)


def _read(path: Path, reading: Reading) -> Pairs:
    pairs = read_labelled(path, reading.rows, reading.labels)
    say(f"{path}: {pairs!r}")
    return pairs
