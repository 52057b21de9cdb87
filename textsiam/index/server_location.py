"""Where an index in PostgreSQL is: a URL, of which messages show no password."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from textsiam.errors import OptionError

SCHEMES = ("postgresql://", "postgres://")
SCHEMA = "textsiam"  # unless the URL has schema=NAME


class ServerLocation(NamedTuple):
    """``url`` as psycopg takes it, the ``schema`` that holds the index, and the ``name`` that messages call it by."""

    url: str
    schema: str
    name: str


def is_server(location: object) -> bool:
    """Tell whether a location is a URL of PostgreSQL."""
    return isinstance(location, str) and location.startswith(SCHEMES)


def server_location(url: str) -> ServerLocation:
    """Take the schema out of a URL, and make a name without what is secret.

    Raises OptionError for a URL that PostgreSQL would read otherwise than was meant.
    """
    scheme, _, rest = url.partition("://")
    end = rest.find("@") + 1  # a password may have "?" in it
    place, _, query = rest[end:].partition("?")
    if "/" in rest[:end] or "@" in place:
        raise OptionError(
            "location is a URL with / or @ in the user, password or database name; write them as %2F and %40"
        )
    schemas = [part for part in query.split("&") if part.startswith("schema=")]
    others = "&".join(part for part in query.split("&") if part and part not in schemas)
    schema = unquote(schemas[-1].removeprefix("schema=")) if schemas else SCHEMA
    if not schema or "\0" in schema or len(schema.encode()) > 63:
        raise OptionError(f"schema is {schema!r}, expected a name of 1 to 63 bytes, such as {SCHEMA!r}")
    user = rest[:end].rstrip("@").partition(":")[0]
    shown = f"{scheme}://{user}{'@' if user else ''}{place}?schema={schema}"
    return ServerLocation(f"{scheme}://{rest[:end]}{place}{'?' if others else ''}{others}", schema, shown)
