"""Azure's own request examples: which operation each is of, how it is sent, and which keys its answer has."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.contract.spec.contract import TAGS, VM, operation_of, served
from tests.contract.spec.documents import Json, Published, example_files, published, shape

LIST_BY_LOCATION = "/subscriptions/{}/providers/microsoft.compute/locations/{}/virtualmachines"
#: Examples of operations that have no OpenAPI file here, by how their names begin.
NAMED: tuple[tuple[str, tuple[str, str]], ...] = (
    ("CreateA", ("PUT", VM)),
    ("GetVirtualMachineInstanceView", ("GET", f"{VM}/instanceview")),
    ("GetVirtualMachine", ("GET", VM)),
    ("ListVirtualMachinesInASubscriptionByLocation", ("GET", LIST_BY_LOCATION)),
    ("GetTags", ("GET", shape(TAGS))),
    ("PutTags", ("PUT", shape(TAGS))),
)


@dataclass(frozen=True, eq=False)
class Example:
    """One file with the operation that it is of. `answers` are by status."""

    file: Path
    operation: Published
    parameters: Json
    answers: dict[int, Json]

    @property
    def name(self) -> str:
        return f"{self.file.parent.name}/{self.file.stem}"

    def parameter(self, name: str) -> str:
        return str(self.parameters[name])

    @property
    def body(self) -> Any:
        """The request's body: the parameter that the operation takes in its body."""
        known = {each["name"] for each in self.operation.parameters if each["in"] == "body"}
        if not self.operation.parameters and self.operation.method in ("PUT", "POST", "PATCH"):
            known = {"parameters"}
        return next((self.parameters[name] for name in known if name in self.parameters), None)

    def path(self, **instead: str) -> str:
        """The address with its query. `instead` has other values for parameters."""
        values = self.parameters | instead
        if "scope" in values:
            values["scope"] = str(values["scope"]).strip("/")
        path = re.sub(
            r"\{(\w+)\}",
            lambda found: quote(str(values[found[1]]), safe="/" if found[1] == "scope" else ""),
            self.operation.path,
        )
        query = {name: value for name, value in values.items() if name.startswith("$")}
        query["api-version"] = values.get("api-version") or self.operation.version
        return path + "?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items())


def _operations(file: Path) -> list[Published]:
    fits = [o for o in published().values() if file.name in o.examples and FOLDERS[o.area] in file.parts]
    fits = list({o.key: o for o in fits}.values())
    named = [key for start, key in NAMED if file.name.startswith(start)][:1]
    return fits or [operation for key in named if (operation := operation_of(key)) is not None]


#: The folder of the reference data that holds an area's examples.
FOLDERS = {
    "backup": "recoveryservicesbackup",
    "vaults": "recoveryservices",
    "identities": "recoveryservices",
    "usages": "recoveryservices",
    "replication": "recoveryservices",
    "graph": "resourcegraph",
    "subscriptions": "resources",
    "events": "eventgrid",
    "compute": "compute",
    "resources": "resources",
}


def examples() -> tuple[list[Example], list[Path]]:
    """Those of operations that the simulator serves, and the files of which no operation is known."""
    found, strange = [], []
    for file in example_files():
        read = json.loads(file.read_text(encoding="utf-8"))
        if "swagger" in read:
            continue
        operations = _operations(file)
        if not operations:
            strange.append(file)
        for operation in operations:
            if operation.key in served():
                answers = {int(status): answer for status, answer in read["responses"].items()}
                found.append(Example(file, operation, read["parameters"], answers))
    return found, strange


#: Objects whose keys are their owner's.
MAPS = ("tags", "userAssignedIdentities")


def keys(value: Any, prefix: str = "") -> set[str]:
    """Every key of a body with the keys above it; the elements of a list count as one, and names in a map not."""
    if isinstance(value, list):
        return {key for element in value for key in keys(element, f"{prefix}[].")}
    if not isinstance(value, dict):
        return set()
    found = {prefix + key for key in value}
    for key, below in value.items():
        if key in MAPS:
            continue
        found |= keys(below, f"{prefix}{key}{'' if isinstance(below, list) else '.'}")
    return found
