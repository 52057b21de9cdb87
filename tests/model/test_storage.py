from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests.model.conftest import MakeModel
from tests.model.making import QUICK
from tests.model.test_pair_model import ARCHITECTURES, PLAIN, STRANGE, by_name
from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError
from textsiam.model.architecture import Architecture
from textsiam.model.folder import MANIFEST, read_folder, write_folder
from textsiam.model.pair_model import PairModel
from textsiam.model.storage import LARGEST, PRECISIONS, SCALE, note_precision, restore_weights, store_weights

SMALLEST, HIGHEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
CARD = "# A model\n\n| | |\n|---|---|\n| loss | bce |\n\nOf dev é.\n"

numbers = st.one_of(st.floats(-1, 1, width=32), st.floats(-LARGEST, LARGEST, width=32), st.sampled_from([0.0, 1e-45]))
matrices = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=numbers)
halves = arrays(np.float32, array_shapes(max_dims=2, max_side=6), elements=st.floats(-LARGEST, LARGEST, width=16))


def array(values: Any, kind: Any = np.float32) -> Array:
    return np.array(values, dtype=kind)


def there_and_back(matrix: Array, precision: str) -> tuple[dict[str, Array], Array]:
    stored = store_weights({"w": matrix}, precision)
    restored = restore_weights(stored)
    assert restored.keys() == {"w"}
    assert restored["w"].dtype == np.float32
    assert restored["w"].shape == matrix.shape
    return stored, restored["w"]


@QUICK
@given(matrix=matrices)
@example(matrix=array([[1e-45, 0], [0, 0], [-LARGEST, LARGEST], [SMALLEST, SMALLEST * 63.5], [0.1, -0.3]]))
def test_a_number_of_int8_is_off_by_half_a_scale_at_most(matrix: Array) -> None:
    stored, restored = there_and_back(matrix, "int8")
    assert stored["w"].dtype == np.int8
    assert stored["w" + SCALE].dtype == np.float32
    for row, numbers_of_row in enumerate(matrix.tolist()):
        scale = float(stored["w" + SCALE][row])
        largest = max(map(abs, numbers_of_row))
        assert largest / 127 <= scale <= max(largest / 127 * (1 + 2**-16), SMALLEST)
        for column, number in enumerate(numbers_of_row):
            level = int(stored["w"][row, column])
            assert abs(level) <= 127
            assert float(restored[row, column]) == level * scale  # exact: in Python's double precision too
            assert abs(level * scale - number) <= scale / 2 * (1 + 1e-5)


@QUICK
@given(matrix=matrices, precision=st.sampled_from(PRECISIONS))
@example(matrix=array([[LARGEST]]), precision="int8")  # restored it is 65504.22: its scale was rounded up
@example(matrix=array([[3.4e38, 1]]), precision="int8")
def test_what_was_restored_is_stored_bit_for_bit_again(matrix: Array, precision: str) -> None:
    stored, restored = there_and_back(matrix, precision)
    again = store_weights({"w": restored}, precision)
    assert {name: (part.dtype, part.tobytes()) for name, part in again.items()} == {
        name: (part.dtype, part.tobytes()) for name, part in stored.items()
    }


@QUICK
@given(weight=halves)
def test_fp16_is_exact_for_what_float16_can_hold(weight: Array) -> None:
    stored, restored = there_and_back(weight, "fp16")
    assert stored["w"].dtype == np.float16
    assert restored.tobytes() == weight.tobytes()


@QUICK
@given(matrix=matrices)
def test_fp16_is_off_by_half_a_unit_in_the_last_of_its_places(matrix: Array) -> None:
    _, restored = there_and_back(matrix, "fp16")
    for number, near in zip(matrix.ravel().tolist(), restored.ravel().tolist(), strict=True):
        assert abs(near - number) <= max(abs(number) * 2**-11, 2**-25)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_row_of_zeros_stays_zero(precision: str) -> None:
    _, restored = there_and_back(array([[0, 0, 0], [3, -1, 2]]), precision)
    assert restored[0].tolist() == [0, 0, 0]
    assert restored[1].any()


def test_by_hand() -> None:
    weights = {"m": array([[127, -63.6, 0.4], [254, 3, -254]]), "b": array([0.1, -2])}
    stored = store_weights(weights, "int8")
    assert stored.keys() == {"m", "m.scale", "b"}
    assert stored["m"].tolist() == [[127, -64, 0], [127, 2, -127]]  # 3 / 2: the even neighbour
    assert stored["m.scale"].tolist() == [1, 2]
    assert stored["b"].dtype == np.float16
    assert stored["b"].tolist() == [float(np.float16(0.1)), -2]
    assert store_weights(weights, "fp32") == weights


