"""Sentence-pair corpora: reading, splitting, and the sample corpus."""
