"""The template functions that Azure Policy's definitions for VMs use, over constants and parts of a VM.

A function raises TypeError or ValueError for what it cannot be applied to; nothing is converted on the quiet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class NotUnderstoodError(Exception):
    """The text says what was not understood."""


class NoValueError(Exception):
    """`name` is the parameter that has neither a value nor a default."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the VM, as a condition's `field` names it."""

    name: str


@dataclass(frozen=True, slots=True)
class Around:
    """A part of what the VM lies in: `of` is resourceGroup or subscription, `path` such as ("tags", "env")."""

    of: str
    path: tuple[str, ...] = ()


def _same_case(arguments: list[Any]) -> Any:
    """Of toLower and toUpper: a part of the VM stays what it is, since conditions compare without case."""
    (value,) = arguments
    return value if isinstance(value, Field | Around) else value.lower()


def _concat(arguments: list[Any]) -> Any:
    if arguments and all(isinstance(each, list) for each in arguments):
        return [item for each in arguments for item in each]
    if not all(isinstance(each, str | int) for each in arguments):
        raise TypeError
    return "".join(str(each) for each in arguments)


def _empty(arguments: list[Any]) -> bool:
    (value,) = arguments
    if not isinstance(value, str | list | dict):
        raise TypeError
    return len(value) == 0


def _length(arguments: list[Any]) -> int:
    (value,) = arguments
    if not isinstance(value, str | list | dict):
        raise TypeError
    return len(value)


def _not(arguments: list[Any]) -> bool:
    (value,) = arguments
    if not isinstance(value, bool):
        raise TypeError
    return not value


def _constant(value: bool) -> Callable[[list[Any]], Any]:
    def given(arguments: list[Any]) -> bool:
        if arguments:
            raise TypeError
        return value

    return given


FUNCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "concat": _concat,
    "createarray": lambda arguments: arguments,
    "empty": _empty,
    "false": _constant(False),
    "length": _length,
    "not": _not,
    "string": _concat,
    "tolower": _same_case,
    "toupper": _same_case,
    "true": _constant(True),
}
