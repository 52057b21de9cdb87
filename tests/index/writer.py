"""A process that writes to an index until it is killed, or for some seconds: batches of 10 in, some out, compacting.

Prints a line for each thing that it has finished.
"""

from __future__ import annotations

import sys
import time

from textsiam import DuplicateIndex, IndexBusyError, PairModel

BATCH = 10


def rows_of(name: str, batch: int) -> list[tuple[str, str]]:
    return [(f"{name}-{batch}-{number}", f"{name} text {batch} {number} red") for number in range(BATCH)]


def main(place: str, folder: str, name: str, first: int, seconds: float) -> None:
    end, batch = time.monotonic() + seconds, first
    with DuplicateIndex.open(place, PairModel.load(folder, threads=1)) as index:
        print("ready", flush=True)
        while time.monotonic() < end:
            try:
                index.add_many(rows_of(name, batch))
                print("added", batch, flush=True)
                if batch % 3 == 2:
                    index.remove([key for key, _ in rows_of(name, batch - 2)])
                    print("removed", batch - 2, flush=True)
                if batch % 5 == 4:
                    index.compact()
                    print("compacted", batch, flush=True)
                batch += 1
            except IndexBusyError:
                print("busy", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
