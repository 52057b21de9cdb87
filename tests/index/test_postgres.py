"""What is PostgreSQL's own; what both kinds of index do is in ``test_duplicate_index``."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.index.conftest import MakeModel
from tests.index.postgres_admin import end_connections
from tests.index.writer import BATCH, rows_of
from textsiam import DuplicateIndex, DuplicateIndexError, IndexBusyError, MissingExtraError, PairModel
from textsiam.index import postgres
from textsiam.index.postgres import PostgresDatabase
from textsiam.index.relations import text_hash
from textsiam.index.store import Store
from textsiam.model.architecture import VECTOR_HEADS

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.mark.parametrize("head", [*VECTOR_HEADS, "alignment"])
def test_all_is_as_in_a_file(make_model: MakeModel, texts: list[str], schema: str, tmp_path: Path, head: str) -> None:
    model = make_model(head)
    rows = [(f"k{number:03}", text, {"third": number % 3}) for number, text in enumerate(texts)]
    with DuplicateIndex.open(tmp_path / "x.db", model) as file, DuplicateIndex.open(schema, model) as server:
        for index in (file, server):
            index.add_many(rows)
            index.mark("k000", "k001")
            index.remove(["k010", "k011", "k012"])
            index.add("k012", "red red cat")
        assert server.keys() == file.keys()
        some = 0
        for options in ({}, {"limit": None, "threshold": 0.3}, {"limit": 4, "threshold": 0}, {"where": {"third": 1}}):
            wanted, found = (index.find_many(texts[::3], **options) for index in (file, server))
            for a, b in zip(wanted, found, strict=True):
                assert [match.key for match in a] == [match.key for match in b]
                assert [m.probability for m in a] == pytest.approx([m.probability for m in b], abs=1e-6)
            some += sum(map(len, wanted))
        assert some > 1000
        assert len(server.groups()) > 5
        assert server.groups() == file.groups()
        assert server.verdicts() == file.verdicts()
        assert server.check() == file.check()


AWKWARD = [
    'it\'s "so"',
    "a\\b\\n",
    "100% %s %(x)s ?",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL} \N{PILE OF POO}",
    "'; DROP TABLE texts; --",
    "tab\tline\n",
    "$1 {x} é",
]


def test_texts_come_back_as_they_were(make_model: MakeModel, schema: str) -> None:
    with DuplicateIndex.open(schema, make_model("cosine")) as index:
        index.add_many([(f"key {text}", text, {text: text}) for text in AWKWARD])
        for text in AWKWARD:
            assert index[f"key {text}"] == (f"key {text}", text, {text: text})
            assert index.find(text, where={text: text})[0].text == text
        assert index.remove([f"key {text}" for text in AWKWARD]) == len(AWKWARD)


def test_float32_come_back_bit_for_bit(make_model: MakeModel, schema: str) -> None:
    extremes = np.array([0, -0.0, 1e-45, -1e-45, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 1 / 3], dtype=np.float32)
    store = Store(PostgresDatabase(schema, timeout=1, create=True))
    bits = np.random.default_rng(1).integers(0, 2**32, size=(200, 8), dtype=np.uint32).view(np.float32)
    vectors = np.concatenate([extremes[None], np.where(np.isfinite(bits), bits, 1).astype(np.float32)])
    with store.database.writing():
        hashes = [number.to_bytes(16) for number in range(len(vectors))]
        ids = store.add_texts({own: ("text", vector) for own, vector in zip(hashes, vectors, strict=True)})
    with store.database.reading():
        numbers, found = store.vectors(ids.values())
    assert numbers == [ids[own] for own in hashes]
    assert found.view(np.uint32).tolist() == vectors.view(np.uint32).tolist()
    store.database.close()


def test_a_reader_sees_one_state_while_another_writes(make_model: MakeModel, schema: str) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(schema, model) as reader, DuplicateIndex.open(schema, model) as writer:
        with reader._session.reading():
            assert reader._store.counts() == (0, 0)
            writer.add("a", "red")
            assert reader._store.counts() == (0, 0)
        assert len(reader) == 1


def test_a_writer_that_waited_sees_what_the_other_wrote(make_model: MakeModel, schema: str) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(schema, model) as first, DuplicateIndex.open(schema, model, timeout=20) as second:
        added: list[bool] = []
        with first._session.writing():
            thread = threading.Thread(target=lambda: added.append(second.add("b", "red")))
            thread.start()
            time.sleep(0.2)
            ids = first._store.add_texts({text_hash("red"): ("Red", model.encode(["red"])[0])})
            assert added == []
        thread.join()
        assert added == [True]
        with second._session.reading():
            assert list(second._store.entries_of(ids.values())) == list(ids.values())


def test_a_busy_index_says_so_after_the_timeout(make_model: MakeModel, schema: str) -> None:
    model = make_model("cosine")
    with DuplicateIndex.open(schema, model) as first, DuplicateIndex.open(schema, model, timeout=0.3) as second:
        with first._session.writing():
            start = time.monotonic()
            with pytest.raises(IndexBusyError, match=r"schema=test_\d+ is being written by another process"):
                second.add("b", "red")
            assert 0.25 < time.monotonic() - start < 10
        assert second.add("b", "red")


@pytest.mark.parametrize("writing", [True, False])
def test_a_lost_connection_is_told_and_made_anew(make_model: MakeModel, schema: str, writing: bool) -> None:
    with DuplicateIndex.open(schema, make_model("cosine")) as index:
        index.add("a", "red")
        session = index._session

        def lose() -> None:
            with session.writing() if writing else session.reading():
                if writing:
                    index._store.set({"half": "done"})
                end_connections(schema)
                index._store.settings()

        with pytest.raises(DuplicateIndexError, match=r"\?schema=test_\d+: the connection was lost .*try again"):
            lose()
        assert index.keys() == ["a"]
        assert index.add("b", "red cat")
        with session.reading():
            assert "half" not in index._store.settings()


def test_a_connection_that_was_lost_while_idle_is_made_anew(make_model: MakeModel, schema: str) -> None:
    with DuplicateIndex.open(schema, make_model("cosine")) as index:
        index.add("a", "red")
        end_connections(schema)
        assert index.find("red")[0].key == "a"
    with pytest.raises(DuplicateIndexError, match="was closed; open it again"):
        index.keys()


def test_what_fails_in_the_midst_leaves_nothing(make_model: MakeModel, schema: str) -> None:
    with DuplicateIndex.open(schema, make_model("cosine")) as index:
        with pytest.raises(DuplicateIndexError, match=r"schema=test_\d+: index row .* a key may have about 2,700"):
            index.add_many([("a", "red"), ("".join(map(chr, range(0x4E00, 0x6E00))), "blue")])
        assert index.keys() == []
        assert index.check() == ((), 0, 0, 0, None)
        assert index.add("a", "red")


@pytest.mark.slow
def test_kills_at_random_moments_leave_nothing_half_done(make_model: MakeModel, schema: str, tmp_path: Path) -> None:
    model, chance, added = make_model("cosine"), random.Random(5), 0
    model.save(tmp_path / "model")
    for kill in range(10):
        command = [sys.executable, "-m", "tests.index.writer", schema, str(tmp_path / "model"), f"w{kill}", "0", "60"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.3))
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read().splitlines()
        finished = [int(line.split()[1]) for line in lines if line.startswith("added")]
        removed = [int(line.split()[1]) for line in lines if line.startswith("removed")]
        with DuplicateIndex.open(schema, model) as index:
            assert index.check().problems == ()
            keys = set(index.keys())
            for batch in range(max(finished, default=0) + 2):
                there = sum(key in keys for key, _ in rows_of(f"w{kill}", batch))
                assert there in (0, BATCH)
                # the last removal may be done, and not have been told
                assert there == BATCH or batch not in finished or batch in removed or batch % 3 == 0
        added += len(finished)
    assert added > 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda url: "postgresql://user:secret@127.0.0.1:1/x",
            r"^postgresql://user@127\.0\.0\.1:1/x\?.* cannot be",
        ),
        (lambda url: url.replace("/postgres?", "/nowhere?"), 'cannot be reached: .*database "nowhere" does not exist'),
        (lambda url: f"{url}&colour=red", r"is no URL of PostgreSQL, expected postgresql://user:password@host"),
        (lambda url: "postgresql://user:secret@[::1/x", r"is no URL of PostgreSQL, expected postgresql://"),
    ],
)
def test_what_cannot_be_reached_is_told_in_a_line_without_the_password(
    make_model: MakeModel, server: str, change: Callable[[str], str], message: str
) -> None:
    with pytest.raises(DuplicateIndexError, match=message) as caught:
        DuplicateIndex.open(change(server), make_model("cosine"))
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__
    assert "\n" not in str(caught.value)


def test_without_the_extra_the_command_to_install_it_is_told(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(module: str, extra: str, purpose: str) -> None:
        raise MissingExtraError(f"{module} {extra}")

    monkeypatch.setattr(postgres, "import_extra", nothing)
    with pytest.raises(MissingExtraError, match=r"^psycopg postgres$"):
        DuplicateIndex.open("postgresql://127.0.0.1:1/x", make_model("cosine"))


def test_a_model_that_is_another_is_refused_and_may_have_other_vectors(make_model: MakeModel, schema: str) -> None:
    def narrow() -> PairModel:
        return make_model("alignment")  # vectors of 8 components in the place of 16

    with DuplicateIndex.open(schema, make_model("cosine"), approximate=True) as index:
        index.add_many([("a", "red cat"), ("b", "blue dog")])
        index.compact()
        with pytest.raises(DuplicateIndexError, match=r"schema=test_\d+ was made with another model"):
            DuplicateIndex.open(schema, narrow()).find("red")
        index.reencode(narrow())
        index.compact()
        assert index.find("red cat")[0].key == "a"
        assert index.check().problems == ()
        assert index.check().recall == (4, 4)
