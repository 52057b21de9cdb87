"""Figures that are drawn once, as an SVG that takes its colours from the page it stands in, and as a PNG."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textsiam.errors import import_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PURPOSE = "a report"
# name of the page's CSS variable -> colour in a PNG, and of a page that sets none; lines differ in style, too
COLOURS = {"ink": "#1b1f24", "grid": "#d0d7df", "same": "#0a66c2", "different": "#c4510b", "third": "#2e7d33"}
_INCHES = (4.8, 3.6)
_DPI = 150
_STYLE = {
    "font.size": 9.0,
    "font.family": ["DejaVu Sans", "sans-serif"],  # the first comes with matplotlib
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": COLOURS["ink"],
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": COLOURS["grid"],
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text, which is small
}


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawn figure: a short ``name`` (of its file), a ``title``, a ``caption``, and the figure itself twice."""

    name: str
    title: str
    caption: str
    svg: str
    png: bytes


def draw(name: str, title: str, caption: str, on: Callable[[Axes], None]) -> Plot:
    """Draw a figure with a function that draws on axes; equal figures are equal to the byte.

    Raises MissingExtraError without matplotlib.
    """
    matplotlib = import_extra("matplotlib", "report", PURPOSE)
    figures = import_extra("matplotlib.figure", "report", PURPOSE)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever styles the caller has set
        # the salt makes what an SVG refers to its own, where several stand in one page
        matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": name})
        figure = figures.Figure(figsize=_INCHES, layout="constrained")
        on(figure.add_subplot())
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None})
        figure.savefig(png, format="png", dpi=_DPI, facecolor="white")
    return Plot(
        name=name,
        title=title,
        caption=caption,
        svg=_for_page(svg.getvalue(), f"{title}. {caption}"),
        png=png.getvalue(),
    )


def _for_page(svg: str, label: str) -> str:
    """Give the SVG element alone, as wide as its place, without matplotlib's address, in the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nothing refers to groups, and their names would come again
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)  # of the whole, which come first
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(label)}" ', 1)
