"""The site builds strictly, its links lead somewhere, and it is read and searched without a server or a network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import textsiam
from tests.docs.pages import DOCS, ROOT
from tests.evaluation.browser import Visit, chromium

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docs")]
ASSETS = {"docs/javascripts", "docs/stylesheets", "docs/griffe_options.py", "zensical.toml", "textsiam"}


def project(folder: Path, *parts: str) -> Path:
    """Copy what a site is built from, so that nothing is written beside the sources."""
    for part in parts:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = project(tmp_path_factory.mktemp("site"), "docs", "zensical.toml", "textsiam")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return folder / "site"


@pytest.mark.parametrize(
    ("lines", "complaints"),
    [
        (
            "[nowhere](nowhere.md) [no heading](#nowhere) [textsiam.nowhere][]",
            ["page does not exist", "anchor does not exist", "unresolved autoref", "3 issues found"],
        ),
        ("::: textsiam.nowhere", ["textsiam.nowhere could not be found"]),
    ],
    ids=["links", "objects"],
)
def test_a_strict_build_refuses_what_leads_nowhere(lines: str, complaints: list[str], tmp_path: Path) -> None:
    folder = project(tmp_path, *ASSETS)
    (folder / "docs" / "index.md").write_text(f"# Home\n\n{lines}\n", encoding="utf-8")
    done = build(folder)
    assert done.returncode != 0
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert [complaint for complaint in complaints if complaint not in said] == []


def pages_of_nav(entry: object) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    for inside in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from pages_of_nav(inside)


def test_every_page_is_in_the_navigation_once() -> None:
    # a strict build does not look at this
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(pages_of_nav(config["project"]["nav"])) == sorted(
        path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")
    )


class Links(HTMLParser):
    """``anchors`` of a page, where its links lead (``targets``), and what it loads (``loaded``)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.targets.append(given["href"])
        self.loaded += [given[name] for name in ("src", "srcset", "data") if name in given]
        if tag == "link" and "href" in given:
            self.loaded.append(given["href"])


def test_links_and_anchors_lead_somewhere(site: Path) -> None:
    found = {path: Links(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(found) > 25
    broken = []
    for path, links in found.items():
        for target in links.targets:
            parts = urlsplit(target)
            if parts.scheme:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            to = to / "index.html" if to.is_dir() else to
            anchor = unquote(parts.fragment)
            if not to.exists() or (anchor and anchor not in found[to].anchors):
                broken.append(f"{path.relative_to(site)}: {target}")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = {path: Links(path).loaded for path in site.rglob("*.html")}
    assert all(pages.values())
    assert [(path, url) for path, loaded in pages.items() for url in loaded if urlsplit(url).netloc] == []
    sheets = [sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css")]
    assert len(sheets) > 2
    assert not [found for sheet in sheets for found in re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*", sheet)]


def test_links_out_of_the_site_are_few(site: Path) -> None:
    out = {url for path in site.rglob("*.html") for url in Links(path).targets if urlsplit(url).scheme}
    assert out == {"https://github.com/pgvector/pgvector"}


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    anchors = {anchor for path in (site / "reference").rglob("*.html") for anchor in Links(path).anchors}
    assert {f"textsiam.{name}" for name in textsiam.__all__} <= anchors
    assert {"textsiam.PairModel.score_pairs", "textsiam.DuplicateIndex.find", "train", "index-add"} <= anchors


def test_options_are_shown_with_their_defaults(site: Path) -> None:
    page = re.sub(r"<[^>]+>", "", (site / "reference" / "training.html").read_text(encoding="utf-8"))
    assert "option(" not in page
    found = re.search(r"units\s*\(\s*int\s*, default:\s*(\d+)\s*\)", page)
    assert found is not None
    assert int(found[1]) == textsiam.TrainConfig().units


def test_the_sources_of_the_site_are_not_part_of_it(site: Path) -> None:
    assert not list(site.rglob("*.py"))
    assert not list(site.rglob("*.md"))


def test_the_site_is_read_and_searched_as_files(site: Path) -> None:
    with chromium() as browser:
        visit = Visit(browser, site / "index.html", viewport={"width": 1280, "height": 900})
        visit.page.locator(".md-search__button").first.click()
        visit.page.get_by_placeholder("Search").press_sequentially("question_components", delay=20)
        found = visit.page.locator("li a").filter(has_text=re.compile("^textsiam.question_components"))
        found.first.wait_for()
        assert visit.complaints == []
        found.first.click()
        visit.page.wait_for_url("**/reference/pairs.html*", timeout=20_000)
        assert all(url.startswith(("file:", "data:", "about:")) for url in visit.requests)
        for name in ("index.html", "reference/cli.html", "explanation/losses-and-heads.html"):
            phone = Visit(browser, site / name, viewport={"width": 390, "height": 844})
            assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
