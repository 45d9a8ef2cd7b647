"""From a policy file's text to the model, or to one clear line that names file, line, column and key.

Only plain YAML is accepted: no aliases (they can grow without bound), no tags (they name types), no duplicate keys
(one of them would silently win), no deep nesting. This module reads no file.
"""

import difflib
from collections.abc import Mapping
from typing import Any, Protocol, cast

import yaml
from pydantic import BaseModel, ValidationError

from shared.domain.policy import EnforcementPolicy
from shared.errors import PolicyFileError


class Mark(Protocol):
    """A place in the file; the C and the Python parser have classes of their own for it."""

    line: int
    column: int


MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML = "tag:yaml.org,2002:"
_KNOWN_TAGS = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "timestamp"})
_REMEDY = "Mend the file; examples/demo.yaml shows every section"


def parse_policy(text: str, file: str) -> EnforcementPolicy:
    """The policy in `text`; PolicyFileError names `file` and the place of the first thing that is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise _error(file, None, "", f"the file holds more than {MAX_CHARACTERS:,} characters")
    root = _compose(text, file)
    data = _plain(root, file)
    try:
        return EnforcementPolicy.model_validate(data)
    except ValidationError as error:
        # A misspelt key is also a missing one: its misspelling is what helps.
        first = min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
        path = [part for part in first["loc"] if part in _known_parts(root) or isinstance(part, int)]
        raise _error(file, _mark(root, path), _dotted(path), _explain(first, path)) from None


def _compose(text: str, file: str) -> yaml.Node:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _error(file, event.start_mark, "", "anchors and aliases are not allowed")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise _error(file, event.start_mark, "", f"nested deeper than {MAX_DEPTH} levels")
        documents = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _error(file, mark, "", f"not valid YAML: {problem}") from None
    if len(documents) != 1 or not isinstance(documents[0], yaml.MappingNode):
        raise _error(file, None, "", "must hold one YAML document with the keys apiVersion, kind, metadata and spec")
    return documents[0]


def _plain(node: yaml.Node, file: str) -> object:
    """The node as dicts, lists and scalars; refuses duplicate keys, keys that are not text, and type tags."""
    if node.tag.removeprefix(_YAML) not in _KNOWN_TAGS:
        raise _error(file, node.start_mark, "", f"the type tag {node.tag[:60]} is not allowed")
    if isinstance(node, yaml.MappingNode):
        result: dict[str, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_YAML}str":
                raise _error(file, key.start_mark, str(key.value)[:60], "keys must be text; quote this one")
            if key.value in result:
                raise _error(file, key.start_mark, key.value, "this key appears twice")
            result[key.value] = _plain(value, file)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, file) for item in node.value]
    try:
        return cast("object", _scalar_loader.construct_object(node))
    except (ValueError, yaml.YAMLError):
        raise _error(file, node.start_mark, "", f"not a readable value: {str(node.value)[:60]}") from None


_scalar_loader: Any = yaml.SafeLoader("")


def _known_parts(root: yaml.Node) -> set[object]:
    names: set[object] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                names.add(key.value)
                stack.append(value)
        elif isinstance(node, yaml.SequenceNode):
            stack.extend(node.value)
    return names


def _mark(root: yaml.Node, path: list[Any]) -> Mark | None:
    """Where the last part of `path` that exists in the file stands."""
    node, mark = root, root.start_mark
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == part), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
    return cast("Mark | None", mark)


def _dotted(path: list[Any]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _explain(error: Mapping[str, Any], path: list[Any]) -> str:
    kind, loc = error["type"], list(error["loc"])
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(loc[-1]), _keys_at(loc[:-1]), n=1)
        return f"unknown key{f' (did you mean {near[0]!r}?)' if near else ''}"
    if kind == "missing":
        return f"the key '{loc[-1]}' is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    shown = (
        ""
        if isinstance(error.get("input"), dict | list | tuple) or kind == "value_error"
        else f", not {error.get('input')!r}"
    )
    return f"{message[:1].lower()}{message[1:]}{shown[:80]}" if path else message


def _keys_at(loc: list[Any]) -> list[str]:
    """The keys that the model knows at this place, for suggestions."""
    model: Any = EnforcementPolicy
    for part in loc:
        if isinstance(part, int):
            continue
        field = next((f for f in model.model_fields.values() if f.alias == part), None)
        if field is not None:
            model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _error(file: str, mark: Mark | None, key: str, what: str) -> PolicyFileError:
    place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
    return PolicyFileError(f"{place}: {key + ': ' if key else ''}{what}", remedy=_REMEDY)
