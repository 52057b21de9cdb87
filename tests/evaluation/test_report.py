from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import textsiam
from tests.evaluation.browser import Visit, chromium
from textsiam.data.pairs import Pairs
from textsiam.errors import OptionError
from textsiam.evaluation import report
from textsiam.evaluation.evaluate import evaluate
from textsiam.evaluation.evaluation import Evaluation
from textsiam.evaluation.report import write_report
from textsiam.model.pair_model import PairModel
from textsiam.model.seen_texts import SeenTexts

SCRIPT = "<script>window.planted = 1</script>"
TITLE = f"toys {SCRIPT} in caf\udce9"  # as Python has a file name that is not UTF-8
IMAGE = '<img src="x" onerror="window.planted = 2">'
WORDS = ["red", "green", "blue", "cat", "dog", "bird"]
ROWS = [
    *(
        {"a": f"{a} {b}", "b": f"{a} {b} {c}", "label": int(a < c), "kind": b}
        for a in WORDS
        for b in WORDS
        for c in WORDS
    ),
    {"a": f"red {SCRIPT} cat", "b": f"red {SCRIPT} cat", "label": 0, "kind": SCRIPT},
    {"a": f"blue {IMAGE}", "b": f"blue {IMAGE}", "label": 0, "kind": IMAGE},
]
PLOTS = ["precision_recall", "reliability", "roc", "scores", "threshold"]


@pytest.fixture(scope="module")
def knowing(model: PairModel, tmp_path_factory: pytest.TempPathFactory) -> PairModel:
    """Give the model, knowing what it was trained on."""
    folder = tmp_path_factory.mktemp("models") / "m"
    model.save(folder)
    own = PairModel.load(folder)
    own.seen_texts = SeenTexts.of(["red red", "green red"])
    return own


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return textsiam.read_pairs(ROWS, keep=["kind"], columns=("a", "b", "label"))


@pytest.fixture(scope="module")
def result(knowing: PairModel, pairs: Pairs) -> Evaluation:
    return evaluate(knowing, pairs, by="kind", slices=True, draws=50)


@pytest.fixture(scope="module")
def page(knowing: PairModel, pairs: Pairs, result: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "new" / "report"
    return write_report(result, knowing, pairs, folder, title=TITLE)


def test_a_report_is_a_page_and_its_plots(page: Path) -> None:
    assert page.name == "report.html"
    assert {file.name for file in page.parent.iterdir()} == {"report.html", *(f"{name}.png" for name in PLOTS)}
    assert [file.name for file in page.parent.parent.iterdir()] == ["report"]


def test_everything_that_was_found_stands_in_the_page(page: Path, result: Evaluation, knowing: PairModel) -> None:
    text = page.read_text(encoding="utf-8")
    assert result.leaks is not None
    assert result.leaks.seen_texts > 0
    assert f"trained on {result.leaks.seen_texts:,} of the {result.leaks.texts:,} distinct texts" in text
    for name in ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "ece", "brier", "log_loss"):
        low, high = result.intervals[name]
        assert f"<td>{getattr(result, name):.4f}</td><td>{low:.4f}</td><td>{high:.4f}</td>" in text
    for name, value in result.uncalibrated.items():
        assert f"<td>{value:.4f}</td></tr>" in text, name
    for part in result.slices.values():
        assert f"<td>{part.pairs}</td><td>{part.roc_auc:.4f}{'*' * part.one_label}</td><td>{part.accuracy:.4f}" in text
    assert result.leaks.unlinked is not None
    for name, of_others in result.leaks.unlinked.items():
        assert f"<td>{getattr(result, name):.4f}</td><td>{of_others:.4f}</td></tr>" in text
    called, same = result.probabilities >= knowing.calibration.threshold, result.labels > 0.5
    assert text.count("<article>") == min(10, (called & ~same).sum()) + min(10, (~called & same).sum()) > 10
    assert "bag" in text
    assert f"{knowing.calibration.threshold:.4f} (accuracy)" in text


