from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

import matplotlib

from textsiam.evaluation.drawing import COLOURS, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def line(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], "o-", color=COLOURS["same"])
    axes.set(xlabel="some <words> & more")


def test_the_svg_is_an_element_without_size_or_address() -> None:
    svg = draw("roc", "ROC curve", "of <all>", line).svg
    assert svg.startswith('<svg role="img" aria-label="ROC curve. of &lt;all&gt;" ')
    assert svg.rstrip().endswith("</svg>")
    assert not re.search(r"<svg [^>]*(width|height)=", svg)
    assert "viewBox" in svg
    addresses = set(re.findall(r"https?://[^\"'\s<]+", svg))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, which nothing loads


def test_the_svg_takes_the_colours_of_its_page() -> None:
    svg = draw("roc", "ROC curve", "", line).svg
    for name in ("ink", "grid", "same"):
        assert f"var(--{name}, {COLOURS[name]})" in svg
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= set(COLOURS.values())


def test_words_stay_words_and_are_escaped() -> None:
    assert "some &lt;words&gt; &amp; more" in draw("roc", "ROC curve", "", line).svg


def test_what_two_svgs_refer_to_is_their_own() -> None:
    named = [set(re.findall(r' id="([^"]+)"', draw(name, "Title", "", line).svg)) for name in ("one", "two")]
    assert all(named)
    assert not named[0] & named[1]


def test_equal_plots_are_equal_to_the_byte() -> None:
    assert draw("roc", "ROC curve", "of all", line) == draw("roc", "ROC curve", "of all", line)


def test_styles_of_the_caller_have_no_part() -> None:
    plain = draw("roc", "ROC curve", "of all", line)
    with matplotlib.rc_context({"axes.facecolor": "black", "lines.linewidth": 9, "text.usetex": True}):
        assert draw("roc", "ROC curve", "of all", line) == plain
        assert matplotlib.rcParams["axes.facecolor"] == "black"


def test_the_png_is_a_picture() -> None:
    png = draw("roc", "ROC curve", "", line).png
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (720, 540)
