"""The schema of an index in a database that others use too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.index.conftest import MakeModel
from tests.index.postgres_admin import as_administrator, end_connections
from textsiam import DuplicateIndex, DuplicateIndexError

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def new_database(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a database without pgvector."""
    name = f"base_{abs(hash(request.node.nodeid))}"
    with as_administrator(server) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        yield server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_indexes_share_a_database_with_others(make_model: MakeModel, new_database: str) -> None:
    model = make_model("cosine")
    with as_administrator(new_database) as connection:
        connection.execute("CREATE TABLE texts (mine int); CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext")
    with (
        DuplicateIndex.open(new_database, model) as first,
        DuplicateIndex.open(f'{new_database}&schema=Other "one" %25', model) as second,
    ):
        first.add("a", "red cat")
        second.add("b", "red cat")
        second.compact()
        assert (first.keys(), second.keys()) == (["a"], ["b"])
        assert second.find("red cat")[0].key == "b"
    with as_administrator(new_database) as connection:
        assert connection.execute("SELECT count(*) FROM public.texts").fetchone() == (0,)


def test_names_sort_by_code_points_whatever_the_language_of_the_database(make_model: MakeModel, schema: str) -> None:
    DuplicateIndex.open(schema, make_model("cosine")).close()
    sql = (
        "SELECT column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = %s AND data_type = 'text'"
    )
    with as_administrator(schema) as connection:
        columns = connection.execute(sql, [schema.rpartition("=")[2]]).fetchall()
    assert len(columns) == 12
    assert {collation for _, collation in columns} == {"C"}


def test_processes_that_make_an_index_at_once_make_one(make_model: MakeModel, new_database: str) -> None:
    model, errors = make_model("cosine"), []

    def work(number: int) -> None:
        try:
            with DuplicateIndex.open(f"{new_database}&schema=s{number % 2}", model) as index:
                index.add(f"k{number}", f"red {number}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for number in (0, 1):
        with DuplicateIndex.open(f"{new_database}&schema=s{number}") as index:
            assert len(index) == 4


def test_another_programs_schema_and_newer_formats_are_refused(make_model: MakeModel, schema: str) -> None:
    model = make_model("cosine")
    name = schema.partition("&schema=")[2]
    with as_administrator(schema) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
        connection.execute(f"CREATE TABLE {name}.meta (name text, value text)".encode())
        with pytest.raises(DuplicateIndexError, match="holds tables of another program; give another schema"):
            DuplicateIndex.open(schema, model)
        connection.execute(f"DROP TABLE {name}.meta".encode())
        DuplicateIndex.open(schema, model).close()  # an empty schema is taken
        connection.execute(f"COMMENT ON TABLE {name}.meta IS 'textsiam index, format 2'".encode())
        with pytest.raises(DuplicateIndexError, match="has index format 2, this textsiam reads up to 1; upgrade"):
            DuplicateIndex.open(schema, model)


def test_where_no_index_is_none_is_made_without_a_model(schema: str) -> None:
    with pytest.raises(DuplicateIndexError, match=r"schema=test_\d+ holds no index, expected one as"):
        DuplicateIndex.open(schema)
    with as_administrator(schema) as connection:
        name = schema.rpartition("=")[2]
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [name])
        assert found.fetchone() == (0,)


def test_who_may_not_make_the_extension_is_told(make_model: MakeModel, new_database: str) -> None:
    with as_administrator(new_database) as connection:
        connection.execute("DROP ROLE IF EXISTS simple")
        connection.execute("CREATE ROLE simple LOGIN")
        with pytest.raises(DuplicateIndexError, match="pgvector is needed: install it on the server, and let an admin"):
            DuplicateIndex.open(new_database.replace("postgres:secret", "simple:secret"), make_model("cosine"))


