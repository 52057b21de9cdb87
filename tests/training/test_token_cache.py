from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from textsiam.data.pairs import Pairs
from textsiam.errors import TrainingError
from textsiam.text.tokenizer import Tokenizer
from textsiam.text.vocabulary import build_vocabulary
from textsiam.training import token_cache
from textsiam.training.corpus import COUNTS, TokenizedPairs, tokenize_pairs
from textsiam.training.token_cache import DTYPES, HEADER, TokenCache, open_tokens


@pytest.fixture(scope="module")
def tokenizer(toy_pairs: Pairs) -> Tokenizer:
    return Tokenizer(build_vocabulary(toy_pairs.texts(), size=100).proto, max_tokens=8)


def _same(one: TokenizedPairs, other: TokenizedPairs) -> bool:
    arrays = [(p.tokens.ids, p.tokens.offsets, p.index_a, p.index_b, p.labels) for p in (one, other)]
    equal = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
    return equal and all(getattr(one.tokens, name) == getattr(other.tokens, name) for name in COUNTS)


def test_few_pairs_stay_in_memory(toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path) -> None:
    with TokenCache(tmp_path / "tokens", tokenizer) as cache:
        assert _same(cache.tokenize(toy_pairs, "f"), tokenize_pairs(toy_pairs, tokenizer))
    assert list(tmp_path.iterdir()) == []


def test_many_pairs_are_mapped_from_files(
    toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_cache, "PAIRS_IN_MEMORY", len(toy_pairs) - 1)
    with TokenCache(tmp_path / "tokens", tokenizer) as cache:
        mapped = cache.tokenize(toy_pairs, toy_pairs.fingerprint())
        assert _same(mapped, tokenize_pairs(toy_pairs, tokenizer))
        assert isinstance(mapped.tokens.ids.base, np.memmap)
        (folder,) = (tmp_path / "tokens").iterdir()
        assert cache.store(toy_pairs, toy_pairs.fingerprint()) == folder
        assert _same(open_tokens(folder), mapped)
    assert folder.is_dir()
    del mapped
    cache.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_made_again_unless_it_is_of_something_else(
    toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    def made(pairs: Pairs, fingerprint: str, tokenizer: Tokenizer) -> int:
        folder = TokenCache(tmp_path, tokenizer).store(pairs, fingerprint)
        return (folder / HEADER).stat().st_mtime_ns

    first = made(toy_pairs, "f", tokenizer)
    assert made(toy_pairs, "f", tokenizer) == first
    others = [
        made(toy_pairs.select(range(9)), "g", tokenizer),
        made(toy_pairs, "f", Tokenizer(tokenizer.proto, max_tokens=3)),
        made(toy_pairs, "f", Tokenizer(build_vocabulary(toy_pairs.texts(), size=60).proto, max_tokens=8)),
    ]
    assert len({first, *others}) == 4
    assert made(toy_pairs, "f", tokenizer) == first  # and those did not take its place


@pytest.mark.parametrize("name", [*(f"{name}.bin" for name in DTYPES), HEADER])
@pytest.mark.parametrize("harm", ["cut", "altered", "removed"])
def test_files_that_were_harmed_are_made_again(
    toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path, name: str, harm: str
) -> None:
    cache = TokenCache(tmp_path, tokenizer)
    path = cache.store(toy_pairs, "f") / name
    whole = path.read_bytes()
    if harm == "removed":
        path.unlink()
    else:
        content = bytearray(whole)
        content[len(content) // 2] ^= 1
        path.write_bytes(whole[:-4] if harm == "cut" else content)
    assert _same(open_tokens(cache.store(toy_pairs, "f")), tokenize_pairs(toy_pairs, tokenizer))
    assert path.read_bytes() == whole


@pytest.mark.parametrize("header", ["", "3", "[]", "{}"])
def test_a_header_that_is_none_is_written_again(
    toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path, header: str
) -> None:
    cache = TokenCache(tmp_path, tokenizer)
    path = cache.store(toy_pairs, "f") / HEADER
    path.write_text(header, encoding="utf-8")
    cache.store(toy_pairs, "f")
    assert set(json.loads(path.read_text(encoding="utf-8"))) == {"key", "counts", "sha256", "header_sha256"}


def test_without_a_folder_the_files_are_temporary(
    toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with TokenCache(None, tokenizer) as cache:
        folder = cache.store(toy_pairs, "f")
        assert tmp_path in folder.parents
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_texts_without_any_token_can_be_mapped(tokenizer: Tokenizer, tmp_path: Path) -> None:
    blank = Pairs.from_rows([("", " ", 1.0), (" ", "", 0.0)])
    mapped = open_tokens(TokenCache(tmp_path, tokenizer).store(blank, "f"))
    assert _same(mapped, tokenize_pairs(blank, tokenizer))
    assert mapped.tokens.lengths.tolist() == [0, 0]


def test_what_cannot_be_written_or_opened_is_told(toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"the token ids could not be written to .*file"):
        TokenCache(tmp_path / "file", tokenizer).store(toy_pairs, "f")
    with pytest.raises(TrainingError, match=r"cannot be opened: No such file .*every process"):
        open_tokens(tmp_path / "none")


@pytest.mark.skipif(not Path("/dev/full").exists() or os.name == "nt", reason="needs /dev/full")
def test_a_full_disk_is_told(toy_pairs: Pairs, tokenizer: Tokenizer, tmp_path: Path) -> None:
    class Full(TokenCache):
        def _write(self, folder: Path, pairs: Pairs, key: str) -> None:
            (folder / "ids.bin").symlink_to("/dev/full")
            super()._write(folder, pairs, key)

    with pytest.raises(TrainingError, match=r"the token ids could not be written to .*No space left"):
        Full(tmp_path, tokenizer).store(toy_pairs, "f")
