from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import textsiam
from tests.cli.conftest import Run, write_pairs
from textsiam.model.folder import read_folder


def columns(table: str) -> dict[str, list[str]]:
    """Give name -> (before, after) of what was printed."""
    return {line[:20].strip(): line[20:].split() for line in table.splitlines()}


@pytest.mark.parametrize("weights", ["int8", "fp16"])
def test_the_smaller_folder_is_what_save_writes(run: Run, tmp_path: Path, model_folder: Path, weights: str) -> None:
    result = run("shrink", model_folder, "--weights", weights, "--out", tmp_path / "small")
    assert result.code == 0
    textsiam.PairModel.load(model_folder).save(tmp_path / "expected", weights=weights)
    assert read_folder(tmp_path / "small") == read_folder(tmp_path / "expected")
    said = columns(result.out)
    assert list(said) == ["", "weights", "MB"]
    assert said["weights"] == ["fp32", weights]
    bytes_of = [sum(map(len, read_folder(folder).values())) for folder in (model_folder, tmp_path / "small")]
    assert said["MB"] == [f"{size / 1e6:.2f}" for size in bytes_of]
    assert bytes_of[0] > bytes_of[1]
    assert "threshold and calibration are those of" in result.err


def test_with_pairs_both_are_evaluated_and_the_card_says_so(run: Run, tmp_path: Path, model_folder: Path) -> None:
    pairs = write_pairs(tmp_path / "dev.csv", 100, start=3000)
    result = run("shrink", model_folder, "--out", tmp_path / "small", "--pairs", pairs)
    small = textsiam.PairModel.load(tmp_path / "small")
    assert small.details["weights"] == "int8"
    assert small.calibration == textsiam.PairModel.load(model_folder).calibration
    before, after = (textsiam.evaluate(textsiam.PairModel.load(f), pairs) for f in (model_folder, tmp_path / "small"))
    said = columns(result.out)
    assert said["ROC-AUC"] == [f"{before.roc_auc:.5f}", f"{after.roc_auc:.5f}"]
    assert said["accuracy"] == [f"{before.accuracy:.5f}", f"{after.accuracy:.5f}"]
    last = small.card.splitlines()[-1]
    assert last.startswith("Weights are stored as int8: ")
    assert f"on 100 pairs, sha256 {textsiam.read_pairs(pairs).fingerprint()[:16]}: ROC-AUC" in last
    assert f"ROC-AUC {before.roc_auc:.5f} before, {after.roc_auc:.5f} after; accuracy " in last
    small.save(tmp_path / "again", weights="int8")
    assert read_folder(tmp_path / "again") == read_folder(tmp_path / "small")


def test_graded_pairs_have_correlations(run: Run, tmp_path: Path, model_folder: Path) -> None:
    rows = [f"what about the apple {n},tell me of {'apple' if n % 2 else 'drum'} {n},{n % 6}\n" for n in range(30)]
    (tmp_path / "dev.csv").write_text("text_a,text_b,label\n" + "".join(rows), encoding="utf-8")
    options = ("--pairs", tmp_path / "dev.csv", "--label-range", "0,5")
    result = run("shrink", model_folder, "--out", tmp_path / "small", *options)
    assert list(columns(result.out))[3:] == ["Spearman", "Pearson"]


def test_half_precision_can_be_shrunk_further_and_no_more_than_int8(
    run: Run, tmp_path: Path, model_folder: Path
) -> None:
    assert run("shrink", model_folder, "--weights", "fp16", "--out", tmp_path / "half").code == 0
    assert columns(run("shrink", tmp_path / "half", "--out", tmp_path / "small").out)["weights"] == ["fp16", "int8"]
    for folder, stored, weights in (("half", "fp16", "fp16"), ("small", "int8", "fp16"), ("small", "int8", "int8")):
        result = run("shrink", tmp_path / folder, "--weights", weights, "--out", tmp_path / "other")
        assert result.code == 2
        assert f"is stored as {stored} already, {weights} would not make it smaller" in result.err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--weights", "int4"), "weights (--weights) is 'int4', expected one of fp16, int8; did you mean 'int8'?"),
        (("--weights", "fp32"), "weights (--weights) is 'fp32', expected one of fp16, int8"),
        (("--labels", "A=1"), "the options that say how to read go with --pairs FILE"),
        (("--header",), "the options that say how to read go with --pairs FILE"),
        (("--pairs", "nowhere.csv"), "nowhere.csv"),
        (("--device", "cpu"), "no option --device of textsiam shrink"),
    ],
)
def test_bad_calls_write_nothing(
    run: Run, tmp_path: Path, model_folder: Path, options: tuple[str, ...], message: str
) -> None:
    result = run("shrink", model_folder, "--out", tmp_path / "small", *options)
    assert result.code == 2
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


def test_pairs_of_one_label_write_nothing(run: Run, tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "dev.csv").write_text("text_a,text_b,label\na,b,1\n", encoding="utf-8")
    result = run("shrink", model_folder, "--out", tmp_path / "small", "--pairs", tmp_path / "dev.csv")
    assert (result.code, "all 1 have label 1" in result.err) == (2, True)
    assert not (tmp_path / "small").exists()


def test_bad_folders(run: Run, tmp_path: Path, model_folder: Path) -> None:
    file = write_pairs(tmp_path / "dev.csv", 4)
    before = read_folder(model_folder)
    for arguments, message in (
        ((model_folder,), "--out is missing; see textsiam shrink --help"),
        ((tmp_path / "nowhere", "--out", tmp_path / "small"), "nowhere is not there"),
        ((file, "--out", tmp_path / "small"), "is a file, expected a model folder"),
        ((model_folder, "--out", file), "is a file, expected a folder to save a model in"),
        ((model_folder, "--out", model_folder.parent / "." / "toy"), "is the model itself"),
    ):
        result = run("shrink", *arguments)
        assert result.code == 2
        assert message in result.err
    assert read_folder(model_folder) == before


def test_the_help_shows_an_example(run: Run) -> None:
    assert "Example: textsiam shrink" in run("shrink", "--help").out
    assert "shrink" in run("--help").out


WITHOUT_THE_EXTRA = """
import sys
for name in ("torch", "datasets", "sklearn", "scipy", "pyarrow", "pandas"):
    sys.modules[name] = None
from textsiam.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_only_pairs_need_more_than_the_base_install(tmp_path: Path, model_folder: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_THE_EXTRA, "shrink", str(model_folder), "--out", str(tmp_path / "small")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, "int8" in done.stdout) == (0, True)
    pairs = write_pairs(tmp_path / "dev.csv", 10)
    done = subprocess.run([*command, "--pairs", str(pairs)], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'textsiam[train]'" in done.stderr
