"""Which handler answers which method and path. Paths match without case, as Azure's do; `%3B` arrives as `;`.

A route's last literal segment is its noun; with the method it names the operation in counts, writes and holds
(`PUT protectedItems`, `POST backup`, `GET virtualMachines`).
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from simulator.core.fate import Fate
from simulator.core.wire import Answer, AzureError, Json, parse_body

if TYPE_CHECKING:
    from simulator.world import World

TAGS_SUFFIX = ("providers", "microsoft.resources", "tags", "default")


@dataclass
class Call:
    """One request on its way through the simulator. `query` has lower-cased names; `path` is decoded."""

    world: "World"
    method: str
    path: str
    query: dict[str, str]
    raw: bytes
    base: str
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    operation: str = ""
    #: Set by a handler that finds the PUT to hit an existing item; `check` wants to know.
    over_existing: bool = False
    #: What a PUT of a protected item asked for: protect, undelete, stop, resume or change-policy.
    change: str = ""
    #: Set where a backup is asked for of an item that has a recovery point already.
    needless: bool = False
    #: How the work that this request starts is to end, where a fault says so.
    fate: Fate | None = None
    #: Headers that tell what is left of the limits that this request counted against.
    remaining: dict[str, str] = field(default_factory=dict)
    _body: Json | None = None

    @property
    def body(self) -> Json:
        """The request's JSON object. Raises AzureError 400 where it is none."""
        if self._body is None:
            self._body = parse_body(self.raw)
        return self._body

    @property
    def properties(self) -> Json:
        """The body's `properties`, empty where there are none. Raises AzureError 400 where they are no object."""
        value = self.body.get("properties") or {}
        if not isinstance(value, dict):
            raise AzureError(400, "InvalidRequestContent", "The request content was invalid: properties is no object.")
        return value

    @property
    def url(self) -> str:
        return self.base + self.path.replace(";", "%3B").replace(" ", "%20")


Handler = Callable[[Call], Answer | Awaitable[Answer]]
Route = tuple[str, str, Handler]


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    name: str = ""
    noun: str = ""
    handlers: dict[str, Handler] = field(default_factory=dict)


class Router:
    """A tree of path segments; `{name}` takes any one segment."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._namespaces: set[str] = set()
        self._tags: dict[str, Handler] = {}
        for method, template, handler in routes:
            self._add(method, template, handler)

    def _add(self, method: str, template: str, handler: Handler) -> None:
        if template.startswith("/{scope}/"):
            self._tags[method] = handler
            return
        self._namespaces.add(resource_type(template)[0].lower())
        node, noun = self._root, ""
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node(name=segment[1:-1])
                node = node.parameter
            else:
                noun = segment
                node = node.children.setdefault(segment.lower(), _Node())
        node.noun = noun
        node.handlers[method] = handler

    def resolve(self, call: Call) -> Handler:
        """Fill in `call.params` and `call.operation`; raises AzureError 404 or 405 (operation named all the same)."""
        segments = [s for s in call.path.split("/") if s]
        if tuple(s.lower() for s in segments[-4:]) == TAGS_SUFFIX:
            call.params = {"scope": "/" + "/".join(segments[:-4])}
            return self._pick(call, "tags", self._tags)
        node, params = self._root, {}
        for segment in segments:
            child = node.children.get(segment.lower())
            if child is None:
                child = node.parameter
                if child is None:
                    call.operation = f"{call.method} unknown"
                    raise self._nothing(call.path)
                params[child.name] = segment
            node = child
        call.params = params
        return self._pick(call, node.noun or "unknown", node.handlers)

    def _nothing(self, path: str) -> AzureError:
        """ARM's word for a path where nothing is: an unknown provider, or a type that its provider does not have."""
        namespace, kind = resource_type(path)
        if namespace and namespace.lower() not in self._namespaces:
            return AzureError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
        if not namespace:
            return AzureError(404, "InvalidResourceType", f"No resource type answers at '{path[:1000]}'.")
        message = f"The resource type '{kind}' could not be found in the namespace '{namespace}'."
        return AzureError(404, "InvalidResourceType", message)

    def _pick(self, call: Call, noun: str, handlers: dict[str, Handler]) -> Handler:
        call.operation = f"{call.method} {noun}"
        if not handlers:
            raise self._nothing(call.path)
        if call.method not in handlers:
            message = f"The resource does not support http method '{call.method}'."
            raise AzureError(405, "MethodNotAllowed", message)
        return handlers[call.method]


def resource_type(path: str) -> tuple[str, str]:
    """Provider namespace and type of what a path names: `("Microsoft.Compute", "virtualMachines/extensions")`.

    Both are cut to what fits a message, and empty where the path names no provider.
    """
    parts = [part for part in path.split("/") if part]
    places = [number for number, part in enumerate(parts) if part.lower() == "providers"]
    if not places:
        return "", ""
    rest = parts[places[-1] + 1 :]
    return (rest[0][:100] if rest else ""), "/".join(rest[1::2])[:200]


def decode_path(raw_path: str) -> str:
    """The path with every segment decoded once; a slash that was escaped stays out of the segments' way."""
    return "/".join(unquote(segment).replace("/", "%2F") for segment in raw_path.split("/"))


def encode(body: object) -> bytes:
    """JSON as it goes out."""
    return json.dumps(body, separators=(",", ":")).encode()
