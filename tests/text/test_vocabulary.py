from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import textsiam
from tests.text.conftest import made_up_texts
from textsiam.errors import OptionError, VocabularyError
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import Vocabulary, build_vocabulary
from textsiam.text.vocabulary_options import TYPES

TINY = ["the cat sat on the mat", "a dog ran", "the cat ran"] * 3


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return build_vocabulary(TINY, size=40, type="bpe", user_defined_symbols=["[NAME]", "\u00e9"])


def test_card_by_hand() -> None:
    texts = ["the cat sat", " ", "the dog ran", "caf\u00e9 \ud800 \0", "the cat ran"]
    found = build_vocabulary(iter(texts), size=500, type="word", sample_size=4, user_defined_symbols=["[A]"], seed=9)
    stream = b""
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        stream += len(encoded).to_bytes(8, "little") + encoded
    words = {"the", "cat", "sat", "dog", "ran", "caf\u00e9", "?"}
    assert found.card == {
        "format": 1,
        "created_by": f"textsiam {textsiam.__version__}",
        "source": {
            "sha256": hashlib.sha256(stream).hexdigest(),
            "texts": 5,
            "characters": sum(map(len, texts)),
            "sampled": 4,
        },
        "options": {
            "type": "word",
            "character_coverage": 0.9995,
            "normalization": "nfkc_casefold",
            "user_defined_symbols": ["[A]"],
            "sample_size": 4,
            "seed": 9,
        },
        "requested_size": 500,
        "size": 2 + 2 + len(words),
        "sha256": hashlib.sha256(found.proto).hexdigest(),
        "notes": [
            "left out as blank: 1 of 5 texts",
            "NUL and U+2585, which SentencePiece reserves, were read as a space (texts: 1)",
            "asked for 500 pieces, these texts give no more than 11",
        ],
    }
    assert (found.size, found.sha256) == (found.card["size"], found.card["sha256"])


def test_a_plain_build_has_nothing_to_note() -> None:
    assert build_vocabulary(TINY, size=30, type="bpe").card["notes"] == []


def test_a_sample_is_said() -> None:
    texts = made_up_texts(300)
    found = build_vocabulary(texts, size=150, sample_size=120)
    assert found.card["notes"] == ["built on a sample of 120 of 300 texts"]
    whole = build_vocabulary(texts, size=150)
    assert found.proto != whole.proto
    assert found.card["source"] == {**as_dict(whole.card["source"]), "sampled": 120}


def as_dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_makes_a_tokenizer(kind: str) -> None:
    found = build_vocabulary(made_up_texts(300), size=120, type=kind)
    tokenizer = Tokenizer(found.proto)
    assert tokenizer.size == found.size <= 120
    assert tokenizer.encode(made_up_texts(20)).lengths.min() > 0


def test_a_generator_is_read_once() -> None:
    finished = 0

    def stream() -> Iterator[str]:
        nonlocal finished
        yield from TINY
        finished += 1

    assert build_vocabulary(stream(), size=30).proto == build_vocabulary(TINY, size=30).proto
    assert finished == 1


@pytest.mark.parametrize("kind", TYPES)
def test_equal_input_gives_equal_bytes_in_other_processes(kind: str, tmp_path: Path) -> None:
    script = (
        "import sys, os; from tests.text.conftest import made_up_texts; from textsiam import build_vocabulary\n"
        "if hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])\n"
        "build_vocabulary(made_up_texts(900), size=200, sample_size=700, seed=5, type=sys.argv[1]).save(sys.argv[2])\n"
    )
    here = build_vocabulary(made_up_texts(900), size=200, sample_size=700, seed=5, type=kind)
    here.save(tmp_path / "here.model")
    subprocess.run(
        [sys.executable, "-c", script, kind, str(tmp_path / "there.model")],
        check=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONHASHSEED": "77"},
    )
    for suffix in (".model", ".json"):
        assert (tmp_path / f"here{suffix}").read_bytes() == (tmp_path / f"there{suffix}").read_bytes()


