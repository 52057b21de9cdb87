"""A small builder of ONNX graphs: it names the values on the way, and keeps each constant once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from textsiam.arrays import Array
from textsiam.errors import OptionError

OPSET, IR_VERSION = 18, 8
"""The oldest operators that have all that is needed (BitwiseXor): ONNX Runtime reads them from 1.14 on."""
FLOAT, DOUBLE, INT64, INT32, UINT64 = (
    *(TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT64),
)
LOWEST = float(np.finfo(np.float32).min)  # what is never the largest
MOST_BYTES = 2**31 - 2**20  # protocol buffers hold no message of 2 GB


class Graph:
    """Collects nodes, constants, inputs and outputs; values are known by their names, which ``op`` makes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}  # by type, shape and hash
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, kind: int, shape: Sequence[int | str]) -> str:
        """Add an input; a name in the ``shape`` is a size that varies."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, value: str, kind: int, shape: Sequence[int | str]) -> None:
        """Give a value out under this name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def constant(self, value: Array) -> str:
        """Give the name of a constant; the same one for an equal array."""
        array = np.ascontiguousarray(value).reshape(value.shape)
        key = (array.dtype.str, array.shape, hashlib.blake2b(array.tobytes()).digest())
        if key not in self._names:
            name = self._names[key] = f"c{len(self._names)}"
            self._constants[name] = numpy_helper.from_array(array, name)
        return self._names[key]

    def numbers(self, *numbers: int) -> str:
        """Give whole numbers, int64 (n,)."""
        return self.constant(np.array(numbers, np.int64))

    def number(self, number: float) -> str:
        """Give one float32 number."""
        return self.constant(np.array(number, np.float32))

    def op(self, kind: str, *inputs: str, attributes: Mapping[str, Any] | None = None) -> str:
        """Add an operator with one output; give the output's name."""
        (output,) = self.ops(kind, *inputs, outputs=1, attributes=attributes)
        return output

    def ops(self, kind: str, *inputs: str, outputs: int, attributes: Mapping[str, Any] | None = None) -> list[str]:
        """Add an operator with several outputs; give their names."""
        number = len(self._nodes)
        names = [f"{kind.lower()}{number}" if outputs == 1 else f"{kind.lower()}{number}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **(attributes or {})))
        return names

    def reduced(self, kind: str, value: str, axis: int, *, keep: bool = False) -> str:
        """Reduce one axis by "ReduceSum", "ReduceMax", ...; ``keep`` leaves it with length 1."""
        return self.op(kind, value, self.numbers(axis), attributes={"keepdims": int(keep)})

    def sliced(self, value: str, axis: int, start: int, end: int | None = None) -> str:
        """Give ``value[start:end]`` along one axis."""
        stop = np.iinfo(np.int64).max if end is None else end
        return self.op("Slice", value, self.numbers(start), self.numbers(int(stop)), self.numbers(axis))

    def cast(self, value: str, kind: int) -> str:
        """Give the value in another type."""
        return self.op("Cast", value, attributes={"to": kind})

    def wider(self, value: str, *axes: int) -> str:
        """Put in axes of length 1."""
        return self.op("Unsqueeze", value, self.numbers(*axes))

    def joined(self, values: Sequence[str], axis: int) -> str:
        """Lay values side by side."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, attributes={"axis": axis})

    def turned(self, value: str, *order: int) -> str:
        """Reorder the axes."""
        return self.op("Transpose", value, attributes={"perm": list(order)})

    def size(self, value: str, axis: int) -> str:
        """Give the length of an axis, int64 (1,)."""
        return self.op("Shape", value, attributes={"start": axis, "end": axis + 1})

    def steps(self, value: str, axis: int) -> str:
        """Give 0, 1, ... for each place along an axis, int64."""
        count = self.op("Squeeze", self.size(value, axis), self.numbers(0))
        one = self.constant(np.array(1, np.int64))
        return self.op("Range", self.constant(np.array(0, np.int64)), count, one)

    def model(self, notes: Mapping[str, str]) -> onnx.ModelProto:
        """Give the checked model, with ``notes`` as its metadata; OptionError if no file can hold it."""
        held = sum(len(tensor.raw_data) for tensor in self._constants.values())
        if held > MOST_BYTES:
            raise OptionError(
                f"{self.name}.onnx would hold {held / 1e9:.1f} GB of weights, and an ONNX file holds 2; "
                "take weights='int8', or a model with a smaller vocabulary or fewer buckets"
            )
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, initializer=list(self._constants.values())
        )
        model = helper.make_model(
            graph, producer_name="textsiam", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )
        helper.set_model_props(model, dict(notes))
        onnx.checker.check_model(model, full_check=True)
        return model
