"""What a file's model finds wrong, in the words of the file: place, key, what must stand there, and what was meant.

It knows pydantic's kinds of error and any model; what the keys mean it does not know.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.domain.policy_file.look_alikes import latin
from shared.domain.policy_file.placed import Node, Path, Problem, dotted, shown

#: What a text of each of these keys must look like; a pattern would not tell it to a person.
_FORMS = {
    "name": "must be made of letters, digits, dots, hyphens and underscores, begin with a letter or digit, "
    "and hold 63 characters at most",
    "at": "must be a full or half hour in quotes, such as '23:00'",
}
_WANTED = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "datetime_type": "must be a moment, such as 2026-11-24T08:00:00Z",
}


def problems_in(
    error: ValidationError, root: Node, model: type[BaseModel], file: str, told: Collection[Path] = ()
) -> list[Callable[[], Problem]]:
    """The errors in the order of the file, each to be put into words when it is wanted, for a file may hold very many.

    Those about a key that is `told` already are left out, and so is a missing key whose misspelling is an error itself.
    """
    found = error.errors(include_url=False, include_input=False)
    strange: dict[tuple[int | str, ...], list[str]] = {}
    for each in found:
        if each["type"] == "extra_forbidden":
            strange.setdefault(each["loc"][:-1], []).append(str(each["loc"][-1]))
    placed: list[tuple[int, int, Callable[[], Problem]]] = []
    for each in found:
        loc = each["loc"]
        if each["type"] == "missing" and closest(str(loc[-1]), strange.get(loc[:-1], [])[:_MOST_STRANGE]):
            continue
        path = _path(root, loc)
        if path not in told:
            node = root.nearest(path)
            placed.append((node.line, node.column, partial(_problem, each, path, node, model, file)))
    placed.sort(key=lambda each: each[:2])
    return [each for _, _, each in placed]


#: Unknown keys of one section among which a missing one is looked for.
_MOST_STRANGE = 50


def _problem(error: Mapping[str, Any], path: Path, node: Node, model: type[BaseModel], file: str) -> Problem:
    return Problem(file, node.line, node.column, dotted(path), _words(error, path, node, model))


def closest(text: str, options: Iterable[str]) -> str:
    """The option that was most likely meant, or empty."""
    by_spelling = {_bare(each): each for each in options}
    near = difflib.get_close_matches(_bare(text[:100]), list(by_spelling), n=1, cutoff=0.7)
    return by_spelling[near[0]] if near else ""


def keys_at(root: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """The keys that the model knows at this place."""
    model = root
    for part in loc:
        if isinstance(part, str):
            found = next((each for each in model.model_fields.values() if each.alias == part), None)
            model = (_model_in(found.annotation) if found is not None else None) or model
    return [each.alias or name for name, each in model.model_fields.items()]


def describe(node: Node) -> str:
    """A value of the file as a message calls it."""
    if isinstance(node.data, dict | list):
        return "a mapping" if isinstance(node.data, dict) else "a list"
    if node.data is None:
        return "nothing"
    if isinstance(node.data, bool):
        return f"the yes or no {node.raw}"
    if isinstance(node.data, str):
        return f"'{shown(node.raw)}'"
    return f"the {'number' if isinstance(node.data, int | float) else 'date'} {shown(node.raw)}"


def _words(error: Mapping[str, Any], path: Path, node: Node, model: type[BaseModel]) -> str:
    kind, loc, context = error["type"], error["loc"], error.get("ctx") or {}
    if kind == "extra_forbidden":
        return "unknown key" + meaning(closest(str(loc[-1]), keys_at(model, loc[:-1])))
    if kind == "missing":
        return f"the key '{loc[-1]}' is missing"
    if kind in {"literal_error", "enum"}:
        options = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = closest(node.raw, options) if len(options) > 1 else ""
        return f"must be {context['expected']}, not {describe(node)}{meaning(near)}"
    if kind in _WANTED:
        remedy = "; quote it" if kind == "string_type" and node.raw and not node.quoted else ""
        return f"{_WANTED[kind]}, not {describe(node)}{remedy}"
    if kind in {"too_short", "string_too_short"}:
        return "must hold something; leave the key out to ask for nothing"
    if kind == "string_pattern_mismatch" and path and path[-1] in _FORMS:
        return f"{_FORMS[str(path[-1])]}, not {describe(node)}"
    if kind == "greater_than_equal":
        return f"must be {context['ge']:,} or more, not {describe(node)}"
    if kind == "less_than_equal":
        return f"must be {context['le']:,} at most, not {describe(node)}"
    if kind in {"string_too_long", "too_long"}:
        unit = "characters" if kind == "string_too_long" else "entries"
        return f"must hold {context['max_length']:,} {unit} at most"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}" if path else message


def meaning(near: str) -> str:
    """The suggestion to add to a message, or nothing."""
    return f" (did you mean '{near}'?)" if near else ""


def _path(root: Node, loc: Sequence[int | str]) -> Path:
    """The parts of pydantic's place that the file holds; the rest are its own, such as a short form's long one."""
    path: Path = ()
    node = root
    for part in loc:
        if part in node.inner:
            path, node = (*path, part), node.inner[part]
    return path


def _bare(text: str) -> str:
    return latin(text).lower().replace("_", "").replace("-", "")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None
