"""What the commands that train read besides their options: the TOML file, pairs, dev, the vocabulary."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textsiam.cli import INTERRUPTED
from textsiam.cli.messages import say
from textsiam.cli.pair_options import LabelOptions, read_labelled
from textsiam.cli.row_options import RowOptions
from textsiam.cli.train_options import Reading
from textsiam.data.files import check_file
from textsiam.errors import OptionError, import_extra
from textsiam.model.folder import check_target
from textsiam.training.config import TomlOptions, TrainConfig, read_toml
from textsiam.training.presets import with_preset

if TYPE_CHECKING:
    from textsiam.data.pairs import Pairs
    from textsiam.model.pair_model import PairModel
    from textsiam.text.vocabulary import Vocabulary

Config = TypeVar("Config", bound=TrainConfig)


@dataclass(frozen=True)
class Settings(Generic[Config]):
    """The options of a run: ``config`` as the command line and then the TOML file say, and what the file says else."""

    config: Config
    written: TomlOptions
    file: Path | None

    @classmethod
    def of(cls, kind: type[Config], file: Path | None, options: Any, preset: str | None) -> Settings[Config]:
        """Let the named ``options`` win over the TOML file (None: there is none), and that over the preset."""
        written = TomlOptions({}, {}, None) if file is None else read_toml(file, kind)
        named = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
        chosen = with_preset(written.preset if preset is None else preset, {**written.training, **named})
        return cls(kind(**chosen), written, file)

    def reading(self, files: Mapping[str, Path | None], rows: RowOptions, labels: LabelOptions) -> Reading:
        """Join what the command line and the TOML file say of reading; ``files``: dev and vocab."""
        given = {name: None if path is None else str(path) for name, path in files.items()}
        named = {**given, **dataclasses.asdict(rows), **dataclasses.asdict(labels)}
        return Reading(self.written.reading, named, self.file)

    def folder(self, out: Path | None) -> Path:
        """Give the model folder to write."""
        if out is not None:
            return out
        if self.written.out is not None:
            return Path(self.written.out)
        raise OptionError("--out is missing: give the model folder to write, here or as out in the --config file")


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
    for file in (pairs, reading.dev):
        if file is not None:
            check_file(file)
    check_target(folder)
    config.to_toml(reading.given)
    # torch, which takes seconds: not before the rest is known to be right
    runtime = import_extra("textsiam.training.runtime", "train", f"textsiam {command}")
    runtime.find_device(config.device)


def read_all(pairs: Path, reading: Reading) -> tuple[Pairs, Pairs | None, Vocabulary | None]:
    """Read the training pairs, dev and the vocabulary (None: not given)."""
    import textsiam

    vocabulary = None if reading.vocab is None else textsiam.Vocabulary.load(reading.vocab)
    train_pairs = _read(pairs, reading)
    return train_pairs, None if reading.dev is None else _read(reading.dev, reading), vocabulary


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
