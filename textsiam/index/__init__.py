"""Finding duplicates among many texts."""