def test_a_schema_may_have_any_name(make_model: MakeModel, new_database: str) -> None:
    with as_administrator(new_database) as connection:
        connection.execute('CREATE SCHEMA "e?x %s; TEXT {t}"; CREATE EXTENSION vector SCHEMA "e?x %s; TEXT {t}"')
    model = make_model("dot")
    for name in ("why?", "100%25 ? %3F %s", 'a"?"b', "{x}; TEXT "):
        with DuplicateIndex.open(f"{new_database}&schema={name}", model, approximate=True) as index:
            index.add("a", "red cat")
            index.compact()
            assert index.find("red cat")[0].key == "a"
            assert index.check().problems == ()
        with DuplicateIndex.open(f"{new_database}&schema={name}") as index:
            assert index.keys() == ["a"]


CHANGES: list[Callable[[DuplicateIndex], object]] = [
    lambda index: index.remove("k"),
    lambda index: index.add("k", "blue dog", replace=True),
    lambda index: index.keys(),
    lambda index: index.compact(),
]


@pytest.mark.parametrize("reconnects", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_tables_of_others_are_left_alone_when_a_schema_is_dropped(
    make_model: MakeModel, new_database: str, change: Callable[[DuplicateIndex], object], reconnects: bool
) -> None:
    with DuplicateIndex.open(new_database, make_model("cosine")) as index, as_administrator(new_database) as connection:
        index.add("k", "red cat")
        for table in ("meta", "texts", "entries"):
            connection.execute(f"CREATE TABLE public.{table} (LIKE textsiam.{table})".encode())
            connection.execute(f"INSERT INTO public.{table} SELECT * FROM textsiam.{table}".encode())
        connection.execute("DROP SCHEMA textsiam CASCADE")
        if reconnects:
            end_connections(new_database)
        with pytest.raises(DuplicateIndexError, match=r"schema=textsiam is not there any more: its schema or tables"):
            change(index)
        rows = connection.execute("SELECT key, text FROM public.entries").fetchall()
    assert rows == [("k", "red cat")]


@pytest.mark.parametrize("reconnects", [False, True])
def test_what_took_the_place_of_the_index_is_looked_at_again(
    make_model: MakeModel, schema: str, reconnects: bool
) -> None:
    name = schema.rpartition("=")[2]
    with DuplicateIndex.open(schema, make_model("cosine")) as index, as_administrator(schema) as connection:
        index.add("k", "red cat")
        for comment, message in (("format 2", "has index format 2, this textsiam"), ("other", "is not there any more")):
            connection.execute(f"COMMENT ON TABLE {name}.meta IS 'textsiam index, {comment}'".encode())
            if reconnects:
                end_connections(schema)
            with pytest.raises(DuplicateIndexError, match=message):
                index.remove("k")
        connection.execute(f"COMMENT ON TABLE {name}.meta IS 'textsiam index, format 1'".encode())
        assert index.remove("k") == 1  # as nothing of that broke it


def test_a_table_that_is_dropped_in_the_midst_is_told(make_model: MakeModel, new_database: str) -> None:
    with DuplicateIndex.open(new_database, make_model("cosine")) as index, as_administrator(new_database) as connection:
        index.add("k", "red cat")
        connection.execute("CREATE TABLE public.entries (LIKE textsiam.entries); DROP TABLE textsiam.entries")
        with pytest.raises(DuplicateIndexError, match="is not there any more"):
            index.remove("k")


def test_without_the_extension_nothing_else_is_read(make_model: MakeModel, new_database: str) -> None:
    with DuplicateIndex.open(new_database, make_model("cosine")) as index, as_administrator(new_database) as connection:
        connection.execute("CREATE TABLE public.meta (LIKE textsiam.meta); DROP EXTENSION vector CASCADE")
        connection.execute("COMMENT ON TABLE public.meta IS 'textsiam index, format 1'")
        end_connections(new_database)
        for _ in range(2):  # the second time too, on the connection that was made for the first
            with pytest.raises(DuplicateIndexError, match="has lost its extension vector"):
                index.keys()
