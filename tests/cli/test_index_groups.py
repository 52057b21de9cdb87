from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run
from tests.cli.making_index import clear_index, make_index, write_rows
from textsiam.index.stable_groups import IndexGroup


def groups(index: Path, model: Path) -> tuple[IndexGroup, ...]:
    with textsiam.DuplicateIndex.open(index, textsiam.PairModel.load(model)) as opened:
        return opened.groups()


def test_the_largest_groups_are_shown(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, threshold = clear_index(run, tmp_path, model_folder)
    result = run("index", "groups", index)
    assert result.code == 0
    (group,) = groups(index, model_folder)
    assert result.out.splitlines() == [
        f"group {group.id}: 3 entries, weakest link {group.weakest:.4f}",
        "  d1  what about the drum number 2",
        "  d2  tell me of drum item 2",
        "  d3  What about  the DRUM number 2",
    ]
    assert f"{index}: 3 of 5 entries are in 1 groups from probability {threshold:.4f} on" in result.err


def test_what_is_not_shown_is_counted(
    run: Run, tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textsiam.cli.index_groups.SHOWN_GROUPS", 1)
    monkeypatch.setattr("textsiam.cli.index_groups.SHOWN_ENTRIES", 2)
    rows = [(f"{word}{number}", word) for word, count in (("drum", 2), ("apple", 3)) for number in range(count)]
    file = write_rows(tmp_path / "rows.csv", rows, ("id", "text"))
    assert run("index", "add", tmp_path / "i", file, "--model", model_folder, "--threshold", 1).code == 0
    result = run("index", "groups", tmp_path / "i")
    assert [line.split()[0] for line in result.out.splitlines()] == ["group", "apple0", "apple1", "..."]
    assert result.out.endswith("  ... and 1 more\n")
    assert "1 more groups are not shown, --out FILE writes all" in result.err


def test_files_and_json_hold_all(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, _ = clear_index(run, tmp_path, model_folder)
    (group,) = groups(index, model_folder)
    assert run("index", "groups", index, "--out", tmp_path / "g.csv").code == 0
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["group", "key", "text", "weakest", "merged"]
    weakest = f"{group.weakest:.6f}"
    assert [(row["group"], row["key"], row["weakest"], row["merged"]) for row in rows] == [
        (group.id, key, weakest, "") for key in ("d1", "d2", "d3")
    ]
    assert rows[2]["text"] == "What about  the DRUM number 2"
    assert run("index", "groups", index, "--out", tmp_path / "g.jsonl").code == 0
    records = [json.loads(line) for line in (tmp_path / "g.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["key"] for record in records] == ["d1", "d2", "d3"]
    assert records[0]["weakest"] == pytest.approx(group.weakest, abs=1e-6)
    parquet = pytest.importorskip("pyarrow.parquet")
    assert run("index", "groups", index, "--out", tmp_path / "g.parquet").code == 0
    table = parquet.read_table(tmp_path / "g.parquet")
    assert table["key"].to_pylist() == ["d1", "d2", "d3"]
    assert table["weakest"].to_pylist() == [group.weakest] * 3
    (found,) = json.loads(run("index", "groups", index, "--json").out)
    assert (found["group"], found["weakest"], found["merged"]) == (group.id, group.weakest, [])
    assert [entry["key"] for entry in found["entries"]] == ["d1", "d2", "d3"]
    assert found["entries"][1]["text"] == "tell me of drum item 2"


def test_groups_that_became_one_are_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows = [(f"{word}{number}", word) for word, count in (("drum", 2), ("apple", 3)) for number in range(count)]
    file = write_rows(tmp_path / "rows.csv", rows, ("id", "text"))
    assert run("index", "add", tmp_path / "i", file, "--model", model_folder, "--threshold", 1).code == 0
    before = {group.keys[0]: group.id for group in groups(tmp_path / "i", model_folder)}
    assert run("index", "mark", tmp_path / "i", "apple0", "drum0", "--same").code == 0
    result = run("index", "groups", tmp_path / "i")
    kept = next(name for name in before.values() if f"group {name}: 5 entries" in result.out)
    (gone,) = set(before.values()) - {kept}
    assert f"; {gone} became part of it" in result.out
    assert json.loads(run("index", "groups", tmp_path / "i", "--json").out)[0]["merged"] == [gone]
    assert run("index", "groups", tmp_path / "i", "--out", tmp_path / "g.tsv").code == 0
    lines = (tmp_path / "g.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "group\tkey\ttext\tweakest\tmerged"
    assert all(line.endswith(f"\t{gone}") for line in lines[1:])


def test_the_threshold_and_the_linkage_are_kept(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index, _ = clear_index(run, tmp_path, model_folder)
    assert "2 of 5 entries are in 1 groups" in run("index", "groups", index, "--threshold", 1).err
    assert "from probability 1.0000 on" in run("index", "groups", index, "--linkage", "complete").err
    with textsiam.DuplicateIndex.open(index) as opened:
        assert opened.threshold == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--json", "--out", "g.csv"), "--json prints, --out writes; give one"),
        (("--out", "faq.index"), "has the ending '.index', expected one of"),
        (("--out", "rows.csv"), "is there already"),
        (("--linkage", "single"), "linkage is 'single', expected one of connected, complete"),
    ],
)
def test_bad_calls(run: Run, tmp_path: Path, model_folder: Path, options: tuple[str, ...], problem: str) -> None:
    index = make_index(run, tmp_path, model_folder)
    before = (tmp_path / "rows.csv").read_bytes()
    result = run("index", "groups", index, *(tmp_path / option if "." in option else option for option in options))
    assert result.code == 2
    assert problem in result.err
    assert (tmp_path / "rows.csv").read_bytes() == before
    assert not (tmp_path / "g.csv").exists()


def test_a_setting_that_changes_is_told(run: Run, tmp_path: Path, model_folder: Path) -> None:
    index = make_index(run, tmp_path, model_folder, "--threshold", 0.8)
    result = run("index", "groups", index, "--threshold", 0.9, "--linkage", "complete")
    assert "threshold 0.9000 and linkage complete are kept from now on" in result.err
    assert "(before 0.8000 and connected)" in result.err
    assert "kept from now on" not in run("index", "groups", index, "--threshold", 0.9).err
    assert "kept from now on" not in run("index", "groups", index).err
