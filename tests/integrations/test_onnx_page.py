"""The page of an export in headless Chromium: the ids of SentencePiece, the probabilities of the model."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.evaluation.browser import chromium
from tests.integrations.onnx_cases import model_of, name_of
from tests.text.conftest import made_up_texts
from tests.text.word_cases import (
    NORMALIZATIONS,
    PHRASES,
    SYMBOLS,
    TIES,
    TYPES,
    near_tying_unigram,
    proto_of,
    trained,
    tying_unigram,
)
from textsiam.data.sample import sample_rows
from textsiam.integrations.onnx import export_onnx
from textsiam.model.pair_model import PairModel
from textsiam.text.tokenizer import Tokenizer

pytestmark = pytest.mark.xdist_group("onnx-page")  # one process downloads, and starts the browser

RUNTIME = "1.30.0"  # of onnxruntime-web
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
READY = "#compare:not([disabled])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def ort(pytestconfig: pytest.Config) -> Path:
    """Give a folder with the three files of onnxruntime-web that the page needs, kept from run to run."""
    assert pytestconfig.cache is not None
    folder = pytestconfig.cache.mkdir(f"onnxruntime-web-{RUNTIME}")
    if all((folder / name).exists() for name in FILES):
        return folder
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("onnxruntime-web is downloaded by npm, which is not installed")
    part = folder / "part"
    part.mkdir(exist_ok=True)
    command = [npm, "pack", f"onnxruntime-web@{RUNTIME}", "--silent", "--pack-destination", str(part)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode:
        pytest.skip(f"onnxruntime-web could not be downloaded: {done.stderr.strip()[-200:]}")
    (archive,) = part.glob("*.tgz")
    with tarfile.open(archive) as packed:
        for name in FILES:
            content = packed.extractfile(f"package/dist/{name}")
            assert content is not None
            (part / name).write_bytes(content.read())
            (part / name).replace(folder / name)
    shutil.rmtree(part)
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's plain files to this machine alone; gives the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


WAIT = 30_000  # milliseconds at most; by locators, for the page's policy lets no condition in JavaScript be waited for


class Visited:
    """A page that was opened; ``complaints`` of its console, ``requests`` that it made."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{address}/index.html")


class Site:
    """A folder that is served, with onnxruntime-web in ``ort`` beside the exports; one browser keeps what it loads."""

    def __init__(self, root: Path, address: str, context: BrowserContext) -> None:
        self.root, self.address, self.context = root, address, context

    def visit(self, name: str, model: PairModel, weights: str = "fp32", ort: str = "../ort/") -> Visited:
        """Export a model into a folder of this name, and open its page."""
        export_onnx(model, self.root / name, weights=weights, page=True, ort=ort)
        return Visited(self.context, f"{self.address}/{name}")


