"""The folder of an export: what stays when one is replaced, what is refused, and what an altered one says."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.onnx_cases import model_of
from textsiam.errors import ModelFolderError
from textsiam.integrations.onnx import OnnxPairModel, export_onnx
from textsiam.model.pair_model import PairModel

COSINE, ALIGNMENT = {"encoder": "bag", "head": "cosine"}, {"encoder": "gru", "head": "alignment"}
PAIR = ("how do I learn", "a b c")
on_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX links and modes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder that holds an export."""
    return export_onnx(model_of(COSINE), tmp_path / "onnx").folder


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def alter_config(folder: Path, change: Callable[[dict[str, Any]], object], *, sign: bool = False) -> None:
    """Change config.json; ``sign`` makes its checksum fit, as that of another program's folder would."""
    config = json.loads((folder / "config.json").read_bytes())
    change(config)
    if sign:
        del config["sha256"]
        config["sha256"] = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))


def test_an_export_replaces_an_earlier_one_and_nothing_else(folder: Path) -> None:
    (folder / "ort").mkdir()
    (folder / "ort" / "mine").write_text("mine")
    (folder / "notes").write_text("of mine")
    os.link(folder / "notes", folder / "again")
    (folder / "link").symlink_to("nowhere")
    made = export_onnx(model_of(ALIGNMENT), folder)
    assert names_in(folder) == made.files.keys() | {"ort", "notes", "again", "link"}
    assert "head.onnx" not in made.files
    assert (folder / "ort" / "mine").read_text() == "mine"
    assert (folder / "notes").read_text() == "of mine"
    assert (folder / "link").readlink() == Path("nowhere")
    assert OnnxPairModel.load(folder).config["architecture"]["head"] == "alignment"
    assert names_in(folder.parent) == {"onnx"}


@pytest.mark.parametrize("failing", [1, 3, 6])
def test_an_export_that_fails_leaves_the_earlier_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    before = OnnxPairModel.load(folder).score(*PAIR)
    (folder / "mine").touch()
    flushed: list[Path] = []

    def flush(path: Path) -> None:
        flushed.append(path)
        if len(flushed) == failing:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("textsiam.atomic.flush_to_disk", flush)
    with pytest.raises(ModelFolderError, match="No space left on device; what was there before is unchanged"):
        export_onnx(model_of(COSINE, scale=0.9), folder)
    assert OnnxPairModel.load(folder).score(*PAIR) == before
    assert names_in(folder.parent) == {"onnx"}
    assert (folder / "mine").exists()
    flushed.clear()
    with pytest.raises(ModelFolderError, match="first could not be saved: No space left"):
        export_onnx(model_of(COSINE), folder.parent / "first")
    assert names_in(folder.parent) == {"onnx"}


def test_a_kill_between_the_two_renames_loses_nothing(folder: Path) -> None:
    before = OnnxPairModel.load(folder).score(*PAIR)
    (folder / "mine").write_text("mine")
    folder.rename(folder.parent / ".onnx.previous")
    assert OnnxPairModel.load(folder).score(*PAIR) == before
    export_onnx(model_of(COSINE), folder)
    assert (folder / "mine").read_text() == "mine"
    assert names_in(folder.parent) == {"onnx"}


def test_a_file_of_the_users_is_not_overwritten(folder: Path) -> None:
    before = OnnxPairModel.load(folder).score(*PAIR)
    (folder / "index.html").write_text("mine")
    with pytest.raises(ModelFolderError, match=r"holds index\.html, which is not of the earlier export; move it away"):
        export_onnx(model_of(COSINE, scale=0.9), folder, page=True)
    assert (folder / "index.html").read_text() == "mine"
    assert OnnxPairModel.load(folder).score(*PAIR) == before
    (folder / "index.html").unlink()
    for _ in range(2):  # its own page is replaced
        assert "index.html" in export_onnx(model_of(COSINE), folder, page=True).files
    export_onnx(model_of(COSINE), folder)
    assert not (folder / "index.html").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(COSINE)
    model.save(tmp_path / "model")
    with pytest.raises(ModelFolderError, match="holds files that are not an ONNX export's"):
        export_onnx(model, tmp_path / "model")
    (tmp_path / "file").touch()
    with pytest.raises(ModelFolderError, match="is a file"):
        export_onnx(model, tmp_path / "file")
    with pytest.raises(ModelFolderError, match="file is a file"):
        export_onnx(model, tmp_path / "file" / "onnx")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ModelFolderError, match="current working directory, which no ONNX export can replace"):
        export_onnx(model, ".")
    assert PairModel.load(tmp_path / "model").fingerprint() == model.fingerprint()


