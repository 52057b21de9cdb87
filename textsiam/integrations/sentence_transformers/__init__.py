"""Models to and from the folders of sentence-transformers, with equal vectors."""

from __future__ import annotations

from textsiam.integrations.sentence_transformers.exporting import export_sentence_transformers
from textsiam.integrations.sentence_transformers.importing import import_sentence_transformers

__all__ = ["export_sentence_transformers", "import_sentence_transformers"]
