from __future__ import annotations

import importlib
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits


def write_idx(path: Path, values: np.ndarray) -> None:
    head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(head + values.astype(np.uint8).tobytes())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Scikit-learn's digits, three times as high and wide, with a frame, as files named like MNIST's."""
    corpus = load_digits()
    images = np.pad(np.kron(corpus.images, np.ones((3, 3))) * 15, ((0, 0), (2, 2), (2, 2)))
    for side, rows in (("train", slice(0, 900)), ("t10k", slice(900, 1500))):
        write_idx(tmp_path / f"{side}-images-idx3-ubyte", images[rows])
        write_idx(tmp_path / f"{side}-labels-idx1-ubyte", corpus.target[rows])
    return tmp_path


def test_a_row_is_trained_and_judged_on_pairs_of_other_images(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = importlib.import_module("digits")
    monkeypatch.setattr(digits, "DEV", 200)
    monkeypatch.setattr(digits, "DRAWS", 3)
    found = digits.train_and_judge("triplet", data, 1, 400)
    assert found["images"] == 400
    assert 250 <= found["pairs"] <= 300
    assert found["roc_auc"] > 0.8
    assert found["interval"][0] < found["accuracy"] < found["interval"][1]
    assert found["one_shot"] > 0.4
    table = digits.table({"triplet": found}, ["seed 7"])
    assert f"| 400 | {found['minutes']:.1f} | {found['accuracy']:.2%} (" in table


def test_vectors_that_are_the_digits_are_right_in_one_shot() -> None:
    digits = importlib.import_module("digits")

    class Sure:
        def encode(self, texts: list[str]) -> np.ndarray:
            return np.eye(10, dtype=np.float32)[[int(text) for text in texts]]

        def compare_vectors(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
            return np.asarray((u * v).sum(axis=1))

    texts = [str(number % 10) for number in range(50)]
    shown = digits.Digits(texts, np.arange(50) % 10)
    assert digits.one_shot(Sure(), shown, 2, 0) == 1
    assert digits.one_shot(Sure(), shown._replace(digits=np.arange(50) // 5), 2, 0) < 0.5
