"""What all rules of faults have in common: which requests they are about, and how often they strike.

With the types of fields that several kinds share. The kinds themselves are in `kinds.py`.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

#: Real milliseconds that a request may be kept at most: longer than any client's patience.
LONGEST_MS = 120_000
#: Virtual seconds: a month.
LONGEST_S = 30 * 86_400

When = Literal["before", "after"]
_RETRY_AFTER = re.compile(r"absent|malformed|date:-?\d{1,8}")


def listed(value: object) -> object:
    """One thing counts as a list of it."""
    return tuple(value) if isinstance(value, list) else (value,)


def _retry_after(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be seconds, 'date:SECONDS', 'absent' or 'malformed'")
    if isinstance(value, str) and not _RETRY_AFTER.fullmatch(value):
        raise ValueError("must be seconds, 'date:SECONDS', 'absent' or 'malformed'")
    if not isinstance(value, str) and not 0 <= value <= LONGEST_S:
        raise ValueError(f"must be 0 to {LONGEST_S} seconds")
    return value


RetryAfter = Annotated[int | float | str, BeforeValidator(_retry_after)]
RetryAfters = Annotated[tuple[RetryAfter, ...], BeforeValidator(listed), Field(min_length=1)]
Statuses = Annotated[tuple[Annotated[int, Field(ge=500, le=599)], ...], BeforeValidator(listed), Field(min_length=1)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Rule(BaseModel):
    """What every rule has: the requests that it is about (all that is given must hold), and how often it strikes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    fault: str
    operation: Text | None = None
    method: Text | None = None
    path: Text | None = None
    vm_id: Text | None = None
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    first: Count | None = None
    every: Count | None = None
    nth: Count | None = None
    skip: Count | None = None
    times: Count | None = None
    per_vm: bool = False
    include_estate: bool = False
    seed: int = 0

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Self:
        given = [name for name in ("rate", "first", "every", "nth") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"only one of rate, first, every and nth may be given, not {' and '.join(given)}")
        return self
