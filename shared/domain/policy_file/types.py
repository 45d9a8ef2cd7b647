"""The small types that every section of the enforcement policy is made of. Strict: a YAML number is never a text."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic.alias_generators import to_camel

from shared.domain.durations import format_duration, parse_duration


def as_tuple(value: object) -> object:
    """A YAML list, or one text standing for a list of one, as a tuple."""
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value


class Section(BaseModel):
    """A part of the file: frozen, camelCase keys, and no key that the model does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=False
    )


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
Text = Annotated[str, Field(min_length=1, max_length=260)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple), Field(min_length=1)]
TagValues = Annotated[tuple[Annotated[str, Field(max_length=256)], ...], BeforeValidator(as_tuple), Field(min_length=1)]


class TagTest(Section):
    """What a tag's value must be: one of `is` (with case, unless told), or like one of the globs of `like`.

    In the file a plain text or a list of texts stands for `is`. `like: "*"` asks only that the tag is there.
    """

    is_: TagValues | None = Field(default=None, alias="is")
    like: Texts | None = None
    ignore_case: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, dict | TagTest):
            return value
        return {"is": value if isinstance(value, list) else [value]}  # one that is no text is told at its own place

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if (self.is_ is None) == (self.like is None):
            raise ValueError("give either `is` or `like`")
        if self.like is not None and self.ignore_case:
            raise ValueError("`like` never looks at case; leave `ignoreCase` out")
        return self


def distinct_tags(value: object) -> object:
    """The tags as they are; ValueError where Azure would take two of them for one."""
    if isinstance(value, dict):
        names = [str(name).lower() for name in value]
        if len(set(names)) != len(names):
            raise ValueError("a tag name appears twice (tag names are compared without case)")
    return value


TagTests = Annotated[dict[Text, TagTest], BeforeValidator(distinct_tags), Field(min_length=1)]
