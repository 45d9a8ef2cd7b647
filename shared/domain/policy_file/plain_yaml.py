"""Plain YAML with places: a file's text as dicts, lists and scalars, each of which knows where it stands.

Only what means the same to every reader is accepted: no aliases (they can grow without bound), no tags (they name
types), no duplicate keys (one of them would silently win), no numbers that YAML reads as others than they look like, no
characters that cannot be seen. One pass, which ends at the first of these; this module reads no file and knows no keys.
"""

import re
import unicodedata
from datetime import date, datetime
from typing import Any

import yaml

from shared.domain.policy_file.placed import Node, Path, Problem, dotted, shown

MAX_CHARACTERS = 1_000_000
MAX_BYTES = MAX_CHARACTERS * 4  # a character has four bytes at most
TOO_LONG = f"the file holds more than {MAX_CHARACTERS:,} characters"
_ONE_DOCUMENT = "must hold one YAML document, a mapping of keys"
_NO_ANCHORS = "anchors and aliases are not allowed; write the value out"
MAX_NODES = 30_000
MAX_DEPTH = 40
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML = "tag:yaml.org,2002:"
_KINDS = frozenset({"str", "int", "float", "bool", "null", "timestamp"})
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
# What YAML refuses, marks that turn the direction of writing, and line ends that editors do not show as such: these
# deceive even in a comment.
_REFUSED = re.compile(
    "[^\t\n\r\x20-~\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)"
)

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Letters and marks that show nothing all the same: fillers, an empty Braille cell, joiners, selectors of a glyph.
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


class UnreadableYamlError(Exception):
    """The text is not plain YAML; `problem` says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_yaml(text: str, file: str) -> Node:
    """The one document in `text`, a mapping. UnreadableYamlError names `file` and the place of what is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise UnreadableYamlError(Problem(file, 0, 0, "", TOO_LONG))
    _refuse_hidden(text, file)
    try:
        return _Reader(text, file).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = str(getattr(error, "problem", None) or error).splitlines()[0]
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise UnreadableYamlError(Problem(file, line, column, "", f"not valid YAML: {what}")) from None


def _refuse_hidden(text: str, file: str) -> None:
    found = _REFUSED.search(text)
    if found is not None:
        at = found.start()
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        what = f"the character U+{ord(found[0]):04X} cannot be seen and is not allowed"
        raise UnreadableYamlError(Problem(file, line, column, "", what))


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._loader = _Loader(text)
        self._file = file
        self._nodes = 0

    def document(self) -> Node:
        self._next(yaml.StreamStartEvent)
        self._next(yaml.DocumentStartEvent)
        first = self._next()
        root = self._node(first, (), None, 0)
        if not isinstance(root.data, dict):
            raise self._error(first, "", _ONE_DOCUMENT)
        self._next(yaml.DocumentEndEvent)
        self._next(yaml.StreamEndEvent)
        return root

    def _next(self, expected: type | None = None) -> Any:
        event = self._loader.get_event()
        if expected is not None and not isinstance(event, expected):
            raise self._error(event, "", _ONE_DOCUMENT)
        return event

    def _node(self, event: Any, path: Path, key: Any, depth: int) -> Node:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, dotted(path), _NO_ANCHORS)
        if depth > MAX_DEPTH:
            raise self._error(event, "", f"nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise self._error(event, "", f"the file holds more than {MAX_NODES:,} values")
        if event.tag is not None:
            raise self._error(event, dotted(path), f"the type tag {shown(event.tag)} is not allowed")
        mark = (key or event).start_mark
        node = Node(mark.line + 1, mark.column + 1, None)
        if isinstance(event, yaml.ScalarEvent):
            node.raw, node.quoted = event.value, event.style in {'"', "'", "|", ">"}
            node.data = self._scalar(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._list(node, path, depth)
        else:
            self._mapping(node, path, depth)
        return node

    def _list(self, node: Node, path: Path, depth: int) -> None:
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            position = len(node.inner)
            node.inner[position] = self._node(event, (*path, position), None, depth + 1)
        node.data = [each.data for each in node.inner.values()]

    def _mapping(self, node: Node, path: Path, depth: int) -> None:
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            if isinstance(key, yaml.AliasEvent) or getattr(key, "anchor", None):
                raise self._error(key, dotted(path), _NO_ANCHORS)
            if not isinstance(key, yaml.ScalarEvent) or key.tag or self._tag_of(key) != "str":
                raise self._error(key, shown(getattr(key, "value", "")), "keys must be text; quote this one")
            name = key.value
            self._seen(key, (*path, name))
            if name in node.inner:
                raise self._error(key, dotted((*path, name)), "this key appears twice")
            node.inner[name] = self._node(self._next(), (*path, name), key, depth + 1)
        node.data = {name: each.data for name, each in node.inner.items()}

    def _scalar(self, event: Any, path: Path) -> Any:
        kind, raw = self._tag_of(event), event.value
        if kind == "str":
            self._seen(event, path)
            return raw
        if kind == "null":
            return None
        if kind == "bool":
            return raw.lower() in {"yes", "true", "on"}
        if kind == "int":
            if _INTEGER.fullmatch(raw) is None:
                raise self._error(event, dotted(path), f"write {shown(raw)} as a plain number, or quote it as text")
            return int(raw)
        if kind == "float":
            return float(raw) if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{0,15}", raw) else float("nan")
        return _moment(raw)

    def _tag_of(self, event: Any) -> str:
        if event.style in {'"', "'", "|", ">"}:
            return "str"
        kind = str(self._loader.resolve(yaml.ScalarNode, event.value, (True, False))).removeprefix(_YAML)
        if kind not in _KINDS:
            raise self._error(event, shown(event.value), "YAML gives this a meaning of its own; quote it")
        return kind

    def _seen(self, event: Any, path: Path) -> None:
        if event.value.isascii() and event.value.isprintable():
            return
        hidden = next((each for each in event.value if _is_hidden(each)), None)
        if hidden is not None:
            what = f"holds the character U+{ord(hidden):04X}, which cannot be seen; take it out"
            raise self._error(event, dotted(path), what)

    def _error(self, event: Any, key: str, what: str) -> UnreadableYamlError:
        mark = event.start_mark
        return UnreadableYamlError(Problem(self._file, mark.line + 1, mark.column + 1, key, what))


def _is_hidden(character: str) -> bool:
    return character in _BLANKS or (unicodedata.category(character) in _UNSEEN and character not in "\n\t")


def _moment(raw: str) -> Any:
    """A date or a moment; a text where no such day or time exists, or where it is written in another way."""
    try:
        return date.fromisoformat(raw) if len(raw) == 10 else datetime.fromisoformat(raw)
    except ValueError:
        return raw
