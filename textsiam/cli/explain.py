"""``textsiam explain``: what each word of two texts adds to the log odds that they are the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from textsiam.atomic import write_atomically
from textsiam.cli.messages import say, tell_texts
from textsiam.cli.number_types import WholeNumber
from textsiam.cli.outputs import check_new
from textsiam.cli.scoring_model import load_scoring
from textsiam.model.folder import check_no_file

if TYPE_CHECKING:
    from textsiam.explanation import Explanation

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>textsiam explain</title><style>:root{{color-scheme:light dark}}body{{font:1.2rem/1.8 sans-serif;margin:2rem}}
</style></head><body>
<p>{summary}</p>
{texts}
</body></html>
"""


def explain(
    model: Path,
    text_a: str,
    text_b: str,
    /,
    *,
    orders: WholeNumber = 32,
    seed: WholeNumber = 0,
    html: Path | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """Tell what each word of two texts adds to the log odds that they are the same.

    Parameters
    ----------
    model
        Model folder.
    text_a
        The first text. Texts that start with - go behind --, and options before it.
    text_b
        The second text.
    orders
        Random orders of the words, where there are more than 10 (400 at most): the more, the surer each word's share.
    seed
        Of the random orders.
    html
        File to write both texts to, each word on the colour of what it adds.
    overwrite
        Replace that file if it is there.
    as_json
        Print JSON instead of a table.
    """
    import textsiam

    check_no_file(model)
    if html is not None:
        check_new(html, "--html", overwrite=overwrite)
    loaded = load_scoring(model)
    found = textsiam.explain(loaded, text_a, text_b, orders=orders, seed=seed)
    tell_texts(loaded.inspect([text_a, text_b]))
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        _print_coloured(found)
    else:
        print(found)
    if html is not None:
        write_atomically(html, _PAGE.format(summary=found.summary()[0], texts=found.html()))
        say(f"{html}: written")


def _print_coloured(found: Explanation) -> None:
    """Print the table, words that speak for the same in green, and those against in red."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.print(*found.summary(), "", sep="\n", markup=False)
    for line, contribution in found.ranked():
        console.print(Text(line, style="green" if contribution > 0 else "red"))
