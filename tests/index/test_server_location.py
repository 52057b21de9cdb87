from __future__ import annotations

import pytest

from textsiam.errors import OptionError
from textsiam.index.server_location import is_server, server_location


@pytest.mark.parametrize(
    ("url", "rest", "schema", "name"),
    [
        ("postgresql://h/db", "postgresql://h/db", "textsiam", "postgresql://h/db?schema=textsiam"),
        ("postgres://u@h:5/db", "postgres://u@h:5/db", "textsiam", "postgres://u@h:5/db?schema=textsiam"),
        ("postgresql://u:p@h/db?schema=faq", "postgresql://u:p@h/db", "faq", "postgresql://u@h/db?schema=faq"),
        (
            "postgresql://u:p%40%2F?x@h/db?host=/tmp/x&schema=a%20b&sslmode=require",
            "postgresql://u:p%40%2F?x@h/db?host=/tmp/x&sslmode=require",
            "a b",
            "postgresql://u@h/db?schema=a b",
        ),
        ("postgresql:///db?password=p", "postgresql:///db?password=p", "textsiam", "postgresql:///db?schema=textsiam"),
    ],
)
def test_the_schema_is_taken_out_and_the_name_has_no_password(url: str, rest: str, schema: str, name: str) -> None:
    assert server_location(url) == (rest, schema, name)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:se/cret@h/db", "location is a URL with / or @"),
        ("postgresql://u:se@cret@h/db", "location is a URL with / or @"),
        ("postgresql://h/db?schema=", "schema is '', expected a name of 1 to 63 bytes"),
        (f"postgresql://h/db?schema={'ä' * 32}", "expected a name of 1 to 63 bytes"),
        ("postgresql://h/db?schema=a%00b", r"schema is 'a\\x00b'"),
    ],
)
def test_what_would_be_read_otherwise_is_refused_without_the_password(url: str, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        server_location(url)
    assert "cret" not in str(caught.value)


def test_only_urls_of_postgresql_are_servers() -> None:
    assert is_server("postgresql://h/db")
    assert is_server("postgres://h/db")
    assert not is_server("postgres.db")
    assert not is_server("sqlite://h/db")
