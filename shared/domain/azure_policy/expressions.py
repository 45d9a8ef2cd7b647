"""Azure Policy's template expressions, as far as definitions for VMs use them: `[empty(parameters('x'))]`.

An expression becomes a constant, or the part of a VM that it reads. Everything else is refused with what was not
understood: a guess would make a policy that means something else. Source: ARM template functions (2026).
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.domain.azure_policy.functions import FUNCTIONS, Around, Field, NotUnderstoodError, NoValueError

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_]*)|(-?\d+)|([().,\[\]]))")
_MOST_CHARACTERS = 10_000
_MOST_DEPTH = 50


def resolve(value: Any, parameters: Mapping[str, Any]) -> Any:
    """The constant, `Field` or `Around` that `value` stands for; what is no expression stands for itself.

    `parameters` have lower-cased names. NoValueError and NotUnderstoodError as they say.
    """
    if not isinstance(value, str) or not (value.startswith("[") and value.endswith("]")):
        return value
    if value.startswith("[["):
        return value[1:]
    if len(value) > _MOST_CHARACTERS:
        raise NotUnderstoodError("an expression of more than 10,000 characters")
    reader = _Reader(value[1:-1], parameters)
    result = reader.value(0)
    if not reader.at_end():
        raise NotUnderstoodError(f"the expression {value}")
    return result


class _Reader:
    """One pass over one expression."""

    def __init__(self, text: str, parameters: Mapping[str, Any]) -> None:
        self._text, self._parameters = text, parameters
        self._tokens = self._split()
        self._next = 0

    def at_end(self) -> bool:
        return self._next == len(self._tokens)

    def value(self, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise NotUnderstoodError("an expression nested too deeply")
        kind, text = self._take()
        if kind == "text":
            return text
        if kind == "number":
            return int(text)
        if kind != "name":
            raise self._refused()
        if text.lower() in {"true", "false"} and self._peek() != "(":
            return text.lower() == "true"
        return self._members(self._call(text.lower(), depth), depth)

    def _call(self, name: str, depth: int) -> Any:
        self._expect("(")
        arguments: list[Any] = []
        while self._peek() != ")":
            if arguments:
                self._expect(",")
            arguments.append(self.value(depth + 1))
        self._expect(")")
        if name == "parameters" and len(arguments) == 1 and isinstance(arguments[0], str):
            try:
                return self._parameters[arguments[0].lower()]
            except KeyError:
                raise NoValueError(arguments[0]) from None
        if name == "field" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Field(arguments[0])
        if name in {"resourcegroup", "subscription"} and not arguments:
            return Around("resourceGroup" if name == "resourcegroup" else "subscription")
        function = FUNCTIONS.get(name)
        if function is None:
            raise NotUnderstoodError(f"the function {name}()")
        try:
            return function(arguments)
        except (TypeError, ValueError, IndexError, AttributeError):
            raise self._refused() from None

    def _members(self, value: Any, depth: int) -> Any:
        while self._peek() in {".", "["}:
            if self._take()[1] == ".":
                kind, key = self._take()
                if kind != "name":
                    raise self._refused()
            else:
                key = self.value(depth + 1)
                self._expect("]")
            if not isinstance(value, Around) or not isinstance(key, str):
                raise self._refused()
            value = Around(value.of, (*value.path, key))
        return value

    def _split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        place = 0
        text = self._text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise self._refused()
            quoted, name, number, mark = match.groups()
            if quoted is not None:
                tokens.append(("text", quoted.replace("''", "'")))
            elif name is not None:
                tokens.append(("name", name))
            else:
                tokens.append(("number", number) if number is not None else ("mark", mark))
            place = match.end()
        return tokens

    def _peek(self) -> str:
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        return text if kind == "mark" else ""

    def _take(self) -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise self._refused()
        self._next += 1
        return self._tokens[self._next - 1]

    def _expect(self, mark: str) -> None:
        if self._take() != ("mark", mark):
            raise self._refused()

    def _refused(self) -> NotUnderstoodError:
        return NotUnderstoodError(f"the expression [{self._text}]")
