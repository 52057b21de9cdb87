"""str -> token ids: vocabulary builder, tokenizer, normalisation, length buckets."""