@pytest.mark.parametrize(
    ("weight", "precision", "message"),
    [
        ([[1, 2]], "int4", "weights is 'int4', expected one of fp32, fp16, int8; did you mean 'int8'?"),
        ([[1, -65505]], "fp16", "'w' holds a number of size 65505, fp16 takes at most 65504; save the model as fp32"),
        ([[1, HIGHEST]], "int8", "'w' holds a number of size 3.40282e+38, int8 takes at most 3.40282e+38"),
        ([65505], "int8", "'w' holds a number of size 65505"),
        ([[np.nan, 1]], "int8", "'w' holds a number that is not finite"),
        ([np.inf], "fp32", "'w' holds a number that is not finite"),
    ],
)
def test_what_cannot_be_stored_is_refused(weight: Any, precision: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        store_weights({"w": array(weight)}, precision)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"encoder.embedding.weight.scale": None},
        {"encoder.embedding.weight.scale": array([0.1])},
        {"encoder.embedding.weight.scale": array([0.1], np.float64)},
        {"encoder.embedding.weight.scale": "nan"},
        {"encoder.embedding.weight": array([[1, 2]], np.float16)},
        {"head.hidden.bias.scale": array([1])},
        {"head.hidden.bias": array(1, np.int8), "head.hidden.bias.scale": array(1)},
    ],
    ids=str,
)
def test_a_folder_whose_scales_do_not_fit_is_refused(
    make_model: MakeModel, tmp_path: Path, change: dict[str, Any]
) -> None:
    make_model(ARCHITECTURES[1]).save(tmp_path / "model", weights="int8")
    files = read_folder(tmp_path / "model")
    stored = safetensors.numpy.load(files["weights.safetensors"])
    for name, part in change.items():
        stored[name] = stored[name] * np.float32(np.nan) if isinstance(part, str) else part
    kept = {name: part for name, part in stored.items() if part is not None}
    write_folder(tmp_path / "model", {**files, "weights.safetensors": safetensors.numpy.save(kept)})
    with pytest.raises(ModelFolderError, match="its files do not make a model"):
        PairModel.load(tmp_path / "model")


@by_name
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_smaller_folder_loads_as_float32_and_is_saved_the_same_again(
    make_model: MakeModel, tmp_path: Path, architecture: Architecture, precision: str
) -> None:
    model = make_model(architecture)
    model.details, model.card = {"seed": 7}, CARD
    model.save(tmp_path / "small", weights=precision)
    assert (model.details, model.card) == ({"seed": 7}, CARD)
    small = PairModel.load(tmp_path / "small")
    assert small.details == {"seed": 7, "weights": precision}
    assert small.card.startswith(CARD)
    assert f"\nWeights are stored as {precision}" in small.card
    assert small.calibration == model.calibration
    assert {name: weight.dtype for name, weight in small.weights.items()} == dict.fromkeys(model.weights, np.float32)
    texts = [*PLAIN, *STRANGE.values()]
    assert 0 < np.abs(small.encode(texts) - model.encode(texts)).max() < 0.02
    small.save(tmp_path / "again", weights=precision)
    assert read_folder(tmp_path / "again") == read_folder(tmp_path / "small")
    small.save(tmp_path / "large")
    large = PairModel.load(tmp_path / "large")
    assert (large.details, large.card) == ({"seed": 7}, CARD)
    assert large.encode(texts).tobytes() == small.encode(texts).tobytes()


def test_the_weights_take_half_and_a_quarter_of_the_bytes(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model(Architecture(encoder="lstm", dim=64, units=64, head="mlp", head_units=64))
    numbers = sum(weight.size for weight in model.weights.values())
    rows = sum(len(weight) for weight in model.weights.values() if weight.ndim == 2)
    vectors = sum(weight.size for weight in model.weights.values() if weight.ndim == 1)
    for precision, expected in {"fp32": 4 * numbers, "fp16": 2 * numbers, "int8": numbers + vectors + 4 * rows}.items():
        model.save(tmp_path / precision, weights=precision)
        header = len(read_folder(tmp_path / precision)["weights.safetensors"]) - expected
        assert 0 < header < 1500


def test_a_folder_of_an_earlier_format_loads(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model(ARCHITECTURES[0])
    model.save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / MANIFEST).read_bytes())
    assert manifest["format"] == 5
    for earlier in (1, 2, 3, 4):
        (tmp_path / "model" / MANIFEST).write_text(json.dumps({**manifest, "format": earlier}), encoding="utf-8")
        assert PairModel.load(tmp_path / "model").encode(PLAIN).tobytes() == model.encode(PLAIN).tobytes()


@pytest.mark.usefixtures("one_torch_thread")
def test_torch_reads_what_numpy_reads(make_model: MakeModel, tmp_path: Path) -> None:
    make_model(ARCHITECTURES[-1]).save(tmp_path / "small", weights="int8")
    in_numpy, in_torch = (PairModel.load(tmp_path / "small", device=device) for device in (None, "cpu"))
    assert np.abs(in_numpy.encode(PLAIN) - in_torch.encode(PLAIN)).max() < 1e-5


def test_an_unknown_precision_leaves_what_was_there(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model(ARCHITECTURES[0])
    model.save(tmp_path / "model")
    before = read_folder(tmp_path / "model")
    with pytest.raises(OptionError, match="weights is 'int16'"):
        model.save(tmp_path / "model", weights="int16")
    assert read_folder(tmp_path / "model") == before


@pytest.mark.parametrize("card", ["", CARD, "# No line end", "Of two\n\n\n\nparts\r\n\n"])
def test_a_card_says_how_the_weights_are_stored_once(card: str) -> None:
    assert note_precision(card, "fp32") == card
    half, small = note_precision(card, "fp16"), note_precision(card, "int8")
    assert half.startswith(card.rstrip("\n"))
    assert half.endswith("Weights are stored as fp16.\n")
    assert note_precision(half, "fp16") == half
    assert note_precision(half, "int8") == small
    measured = note_precision(small, "int8", "ROC-AUC 0.9 before, 0.8 after.")
    assert measured == small.rstrip("\n") + " ROC-AUC 0.9 before, 0.8 after.\n"
    assert note_precision(measured, "int8") == measured
    assert note_precision(measured, "fp16") == half
    assert note_precision(measured, "fp32").rstrip("\n") == card.rstrip("\n")
