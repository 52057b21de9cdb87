"""``textsiam index``: the commands of an index, each named by path, as those in ``app``."""

from __future__ import annotations

from cyclopts import App

index_app = App(
    name="index",
    help="Keep texts in an index that grows, and find which of them are the same as new ones.",
    help_format="plaintext",
)

_COMMANDS = {
    ("index_add", "add"): """Add the texts of a file to an index, or one text; the index is made where there is none.

Example: textsiam index add faq.index questions.csv --model models/quora --attributes lang

Example: textsiam index add faq.index --key faq-17 --text "How do I learn Python?\"""",
    ("index_find", "find"): """Find the entries that are the same as some texts, or as those of a file.

Example: textsiam index find faq.index "Best way to learn Python?" --where lang=en

Example: textsiam index find faq.index --texts new.csv --out matched.csv""",
    ("index_groups", "groups"): """Show which entries of an index are the same, as groups whose names stay.

Example: textsiam index groups faq.index --out groups.csv""",
    ("index_mark", "mark"): """Keep that a person calls two entries the same, or different: it wins over the model.

Example: textsiam index mark faq.index faq-17 faq-40 --different

Example: textsiam index mark faq.index --pairs reviewed.csv""",
    ("index_remove", "remove"): """Remove entries from an index.

Example: textsiam index remove faq.index faq-17 faq-40""",
    ("index_export", "export"): """Write what people said of pairs as training pairs, or the entries, to a file.

Example: textsiam index export faq.index --out verdicts.csv

Example: textsiam index export faq.index --out entries.jsonl --entries""",
    ("index_care", "check"): """Look for what is broken in an index, and measure its search.

Example: textsiam index check faq.index""",
    ("index_care", "compact"): """Give back the space of what was removed, and make approximate search where it is used.

Example: textsiam index compact faq.index""",
    ("index_care", "reencode"): """Make all vectors of an index anew with another model, all or none.

Example: textsiam index reencode faq.index --model models/quora-2""",
}
for (_file, _name), _help in _COMMANDS.items():
    index_app.command(f"textsiam.cli.{_file}:{_name}", name=_name, help=_help)
