"""What stands in a test for what a block of the documentation needs: a GPU, a PostgreSQL server, the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import mteb.abstasks.abstask
import pytest
import torch
from datasets import Dataset, DatasetDict

import textsiam
from tests.index.postgres_server import running_server

Rewrite = Callable[[str], str]  # of the body of a block
_ADDRESS = "postgresql://user@host/database"


@contextmanager
def _gpu() -> Iterator[Rewrite]:
    """Compute on the processor where there is no GPU."""

    def on_processor(body: str) -> str:
        assert body.count("--device cuda") == body.count("textsiam ")
        return body if torch.cuda.is_available() else body.replace("--device cuda", "--device cpu")

    yield on_processor


@contextmanager
def _server() -> Iterator[Rewrite]:
    with running_server() as url:

        def at_server(body: str) -> str:
            assert _ADDRESS in body
            return body.replace(f"{_ADDRESS}?", f"{url}&").replace(_ADDRESS, url)

        yield at_server


@contextmanager
def _network() -> Iterator[Rewrite]:
    """Give mteb pairs of the working folder where it would download the pairs of a task, and a cache of its own."""
    pairs = textsiam.read_pairs("test.csv")
    rows = {"sent1": pairs.text_a, "sent2": pairs.text_b, "labels": pairs.labels.astype(int).tolist()}

    def downloaded(**_: object) -> DatasetDict:
        return DatasetDict({"test": Dataset.from_dict(rows)})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mteb.abstasks.abstask, "load_dataset", downloaded)
        patch.setenv("MTEB_CACHE", "mteb")
        yield lambda body: body


STAND_INS: Mapping[str, Callable[[], AbstractContextManager[Rewrite]]] = {
    "a GPU": _gpu,
    "a PostgreSQL server": _server,
    "the network": _network,
}
