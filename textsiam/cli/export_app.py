"""``textsiam export`` and ``textsiam import``: models in forms that others read, each command named by path."""

from __future__ import annotations

from cyclopts import App

export_app = App(name="export", help="Write a model in a form that others read.", help_format="plaintext")
import_app = App(name="import", help="Make a model of one that was trained elsewhere.", help_format="plaintext")

_EXPORTS = {
    ("export_onnx", "onnx"): """Write a model as ONNX graphs, from token ids to a calibrated probability.

Example: textsiam export onnx models/quora --out onnx/quora

Example: textsiam export onnx models/quora --out onnx/quora --weights int8 --pairs dev.tsv --page""",
    (
        "export_sentence_transformers",
        "sentence-transformers",
    ): """Write a model as a folder that SentenceTransformer loads.

Example: textsiam export sentence-transformers models/quora --out st/quora""",
    ("export_word_vectors", "word-vectors"): """Write the vectors of a model's words in the text form of word2vec.

Example: textsiam export word-vectors models/quora --out quora.txt.gz""",
}
for (_file, _name), _help in _EXPORTS.items():
    export_app.command(f"textsiam.cli.{_file}:{_file}", name=_name, help=_help)
import_app.command(
    "textsiam.cli.import_sentence_transformers:import_sentence_transformers",
    name="sentence-transformers",
    help="""Make a model of a sentence-transformers folder, calibrated on labelled pairs.

Example: textsiam import sentence-transformers st/static --out models/static --dev dev.tsv""",
)
