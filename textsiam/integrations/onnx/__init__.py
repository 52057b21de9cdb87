"""ONNX: a model as graphs that any ONNX Runtime reads, in a browser too."""

from __future__ import annotations

from textsiam.integrations.onnx.export import OnnxExport, export_onnx
from textsiam.integrations.onnx.measure import Measured
from textsiam.integrations.onnx.pair_model import OnnxPairModel

__all__ = ["Measured", "OnnxExport", "OnnxPairModel", "export_onnx"]
