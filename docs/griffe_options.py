"""For the reference: of an option that is declared with its bounds, the default alone is shown."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import griffe

DECLARED_WITH = "option"  # textsiam.model.options.option(default, low=..., ...)


class OptionDefaults(griffe.Extension):
    """Puts the real default in the place of the call of ``option`` that declares it."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_more: Any) -> None:
        """Look at each attribute as it is found, before dataclasses get their parameters of these."""
        called, owner = attr.value, attr.parent
        if isinstance(called, griffe.ExprCall) and str(called.function) == DECLARED_WITH and owner is not None:
            owning = getattr(importlib.import_module(attr.module.canonical_path), owner.name)
            attr.value = repr(next(f.default for f in dataclasses.fields(owning) if f.name == attr.name))
