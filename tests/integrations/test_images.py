from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import textsiam
from textsiam.errors import DataError, OptionError
from textsiam.integrations.images import LETTERS, PixelTexts, class_pairs, read_idx, separate_pairs
from textsiam.text.normalization import normalize_text
from textsiam.training.encoders.pixels import FIRST_LEVEL


def make_cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 16, 16),
    )


def bars(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Make noisy images of one bright bar: four classes, by where it lies or stands."""
    random = np.random.default_rng(seed)
    images, classes = random.integers(0, 90, (count, 8, 8)), random.integers(0, 4, count)
    for image, which in zip(images, classes, strict=True):
        place = (
            (1, slice(1, 7)) if which == 0 else (6, slice(1, 7)) if which == 1 else (slice(1, 7), 1 + 5 * (which - 2))
        )
        image[place] += 150
    return images.astype(np.uint8), classes


@pytest.mark.parametrize(("levels", "brightest"), [(2, 1.0), (17, 16.0), (27, 255.0)])
def test_images_are_read_back_as_they_were_written(levels: int, brightest: float) -> None:
    pixels = PixelTexts(shape=(3, 4), brightest=brightest, levels=levels)
    images = np.random.default_rng(0).integers(0, levels, (20, 3, 4)) * (brightest / (levels - 1))
    texts = pixels.write(images)
    assert {len(text) for text in texts} == {3 * 4 + 2}
    assert np.allclose(pixels.read(texts), images, rtol=1e-6)
    assert [normalize_text(text) for text in texts] == texts


def test_a_text_looks_like_its_image() -> None:
    pixels = PixelTexts(shape=(2, 3), brightest=16)
    assert pixels.write(np.array([[[0, 1, 16], [0, 0, 0]]])) == [".ap ..."]
    assert pixels.write(np.array([[[0, 0.4, 15.6], [0, 0, 0]]])) == ["..p ..."]
    assert pixels.write(np.zeros((0, 2, 3))) == []


def test_the_ids_of_the_vocabulary_are_the_levels() -> None:
    for levels in (2, 17, 27):
        pixels = PixelTexts(shape=(2, levels), brightest=levels - 1, levels=levels)
        tokenizer = textsiam.Tokenizer(pixels.vocabulary().proto, max_tokens=pixels.max_tokens)
        assert tokenizer.spellings == ["", "", "\u2581", *LETTERS[:levels]]
        tokens = tokenizer.encode(pixels.write(np.stack([np.arange(levels)] * 2)[None]))
        row = [FIRST_LEVEL - 1, *range(FIRST_LEVEL, FIRST_LEVEL + levels)]
        assert tokens[0].tolist() == [*row, *row]
        assert (tokens.cut_texts, tokens.unknown_tokens) == (0, 0)


@pytest.fixture(scope="module")
def trained() -> tuple[PixelTexts, textsiam.PairModel, textsiam.Pairs]:
    pixels = PixelTexts(shape=(8, 8))
    train, dev, test = (bars(count, seed) for seed, count in enumerate((200, 100, 100)))
    model = textsiam.train(
        class_pairs(pixels.write(train[0]), train[1]),
        dev=separate_pairs(pixels.write(dev[0]), dev[1]),
        config=textsiam.TrainConfig(
            encoder="custom",
            head="squared_euclidean",
            max_tokens=pixels.max_tokens,
            batch_size=32,
            epochs=3,
            learning_rate=0.01,
            device="cpu",
        ),
        vocabulary=pixels.vocabulary(),
        encoder=pixels.encoder(make_cnn),
    )
    return pixels, model, separate_pairs(pixels.write(test[0]), test[1])


def test_pairs_of_images_train_and_are_judged_as_texts(
    trained: tuple[PixelTexts, textsiam.PairModel, textsiam.Pairs],
) -> None:
    _, model, test = trained
    result = textsiam.evaluate(model, test, draws=0)
    assert result.accuracy is not None
    assert result.accuracy > 0.9
    assert (result.texts.cut, result.texts.unknown, result.texts.empty) == (0, 0, 0)


def test_vectors_are_those_of_the_module_and_survive_saving(
    trained: tuple[PixelTexts, textsiam.PairModel, textsiam.Pairs], tmp_path: Path
) -> None:
    pixels, model, test = trained
    texts = test.text_a[:9]
    module = make_cnn()
    prefix = "encoder.module.module."
    weights = {name.removeprefix(prefix): torch.from_numpy(w) for name, w in model.weights.items() if prefix in name}
    module.load_state_dict(weights)
    expected = module(torch.from_numpy(pixels.read(texts))[:, None] / 255).detach().numpy()
    assert np.allclose(model.encode(texts), expected, atol=1e-5)
    model.save(tmp_path / "model")
    loaded = textsiam.PairModel.load(tmp_path / "model", encoder=pixels.encoder(make_cnn))
    assert np.array_equal(loaded.encode(texts), model.encode(texts))


def test_an_image_that_is_too_large_is_told_as_every_long_text_is(
    trained: tuple[PixelTexts, textsiam.PairModel, textsiam.Pairs],
) -> None:
    larger = PixelTexts(shape=(9, 9))
    _, model, _ = trained
    assert model.inspect(larger.write(np.zeros((1, 9, 9)))).cut == 1


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 3)), r"images have the shape \(2, 3\), expected \(n, 2, 3\)"),
        (np.zeros((1, 3, 2)), r"images have the shape \(1, 3, 2\)"),
        (np.full((1, 2, 3), 17), "pixels reach from 17 to 17, expected 0 to 16: give what a white pixel is"),
        (np.full((1, 2, 3), -1), "pixels reach from -1 to -1"),
        (np.full((1, 2, 3), np.nan), "pixels reach from nan to nan"),
    ],
)
def test_what_is_no_image_is_told(images: np.ndarray, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PixelTexts(shape=(2, 3), brightest=16).write(images)


@pytest.mark.parametrize("text", ["", "...", "... ..", "... ..z", "... ... ...", "...  ..."])
def test_what_is_no_text_of_an_image_is_told(text: str) -> None:
    with pytest.raises(OptionError, match=r"text 1 is no image: expected 2 rows of 3 letters, '\.' to 'p'"):
        PixelTexts(shape=(2, 3)).read(["... ...", text])


@pytest.mark.parametrize("shape", [[2, 3], np.array([2, 3]), iter((2, 3))])
def test_a_shape_of_any_kind_is_kept_as_a_tuple(shape: Any) -> None:
    pixels = PixelTexts(shape=shape, brightest=np.float64(16))
    assert tuple(pixels.shape) == (2, 3)
    assert pixels.write(np.zeros((1, 2, 3))) == ["... ..."]
    assert hash(pixels) == hash(PixelTexts(shape=(2, 3), brightest=16.0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (8, 8, 3)}, r"shape is \(8, 8, 3\), expected \(height, width\) of grey images"),
        ({"shape": 8}, r"shape is 8, expected \(height, width\)"),
        ({"shape": "88"}, r"shape is '88', expected \(height, width\)"),
        ({"shape": ("8", 8)}, r"shape \(height\) is '8'"),
        ({"brightest": "255"}, "brightest is '255', expected a number above 0"),
        ({"brightest": None}, "brightest is None, expected a number above 0"),
        ({"brightest": np.nan}, "brightest is nan, expected a number above 0"),
    ],
)
def test_options_of_other_kinds_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        PixelTexts(**{"shape": (8, 8), **options})


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(OptionError, match=r"texts\[1\] is None, expected a str"):
        PixelTexts(shape=(2, 3)).read(["... ...", None])  # type: ignore[list-item] # the mistake
    with pytest.raises(OptionError, match="texts is one text"):
        PixelTexts(shape=(2, 3)).read("... ...")


def with_a_flipped_byte(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 0xFF
    return bytes(changed)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="levels is 28"):
        PixelTexts(shape=(2, 3), levels=28)
    with pytest.raises(OptionError, match=r"shape \(width\) is 0"):
        PixelTexts(shape=(2, 0))
    with pytest.raises(OptionError, match="brightest is 0"):
        PixelTexts(shape=(2, 3), brightest=0)


def test_idx_files_are_read(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
    content = struct.pack(">HBB3I", 0, 8, 3, *images.shape) + images.tobytes()
    path = tmp_path / "images-idx3-ubyte"
    for stored in (content, gzip.compress(content)):
        path.write_bytes(stored)
        assert np.array_equal(read_idx(path), images)
    for broken, message in (
        (content[:-1], "has 59 bytes of values, expected 60: cut short"),
        (content[:9], "is no idx file"),
        (b"PK", "is no idx file"),
        (gzip.compress(content)[:40], "cannot be read as an idx file"),
        *(
            (with_a_flipped_byte(gzip.compress(content), place), "cannot be read as an idx file")
            for place in (10, 30, -6)
        ),
    ):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=message):
            read_idx(path)
    with pytest.raises(DataError, match="cannot be read as an idx file"):
        read_idx(tmp_path / "missing")
