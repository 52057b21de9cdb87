"""The array type of annotations; what an array holds, and its shape, stands in each docstring."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