@pytest.mark.parametrize(("texts", "message"), [([], "there are no texts"), (["", " \n"], "all 2 texts are blank")])
def test_no_words_no_vocabulary(texts: list[str], message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        build_vocabulary(texts)


def test_options_are_checked_before_a_text_is_read() -> None:
    def never() -> Iterator[str]:
        pytest.fail("read")
        yield ""

    with pytest.raises(OptionError, match=r"type is 'bp', .* did you mean 'bpe'\?; seed is -2"):
        build_vocabulary(never(), type="bp", seed=-2)


def test_progress_is_shown_when_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    build_vocabulary(TINY, size=30)
    assert capfd.readouterr() == ("", "")
    build_vocabulary(TINY, size=30, show_progress=True)
    assert capfd.readouterr().err == "learning a unigram vocabulary from 9 texts; this can take minutes\n"


def test_save_and_load(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "mine.model"
    vocabulary.save(path)
    assert sorted(file.name for file in path.parent.iterdir()) == ["mine.json", "mine.model"]
    assert path.read_bytes() == vocabulary.proto
    text = path.with_suffix(".json").read_text(encoding="utf-8")
    assert json.loads(text) == vocabulary.card
    assert text.endswith("}\n")
    assert "\u00e9" in text
    assert Vocabulary.load(path) == vocabulary
    assert Vocabulary.load(str(path)) == vocabulary
    build_vocabulary(TINY, size=25).save(path)
    assert Vocabulary.load(path).size == build_vocabulary(TINY, size=25).size


@pytest.mark.parametrize("name", ["mine", "mine.json", "mine.v2"])
def test_save_asks_for_the_suffix(vocabulary: Vocabulary, tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match=r"path \(--out\) is .*, expected a name that ends in \.model"):
        vocabulary.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": "x", "b": "y", "label": 1}\n' * 2,
        b'{"format": 1}',
        b'["format", "sha256"]',
        b"\xff",
        b"",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_save_overwrites_no_file_that_is_not_a_card(vocabulary: Vocabulary, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.json").write_bytes(content)
    with pytest.raises(VocabularyError, match=r"mine\.json: not a vocabulary's card, and the card of mine\.model"):
        vocabulary.save(tmp_path / "mine.model")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("mine.json", content)]


def test_a_card_of_a_later_format_may_be_replaced(vocabulary: Vocabulary, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"format": 2, "sha256": "?"}', encoding="utf-8")
    vocabulary.save(tmp_path / "mine.model")
    assert Vocabulary.load(tmp_path / "mine.model") == vocabulary


def test_a_card_that_cannot_be_written_leaves_the_old_pair(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    vocabulary.save(path)
    with pytest.raises(TypeError):
        Vocabulary(b"other", {"not JSON": object()}).save(path)
    assert Vocabulary.load(path) == vocabulary
    assert len(list(tmp_path.iterdir())) == 2


def test_load_without_a_card_says_so(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    path.write_bytes(vocabulary.proto)
    found = Vocabulary.load(path)
    assert found.proto == vocabulary.proto
    assert found.card == {
        "format": 1,
        "size": vocabulary.size,
        "sha256": vocabulary.sha256,
        "notes": ["without a card (mine.json): nothing is known about where this vocabulary comes from"],
    }


@pytest.mark.parametrize(
    ("broken_model", "card", "message"),
    [
        (None, "{}", "mine.model: there is no such vocabulary; build one with: textsiam vocab build"),
        (b"", None, "mine.model: these 0 bytes are not a SentencePiece model"),
        (b"junk", None, "mine.model: these 4 bytes are not a SentencePiece model"),
        (b"junk", "", "mine.model: not the file that mine.json describes"),
        (b"", '{"format": 1', r"mine.json: not a vocabulary's card \(no JSON: "),
        (b"", "[" * 100_000, r"mine.json: not a vocabulary's card \(no JSON: "),
        (b"", "[1]", r"mine.json: not a vocabulary's card \(no 'format' in it\)"),
        (b"", '{"format": 2}', "mine.json: the card has format 2, this textsiam reads 1; update textsiam"),
        (b"", '{"format": 1}', "mine.model: not the file that mine.json describes"),
    ],
)
def test_broken_files_are_refused(
    vocabulary: Vocabulary, tmp_path: Path, broken_model: bytes | None, card: str | None, message: str
) -> None:
    path = tmp_path / "mine.model"
    vocabulary.save(path)
    path.unlink() if broken_model is None else path.write_bytes(broken_model)
    if card is None:
        path.with_suffix(".json").unlink()
    elif card:
        path.with_suffix(".json").write_text(card, encoding="utf-8")
    with pytest.raises(VocabularyError, match=message) as caught:
        Vocabulary.load(path)
    assert "\n" not in str(caught.value)


def test_a_card_that_is_no_text_and_a_folder_are_refused(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    vocabulary.save(path)
    path.with_suffix(".json").write_bytes(b"\xff\xfe")
    with pytest.raises(VocabularyError, match="not a vocabulary's card"):
        Vocabulary.load(path)
    with pytest.raises(VocabularyError, match="cannot be read as a vocabulary"):
        Vocabulary.load(tmp_path)
    with pytest.raises(VocabularyError, match="is a folder, expected a vocabulary"):
        Vocabulary.load("")


def test_the_card_in_place_of_the_vocabulary_is_refused(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.save(tmp_path / "mine.model")
    with pytest.raises(VocabularyError, match=r"mine\.json: .* expected the vocabulary, .*mine\.model$"):
        Vocabulary.load(tmp_path / "mine.json")


def test_repr_is_short(vocabulary: Vocabulary) -> None:
    assert repr(vocabulary) == f"Vocabulary({vocabulary.size} tokens, sha256 {vocabulary.sha256[:16]})"
    assert len(repr(Vocabulary(b"no model", {}))) < 60


def test_an_altered_byte_is_refused(vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    vocabulary.save(path)
    altered = bytearray(vocabulary.proto)
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    with pytest.raises(VocabularyError, match="another SHA-256"):
        Vocabulary.load(path)