@on_posix
def test_an_export_stands_where_a_link_leads(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "behind")  # nothing, yet
    for scale in (0.3, 0.9):
        export_onnx(model_of(COSINE, scale=scale), link)
        assert link.is_symlink()
        assert OnnxPairModel.load(link).score(*PAIR) == OnnxPairModel.load(tmp_path / "behind").score(*PAIR)
    assert names_in(tmp_path) == {"link", "behind"}


@on_posix
def test_what_the_disk_refuses_is_told(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ModelFolderError, match="could not be saved: File name too long"):
        export_onnx(model_of(COSINE), tmp_path / ("x" * 300))
    with pytest.raises(ModelFolderError, match=r"cannot be read: .*File name too long"):
        OnnxPairModel.load(tmp_path / ("x" * 300))
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()
    for use in (OnnxPairModel.load, lambda target: export_onnx(model_of(COSINE), target)):
        with pytest.raises(ModelFolderError, match=r"cannot be read: config\.json: Is a directory"):
            use(folder)


@on_posix
@pytest.mark.skipif(sys.platform != "win32" and os.geteuid() == 0, reason="root may read and write everything")
def test_a_folder_that_may_not_be_read_is_told(folder: Path) -> None:
    folder.chmod(0)
    try:
        with pytest.raises(ModelFolderError, match="Permission denied"):
            export_onnx(model_of(COSINE), folder)
        with pytest.raises(ModelFolderError, match=r"cannot be read: config\.json: Permission denied"):
            OnnxPairModel.load(folder)
    finally:
        folder.chmod(0o755)


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda config: config.pop("format"),
    lambda config: config.update(format="x"),
    lambda config: config.update(format=None),
    lambda config: config.update(files=[]),
    lambda config: config.update(files={}),
    lambda config: config.update(graphs=[]),
    lambda config: config.update(graphs=["encoder"]),
    lambda config: config.update(vector_size=3),
    lambda config: config.pop("vector_size"),
    lambda config: config.pop("head_weights"),
    lambda config: config.update(calibration={}),
    lambda config: config.update(threshold=0.1),
    lambda config: config.update(max_tokens=2),
    lambda config: config.pop("sha256"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_an_altered_config_is_told_when_loaded_and_when_replaced(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    alter_config(folder, change)
    for use in (OnnxPairModel.load, lambda target: export_onnx(model_of(COSINE), target)):
        with pytest.raises(ModelFolderError, match=r"was altered: config\.json is not what was written"):
            use(folder)


@pytest.mark.parametrize("change", CHANGES[3:10])
def test_what_does_not_fit_is_refused_whatever_its_checksum(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    alter_config(folder, change, sign=True)
    with pytest.raises(ModelFolderError, match=r"was altered: config\.json"):
        OnnxPairModel.load(folder)


def test_how_config_is_laid_out_does_not_matter(folder: Path) -> None:
    alter_config(folder, lambda config: config.update(format=config.pop("format")))
    assert OnnxPairModel.load(folder).score("", "") > 0


def test_a_newer_format_says_upgrade(folder: Path) -> None:
    alter_config(folder, lambda config: config.update(format=2, files=None))
    with pytest.raises(ModelFolderError, match="format 2, this textsiam reads up to 1; upgrade textsiam"):
        OnnxPairModel.load(folder)


def test_an_altered_file_is_refused_and_replaced(folder: Path) -> None:
    with pytest.raises(ModelFolderError, match="is no ONNX export"):
        OnnxPairModel.load(folder.parent)
    head = folder / "head.onnx"
    head.write_bytes(head.read_bytes() + b"\0")
    with pytest.raises(ModelFolderError, match=r"head\.onnx is not what config\.json describes"):
        OnnxPairModel.load(folder)
    head.unlink()
    with pytest.raises(ModelFolderError, match=r"is cut short: head\.onnx"):
        OnnxPairModel.load(folder)
    export_onnx(model_of(COSINE), folder)
    OnnxPairModel.load(folder)
    alter_config(folder, lambda config: config.update(files={"../secret": {}}), sign=True)
    with pytest.raises(ModelFolderError, match=r"names '\.\./secret', which is no file inside of it"):
        OnnxPairModel.load(folder)
