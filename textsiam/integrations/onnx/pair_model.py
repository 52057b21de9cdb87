"""An export as ONNX Runtime runs it: texts to vectors, pairs to probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from textsiam.arrays import Array
from textsiam.errors import ModelFolderError, OptionError, check_integer, import_extra
from textsiam.integrations.onnx.folder import CONFIG, SUFFIX, VOCABULARY, read_export
from textsiam.model.architecture import Architecture
from textsiam.model.batches import pairs_of_columns
from textsiam.model.calibration import Calibration
from textsiam.model.inputs import check_pairs, distinct_texts
from textsiam.model.pair_model import PAIRS_AT_ONCE
from textsiam.model.products import Frame, frame_of
from textsiam.text.buckets import length_batches, padded
from textsiam.text.tokenizer import TokenIds, Tokenizer

BATCH_TEXTS, BATCH_TOKENS = 256, 8_192


class OnnxPairModel:
    """What ``export_onnx`` wrote, in ONNX Runtime; gives what the exported ``PairModel`` gives.

    ``config`` is what config.json says; ``calibration`` has the threshold from which on a pair is called the same. It
    can stand in a model's place in ``find_duplicates``, ``find_matches`` and a ``DuplicateIndex``.
    """

    def __init__(
        self, graphs: Mapping[str, bytes], vocabulary: bytes, config: Mapping[str, Any], *, threads: int | None = None
    ) -> None:
        """Take serialised graphs by name ("encoder", and "head" or "pair"), the vocabulary and the configuration.

        Raises OptionError where they do not fit one another.
        """
        architecture = Architecture(**config["architecture"])
        self._size = architecture.vector_size
        if sorted(graphs) != sorted(graph_names(architecture.head)):
            raise OptionError(f"the graphs are {sorted(graphs)}, head {architecture.head!r} has others")
        runtime = import_extra("onnxruntime", "onnx", "running an ONNX model")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        providers = ["CPUExecutionProvider"]
        self._sessions = {name: runtime.InferenceSession(graph, options, providers) for name, graph in graphs.items()}
        found = self._sessions["encoder"].get_outputs()[0].shape[-1]
        if not found == self._size == config["vector_size"]:
            raise OptionError(f"the graph's vectors have {found} numbers, expected {self._size}")
        self._head_weights = {name: np.array(rows, np.float32) for name, rows in config["head_weights"].items()}
        self.config = dict(config)
        self.calibration = Calibration(**config["calibration"])
        self.tokenizer = Tokenizer(vocabulary, max_tokens=config["max_tokens"])

    @classmethod
    def load(cls, folder: str | Path, *, threads: int | None = None) -> OnnxPairModel:
        """Load a folder that ``export_onnx`` wrote; ``threads`` that ONNX Runtime uses (None: one for each core).

        Raises ModelFolderError for a folder that is missing, altered or too new, MissingExtraError without onnxruntime.
        """
        if threads is not None:
            check_integer("threads", threads, least=1)
        config, files = read_export(Path(folder))
        try:
            graphs = {name: files[f"{name}{SUFFIX}"] for name in config["graphs"]}
            return cls(graphs, files[VOCABULARY], config, threads=threads)
        except (KeyError, TypeError, AttributeError, OptionError) as error:
            raise ModelFolderError(f"{folder} was altered: {CONFIG} does not describe an export ({error!r})") from error

    def encode(self, texts: Iterable[str]) -> Array:
        """Return the texts' vectors, float32 (n, D); an empty text has the zero vector.

        Raises OptionError naming the position of what is not a str.
        """
        distinct, index = distinct_texts(texts)
        return self._encoded(self.tokenizer.encode(distinct))[index]

    def score(self, text_a: str, text_b: str) -> float:
        """Return the calibrated probability in [0, 1] that the two texts say the same."""
        return float(self.score_pairs([(text_a, text_b)])[0])

    def score_pairs(self, pairs: Iterable[Sequence[str]]) -> Array:
        """Return the calibrated probability of each (text a, text b), float32 (n,) in [0, 1].

        Raises OptionError naming the position of the first thing that is not a pair of str.
        """
        if isinstance(pairs, str):
            raise OptionError("pairs is one text, expected a list of (text a, text b)")
        rows = list(pairs)
        check_pairs(rows, 0)
        parts = [self._scored(rows[start : start + PAIRS_AT_ONCE]) for start in range(0, len(rows), PAIRS_AT_ONCE)]
        return np.concatenate([np.empty(0, np.float32), *parts])

    def score_batch(self, batch: Any, *, text_a: str = "text_a", text_b: str = "text_b") -> dict[str, Array]:
        """Score columns of texts: {"probability": float32 (n,)}, as ``score_pairs`` gives them.

        ``batch`` is a mapping of columns or a data frame, in which ``text_a`` and ``text_b`` name the columns, as for
        ``PairModel.score_batch``, which says what is raised.
        """
        return {"probability": self.score_pairs(pairs_of_columns(batch, text_a, text_b))}

    def compare_vectors(self, u: Array, v: Array) -> Array:
        """Return the calibrated probability, float32 (n,), of vectors (n, D) against (n, D), row by row.

        One vector, (1, D), is held against all of the other side. Raises OptionError for other shapes, and for the head
        "alignment", which compares tokens.
        """
        if "head" not in self._sessions:
            raise OptionError("this export compares the tokens of texts, not vectors; use score_pairs")
        sides = [np.asarray(side, np.float32) for side in (u, v)]
        for name, side in zip("uv", sides, strict=True):
            if side.ndim != 2 or side.shape[1] != self._size:
                raise OptionError(f"{name} has the shape {side.shape}, expected (n, {self._size})")
        rows = {len(side) for side in sides} - {1}
        if len(rows) > 1:
            raise OptionError(f"u has {len(sides[0])} rows and v has {len(sides[1])}, expected as many")
        u, v = (np.ascontiguousarray(side) for side in np.broadcast_arrays(*sides))
        probabilities: Array = self._sessions["head"].run(["probability"], {"u": u, "v": v})[0]
        return probabilities

    def frame(self, vectors: Array) -> Frame | None:
        """Say how products of vectors like these, (n, D), tell raw scores; None for heads of which they do not."""
        head = self.config["architecture"]["head"]
        return frame_of(head, self._head_weights, vectors) if self.calibration.rises else None

    def fingerprint(self) -> str:
        """Give what the vectors follow from: of fp32 the model's own, of int8 that of its int8 folder."""
        return str(self.config["fingerprint"])

    def __repr__(self) -> str:
        parts = self.config["architecture"]
        return f"OnnxPairModel({parts['encoder']} + {parts['head']}, D={self._size}, {self.config['weights']})"

    def _scored(self, rows: list[Sequence[str]]) -> Array:
        distinct, index = distinct_texts([row[0] for row in rows] + [row[1] for row in rows])
        tokens = self.tokenizer.encode(distinct)
        index_a, index_b = index[: len(rows)], index[len(rows) :]
        if "pair" in self._sessions:
            return self._aligned(tokens, index_a, index_b)
        vectors = self._encoded(tokens)
        return self.compare_vectors(vectors[index_a], vectors[index_b])

    def _encoded(self, tokens: TokenIds) -> Array:
        vectors = np.zeros((len(tokens), self._size), np.float32)
        for rows in _batches(tokens.lengths):
            ids_BT, lengths_B = padded(tokens, rows)
            vectors[rows] = self._sessions["encoder"].run(["vectors"], {"ids": ids_BT, "lengths": lengths_B})[0]
        return vectors

    def _aligned(self, tokens: TokenIds, index_a: Array, index_b: Array) -> Array:
        # the same text is the first of a pair whichever way round it is given: the scores are equal to the last bit
        index_a, index_b = np.minimum(index_a, index_b), np.maximum(index_a, index_b)
        probabilities = np.empty(len(index_a), np.float32)
        for rows in _batches(np.maximum(tokens.lengths[index_a], tokens.lengths[index_b])):
            inputs: dict[str, Array] = {}
            for side, index in (("a", index_a), ("b", index_b)):
                inputs[f"ids_{side}"], inputs[f"lengths_{side}"] = padded(tokens, index[rows])
            probabilities[rows] = self._sessions["pair"].run(["probability"], inputs)[0]
        return probabilities


def graph_names(head: str) -> tuple[str, str]:
    """Give the names of an export's graphs: of texts to vectors, and of the head, which may take pairs of texts."""
    return "encoder", "pair" if head == "alignment" else "head"


def _batches(lengths: Array) -> Iterator[Array]:
    return length_batches(lengths, np.argsort(lengths, kind="stable"), BATCH_TEXTS, BATCH_TOKENS)
