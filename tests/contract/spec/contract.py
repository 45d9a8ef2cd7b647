"""Holds one answer of the simulator against what Azure published for the operation that was asked.

Says what is wrong, each with the operation and the place. What may differ stands in `differences.py`, each with its
reason; nothing is excused here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from simulator.services import all_routes
from tests.contract.spec.definitions import swagger
from tests.contract.spec.documents import Json, Published, published, shape
from tests.contract.spec.schemas import errors

TAGS = "/{scope}/providers/Microsoft.Resources/tags/default"
GROUP = "/subscriptions/{}/resourcegroups/{}"
VM = f"{GROUP}/providers/microsoft.compute/virtualmachines/{{}}"
#: Answers of operations that only the SDK describes: its models do not say which operation answers with which.
MODELS: dict[tuple[str, str], tuple[str, str]] = {
    ("GET", VM): ("compute", "VirtualMachine"),
    ("PUT", VM): ("compute", "VirtualMachine"),
    ("PATCH", VM): ("compute", "VirtualMachine"),
    ("GET", f"{VM}/instanceview"): ("compute", "VirtualMachineInstanceView"),
    ("GET", f"{GROUP}/providers/microsoft.compute/virtualmachines"): ("compute", "[VirtualMachine]"),
    ("GET", "/subscriptions/{}/providers/microsoft.compute/virtualmachines"): ("compute", "[VirtualMachine]"),
    ("GET", "/subscriptions/{}/providers/microsoft.compute/locations/{}/virtualmachines"): (
        "compute",
        "[VirtualMachine]",
    ),
    ("GET", GROUP): ("resources", "ResourceGroup"),
    ("PUT", GROUP): ("resources", "ResourceGroup"),
    ("GET", "/subscriptions/{}/resourcegroups"): ("resources", "[ResourceGroup]"),
    ("GET", "/subscriptions/{}/resources"): ("resources", "[GenericResourceExpanded]"),
    ("GET", f"{GROUP}/resources"): ("resources", "[GenericResourceExpanded]"),
    ("GET", "/subscriptions/{}/providers"): ("resources", "[Provider]"),
    ("GET", "/subscriptions/{}/providers/{}"): ("resources", "Provider"),
    ("GET", shape(TAGS)): ("resources", "TagsResource"),
    ("PUT", shape(TAGS)): ("resources", "TagsResource"),
    ("PATCH", shape(TAGS)): ("resources", "TagsResource"),
}
VAULT = f"{GROUP}/providers/microsoft.recoveryservices/vaults/{{}}"
FABRIC = f"{VAULT}/backupfabrics/{{}}"
MODELS |= {
    ("GET", f"{VAULT}/backupresourceguardproxies"): ("backup", "[ResourceGuardProxyBaseResource]"),
    ("GET", f"{VAULT}/backupstorageconfig/vaultstorageconfig"): ("backup", "BackupResourceConfigResource"),
    ("PUT", f"{VAULT}/backupstorageconfig/vaultstorageconfig"): ("backup", "BackupResourceConfigResource"),
    ("GET", f"{FABRIC}/operationsstatus/{{}}"): ("backup", "OperationStatus"),
}
#: Where OAuth's own shape of an error stands for ARM's (RFC 6749, section 5.2).
OAUTH = "/{}/oauth2/v2.0/token"
OAUTH_ERROR: Json = {
    "type": "object",
    "required": ["error", "error_description"],
    "additionalProperties": False,
    "properties": {name: {"type": "string", "minLength": 1} for name in ("error", "error_description")},
}
#: ARM's error: the shape of every refusal, whatever the operation's own specification says on top.
ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "minLength": 1},
                "message": {"type": "string", "minLength": 1},
                "target": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object", "required": ["code", "message"]}},
                "additionalInfo": {"type": "array"},
            },
        }
    },
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `kind` is the rule (`type`, `required`, `unknown-key`, …), `place` the JSON path."""

    operation: str
    status: int
    kind: str
    place: str
    text: str


