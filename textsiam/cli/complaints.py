"""What the parser of the command line has to complain about, each as one line that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from cyclopts import CoercionError, CycloptsError, MissingArgumentError, UnknownOptionError, UnusedCliTokensError
from cyclopts.exceptions import RepeatArgumentError, UnknownCommandError

_WANTED: dict[type, str] = {bool: "true or false", float: "a number"}

_TEXTS = {"SECOND", "TEXT", "TEXT_B", "KEY"}  # what takes texts, or keys, that are no options


def complaint(error: CycloptsError) -> str:
    """Say in one line what is wrong with a call, and how it is put right."""
    chain = " ".join(["textsiam", *(error.command_chain or ())])
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            return told(error, chain)
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword} is given more than once, expected once"
    if isinstance(error, CoercionError) and error.token is not None and error.argument is not None:
        wanted = str(error.msg) if error.msg else _WANTED.get(error.target_type or str, "another value")
        return f"{error.token.keyword or error.argument.name} is {error.token.value!r}, expected {wanted}"
    return str(error)


def _too_many(error: UnusedCliTokensError, chain: str) -> str:
    tokens = error.unused_tokens or []
    named = ", ".join(map(repr, tokens))
    return (
        f"{named} {'is' if len(tokens) == 1 else 'are'} more than {chain} takes; "
        "a text or a path with spaces needs quotes, and an option comes once for each of several values; "
        f"see {chain} --help"
    )


def _no_command(error: UnknownCommandError, chain: str) -> str:
    tokens = error.unused_tokens or []
    given = next((token for token in tokens if token != "--"), None)
    if given is None:
        return f"a command is missing; see {chain} --help"
    is_option = given.startswith("-")
    known = [name for name in error.app or () if name.startswith("-") == is_option]
    if "--" in tokens[: tokens.index(given)] and (is_option or given in known):
        return f"{given} stands behind --, where it is a text; leave out the --"
    near = get_close_matches(given, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}; see {chain} --help"
    return f"there is no {f'option {given}' if is_option else f'command {given!r}'} of {chain}; {hint}"


def _missing(error: MissingArgumentError, chain: str) -> str:
    assert error.argument is not None
    if error.keyword is None:
        return f"{error.argument.name} is missing; see {chain} --help"
    tokens = error.unused_tokens or []
    following = tokens[tokens.index(error.keyword) + 1 :][:1] if error.keyword in tokens else []
    if following and following[0].startswith("-"):
        return f"{error.keyword} has no value; one that starts with - is written {error.keyword}={following[0]}"
    return f"{error.keyword} has no value, expected one behind it; see {chain} --help"


def _unknown(error: UnknownOptionError, chain: str) -> str:
    given = error.token.keyword or error.token.value
    names = [argument.name for argument in error.argument_collection]
    if _TEXTS.intersection(names) and (not given.startswith("--") or " " in given):
        return (
            f"{given!r} is no option of {chain}; before texts that start with - put --, "
            f"and options before it: {chain} {names[0]} -- {given!r} ..."
        )
    # the parser's own message ends with its suggestion, if it has one
    suggestion = str(error).partition("Did you mean ")[2]
    if suggestion.removesuffix("?").removesuffix(".") == given:
        return f"{given} stands behind --, where everything is a text or a key; put it before the --"
    hint = f"did you mean {suggestion}" if suggestion else f"see {chain} --help"
    return f"there is no option {given} of {chain}; {hint}"


_TOLD: dict[type[CycloptsError], Callable[[Any, str], str]] = {
    UnknownCommandError: _no_command,
    UnusedCliTokensError: _too_many,
    MissingArgumentError: _missing,
    UnknownOptionError: _unknown,
}
