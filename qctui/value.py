"""Frozen values: what the threads exchange and the layers hand each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, dataclass_transform

from msgspec import Struct, field
from msgspec.structs import asdict as fields_of

if TYPE_CHECKING:
    # The same promise, and mypy checks the names and types of the fields.
    from dataclasses import replace
else:
    from msgspec.structs import replace

__all__ = ["Value", "field", "fields_of", "replace"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True):
    """A frozen value with slots, equal and hashable by its fields.

    Not a frozen dataclass of the standard library: each of those compiles six functions when its module is imported.
    The hundred and thirty of a console's start took a fifth of its imports, and an emergency request waits for those.
    """
