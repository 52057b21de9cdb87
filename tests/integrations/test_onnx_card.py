"""The card of an export: what it promises is so, and its commands fit the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import textsiam
from tests.integrations.onnx_cases import model_of
from textsiam.data.sample import sample_rows
from textsiam.integrations.onnx import Measured, export_onnx
from textsiam.integrations.onnx.page import ORT

OPTIONS = {"encoder": "bag", "head": "cosine"}


def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("difference", "written"),
    [(0.02122, "0.022"), (0.0201, "0.021"), (0.02, "0.021"), (0.0, "0"), (1.201e-7, "1.3e-07"), (0.999, "1")],
)
def test_what_is_the_most_is_never_less_than_what_was_measured(difference: float, written: str) -> None:
    # 0.02 as a binary number is a little more
    measured = Measured(pairs=1, largest_difference=difference)
    assert measured.at_most == written
    assert float(measured.at_most) >= difference


def test_the_card_says_how_far_probabilities_are_off(tmp_path: Path) -> None:
    made = export_onnx(model_of(OPTIONS), tmp_path / "onnx", weights="int8")
    said = re.search(r"probabilities differ by at most ([\d.e-]+)\. ", card(made.folder))
    assert said is not None
    assert made.measured.largest_difference <= float(said[1]) <= made.measured.largest_difference * 1.1
    assert "biases are rounded to fp16" in card(made.folder)


def test_grades_are_measured_as_grades_and_have_no_threshold(tmp_path: Path) -> None:
    model = model_of(OPTIONS)
    model.details["graded"] = True
    rows = [(row.text_a, row.text_b, number / 40) for number, row in enumerate(sample_rows(40))]
    made = export_onnx(model, tmp_path / "onnx", pairs=textsiam.Pairs.from_rows(rows, label_range=(0, 1)))
    assert made.measured.before.keys() == {"spearman", "pearson"}
    text = card(made.folder)
    assert "it learned grades, and has no threshold" in text
    assert "| threshold" not in text
    assert "share of same pairs" not in text
    assert "| threshold | 0.4500 |" in card(export_onnx(model_of(OPTIONS), tmp_path / "labels").folder)


@pytest.mark.parametrize(
    ("ort", "place"),
    [
        (ORT, "./ort/"),
        ("./runtime/", "./runtime/"),
        ("-x/y/", "./-x/y/"),
        ("https://cdn.example/ort/", None),
        ("/ort/", None),
        ("../ort/", None),
        ("./a/../b/", None),
    ],
)
def test_the_commands_put_the_runtime_where_the_page_looks(tmp_path: Path, ort: str, place: str | None) -> None:
    folder = export_onnx(model_of(OPTIONS), tmp_path / "onnx", page=True, ort=ort).folder
    assert f'content="{ort}"' in (folder / "index.html").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(.*?)```", card(folder), re.DOTALL)
    assert f"in `{ort}`" in card(folder)
    assert commands.endswith("python3 -m http.server --bind 127.0.0.1 8000\n")
    if place is None:
        assert "mkdir" not in commands
        assert "cp " not in commands
        return
    assert f"mkdir -p {place}\n" in commands
    copied = re.findall(r"^cp (.*) (\S+)$", commands, re.MULTILINE)
    assert {target for _, target in copied} == {place}
    assert {Path(name).name for names, _ in copied for name in names.split()} == {
        "ort.wasm.min.mjs",
        "ort-wasm-simd-threaded.mjs",
        "ort-wasm-simd-threaded.wasm",
    }


def test_a_model_that_compares_tokens_is_described(tmp_path: Path) -> None:
    made = export_onnx(model_of({"encoder": "gru", "head": "alignment"}), tmp_path / "onnx")
    assert "`pair.onnx` takes" in card(made.folder)
    assert "`encoder.onnx` takes" in card(made.folder)
    assert "`head.onnx`" not in card(made.folder)
