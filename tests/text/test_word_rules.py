from __future__ import annotations

from pathlib import Path

import pytest

from tests.text.word_cases import NORMALIZATIONS, SYMBOLS, TYPES, proto_of, trained
from textsiam.text.tokenizer import read_processor
from textsiam.text.word_rules import WordRules, word_rules


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_words_of_our_vocabularies_are_independent(kind: str, normalization: str) -> None:
    rules = word_rules(read_processor(proto_of(kind, normalization, SYMBOLS)))
    assert rules == WordRules(independent=True, unigram=kind == "unigram")


@pytest.mark.parametrize(
    "options",
    [
        {"split_by_whitespace": False, "model_type": "bpe"},
        {"treat_whitespace_as_suffix": True},
        {"add_dummy_prefix": False},
        {"remove_extra_whitespaces": False},
        {"allow_whitespace_only_pieces": True, "remove_extra_whitespaces": False},
        {"user_defined_symbols": ["new york"]},
        {"user_defined_symbols": ["new\u2581york"]},
    ],
)
def test_models_with_other_rules_are_told(options: dict[str, str | int | list[str]]) -> None:
    assert not word_rules(read_processor(trained(**options))).independent


@pytest.mark.parametrize(
    ("rule", "independent"),
    [("61 20 62\t78", False), ("20 0301\t78", False), ("78\t2581", False), ("61 62\t78", True), ("A0\t20", True)],
)
def test_rules_of_normalization(tmp_path: Path, rule: str, independent: bool) -> None:
    table = tmp_path / "rules.tsv"
    table.write_text(f"{rule}\n", encoding="utf-8")
    proto = trained(normalization_rule_tsv=str(table))
    assert word_rules(read_processor(proto)).independent is independent
