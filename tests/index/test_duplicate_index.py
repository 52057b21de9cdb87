from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.index.conftest import MakeModel, Place
from textsiam import DuplicateIndex, DuplicateIndexError, IndexBusyError, OptionError, find_duplicates, read_pairs
from textsiam.index import links
from textsiam.index.groups import Links
from textsiam.index.links import Linker
from textsiam.index.relations import Verdict, text_hash
from textsiam.index.search import pairs_reaching
from textsiam.index.stable_groups import IndexGroup
from textsiam.model.architecture import VECTOR_HEADS
from textsiam.model.pair_model import PairModel
from textsiam.text.normalization import normalize_text

HEADS = [*VECTOR_HEADS, "alignment"]


def filled(place: Place, model: PairModel, texts: list[str], **options: Any) -> DuplicateIndex:
    index = DuplicateIndex.open(place, model, **options)
    assert index.add_many([(f"k{number:03}", text) for number, text in enumerate(texts)]) == len(texts)
    return index


def expected(texts: list[str], model: PairModel, query: str, threshold: float) -> dict[str, float]:
    """Score every text, copies surely."""
    found = {}
    for number, text in enumerate(texts):
        if normalize_text(text) and normalize_text(query):
            same = normalize_text(text) == normalize_text(query)
            probability = 1.0 if same else model.score(query, text)
            if probability >= np.float32(threshold):
                found[f"k{number:03}"] = probability
    return found


@pytest.mark.parametrize("head", HEADS)
def test_what_is_found_is_what_scoring_every_text_finds(
    make_model: MakeModel, texts: list[str], place: Place, head: str
) -> None:
    model = make_model(head)
    texts = texts[:90]  # as many as have all others among their 100 neighbours
    with filled(place, model, texts) as index:
        some = 0
        for query in [*texts[::9], "red bird", "", "?? ??"]:
            for threshold in (0.7, 0.3):
                found = index.find(query, limit=None, threshold=threshold)
                wanted = expected(texts, model, query, threshold)
                assert {match.key: match.probability for match in found} == pytest.approx(wanted, abs=1e-5)
                assert [match.text for match in found] == [texts[int(match.key[1:])] for match in found]
                assert [-match.probability for match in found] == sorted(-match.probability for match in found)
                assert [match.key for match in index.find(query, limit=3, threshold=threshold)] == [
                    match.key for match in found[:3]
                ]
                some += len(found)
        assert some > 100