@cache
def served() -> dict[tuple[str, str], str]:
    """The simulator's routes: method and shape of path to the template."""
    templates = [(m, TAGS if t == "/{scope}/tags" else t) for m, t, _ in all_routes()]
    return {(method, shape(template)): template for method, template in templates}


def route_of(method: str, path: str) -> tuple[str, str] | None:
    """The route that answers a path, most literal first; None where none does."""
    asked = [segment for segment in path.lower().split("/") if segment]
    if asked[-4:] == shape(TAGS).split("/")[2:]:
        return (method, shape(TAGS)) if (method, shape(TAGS)) in served() else None
    fits = []
    for key in served():
        known = key[1].strip("/").split("/")
        alike = key[0] == method and len(known) == len(asked)
        if alike and all(k in ("{}", a) for k, a in zip(known, asked, strict=True)):
            fits.append(key)
    return min(fits, key=lambda key: [part == "{}" for part in key[1].split("/")], default=None)


@cache
def operation_of(key: tuple[str, str]) -> Published | None:
    """What Azure published for a route: under its own path, or under one that holds a parameter in place of a word."""
    if key in published():
        return published()[key]
    asked = key[1].split("/")
    for (method, path), operation in published().items():
        known = path.split("/")
        alike = method == key[0] and len(known) == len(asked) and path.count("{}") == key[1].count("{}") + 1
        if alike and all(k in ("{}", a) for k, a in zip(known, asked, strict=True)):
            return operation
    return None


def schema_of(operation: Published, status: int) -> tuple[str, Json] | None:
    """The area and schema of an answer's body; None where nothing published says what it holds."""
    if operation.key in MODELS and status < 300:
        area, name = MODELS[operation.key]
        if not name.startswith("["):
            return area, {"$ref": f"#/definitions/{name}"}
        row = {"$ref": f"#/definitions/{name[1:-1]}"}
        envelope = {"value": {"type": "array", "items": row}, "nextLink": {"type": "string"}}
        return area, {"type": "object", "properties": envelope, "required": ["value"], "x-closed": name}
    told = operation.answers.get(str(status), operation.answers.get("default") if status >= 400 else None)
    return (operation.area, swagger(told)) if told else None


def place(error: Any) -> str:
    """Where in the body: keys, with every list index as `[]`."""
    return ".".join("[]" if isinstance(part, int) else str(part) for part in error.absolute_path)


def problems(key: tuple[str, str], status: int, headers: dict[str, str], body: Any) -> list[Problem]:
    """What is wrong with an answer of the route `key`. `headers` have lower-cased names; no body is None."""
    operation = operation_of(key)
    name = operation.name if operation else f"{key[0]} {served().get(key, key[1])}"

    def told(kind: str, where: str, text: str) -> Problem:
        return Problem(name, status, kind, where, text)

    found = []
    if body is not None and not headers.get("content-type", "").startswith("application/json"):
        found.append(told("content-type", "", headers.get("content-type", "none")))
    if status >= 400 and key[0] != "HEAD":
        shape_of_error = OAUTH_ERROR if key == ("POST", OAUTH) else ERROR
        found += [told(str(e.validator), place(e), e.message) for e in errors("backup", shape_of_error, body)]
    if operation is None:
        return found
    if status < 400 and status not in operation.statuses:
        found.append(told("status", "", f"{status} is none of {sorted(operation.statuses)}"))
    if status == 202 and not headers.keys() & {"azure-asyncoperation", "location"}:
        found.append(told("header", "", "neither Azure-AsyncOperation nor Location says where to ask on"))
    expected = schema_of(operation, status)
    if expected is None:
        if body is not None and status < 400:
            found.append(told("body", "", "nothing published gives this answer a body"))
        return found
    if body is None:
        return [*found, told("body", "", "the body is missing")]
    area, schema = expected
    found += [told(str(e.validator), place(e), e.message) for e in errors(area, schema, body)]
    return list(dict.fromkeys(found))  # a value that both sources describe can be wrong by both
