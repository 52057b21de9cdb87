"""The README.md of an export: what it is, how far it is off, and how it is used, in Python and in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textsiam.integrations.onnx.measure import METRICS, Measured
from textsiam.model.calibration import Calibration
from textsiam.model.policy import doubt

_BEGIN = """\
import numpy as np
import onnxruntime
import textsiam

with open("vocabulary.model", "rb") as file:
    tokenizer = textsiam.Tokenizer(file.read(), max_tokens={max_tokens})


def ids_of(texts):
    rows = list(tokenizer.encode(texts))
    lengths = np.array([len(row) for row in rows])
    ids = np.zeros((len(rows), lengths.max()), np.int64)  # 0 is padding
    for padded, row in zip(ids, rows):
        padded[: len(row)] = row
    return ids, lengths


texts_a = ["How do I reset my password?", "Where is my invoice?"]
texts_b = ["i forgot my password, what now", "How do I reset my password?"]
"""
_BY_VECTORS = """\
encoder, head = (onnxruntime.InferenceSession(name) for name in ("encoder.onnx", "head.onnx"))
ids, lengths = ids_of(texts_a + texts_b)
(vectors,) = encoder.run(["vectors"], {{"ids": ids, "lengths": lengths}})  # float32 (4, {vector_size})
(probability,) = head.run(["probability"], {{"u": vectors[:2], "v": vectors[2:]}})  # float32 (2,)
"""
_BY_TOKENS = """\
pair = onnxruntime.InferenceSession("pair.onnx")
(ids_a, lengths_a), (ids_b, lengths_b) = ids_of(texts_a), ids_of(texts_b)
inputs = {{"ids_a": ids_a, "lengths_a": lengths_a, "ids_b": ids_b, "lengths_b": lengths_b}}
(probability,) = pair.run(["probability"], inputs)  # float32 (2,)
"""
_END, _END_GRADED = "print(probability, probability >= {threshold!r})\n", "print(probability)\n"

_PAGE = """\
## In a browser

`index.html` scores a pair in the browser; no text leaves it. It needs
[onnxruntime-web](https://www.npmjs.com/package/onnxruntime-web), 1.20 or newer, in `{ort}` (`ort.wasm.min.mjs`,
`ort-wasm-simd-threaded.mjs` and `ort-wasm-simd-threaded.wasm` of its folder `dist`), and any server of plain files:

```sh
{commands}python3 -m http.server --bind 127.0.0.1 8000
```

`tokenizer.js` reads `vocabulary.model` and gives the ids that SentencePiece gives; it can be used by itself:
`new Tokenizer(bytes).encode(text, {max_tokens})`.
"""
_RUNTIME = """\
npm pack onnxruntime-web && tar xzf onnxruntime-web-*.tgz && mkdir -p {place}
cp package/dist/ort.wasm.min.mjs package/dist/ort-wasm-simd-threaded.mjs {place}
cp package/dist/ort-wasm-simd-threaded.wasm {place}
"""


def card_of(config: Mapping[str, Any], measured: Measured, ort: str | None) -> str:
    """Write the card; ``ort`` is where the page looks for onnxruntime-web, None without a page."""
    tokens = "pair" in config["graphs"]
    example = (_BEGIN + (_BY_TOKENS if tokens else _BY_VECTORS) + (_END_GRADED if config["graded"] else _END)).format(
        **config
    )
    parts = [
        "# An ONNX export of a textsiam model",
        "Gives two texts a grade, 0 to 1, of how much they mean the same; it learned grades, and has no threshold."
        if config["graded"]
        else "Says how probable it is that two texts mean the same.",
        *([f"**Warning**: {said}."] if (said := doubt(config, Calibration(**config["calibration"]))) else []),
        _table(config),
        _loss(config, measured),
        "## In Python",
        f"```python\n{example}```",
        f"{_ids(config)}, cut after {config['max_tokens']} tokens. A text without tokens has length 0, and its row of "
        "ids may have no columns. With textsiam and the extra `onnx`, "
        "`textsiam.integrations.onnx.OnnxPairModel.load(folder).score_pairs(pairs)` does all of this.",
        _inputs(tokens),
    ]
    if ort is not None:
        parts.append(_PAGE.format(ort=ort, commands=_commands(ort), max_tokens=config["max_tokens"]))
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _ids(config: Mapping[str, Any]) -> str:
    if config["tokenizer"]["library"] == "sentencepiece":
        return "The ids are those of SentencePiece, in which a lone surrogate counts as `?`"
    return "The vocabulary was imported, and only textsiam's `Tokenizer` reads it; the ids are those that it gives"


def _commands(ort: str) -> str:
    """Give what puts onnxruntime-web into a folder beside the page; nothing where it is not beside the page."""
    beside = not ort.startswith("/") and "://" not in ort and ".." not in ort.split("/")
    return _RUNTIME.format(place=f"./{ort.removeprefix('./')}") if beside else ""


def _table(config: Mapping[str, Any]) -> str:
    parts = config["architecture"]
    rows = [
        ("architecture", f"{parts['encoder']} encoder, {parts['head']} head, vectors of {config['vector_size']}"),
        ("weights", config["weights"]),
        *([] if config["graded"] else _decision(config)),
        ("fingerprint", config["fingerprint"]),
        ("made by", f"textsiam {config['textsiam']}, ONNX opset {config['opset']}"),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _decision(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("threshold", f"{config['threshold']:.4f}"),
        ("share of same pairs assumed", f"{config['calibration']['prior']:.3f}"),
    ]


def _loss(config: Mapping[str, Any], measured: Measured) -> str:
    kind = (
        f"{measured.pairs:,} labelled pairs (sha256 {measured.labelled})"
        if measured.labelled
        else (f"{measured.pairs:,} pairs of the sample corpus")
    )
    said = f"Against the model it was made of, on {kind}, probabilities differ by at most "
    said += f"{measured.at_most}."
    changes = [
        f"{METRICS[name]} {value:.5f} before, {measured.after[name]:.5f} after"
        for name, value in measured.before.items()
    ]
    said += f" {'; '.join(changes)}." if changes else ""
    if config["weights"] == "int8":
        said += " Matrices are stored as a byte a number with a scale per row, biases are rounded to fp16."
    return said


def _inputs(tokens: bool) -> str:
    outputs = "`raw` (the head's score), `logit` (calibrated log odds) and `probability`, float32 (B,)"
    if tokens:
        return (
            "`pair.onnx` takes `ids_a` (int64, (B, T), padded with 0), `lengths_a` (int64, (B,)), and `ids_b` and "
            f"`lengths_b` likewise; it gives {outputs}. `encoder.onnx` takes `ids` and `lengths` and gives `vectors` "
            "(float32, (B, D)), by which texts that may be alike are found among many; the head compares no vectors."
        )
    return (
        "`encoder.onnx` takes `ids` (int64, (B, T), padded with 0) and `lengths` (int64, (B,)) and gives `vectors` "
        f"(float32, (B, D)); `head.onnx` takes vectors `u` and `v` (float32, (B, D)) and gives {outputs}."
    )
