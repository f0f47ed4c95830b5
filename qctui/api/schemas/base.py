"""The tolerant field types and the base of all wire schemas."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, PlainValidator

from qctui.api.tolerant import block, flag, fold, integer, line, listing, mapping, moment, number

# Plain validators: what they return is the value. A second check by pydantic could only refuse what was forgiven.
Number = Annotated[float | None, PlainValidator(number)]
Integer = Annotated[int | None, PlainValidator(integer)]
Flag = Annotated[bool | None, PlainValidator(flag)]
RenderContext = Annotated[float | None, PlainValidator(moment)]
Line = Annotated[str, PlainValidator(line)]
Block = Annotated[str, PlainValidator(block)]
Members = Annotated[dict[str, Any], PlainValidator(mapping)]
Items = Annotated[list[Any], PlainValidator(listing)]
Anything = Annotated[Any, PlainValidator(lambda value: value)]


class Wire(BaseModel):
    """An object of the wire. Reading one never fails: a member of an odd type reads as absent."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        # `fold` has taken case and hyphens out of the keys.
        alias_generator=lambda name: name.replace("_", ""),
        protected_namespaces=(),
        # Built when first read, so that an emergency command builds only what it reads: 10 ms of its 250.
        defer_build=True,
    )

    @classmethod
    def read(cls, value: object) -> Self:
        """The object in `value`, or an empty one if there is none."""
        return cls.model_validate(fold(value))
