"""The house rules that code can check: imports run one way and stay light, the surface is a list, no god files."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import textsiam

ROOT = Path(textsiam.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
BASE = {"arrays", "errors", "atomic", "progress"}
# room -> rooms that it may import, besides itself and "", the package itself: its version is there, and its names count
# as imports of the modules that define them
ALLOWED: dict[str, set[str]] = {
    "arrays": set(),
    "errors": set(),
    "atomic": {"errors"},
    "progress": {"errors"},
    "text": BASE,
    "data": BASE | {"text"},
    "model": BASE | {"text"},
    "index": BASE | {"text"},
    "training": BASE | {"text", "data", "model"},
    "explanation": BASE | {"text", "model"},
    "evaluation": BASE | {"text", "data", "model", "explanation"},
}
ANYTHING = {"", "cli", "integrations"}
HEAVY = {
    *("torch", "datasets", "sklearn", "scipy", "matplotlib", "jinja2", "pyarrow", "pandas", "usearch", "psycopg"),
    *("mteb", "onnx", "onnxruntime", "polars", "sentence_transformers", "spacy"),
}
LAZY_ROOMS = {"", "text", "data", "model", "index", "cli", *BASE}  # what the base install reaches
NEVER = {"text": {"torch", "datasets"}, "model": {"torch", "datasets"}, "index": {"torch", "datasets"}}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60

PUBLIC = [
    "DataError",
    "DistillConfig",
    "DuplicateClassifier",
    "DuplicateIndex",
    "DuplicateIndexError",
    "Evaluation",
    "FewShotClassifier",
    "IndexBusyError",
    "MissingExtraError",
    "ModelFolderError",
    "OnnxPairModel",
    "OptionError",
    "PairModel",
    "Pairs",
    "TextEncoder",
    "TextsiamError",
    "Tokenizer",
    "TrainConfig",
    "TrainingError",
    "TrainingInterrupted",
    "Vocabulary",
    "VocabularyError",
    "WorkerError",
    "audit",
    "build_vocabulary",
    "compare",
    "distill",
    "evaluate",
    "explain",
    "export_onnx",
    "export_sentence_transformers",
    "export_word_vectors",
    "find_duplicates",
    "find_matches",
    "import_sentence_transformers",
    "question_components",
    "read_pairs",
    "sample_pairs",
    "split_pairs",
    "train",
    "write_report",
]


class Import(NamedTuple):
    module: str  # dotted; of "from textsiam import train": the module that defines train
    line: int
    lazy: bool  # inside of a function: runs when it is called
    typing_only: bool  # under "if TYPE_CHECKING:"


class ImportReader(ast.NodeVisitor):
    """Collects every import of a file, and what it says of where it runs."""

    def __init__(self) -> None:
        self.found: list[Import] = []
        self.lazy = self.typing_only = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in (*node.decorator_list, *node.args.defaults):
            self.visit(outside)
        before, self.lazy = self.lazy, True
        for inside in node.body:
            self.visit(inside)
        self.lazy = before

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)
            return
        before, self.typing_only = self.typing_only, True
        for inside in node.body:
            self.visit(inside)
        self.typing_only = before
        for inside in node.orelse:
            self.visit(inside)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, f"line {node.lineno}: a relative import, expected the full name"
        for alias in node.names:
            self.add(f"{node.module}.{alias.name}", node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        # textsiam.train, resolved on first use, is an import too
        if isinstance(node.value, ast.Name) and node.value.id == "textsiam" and node.attr in textsiam._HOMES:
            self.add(f"textsiam.{node.attr}", node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if called in {"import_extra", "import_module"} and isinstance(first, ast.Constant):
            self.add(str(first.value), node)
        self.generic_visit(node)

    def add(self, module: str, node: ast.stmt | ast.expr) -> None:
        parts = module.split(".")
        if parts[0] == "textsiam" and len(parts) > 1 and parts[1] in textsiam._HOMES:
            module = textsiam._HOMES[parts[1]]
        self.found.append(Import(module, node.lineno, self.lazy, self.typing_only))


def imports_of(source: str) -> list[Import]:
    reader = ImportReader()
    reader.visit(ast.parse(source))
    return reader.found


def room_of(path: Path) -> str:
    """Give "text" for textsiam/text/tokenizer.py, "errors" for textsiam/errors.py, "" for textsiam/__init__.py."""
    first = path.relative_to(ROOT).parts[0].removesuffix(".py")
    return "" if first.startswith("__") else first


def room_of_module(module: str) -> str | None:
    """Give the room that a dotted name lies in; None where it is not textsiam's."""
    parts = module.split(".")
    if parts[0] != "textsiam":
        return None
    return "" if len(parts) == 1 or parts[1].startswith("__") else parts[1]