def test_cosines_are_those_of_the_vectors(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("mlp")
    with filled(place, model, texts) as index:
        (own,) = model.encode(["red cat"]).astype(np.float64)
        for match in index.find("red cat", limit=20, threshold=0):
            (other,) = model.encode([match.text]).astype(np.float64)
            if match.probability < 1:
                assert match.cosine == pytest.approx(
                    own @ other / np.linalg.norm(own) / np.linalg.norm(other), abs=1e-5
                )


def test_a_threshold_of_zero_gives_the_nearest(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("euclidean")
    with filled(place, model, texts[:150]) as index:
        found = index.find("green dog sings", limit=5, threshold=0)
        scores = sorted((model.score("green dog sings", text) for text in texts[:150]), reverse=True)
        assert [match.probability for match in found] == pytest.approx(scores[:5], abs=1e-5)


def test_adding_can_be_repeated(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        assert index.add("a", "red cat", attributes={"lang": "en"})
        assert not index.add("a", "red cat", attributes={"lang": "en"})
        assert index.add_many([("a", "red cat", {"lang": "en"}), ("b", "Red  CAT"), ("b", "Red  CAT")]) == 1
        assert len(index) == 2
        assert index["a"].attributes == {"lang": "en"}
        assert [match.key for match in index.find("RED cat")] == ["a", "b"]
        assert {match.probability for match in index.find("RED cat")} == {1.0}


def test_a_key_with_another_text_changes_nothing(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add("a", "red cat")
        with pytest.raises(OptionError, match=r"key 'a' is in the index already, with another text, 'red cat'; update"):
            index.add_many([("new", "blue bird"), ("a", "green dog")])
        with pytest.raises(OptionError, match=r"key 'a' .* with other attributes"):
            index.add("a", "red cat", attributes={"lang": "en"})
        with pytest.raises(OptionError, match=r"rows\[1\] has the key 'x', as a row before it"):
            index.add_many([("x", "one"), ("x", "two")])
        assert index.keys() == ["a"]
        assert index.add_many([("new", "blue bird"), ("a", "green dog")], replace=True) == 1
        assert index["a"].text == "green dog"
        assert [match.key for match in index.find("red cat", threshold=0.999999)] == []


def test_update_and_remove(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add("a", "red cat", attributes={"lang": "en"})
        index.add("b", "red cat")
        index.update("a", text="blue dog runs")
        assert index["a"] == ("a", "blue dog runs", {"lang": "en"})
        index.update("a", attributes={"lang": "de"})
        assert index["a"] == ("a", "blue dog runs", {"lang": "de"})
        with pytest.raises(OptionError, match="key 'c' is not in the index"):
            index.update("c", text="x")
        assert index.remove(["b", "nothing", "b"]) == 1
        assert index.remove("b") == 0
        assert "b" not in index
        assert "a" in index
        assert [match.key for match in index.find("red cat", threshold=0, limit=None)] == ["a"]


def test_attributes_filter(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    rows = [(f"k{i}", text, {"lang": ("en", "de", "fr")[i % 3], "year": i}) for i, text in enumerate(texts)]
    rows.append(("bare", "red cat"))  # type: ignore[arg-type]
    with DuplicateIndex.open(place, model) as index:
        index.add_many(rows)
        everything = index.find("red cat", limit=None, threshold=0.02)
        for where, wanted in (
            ({"lang": "en"}, {"en"}),
            ({"lang": ["de", "fr"]}, {"de", "fr"}),
        ):
            found = index.find("red cat", limit=None, threshold=0.02, where=where)
            assert found == [match for match in everything if match.attributes.get("lang") in wanted]
            assert len(found) > 1
            assert index.find("red cat", limit=2, threshold=0.02, where=where) == found[:2]
        assert [match.key for match in index.find("red cat", threshold=0, where={"year": 140})] == ["k140"]
        assert index.find("red cat", threshold=0, where={"year": "140"}) == []
        assert index.find("red cat", threshold=0, where={"year": True}) == []


def test_what_a_person_said_wins(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    with filled(place, model, texts[:150]) as index:
        same = next(match for match in index.find(texts[0], limit=None) if match.probability < 1)
        far = min(index.find(texts[0], limit=None, threshold=0), key=lambda match: match.probability)
        index.mark("k000", same.key, duplicate=False)
        index.mark(far.key, "k000")
        found = {match.key: match for match in index.find(texts[0], limit=None)}
        assert same.key not in found
        assert (found[far.key].probability, found[far.key].verdict) == (1.0, True)
        group = next(group for group in index.groups() if "k000" in group.keys)
        assert far.key in group.keys
        assert same.key not in group.keys
        assert set(index.verdicts()) == {
            verdict_of(texts[0], same.text, 0),
            verdict_of(texts[0], far.text, 1),
        }
        assert len(read_pairs(index.verdicts())) == 2
        for verdict in index.verdicts():
            index.forget(verdict)
        assert same.key in {match.key for match in index.find(texts[0], limit=None)}
        assert index.verdicts() == []


def verdict_of(text_a: str, text_b: str, label: int) -> Verdict:
    """Give a verdict as it is stored, by the texts' hashes."""
    first, second = sorted((text_a, text_b), key=text_hash)
    return Verdict(first, second, label)


def test_verdicts_stay_when_their_texts_are_removed(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add_many([("a", "red cat"), ("b", "blue dog runs"), ("c", "RED cat")])
        index.mark("a", "b")
        with pytest.raises(OptionError, match="keys 'a' and 'c' have the same text"):
            index.mark("a", "c", duplicate=False)
        with pytest.raises(OptionError, match="key 'z' is not in the index"):
            index.mark("a", "z")
        index.remove("b")
        assert len(index.verdicts()) == 1
        index.add("d", "blue DOG runs")
        assert [match.key for match in index.find("red cat")] == ["a", "c", "d"]


@pytest.mark.parametrize("linkage", ["connected", "complete"])
@pytest.mark.parametrize("head", ["cosine", "squared_euclidean", "mlp", "alignment"])
def test_groups_are_those_of_a_list_whatever_the_order(
    make_model: MakeModel, texts: list[str], tmp_path: Path, head: str, linkage: str
) -> None:
    model = make_model(head)
    texts = texts[:80]
    found = find_duplicates(texts, model, linkage=linkage)
    wanted = {(group.id, tuple(f"k{row:03}" for row in group.rows)) for group in found.groups}
    assert len(wanted) > 5
    random = np.random.default_rng(2)
    for shuffle in range(20 if head == "cosine" else 2):
        rows = [(f"k{number:03}", texts[number]) for number in random.permutation(len(texts)).tolist()]
        with DuplicateIndex.open(tmp_path / f"{shuffle}.db", model, linkage=linkage) as index:
            index.add_many(rows)
            groups = index.groups()
            assert {(group.id, group.keys) for group in groups} == wanted
            weakest = {group.id: group.weakest for group in groups}
            assert weakest == pytest.approx({group.id: group.weakest for group in found.groups}, abs=1e-5)
            assert index.groups() == groups


def test_ids_stay_as_the_index_grows_and_tell_of_merges(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    texts = sorted(set(texts))
    assert {"", "  "} < set(texts)
    with DuplicateIndex.open(place, model) as index:
        told: dict[str, tuple[str, ...]] = {}
        before: dict[str, IndexGroup] = {}
        for number, text in enumerate(texts):
            index.add(f"k{number:03}", text)
            groups = {group.id: group for group in index.groups()}
            for name, group in before.items():
                now = groups.get(name) or groups[next(one for one in groups if name in groups[one].merged)]
                assert set(group.keys) <= set(now.keys)
            told = {name: group.merged for name, group in groups.items() if group.merged}
            before = groups
        assert told  # or nothing was seen of merges
        once = find_duplicates(texts, model)
        assert {group.keys for group in index.groups()} == {
            tuple(f"k{row:03}" for row in group.rows) for group in once.groups
        }


def test_a_group_that_falls_apart_leaves_its_id_to_the_larger_part(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine"), threshold=1.0) as index:
        index.add_many([(key, f"{key} {key}") for key in "abcde"])
        for one, other in ("ab", "bc", "de", "cd"):
            index.mark(one, other)
        (group,) = index.groups()
        assert group.keys == tuple("abcde")
        index.forget(next(verdict for verdict in index.verdicts() if {*verdict[:2]} == {"c c", "d d"}))
        larger, smaller = sorted(index.groups(), key=lambda group: -len(group.keys))
        assert (larger.id, larger.keys) == (group.id, ("a", "b", "c"))
        assert smaller.id != group.id
        assert smaller.keys == ("d", "e")


def test_three_hundred_copies_come_back_whole(make_model: MakeModel, texts: list[str], place: Place) -> None:
    with filled(place, make_model("cosine"), texts) as index:
        index.add_many([(f"copy{number:03}", "sings  Today" + " " * (number % 5)) for number in range(300)])
        copies = tuple(f"copy{number:03}" for number in range(300))
        (group,) = (group for group in index.groups() if "copy000" in group.keys)
        assert set(copies) <= set(group.keys)
        assert {match.key for match in index.find("SINGS today", limit=None)} >= set(copies)
        assert len(index.find("SINGS today", limit=300)) == 300


def test_texts_whose_groups_were_asked_for_are_not_compared_again(
    make_model: MakeModel, texts: list[str], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("cosine")
    searched: list[int] = []

    def counting(left: Any, right: Any, at_least: float, *, one_list: bool) -> Any:
        searched.append(len(left) * len(right))
        return pairs_reaching(left, right, at_least, one_list=one_list)

    monkeypatch.setattr(links, "pairs_reaching", counting)
    with filled(place, model, sorted(set(texts))) as index:
        index.groups()
        number = sum(searched)
        index.groups()
        assert sum(searched) == number
        index.add("new", "blue blue blue")
        index.groups()
        assert sum(searched) - number <= 2 * len(index)
        number = sum(searched)
        index._session.use(make_model("cosine"))
        index.groups()
        assert sum(searched) == number


def test_what_others_remove_while_groups_are_made_is_in_none(
    make_model: MakeModel, texts: list[str], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("cosine")
    # compacting waits for who reads, here for itself
    with filled(place, model, texts[:60]) as index, DuplicateIndex.open(place, model, timeout=0.5) as other:
        real, times = Linker.new_links, [0]

        def while_others_write(linker: Linker, after: int, *, show_progress: bool) -> Links:
            found = real(linker, after, show_progress=show_progress)
            times[0] += 1
            if times[0] == 1:
                other.remove([f"k{number:03}" for number in range(0, 30, 2)])
                other.add("late", texts[1] + "!")
            if times[0] == 2:  # compacting forgets which texts are gone: links are looked for again
                other.remove("k031")
                other.compact()
            return found

        monkeypatch.setattr(Linker, "new_links", while_others_write)
        for _ in range(2):
            keys = {key for group in index.groups() for key in group.keys}
            assert keys <= set(index.keys())
            assert "k001" in keys
        assert times[0] == 3
        numbers = {int(key[1:]) for key in index.keys() if key != "late"}  # noqa: SIM118 - no dict
        there = [text if number in numbers else "" for number, text in enumerate(texts[:60])] + [texts[1] + "!"]
        wanted = find_duplicates(there, model).groups
        names = [f"k{number:03}" for number in range(60)] + ["late"]
        assert {group.keys for group in index.groups()} == {
            tuple(sorted(names[row] for row in group.rows)) for group in wanted
        }


def test_another_threshold_makes_other_groups(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    texts = texts[:120]
    filled(place, model, texts).close()
    for threshold in (0.5, 0.9, 0.7):
        with DuplicateIndex.open(place, model, threshold=threshold) as index:
            assert index.threshold == threshold
            wanted = find_duplicates(texts, model, threshold=threshold)
            assert sorted(group.keys for group in index.groups()) == sorted(
                tuple(f"k{row:03}" for row in group.rows) for group in wanted.groups
            )
    with DuplicateIndex.open(place, model) as index:
        assert index.threshold == 0.7


def test_another_model_is_refused_until_all_is_encoded_again(
    make_model: MakeModel, texts: list[str], place: Place
) -> None:
    first, second = make_model("cosine"), make_model("euclidean")
    filled(place, first, texts[:60]).close()
    with pytest.raises(DuplicateIndexError, match=r"was made with another model; open it with that one"):
        DuplicateIndex.open(place, second)
    reader = DuplicateIndex.open(place, first)
    assert reader.find(texts[0])
    with DuplicateIndex.open(place) as index:
        with pytest.raises(OptionError, match="finding texts needs a model"):
            index.find("x")
        index.reencode(second)
        found = index.find(texts[1], limit=None, threshold=0.5)
        assert {m.key: m.probability for m in found} == pytest.approx(
            expected(texts[:60], second, texts[1], 0.5), abs=1e-5
        )
        assert len(index.groups()) == len(find_duplicates(texts[:60], second).groups)
    with pytest.raises(DuplicateIndexError, match="was made with another model"):
        reader.find(texts[0])
    with pytest.raises(DuplicateIndexError, match="was made with another model"):
        reader.add("z", "z")
    reader.close()


def test_half_removed_and_compacted_halves_the_file(make_model: MakeModel, tmp_path: Path) -> None:
    place = tmp_path / "faq.db"
    random = np.random.default_rng(1)
    words = ["".join(random.choice(list("abcdefgh"), size=6)) for _ in range(4000)]
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add_many([(f"k{number}", " ".join(words[number : number + 9])) for number in range(4000)])
        index.compact()
        size = place.stat().st_size
        index.remove(f"k{number}" for number in range(0, 4000, 2))
        index.compact()
        assert place.stat().st_size < 0.55 * size
        assert [match.key for match in index.find(" ".join(words[7:16]), threshold=1.0)] == ["k7"]
        assert len(index) == 2000


def test_others_see_what_was_written(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    with filled(place, model, texts[:50]) as writer, DuplicateIndex.open(place, model) as reader:
        assert reader.find("sky") == writer.find("sky")
        for step in range(6):
            writer.add(f"new{step}", f"sky {step}")
            assert [match.key for match in reader.find(f"SKY {step}", limit=1)] == [f"new{step}"]
            if step % 2:
                writer.remove(f"new{step - 1}")
            if step == 3:
                writer.compact()
            assert reader.find(f"sky {step}", limit=None, threshold=0.2) == writer.find(
                f"sky {step}", limit=None, threshold=0.2
            )


def test_threads_share_an_index(make_model: MakeModel, place: Place) -> None:
    problems: list[BaseException] = []
    with DuplicateIndex.open(place, make_model("cosine")) as index:

        def work(name: int) -> None:
            try:
                for number in range(20):
                    index.add(f"{name}-{number}", f"red {name} {number}")
                    assert index.find(f"red {name} {number}", limit=None)[0].probability == 1
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(index) == 80


def test_a_writer_waits_for_another_or_says_so(make_model: MakeModel, place: Place) -> None:
    model = make_model("cosine")
    with filled(place, model, ["red"]) as first, DuplicateIndex.open(place, model, timeout=0.1) as second:
        with first._session.writing():
            assert second.find("red")  # readers never wait
            with pytest.raises(IndexBusyError, match=r"(faq.db|schema=test_\d+) is being written by another process"):
                second.add("b", "blue")
        assert second.add("b", "blue")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", 1), "text of key 'a' is 1, expected a str"),
        ((1, "a"), "key is 1, expected a str"),
        (("a", "x\0y"), "text of key 'a' has a null character at 1"),
        (("a", "x\ud800"), "text of key 'a' has half a character at 1"),
        (("a", "x", {"b": float("nan")}), "attributes of key 'a': not to be stored as JSON"),
        (("a", "x", {"b": object()}), "attributes of key 'a': not to be stored as JSON"),
        (("a", "x", {1: 2}), "attributes of key 'a': .* is no dict with str keys"),
        (("a", "x", {"b": "\0"}), "attributes of key 'a': a null character"),
        (("a",), r"rows\[0\] is \('a',\), expected \(key, text\)"),
        ("ab", r"rows\[0\] is 'ab', expected \(key, text\)"),
    ],
)
def test_what_cannot_be_stored_is_refused(make_model: MakeModel, place: Place, row: Any, message: str) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        with pytest.raises(OptionError, match=message):
            index.add_many([row, ("fine", "text")])
        assert len(index) == 0


def test_options_out_of_range_are_refused(make_model: MakeModel, place: Place) -> None:
    model = make_model("cosine")
    with pytest.raises(OptionError, match=r"threshold is 1\.5"):
        DuplicateIndex.open(place, model, threshold=1.5)
    with pytest.raises(OptionError, match=r"linkage is 'conected', .* did you mean 'connected'"):
        DuplicateIndex.open(place, model, linkage="conected")
    with pytest.raises(OptionError, match="model is a path"):
        DuplicateIndex.open(place, "models/mine")  # type: ignore[arg-type]
    with pytest.raises(DuplicateIndexError, match=r"is not there|holds no index"):
        DuplicateIndex.open(place)
    with DuplicateIndex.open(place, model) as index:
        with pytest.raises(OptionError, match="limit is 0"):
            index.find("x", limit=0)
        with pytest.raises(OptionError, match=r"threshold is -0\.1"):
            index.find("x", threshold=-0.1)
        with pytest.raises(OptionError, match="where: not to be stored as JSON"):
            index.find("x", where={"a": object()})
        with pytest.raises(OptionError, match="texts is one text"):
            index.find_many("x")
        with pytest.raises(OptionError, match="sample is 0"):
            index.check(sample=0)


def test_contradictions_among_verdicts_are_refused(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add_many([(key, f"{key} {key}") for key in "abcd"])
        index.mark("a", "b")
        index.mark("b", "c")
        with pytest.raises(OptionError, match="'a a' and 'c c' cannot be different: with earlier verdicts"):
            index.mark("a", "c", duplicate=False)
        index.mark("d", "a", duplicate=False)
        with pytest.raises(OptionError, match="cannot be the same: with earlier verdicts"):
            index.mark("c", "d")
        index.mark("b", "c", duplicate=False)  # what was said of the two themselves is replaced
        index.mark("c", "d")
        assert len(index.verdicts()) == 4


def test_check_tells_what_there_is(make_model: MakeModel, texts: list[str], place: Place) -> None:
    with filled(place, make_model("cosine"), texts) as index:
        index.mark("k000", "k001", duplicate=False)
        found = index.check()
        distinct = {normalize_text(text) for text in texts}
        assert found == ((), len(texts), len(distinct), 1, None)


def test_every_pair_of_a_group_that_is_complete_reaches(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    with filled(place, model, texts[:100], linkage="complete") as index:
        for group in index.groups():
            for one, other in itertools.combinations(group.keys, 2):
                a, b = index[one].text, index[other].text
                assert normalize_text(a) == normalize_text(b) or model.score(a, b) >= np.float32(0.7) - 1e-6


def test_types_of_attributes_tell_them_apart(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add("k", "red cat", attributes={"flag": 1})
        index.update("k", attributes={"flag": True})
        assert [match.key for match in index.find("red cat", where={"flag": True})] == ["k"]
        assert index.find("red cat", where={"flag": 1}) == []
        with pytest.raises(OptionError, match="with other attributes"):
            index.add("k", "red cat", attributes={"flag": 1.0})
        index.add("n", "blue dog", attributes={"text": "\\u0000"})  # six characters
        assert index["n"].attributes == {"text": "\\u0000"}
        with pytest.raises(OptionError, match="where: 5 is no dict"):
            index.find("red cat", where=5)  # type: ignore[arg-type]


def test_updates_keep_what_others_wrote_meanwhile(make_model: MakeModel, place: Place) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(place, model) as index, DuplicateIndex.open(place, model) as other:
        index.add("k", "red cat", attributes={"v": 1})
        index.add("gone", "red cat")
        real = PairModel.encode
        meanwhile: list[Callable[[], object]] = [
            lambda: other.update("k", attributes={"v": 2}),
            lambda: other.remove("gone"),
        ]

        def encode(self: PairModel, texts: Any, **options: Any) -> Any:
            if texts and meanwhile:
                meanwhile.pop(0)()
            return real(self, texts, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PairModel, "encode", encode)
            index.update("k", text="blue dog")
            assert index["k"] == ("k", "blue dog", {"v": 2})
            with pytest.raises(OptionError, match="key 'gone' is not in the index"):
                index.update("gone", text="green bird")
        assert "gone" not in index


def test_threads_that_work_while_all_is_encoded_anew(make_model: MakeModel, texts: list[str], place: Place) -> None:
    """What a thread has encoded with the model of before is not written, nor compared with vectors of the new one."""
    models = [make_model("cosine"), make_model("euclidean")]
    problems: list[BaseException] = []
    with filled(place, models[0], texts[:80]) as index:
        going = threading.Event()
        going.set()

        def work(name: int) -> None:
            number = 0
            try:
                while going.is_set():
                    number += 1
                    index.add(f"{name}-{number}", f"red {name} {number}")
                    found = index.find(texts[0], limit=None, threshold=0.2)
                    assert found[0].probability == 1
                    if number % 5 == 0:
                        index.groups()
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(3)]
        for thread in threads:
            thread.start()
        for number in range(8):
            index.reencode(models[(number + 1) % 2])
        going.clear()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(index) > 82
        ids, vectors = map(np.concatenate, zip(*index._store.blocks(0), strict=True))
        with index._session.reading():
            spelled = index._store.texts(ids.tolist())
        wanted = models[0].encode([spelled[number].text for number in ids.tolist()])
        np.testing.assert_allclose(vectors, wanted, atol=1e-6)


def test_another_calibration_makes_other_groups(make_model: MakeModel, texts: list[str], place: Place) -> None:
    model = make_model("cosine")
    with filled(place, model, texts[:120]) as index:
        first = index.groups()
        model.calibration = dataclasses.replace(model.calibration, intercept=model.calibration.intercept - 3)
        wanted = find_duplicates(texts[:120], model).groups
        assert len(wanted) != len(first)
        assert len(index.groups()) == len(wanted)


def test_what_was_said_holds_by_way_of_texts_that_are_gone(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine"), threshold=1.0) as index:
        index.add_many([(key, f"{key} {key}") for key in "abcdxy"])
        index.mark("a", "b")
        index.mark("b", "c")
        index.mark("b", "d", duplicate=False)
        index.mark("d", "x")
        index.remove(["b", "y"])
        assert {group.keys for group in index.groups()} == {("a", "c"), ("d", "x")}
        with pytest.raises(OptionError, match="cannot be different"):
            index.mark("a", "c", duplicate=False)
        with pytest.raises(OptionError, match="cannot be the same"):
            index.mark("c", "x")


@pytest.mark.parametrize("head", ["mlp", "alignment"])
def test_attributes_are_looked_at_before_anything_is_scored(
    make_model: MakeModel, texts: list[str], place: Place, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(head)
    scored: list[int] = []
    for method, real in (("compare_vectors", PairModel.compare_vectors), ("score_pairs", PairModel.score_pairs)):

        def counting(self: PairModel, u: Any, *rest: Any, real: Any = real) -> Any:
            given = list(u) if not isinstance(u, np.ndarray) else u
            scored.append(len(given))
            return real(self, given, *rest)

        monkeypatch.setattr(PairModel, method, counting)
    distinct = sorted(set(texts))
    with DuplicateIndex.open(place, model) as index:
        index.add_many([(f"k{i}", text, {"rare": i % 40 == 0}) for i, text in enumerate(distinct)])
        scored.clear()
        found = index.find("red cat", limit=None, threshold=0, where={"rare": True})
        rare = [text for i, text in enumerate(distinct) if i % 40 == 0 and normalize_text(text)]
        assert sorted(match.text for match in found) == sorted(rare)
        assert sum(number for number in scored if number > 1) <= 2 * (len(rare) + 1)  # the blank one, too


def test_an_index_is_a_mapping_of_keys(make_model: MakeModel, place: Place) -> None:
    with DuplicateIndex.open(place, make_model("cosine")) as index:
        index.add("b", "blue dog", {"lang": "en"})
        index.add("a", "red cat", {"lang": "de", "year": 1})
        index.add("b", "blue dog")  # of attributes nothing is said
        assert list(index) == ["a", "b"]
        assert index["b"].attributes == {"lang": "en"}
        assert index.attribute_names() == {"lang": 2, "year": 1}
        assert index.linkage == "connected"
        assert repr(index).startswith("DuplicateIndex(")
        index.update("b", "green bird")
        assert index["b"] == ("b", "green bird", {"lang": "en"})
