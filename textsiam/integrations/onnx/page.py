"""The page that scores a pair in the browser: files of its own, onnxruntime-web from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import urlsplit

from textsiam.errors import OptionError

ORT = "./ort/"
_URL = re.compile(r"(https?://[\w.:-]+/|\./|\.\./|/)?([\w.@~+-]+/)*", re.ASCII)
_PAGE, _SCRIPTS = "index.html", ("page.css", "page.js", "tokenizer.js", "cutting.js", "bytes.js")
PAGE_NAMES = (_PAGE, *_SCRIPTS)


def page_files(config: Mapping[str, Any], ort: str) -> dict[str, bytes]:
    """Give the files of the page by name."""
    source = resources.files("textsiam.integrations.onnx").joinpath("browser")
    files = {name: source.joinpath(name).read_bytes() for name in _SCRIPTS}
    page = Template(source.joinpath(_PAGE).read_text(encoding="utf-8"))
    parts = config["architecture"]
    text = page.substitute(
        ort=ort,
        ort_origin=_origin(ort),
        summary=f"{parts['encoder']} encoder, {parts['head']} head, {config['weights']} weights",
    )
    return {_PAGE: text.encode(), **files}


def check_ort(ort: str, page: bool) -> None:
    """Raise OptionError unless ``ort`` is a path or URL of a folder that can stand in the page, and there is a page."""
    if not isinstance(ort, str) or not ort.endswith("/") or _URL.fullmatch(ort) is None:
        raise OptionError(
            f"ort is {ort!r}, expected where onnxruntime-web is found: a folder beside the page such as './ort/', or a "
            "URL such as 'https://example.org/ort/', with '/' at its end"
        )
    if ort != ORT and not page:
        raise OptionError(f"ort is {ort!r}, but there is no page that looks there; ort goes with page=True")


def _origin(ort: str) -> str:
    """Give what the page's policy must allow besides the page's own origin."""
    parts = urlsplit(ort)
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme else ""
