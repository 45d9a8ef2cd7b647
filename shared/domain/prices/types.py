"""The numbers of the price file: exact decimals, shares, currencies, and periods that count recovery points.

Strict: a price is the number that was written, to its last digit, and a text is never one.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

#: The finest price is a hundred-millionth: what a YAML number of fifteen digits can still say exactly.
_FINEST = -8
_MOST = 1_000_000_000


def _exact(value: object) -> object:
    """A YAML number as the decimal that was written, so that amounts add up."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number, without quotes or unit")
    number = Decimal(repr(value))
    if not number.is_finite():
        raise ValueError("must be a number such as 12 or 0.05")
    if int(number.normalize().as_tuple().exponent) < _FINEST:
        raise ValueError("must have eight digits after the point at most")
    return number


def _at_most(bound: int, what: str) -> Any:
    def check(value: Decimal) -> Decimal:
        if not 0 <= value <= bound:
            raise ValueError(what)
        return value

    return check


def _between(bound: int, what: str) -> Any:
    check = _at_most(bound, what)
    return BeforeValidator(lambda value: check(_exact(value)))


Price = Annotated[
    Decimal,
    _between(_MOST, f"must be between 0 and {_MOST:,}"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST}),
]
Share = Annotated[
    Decimal,
    _between(1, "must be between 0 and 1, such as 0.6 for 60 percent"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]


def _code(value: str) -> str:
    if len(value) != 3 or not (value.isascii() and value.isalpha() and value.isupper()):
        raise ValueError("must be three capital letters, such as EUR")
    return value


Currency = Annotated[str, AfterValidator(_code), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]


def _points(unit: str) -> Any:
    """A validator that counts the points of one unit in a text such as P12M."""
    pattern = re.compile(rf"P([1-9][0-9]{{0,3}}){unit}")

    def check(value: object) -> int:
        match = pattern.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"must be between P1{unit} and P9999{unit}")
        return int(match[1])

    return BeforeValidator(check)


def _in_schema(unit: str) -> Any:
    return WithJsonSchema({"type": "string", "pattern": f"^P[1-9][0-9]{{0,3}}{unit}$"})


Days = Annotated[int, _points("D"), _in_schema("D")]
Weeks = Annotated[int, _points("W"), _in_schema("W")]
Months = Annotated[int, _points("M"), _in_schema("M")]
Years = Annotated[int, _points("Y"), _in_schema("Y")]
