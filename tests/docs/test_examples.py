"""Every example in the help of a command, which the page of the command line shows, runs."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import textsiam
from tests.cli.conftest import write_pairs
from tests.docs.conftest import working_in
from tests.docs.pages import GENERATED, blocks_of
from textsiam.cli import main

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docs")]
ELSEWHERE = ["textsiam quickstart"]  # which tests/cli/test_quickstart.py runs
EXAMPLES = [
    line
    for block in blocks_of(GENERATED)
    if block.language == "sh"
    for line in block.body.splitlines()
    if line not in ELSEWHERE
]
WORDS = ("learn Python", "learn Java", "bake bread", "find my keys", "mend a bike", "water tomatoes")


def written(path: Path, count: int, start: int) -> Path:
    """Write labelled pairs, also as TSV."""
    pairs = write_pairs(path.with_suffix(".csv"), count, start=start)
    if path.suffix == ".tsv":
        pd.read_csv(pairs).to_csv(path, sep="\t", index=False)
        pairs.unlink()
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the files that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    sizes = {"quora.tsv": 900, "dev.tsv": 900, "test.tsv": 120, "quora-test.tsv": 120, "pairs.csv": 60}
    for place, (name, count) in enumerate(sizes.items()):
        written(folder / name, count, start=2_000 * place)
    keys = [f"faq-{number}" for number in range(60)]
    texts = [f"How do I {WORDS[number % 6]} in {number} days?" for number in range(60)]
    texts[17], texts[40] = "How do I learn Python?", "Where can I learn Java?"
    questions = pd.DataFrame({"id": keys, "question": texts, "lang": "en"})
    questions.to_csv(folder / "questions.csv", index=False)
    for name in ("new.csv", "answered.csv"):
        questions[["question"]].to_csv(folder / name, index=False)
    (folder / "questions.txt").write_text("\n".join(texts), encoding="utf-8")
    with gzip.open(folder / "extra.txt.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(texts))
    (folder / "reviewed.csv").write_text("key_a,key_b,label\nfaq-1,faq-2,0\n", encoding="utf-8")
    for name in ("models", "vocab", "onnx", "st"):
        (folder / name).mkdir()
    config = textsiam.TrainConfig(
        encoder="bag",
        dim=32,
        head="cosine",
        epochs=8,
        batch_size=64,
        learning_rate=0.02,
        vocabulary_size=200,
        threads=1,
    )
    model = textsiam.train(folder / "quora.tsv", dev=folder / "dev.tsv", config=config)
    for name in ("quora", "quora-small", "quora-2", "large"):
        model.save(folder / "models" / name)
    textsiam.export_sentence_transformers(model, folder / "st" / "static")
    with working_in(folder):
        for line in (
            "textsiam index add faq.index questions.csv --model models/quora --attributes lang",
            "textsiam index mark faq.index faq-3 faq-4 --different",
        ):
            assert main(shlex.split(line)[1:]) == 0
    return folder


@contextlib.contextmanager
def copied(prepared: Path, folder: Path, arguments: list[str]) -> Iterator[None]:
    """Work in a copy, in which what the example writes is not there before, and is there behind it."""
    shutil.copytree(prepared, folder)
    outs = [folder / out for option, out in itertools.pairwise(arguments) if option == "--out"]
    for out in outs:
        shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
    with working_in(folder):
        yield
    assert all(out.exists() for out in outs)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(example: str, prepared: Path, tmp_path: Path) -> None:
    name, *arguments = shlex.split(example)
    assert name == "textsiam"
    with copied(prepared, tmp_path / "folder", arguments), contextlib.redirect_stderr(io.StringIO()) as errors:
        assert main(arguments) == 0, errors.getvalue()


def test_every_command_has_an_example() -> None:
    languages = [block.language for block in blocks_of(GENERATED)]
    assert languages == ["text", "sh"] * (len(languages) // 2)  # its usage, then examples
    assert len(languages) > 40
