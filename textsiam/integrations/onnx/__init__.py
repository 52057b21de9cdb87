"""ONNX: a model as graphs that any ONNX Runtime reads, in a browser too."""
