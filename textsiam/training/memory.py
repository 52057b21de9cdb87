"""Memory that a training step frees is kept for the next one."""

from __future__ import annotations

import ctypes
import sys

# of mallopt in glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MMAP_FROM, _TRIM_FROM = 1 << 30, (1 << 31) - 1


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, up to 2 GB; tells whether the system could be asked to (glibc alone).

    A step takes and frees the same large tensors over and over. By its defaults glibc gives them back to the system,
    which clears every page anew: up to a fifth of a step's time. The setting stays for the life of the process.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _MMAP_FROM)) and bool(mallopt(_M_TRIM_THRESHOLD, _TRIM_FROM))