def broken_import_rules(room: str, source: str) -> Iterator[str]:
    """Say what each import of a file of ``room`` breaks, as "line: what"."""
    for module, line, lazy, typing_only in imports_of(source):
        target, package = room_of_module(module), module.split(".")[0]
        if target is not None and room not in ANYTHING and target not in ALLOWED[room] | {room, ""}:
            yield f"{line}: {room} imports {module}, allowed are {', '.join(sorted(ALLOWED[room]))}"
        if package in NEVER.get(room, set()) and not typing_only:
            yield f"{line}: {room} never imports {package}"
        elif package in HEAVY and room in LAZY_ROOMS and not lazy and not typing_only:
            yield f"{line}: {room} imports {package} when it is loaded; import it where it is needed"


def test_every_room_has_its_rule() -> None:
    assert {room_of(path) for path in FILES} <= ALLOWED.keys() | ANYTHING


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    found = broken_import_rules(room_of(path), path.read_text(encoding="utf-8"))
    assert [f"{path}:{problem}" for problem in found] == []


@pytest.mark.parametrize(
    ("room", "source", "problem"),
    [
        ("text", "import textsiam.model.heads", "1: text imports textsiam.model.heads"),
        ("text", "\ndef f():\n    from textsiam.data import read", "3: text imports textsiam.data.read"),
        ("data", "from textsiam import PairModel", "1: data imports textsiam.model.pair_model"),
        ("data", "import textsiam\nx = textsiam.PairModel", "2: data imports textsiam.model.pair_model"),
        ("training", "import textsiam\ntextsiam.evaluate(1, 2)", "2: training imports textsiam.evaluation.evaluate"),
        ("model", "import_extra('textsiam.training.runtime', 'train', '')", "1: model imports textsiam.training"),
        ("model", "if True:\n    def f():\n        import torch", "3: model never imports torch"),
        ("data", "import_extra('datasets', 'train', '')", "1: data imports datasets when it is loaded"),
        ("data", "class A:\n    import pyarrow.csv", "2: data imports pyarrow when it is loaded"),
        ("cli", "def f(x=__import__('os')):\n    pass\nfrom scipy import stats", "3: cli imports scipy when it is"),
        ("errors", "import textsiam.atomic", "1: errors imports textsiam.atomic"),
    ],
)
def test_the_rule_sees_a_violation(room: str, source: str, problem: str) -> None:
    found = list(broken_import_rules(room, source))
    assert len(found) >= 1
    assert found[-1].startswith(problem)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("data", "def f():\n    import datasets"),
        ("data", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("model", "from textsiam.text.tokenizer import Tokenizer\nimport textsiam.errors, textsiam.model.heads"),
        ("training", "import torch, textsiam\nprint(textsiam.__version__)"),
        ("text", "from textsiam import OptionError, __version__"),
    ],
)
def test_the_rule_lets_pass_what_is_allowed(room: str, source: str) -> None:
    assert list(broken_import_rules(room, source)) == []


def loaded_by(*arguments: str) -> set[str]:
    """Run Python and give the modules that it imported on the way, first parts only."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    lines = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


def test_importing_textsiam_is_light() -> None:
    loaded = loaded_by("-c", "import textsiam")
    assert "textsiam" in loaded
    assert loaded & (HEAVY | {"numpy", "sentencepiece"}) == set()


def test_the_help_of_the_command_line_is_light() -> None:
    loaded = loaded_by("-m", "textsiam", "--help")
    assert "cyclopts" in loaded
    assert loaded & HEAVY == set()


def test_the_base_install_reaches_every_module_of_the_rooms_that_production_loads() -> None:
    modules = [
        ".".join(("textsiam", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        for path in FILES
        if room_of(path) in LAZY_ROOMS and path.name != "__main__.py"
    ]
    assert "textsiam.model.pair_model" in modules
    loaded = loaded_by("-c", f"import {', '.join(modules)}")
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_the_public_surface_is_this_list() -> None:
    assert textsiam.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC
    assert list(textsiam._HOMES) == PUBLIC
    assert set(PUBLIC) <= set(dir(textsiam))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_what_its_home_defines(name: str) -> None:
    value = getattr(textsiam, name)
    assert value is getattr(importlib.import_module(textsiam._HOMES[name]), name)
    assert value.__module__ == textsiam._HOMES[name]


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'PairModle'"):
        textsiam.PairModle  # noqa: B018 - looking it up is the test


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(textsiam.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    froms = [node for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in froms for alias in node.names}
    assert seen == textsiam._HOMES


def public_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give functions and methods that a caller can name; __init__ and its like are named by their class."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_") or node.name.endswith("__"):
                yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from public_functions(node)


def all_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_public_function_takes_kwargs() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    checked = [(path, function) for path, tree in trees.items() for function in public_functions(tree)]
    assert len(checked) > 100
    assert [f"{path}:{f.lineno}: {f.name} takes **{f.args.kwarg.arg}" for path, f in checked if f.args.kwarg] == []


def test_no_file_and_no_function_is_too_long() -> None:
    too_long = []
    for path in FILES:
        source = path.read_text(encoding="utf-8")
        lines = len(source.splitlines())
        if lines > LONGEST_FILE:
            too_long.append(f"{path}: {lines} lines, at most {LONGEST_FILE}")
        for function in all_functions(ast.parse(source)):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                too_long.append(f"{path}:{function.lineno}: {function.name} has {length} lines")
    assert too_long == []