class Elements(HTMLParser):
    """Collects the names of all elements and attributes, and what these lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attributes)}
        self.addresses |= {value or "" for name, value in attributes if name in {"src", "href", "xlink:href", "data"}}


def test_nothing_leads_out_of_the_page(page: Path) -> None:
    found = Elements(page.read_text(encoding="utf-8"))
    assert {"svg", "path", "table", "xlink:href"} <= found.names
    assert found.names & {"script", "link", "img", "iframe", "object", "a", "onerror", "onload", "src"} == set()
    assert all(address.startswith("#") for address in found.addresses)


def test_the_page_lets_no_script_run_even_if_there_were_one(page: Path) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.read_text(encoding="utf-8"))
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    with chromium() as browser:
        visit = Visit(browser, page)
        visit.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'planted = 3'}))"
        )
        assert visit.page.evaluate("window.planted") is None
        assert "Content Security Policy" in visit.complaints[0]


def test_without_intervals_or_mistakes_there_is_nothing_of_them(
    knowing: PairModel, pairs: Pairs, tmp_path: Path
) -> None:
    page = write_report(evaluate(knowing, pairs, draws=0), knowing, pairs, tmp_path / "r", mistakes=0)
    text = page.read_text(encoding="utf-8")
    assert "<small></small>" in text
    assert "Without intervals" in text
    assert "false positives</h2>" not in text
    assert "Slices" not in text


def test_han_texts_are_counted_as_they_are_explained(knowing: PairModel, tmp_path: Path) -> None:
    rows = [("\u4e00\u4e8c" * 300, "\u4e00", 0), ("\u4e00\u4e8c", "\u4e00", 0), ("red", "red", 1), ("cat", "dog", 1)]
    han = textsiam.read_pairs(rows)
    knowing = textsiam.PairModel.load(_saved_with_threshold(knowing, tmp_path, 0.0))
    page = write_report(evaluate(knowing, han), knowing, han, tmp_path / "r")
    text = page.read_text(encoding="utf-8")
    assert text.count("not explained: more than 120 words") == 1
    assert text.count("for the same: ") == 1


def _saved_with_threshold(model: PairModel, folder: Path, threshold: float) -> Path:
    model.save(folder / "m")
    other = PairModel.load(folder / "m")
    other.set_threshold(threshold)
    other.save(folder / "m")
    return folder / "m"


def test_costs_of_the_models_policy_are_those_of_the_chart(knowing: PairModel, pairs: Pairs, tmp_path: Path) -> None:
    model = PairModel.load(_saved_with_threshold(knowing, tmp_path, 0.5))
    model.set_threshold(model.decide(cost=(5, 0.5)))
    text = write_report(evaluate(model, pairs, draws=0), model, pairs, tmp_path / "r", mistakes=0).read_text("utf-8")
    assert "Cost: 5 for a false positive, 0.5 for a false negative" in text
    assert "cost=5,0.5" in text


def test_texts_with_markup_are_text(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert SCRIPT not in text
    assert IMAGE not in text
    assert "&lt;script&gt;window.planted" in text
    assert "&lt;img" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_every_plot_and_runs_nothing(page: Path, scheme: str, width: int) -> None:
    with chromium() as browser:
        visit = Visit(browser, page, color_scheme=scheme, viewport={"width": width, "height": 800})
        shown = visit.page
        assert visit.complaints == []
        assert visit.requests == [page.as_uri()]
        assert shown.evaluate("window.planted") is None
        assert SCRIPT in shown.inner_text("main")
        assert IMAGE in shown.inner_text("main")
        assert SCRIPT in shown.title()
        plots = shown.locator("figure")
        assert sorted(plots.evaluate_all("all => all.map(one => one.id)")) == PLOTS
        sizes = plots.locator("svg").evaluate_all(
            "all => all.map(one => [one.getBoundingClientRect().width, one.getBoundingClientRect().height])"
        )
        assert len(sizes) == len(PLOTS)
        assert all(min(width, 300) <= wide <= width and high >= 200 for wide, high in sizes)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width  # nothing runs over the side
        ink, paper = (
            shown.evaluate(f"getComputedStyle(document.querySelector('{of}')).{what}")
            for of, what in (("svg text", "fill"), ("body", "backgroundColor"))
        )
        assert brightness(ink) > 150 > brightness(paper) or scheme == "light"
        assert brightness(ink) < 100 < brightness(paper) or scheme == "dark"


def brightness(colour: str) -> float:
    """Give the mean of "rgb(1, 2, 3)"."""
    numbers = [float(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(numbers) / 3


def test_print_is_dark_on_light_whatever_the_screen_is(page: Path) -> None:
    with chromium() as browser:
        visit = Visit(browser, page, color_scheme="dark")
        visit.page.emulate_media(media="print")
        background = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert brightness(background) == 255
        assert visit.page.pdf().startswith(b"%PDF")


def test_a_report_of_grades(model: PairModel, tmp_path: Path) -> None:
    rows = [(row["a"], row["b"], number % 6) for number, row in enumerate(ROWS)]
    graded = textsiam.read_pairs(rows, label_range=(0, 5))
    page = write_report(evaluate(model, graded, draws=20), model, graded, tmp_path / "r", mistakes=2)
    assert sorted(file.name for file in page.parent.iterdir()) == ["errors.png", "grades.png", "report.html"]
    text = page.read_text(encoding="utf-8")
    assert text.count("<article>") == 4
    assert "Scored too high" in text
    assert "probability" not in text.split("<main>")[1].split("<h2>Model")[0].lower()
    assert "Pearson" in text
    assert "before calibration" not in text
    with chromium() as browser:
        visit = Visit(browser, page)
        assert visit.complaints == []
        assert visit.requests[0] == page.as_uri()
        assert all(request.startswith("data:") for request in visit.requests[1:])  # the dots


@pytest.mark.parametrize(
    ("policy", "cost"), [("cost=5,0.5", (5.0, 0.5)), ("precision=0.95", (1.0, 1.0)), ("accuracy", (1.0, 1.0))]
)
def test_costs_are_those_of_the_models_policy(policy: str, cost: tuple[float, float]) -> None:
    assert report._cost_of(policy) == cost


def test_equal_evaluations_make_equal_reports(page: Path, knowing: PairModel, pairs: Pairs, tmp_path: Path) -> None:
    again = write_report(
        evaluate(knowing, pairs, by="kind", slices=True, draws=50),
        knowing,
        pairs,
        tmp_path / "r",
        title=TITLE,
    )
    for file in page.parent.iterdir():
        assert (again.parent / file.name).read_bytes() == file.read_bytes()


def test_what_exists_is_left_alone(knowing: PairModel, pairs: Pairs, result: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for name in ("folder", "file"):
        with pytest.raises(OptionError, match=f"{name} is there already; give another folder"):
            write_report(result, knowing, pairs, tmp_path / name)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_place_where_no_folder_can_be_is_named(
    knowing: PairModel, pairs: Pairs, result: Evaluation, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OptionError, match="file is no folder that can be written to"):
        write_report(result, knowing, pairs, tmp_path / "file" / "report", mistakes=0)


def test_other_pairs_and_paths_are_refused(
    knowing: PairModel, pairs: Pairs, result: Evaluation, tmp_path: Path
) -> None:
    others = textsiam.read_pairs([("a", "b", 1), ("c", "d", 0)])
    changed = PairModel.load(_saved_with_threshold(knowing, tmp_path / "models", 0.7))
    with pytest.raises(OptionError, match="threshold or prior is not that of the evaluation"):
        write_report(result, changed, pairs, tmp_path / "r")
    with pytest.raises(OptionError, match="not those that were evaluated"):
        write_report(result, knowing, others, tmp_path / "r")
    with pytest.raises(OptionError, match="model is a path"):
        write_report(result, "models/m", pairs, tmp_path / "r")  # type: ignore[arg-type] # what is tested
    model = PairModel.load(tmp_path / "models" / "m")
    model.calibration = knowing.calibration
    model.weights["encoder.embedding.weight"] = model.weights["encoder.embedding.weight"][::-1].copy()
    model.save(tmp_path / "models" / "turned")
    turned = PairModel.load(tmp_path / "models" / "turned")
    with pytest.raises(OptionError, match="gives other probabilities than those of the evaluation"):
        write_report(result, turned, pairs, tmp_path / "r")
    with pytest.raises(OptionError, match="result is PairModel, expected what"):
        write_report(knowing, result, pairs, tmp_path / "r")  # type: ignore[arg-type] # what is tested
    for wrong in (-1, True, 1.5):
        with pytest.raises(OptionError, match="mistakes is"):
            write_report(result, knowing, pairs, tmp_path / "r", mistakes=wrong)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


@pytest.mark.parametrize("missing", ["matplotlib", "jinja2"])
def test_a_missing_package_is_named_with_its_extra(missing: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from pathlib import Path\nfrom textsiam.evaluation.report import check_report\n"
        f"check_report(Path({os.fspath(tmp_path / 'r')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"a report needs the package {missing}; install it with: pip install 'textsiam[report]'" in done.stderr