@pytest.fixture(scope="module")
def site(browser: Browser, ort: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(ort, root / "ort")
    with served(root) as address:
        yield Site(root, address, browser.new_context(viewport={"width": 320, "height": 640}))


def a_wide_set_of_texts() -> list[str]:
    rng = random.Random(7)
    pool = (
        "".join(made_up_texts(5))
        + "pP0oab  \u2581\u00df\u00c4\u0130\u0301\u200d\u2603\U0001f44d\u6771\uff71\uff9e\0\x1e\u2585\ud800"
    )
    planes = (0x7F, 0x2FFF, 0xFFFF, 0x10FFFF)
    return [
        *(
            "",
            " ",
            "  a  b ",
            "a\0b",
            "\uff46\uff55\uff4c\uff4c",
            "\u00df \u1e9e \u0130 i\u0307 \u0131 \u017f \u03a3\u03c2",
        ),
        *(
            "e\u0301 \u0301 x \u0301",
            "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
            "\u2581a\u2581 \u2581",
        ),
        *(
            "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
            "\ud55c\uad6d \u1100\u1161",
            "\ufdfd \ufdfa",
            "\t\n x\u3000y\u00a0z",
        ),
        *(
            "\ud800 x \udfff",
            "x\ud83d",
            "\ude00\ud83d",
            "a" * 20_000,
            "\uff21" * 20_000,
            "pp0 " * 5_000,
            "many words " * 3_000,
        ),
        *(text for row in sample_rows(60) for text in row[:2]),
        *made_up_texts(100),
        *("".join(rng.choices(pool, k=rng.randint(0, 40))) for _ in range(500)),
        *("".join(chr(rng.randint(0, rng.choice(planes))) for _ in range(rng.randint(1, 12))) for _ in range(500)),
        *(" ".join(rng.choices([*TIES, *PHRASES, *SYMBOLS], k=rng.randint(0, 9))) for _ in range(100)),
    ]


def all_vocabularies() -> dict[str, bytes]:
    """Give vocabularies of every kind, those that others may have trained among them."""
    return {
        **{f"{kind}-{rule}": proto_of(kind, rule) for kind in TYPES for rule in NORMALIZATIONS},
        **{f"{kind}-symbols": proto_of(kind, "nfkc_casefold", SYMBOLS) for kind in TYPES},
        "ties": tying_unigram(),
        "near-ties": near_tying_unigram(),
        "bytes": trained(byte_fallback=True, vocab_size=500),
        "bytes-bpe": trained(byte_fallback=True, vocab_size=500, model_type="bpe"),
        "space-behind": trained(treat_whitespace_as_suffix=True),
        "no-space-added": trained(add_dummy_prefix=False),
        "spaces-kept": trained(remove_extra_whitespaces=False),
        "across-spaces": trained(split_by_whitespace=False),
    }


COUNT_DIFFERENCES = """async (names) => {
  const { Tokenizer } = await import("./tokenizer.js");
  const texts = await (await fetch("texts.json")).json();
  const different = {};
  for (const name of names) {
    const tokenizer = new Tokenizer(new Uint8Array(await (await fetch(`${name}.model`)).arrayBuffer()));
    const expected = await (await fetch(`${name}.json`)).json();
    different[name] = texts.filter((text, place) => String(tokenizer.encode(text)) !== String(expected[place])).length;
  }
  return different;
}"""


def test_ids_are_those_of_sentencepiece(browser: Browser, tmp_path: Path) -> None:
    texts = a_wide_set_of_texts()
    source = resources.files("textsiam.integrations.onnx").joinpath("browser")
    for name in ("tokenizer.js", "cutting.js", "bytes.js"):
        (tmp_path / name).write_bytes(source.joinpath(name).read_bytes())
    (tmp_path / "index.html").write_text("<!doctype html><title>ids</title><link rel=icon href=data:,>")
    (tmp_path / "texts.json").write_text(json.dumps(texts))  # lone surrogates too, as escapes
    vocabularies = all_vocabularies()
    for name, proto in vocabularies.items():
        (tmp_path / f"{name}.model").write_bytes(proto)
        ids = [row.tolist() for row in Tokenizer(proto).encode(texts)]
        assert len({tuple(row) for row in ids}) > 100 or "word" in name  # not all unknown
        (tmp_path / f"{name}.json").write_text(json.dumps(ids))
    with served(tmp_path) as address:
        visit = Visited(browser.new_context(), address)
        different = visit.page.evaluate(COUNT_DIFFERENCES, list(vocabularies))
    assert different == dict.fromkeys(vocabularies, 0)
    assert visit.complaints == []


MODELS: list[tuple[dict[str, Any], str]] = [
    ({"encoder": "lstm", "bidirectional": True, "ngrams": 2, "buckets": 50, "head": "mlp", "max_tokens": 20}, "int8"),
    ({"encoder": "bag", "ngrams": 3, "buckets": 1_000, "head": "cosine"}, "fp32"),
    ({"encoder": "gru", "head": "alignment"}, "fp32"),
    ({"encoder": "transformer", "layers": 2, "head": "euclidean"}, "fp32"),
    ({"encoder": "cnn", "head": "squared_euclidean"}, "fp32"),
]
PAIRS = [
    ("ab abcd", "ab abcd"),
    ("mno klm?", "\u00c4rger \u6771\u4eac (x)"),
    ("", ""),
    ("", "don't"),
    ("a " * 300, "\U0001f600 \u05e9\u05dc\u05d5\u05dd"),
]


@pytest.mark.parametrize(
    ("options", "weights"), MODELS, ids=lambda value: value if isinstance(value, str) else name_of(value)
)
def test_the_page_gives_the_models_probabilities(site: Site, options: dict[str, Any], weights: str) -> None:
    visit = site.visit(options["encoder"], model_of(options), weights)
    page = visit.page
    page.wait_for_selector(READY)
    for (text_a, text_b), expected in zip(PAIRS, model_of(options, stored=weights).score_pairs(PAIRS), strict=True):
        page.get_by_label("First text").fill(text_a)
        page.get_by_label("Second text").fill(text_b)
        compare(page)
        assert page.locator("#meter").evaluate("meter => meter.value") == pytest.approx(float(expected), abs=1e-4)
        assert page.inner_text("#same") == ("Same" if expected >= np.float32(0.45) else "Different")
        said = re.fullmatch(r"probability (0\.\d{4}), the same from 0\.4500 on", page.inner_text("#probability"))
        assert said is not None
        assert float(said[1]) == pytest.approx(float(expected), abs=1.5e-4)
        notes = page.inner_text("#notes")
        assert ("The first text has nothing" in notes) == (text_a == "")
        assert ("The first text is longer than" in notes) == (len(text_a) > 300)
    assert visit.complaints == []
    assert all(url.startswith((site.address, "data:")) for url in visit.requests)
    # a graph that the page does not need is not loaded
    assert any(url.endswith("encoder.onnx") for url in visit.requests) == (options["head"] != "alignment")


def compare(page: Page) -> None:
    page.evaluate("document.getElementById('probability').textContent = ''")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#probability")).not_to_be_empty(timeout=WAIT)


def test_the_page_fits_a_phone_and_names_its_fields_and_grades(site: Site) -> None:
    model = model_of(MODELS[1][0])
    model.details["graded"] = True
    page = site.visit("graded", model).page
    page.wait_for_selector(READY)
    compare(page)
    assert page.inner_text("#same") == "Grade"
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.locator("textarea").count() == 2
    for field in page.locator("textarea").all():
        assert field.evaluate("field => field.labels.length") == 1
    assert page.get_by_role("meter").count() == 1
    assert page.locator("[aria-live=polite] #verdict").count() == 1
    assert page.get_attribute("html", "lang") == "en"


BROKEN = """async () => {
  const { Scorer } = await import("./page.js");
  const score = Scorer.prototype.score;
  Scorer.prototype.score = async function (...texts) {
    Scorer.prototype.score = score;
    throw new Error("no memory");
  };
}"""


def test_an_error_stands_alone_and_goes_with_the_next_answer(site: Site) -> None:
    page = site.visit("broken", model_of(MODELS[1][0])).page
    page.wait_for_selector(READY)
    compare(page)
    assert page.is_visible("#verdict")
    assert "nothing that the model can read" in page.inner_text("#notes")
    page.evaluate(BROKEN)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#message")).to_contain_text("no memory", timeout=WAIT)
    assert not page.is_visible("#verdict")
    assert not page.is_visible("#meter")
    assert page.inner_text("#notes") == ""
    compare(page)
    assert page.inner_text("#message") == ""
    assert page.is_visible("#verdict")
    assert page.is_visible("#meter")


def test_a_page_without_its_runtime_says_so(site: Site) -> None:
    page = site.visit("without", model_of(MODELS[1][0]), ort="./ort/").page
    expect(page.locator("#message")).to_contain_text("/without/ort/; README.md says how to get it", timeout=WAIT)
    assert page.get_by_role("button", name="Compare").is_disabled()


def test_the_policy_lets_in_what_was_named_and_no_more(tmp_path: Path) -> None:
    folder = export_onnx(model_of(MODELS[1][0]), tmp_path / "onnx", page=True, ort="https://example.org/ort@1/").folder
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert 'content="https://example.org/ort@1/"' in text
    assert "script-src 'self' 'wasm-unsafe-eval' https://example.org; connect-src 'self' https://example.org;" in text
    assert "default-src 'none'" in text
    assert "$" not in text
    assert "`https://example.org/ort@1/`" in (folder / "README.md").read_text(encoding="utf-8")
