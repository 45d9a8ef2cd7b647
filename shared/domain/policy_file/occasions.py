"""Which recovery points a vault's backup policy keeps longer than others, and for how long, as the policy file says it.

Azure names weekdays, weeks of a month and months in English words, and counts each kind of point in a unit of its own.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Section, as_tuple

Weekday = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
WeekOfMonth = Literal["First", "Second", "Third", "Fourth", "Last"]
Month = Literal[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def period(unit: str, longest: int, shortest: int = 1) -> Any:
    """A validator of a number of one unit, such as P12M: Azure keeps each schedule's points by its own unit."""
    pattern = re.compile(rf"P([0-9]{{1,4}}){unit}")

    def check(value: object) -> object:
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        if match is None or not shortest <= int(match[1]) <= longest:
            raise ValueError(f"must be between P{shortest}{unit} and P{longest}{unit}")
        return value

    return BeforeValidator(check)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("one of these appears twice")
    return values


Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(as_tuple), AfterValidator(_distinct), Field(min_length=1)]
Weeks = Annotated[tuple[WeekOfMonth, ...], BeforeValidator(as_tuple), AfterValidator(_distinct), Field(min_length=1)]
Months = Annotated[tuple[Month, ...], BeforeValidator(as_tuple), AfterValidator(_distinct), Field(min_length=1)]
# The portal offers these and the last day, so that no month lacks one.
Date = Annotated[int, Field(ge=1, le=28)]
Dates = Annotated[tuple[Date, ...], BeforeValidator(as_tuple), AfterValidator(_distinct), Field(min_length=1)]


class MonthlyOn(Section):
    """Which of a month's points are kept longer: those of `days` in `weeks`, or those of `dates` and the last day."""

    days: Weekdays | None = None
    weeks: Weeks | None = None
    dates: Dates | None = None
    last_day: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.days or self.weeks) and (self.dates or self.last_day):
            raise ValueError("give either `days` and `weeks`, or `dates` and `lastDay`")
        return self

    @property
    def by_date(self) -> bool:
        """True where the points of dates are kept, not those of weekdays."""
        return bool(self.dates) or self.last_day


class YearlyOn(MonthlyOn):
    """Which of a year's points are kept longest: those of `months` alone, and of these as for a month."""

    months: Months | None = None
