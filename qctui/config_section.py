"""What every table of config.toml has in common, whichever part of the program it belongs to."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def kebab(name: str) -> str:
    """A field's name as the file spells it."""
    return name.replace("_", "-")


class Section(BaseModel):
    """A table of the file: keys with dashes, nothing unknown, no value of another type taken for what it is not."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=kebab, hide_input_in_errors=True, defer_build=True
    )


def _as_words(value: Any) -> Any:
    """A command may be written as one string, split as a shell would split it; no shell ever runs it."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"a command is expected ({error})") from error


Command = Annotated[list[str], BeforeValidator(_as_words), Field(min_length=1)]
