"""The kinds of fault as people write them, documented in docs/simulator-faults.md.

Strict: an unknown key, a wrong type or a number out of bounds is refused with the place it stands in. Nothing here
knows what a fault does; it only says which one is meant.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from simulator.core.wire import AzureError
from simulator.faults.rule import LONGEST_MS, LONGEST_S, RetryAfters, Rule, Statuses, Text, When, listed

MOST_RULES = 200


class Throttle(Rule):
    """429 with one of the given Retry-After, drawn."""

    fault: Literal["throttle"]
    retry_after: RetryAfters = (10,)
    code: Text = "TooManyRequests"


class ServerError(Rule):
    """One of the given 5xx, drawn; `after` the request has taken effect where asked for. 502 has an HTML page."""

    fault: Literal["error"]
    status: Statuses = (500,)
    when: When = "before"
    retry_after: RetryAfters = ("absent",)


class Refusal(Rule):
    """The service refuses the request at once with this code. `status` is the code's own unless given."""

    fault: Literal["refuse"]
    code: Text
    message: Text | None = None
    status: Annotated[int, Field(ge=400, le=499)] | None = None


class Cut(Rule):
    """No answer at all: the connection is reset (RST) or closed (FIN), before or after the request has taken effect."""

    fault: Literal["reset", "close"]
    when: When = "before"


class Damage(Rule):
    """The request takes effect and its answer arrives spoilt: half of it (`truncate`), or no JSON (`garble`)."""

    fault: Literal["truncate", "garble"]
    end: Literal["close", "reset"] = "close"


class Delay(Rule):
    """The answer is late: by real milliseconds, by virtual seconds (the clock moves meanwhile), or by both."""

    fault: Literal["delay"]
    when: When = "before"
    ms: Annotated[int, Field(ge=0, le=LONGEST_MS)] = 0
    virtual_seconds: Annotated[float, Field(ge=0, le=LONGEST_S)] = 0.0


class Hang(Rule):
    """Nothing comes for so many real milliseconds; then the connection is closed."""

    fault: Literal["hang"]
    when: When = "before"
    ms: Annotated[int, Field(ge=1, le=LONGEST_MS)] = 90_000


class OperationFault(Rule):
    """The long-running operation that the request starts fails with this code, or ends so much later, or both."""

    fault: Literal["operation"]
    code: Text | None = None
    message: Text | None = None
    delay_seconds: Annotated[float, Field(ge=0, le=LONGEST_S)] = 0.0

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.code is None and not self.delay_seconds:
            raise ValueError("needs a code, or delaySeconds, or both")
        return self


class JobError(BaseModel):
    """One entry of a job's `errorDetails`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    error_code: int
    error_title: str = ""
    error_string: str
    recommendations: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()


class JobFault(Rule):
    """The backup job that the request starts ends like this: with these errors, or with one code's own."""

    fault: Literal["job"]
    status: Literal["Failed", "CompletedWithWarnings"] = "Failed"
    code: Text | None = None
    message: Text | None = None
    errors: Annotated[tuple[JobError, ...], BeforeValidator(listed)] | None = None
    delay_seconds: Annotated[float, Field(ge=0, le=LONGEST_S)] = 0.0


class Skew(Rule):
    """The time that the answer tells is wrong by so many seconds."""

    fault: Literal["skew"]
    seconds: Annotated[int, Field(ge=-86_400, le=86_400)]
    headers: Annotated[tuple[Literal["date", "x-sim-now"], ...], BeforeValidator(listed), Field(min_length=1)] = (
        "date",
        "x-sim-now",
    )


class ActorFault(Rule):
    """Somebody else does something to the VM that the request is about, right before the request is served.

    With `afterSeconds` it happens at that virtual moment instead, and `vmId` says to which VM.
    """

    fault: Literal["actor"]
    deed: Literal["protect", "stop", "delete-backup", "delete-vm", "opt-out", "lock"]
    vault: Literal["same", "other"] = "same"
    backup_policy: Text | None = None
    for_seconds: Annotated[float, Field(gt=0, le=LONGEST_S)] | None = None
    after_seconds: Annotated[float, Field(ge=0, le=LONGEST_S)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.after_seconds is not None and self.vm_id is None:
            raise ValueError("afterSeconds needs a vmId")
        return self


AnyRule = Annotated[
    Throttle | ServerError | Refusal | Cut | Damage | Delay | Hang | OperationFault | JobFault | Skew | ActorFault,
    Field(discriminator="fault"),
]
FAULTS = (
    "throttle",
    "error",
    "refuse",
    "reset",
    "close",
    "truncate",
    "garble",
    "delay",
    "hang",
    "operation",
    "job",
    "skew",
    "actor",
)
_RULES: TypeAdapter[list[AnyRule]] = TypeAdapter(Annotated[list[AnyRule], Field(max_length=MOST_RULES)])


def parse(given: object) -> list[AnyRule]:
    """The rules. Raises AzureError 400 `InvalidFault` that names each mistake with its place."""
    try:
        return _RULES.validate_python(given)
    except ValidationError as error:
        raise AzureError(400, "InvalidFault", "; ".join(_told(each) for each in error.errors())) from None


def _told(mistake: Any) -> str:
    """`rules[0].rate: Input should be less than or equal to 1`."""
    where: Sequence[int | str] = mistake["loc"]
    place = "rules"
    for number, each in enumerate(where):
        if isinstance(each, int):
            place += f"[{each}]"
        elif number != 1:  # the second is the fault's own name, which pydantic puts in between
            place += f".{each}"
    if mistake["type"] == "union_tag_not_found":
        return f"{place}: needs a fault, one of {', '.join(FAULTS)}"
    if mistake["type"] == "union_tag_invalid":
        return f"{place}.fault: must be one of {', '.join(FAULTS)}"
    return f"{place}: {str(mistake['msg']).removeprefix('Value error, ')}"
