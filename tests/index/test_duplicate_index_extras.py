"""What programs around an index need: its name, the folder of its model, entries by keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.conftest import MakeModel
from textsiam.index.duplicate_index import DuplicateIndex


def test_an_index_names_itself_and_its_model(
    tmp_path: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with DuplicateIndex.open(tmp_path / "i", make_model("cosine")) as index:
        assert index.name == str(tmp_path / "i")
        assert index.model_folder is None
        index.model_folder = "models/cats"
    with DuplicateIndex.open(tmp_path / "i") as index:  # needs no model
        assert index.model_folder == str(tmp_path.resolve() / "models" / "cats")
        index.model_folder = tmp_path / "dogs"
        assert index.model_folder == str(tmp_path.resolve() / "dogs")


def test_entries_of_keys(tmp_path: Path, make_model: MakeModel) -> None:
    rows = [(f"k{number}", f"red cat {number % 7}", {"n": number}) for number in range(1200)]
    with DuplicateIndex.open(tmp_path / "i", make_model("cosine")) as index:
        index.add_many(rows)
        assert index.entries([]) == {}
        found = index.entries(["none", *(key for key, *_ in rows[1:])])
    assert sorted(tuple(entry) for entry in found.values()) == sorted(rows[1:])
    assert all(key == entry.key for key, entry in found.items())
