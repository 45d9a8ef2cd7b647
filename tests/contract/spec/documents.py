"""What Azure published about its operations: the OpenAPI files of 2021, and the newest SDKs' own description.

Reads both as they are and says for each operation where it stands, which statuses it may have and what its answers
look like. Refuses to know the simulator: what is served is compared elsewhere.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.reference import reference_file, reference_path

Json = dict[str, Any]

#: The OpenAPI file of each area; an area's names (`backup`, …) are those of this package's schemas.
FILES = {
    "backup": "spec/recoveryservicesbackup/2021-06-01/bms.json",
    "vaults": "spec/recoveryservices/2021-03-01/vaults.json",
    "identities": "spec/recoveryservices/2021-03-01/registeredidentities.json",
    "usages": "spec/recoveryservices/2021-03-01/vaultusages.json",
    "replication": "spec/recoveryservices/2021-03-01/replicationusages.json",
    "graph": "spec/resourcegraph/2021-03-01/resourcegraph.json",
    "subscriptions": "spec/resources/2021-01-01/subscriptions.json",
    "events": "spec/eventgrid/2018-01-01/Resources.json",
}
#: The SDK whose models describe the same area, newer. `events` has none.
SDKS = {
    "backup": "recoveryservicesbackup",
    "vaults": "recoveryservices",
    "identities": "recoveryservices",
    "usages": "recoveryservices",
    "replication": "recoveryservices",
    "graph": "resourcegraph",
    "subscriptions": "resource.subscriptions",
    "resources": "resource.resources",
    "compute": "compute",
}
VERBS = ("get", "put", "post", "patch", "delete", "head")


@dataclass
class Published:
    """One operation. `statuses` holds the successful ones; `answers` the schema of each status, and of `default`."""

    method: str
    path: str
    name: str
    version: str
    area: str
    statuses: set[int]
    answers: dict[str, Json] = field(default_factory=dict)
    parameters: list[Json] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    in_sdk: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.method, shape(self.path)


def shape(path: str) -> str:
    """A path template without what may differ: parameters' names, case, a last slash."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/").lower()


@cache
def openapi(area: str) -> Json:
    """The OpenAPI file of an area, with its `definitions`."""
    document: Json = json.loads(reference_file(FILES[area]))
    return document


@cache
def sdk(area: str, part: str) -> Json:
    """The SDK's `models` or `operations` of an area."""
    name = f"sdk-models/{SDKS[area]}.{part}.json"
    found: Json = json.loads(reference_file(name))[part]
    return found


def _of_spec(area: str) -> list[Published]:
    document = openapi(area)
    shared = document.get("parameters", {})
    found = []
    for path, operations in document["paths"].items():
        for verb in VERBS:
            operation = operations.get(verb)
            if operation is None:
                continue
            given = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in operation["parameters"]]
            found.append(
                Published(
                    method=verb.upper(),
                    path=path,
                    name=operation["operationId"],
                    version=document["info"]["version"],
                    area=area,
                    statuses={int(s) for s in operation["responses"] if s.isdigit()},
                    answers={s: r.get("schema", {}) for s, r in operation["responses"].items()},
                    parameters=given,
                    examples=[Path(e["$ref"]).name for e in operation.get("x-ms-examples", {}).values()],
                )
            )
    return found


@cache
def published() -> dict[tuple[str, str], Published]:
    """Every operation by method and shape of path: the spec's, widened by the SDK's, and those of the SDK alone."""
    found = {operation.key: operation for area in FILES for operation in _of_spec(area)}
    for area in SDKS:
        for name, operation in sdk(area, "operations").items():
            newer = Published(
                method=operation["method"],
                path=operation["url"],
                name=name,
                version=operation["api_version"] or "",
                area=area,
                statuses={s for s in operation["success"] if s < 400},
                in_sdk=True,
            )
            older = found.get(newer.key)
            if older is None:
                found[newer.key] = newer
            else:
                older.statuses |= newer.statuses
                older.version, older.in_sdk = newer.version, True
    return found


def example_files() -> list[Path]:
    """Every example of every API in the reference data."""
    return sorted(reference_path("spec").glob("*/*/**/*.json"), key=str)
