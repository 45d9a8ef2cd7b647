"""What lies around a VM and decides whether its backup works: locks, policy assignments, key vaults, role assignments.

Plain records by lower-cased ARM id, as in `model.py`. What each of them forbids or allows is told where it is served.
"""

from dataclasses import dataclass, field
from typing import Literal

from simulator.core.table import Table
from simulator.core.wire import Json

Level = Literal["CanNotDelete", "ReadOnly"]
AgentState = Literal["ok", "missing", "old", "notReady"]
ExtensionState = Literal["succeeded", "failed"]


@dataclass(slots=True)
class Guest:
    """What is unusual inside a VM. `version` empty: the usual one of that state. `scripts`: pre and post scripts."""

    agent: AgentState = "ok"
    version: str = ""
    extensions: dict[str, ExtensionState] = field(default_factory=dict)
    scripts: bool = False


@dataclass(slots=True)
class Lock:
    """A management lock on a scope: a subscription, a resource group or a resource, and all that is in it."""

    id: str
    name: str
    scope: str
    level: Level
    notes: str = ""


@dataclass(slots=True)
class PolicyDefinition:
    """A definition of Azure Policy: `rule` is its `policyRule`. Built-in ones belong to no subscription."""

    id: str
    name: str
    display_name: str
    rule: Json
    parameters: Json = field(default_factory=dict)
    mode: str = "All"
    kind: Literal["BuiltIn", "Custom"] = "Custom"


@dataclass(slots=True)
class PolicyAssignment:
    """A definition put in force for a scope. `parameters` as on the wire: `{"tagName": {"value": "owner"}}`."""

    id: str
    name: str
    scope: str
    definition: str
    display_name: str = ""
    parameters: Json = field(default_factory=dict)
    not_scopes: list[str] = field(default_factory=list)
    enforcement: Literal["Default", "DoNotEnforce"] = "Default"


@dataclass(slots=True)
class RoleAssignment:
    """A role that a principal has at a scope and below."""

    id: str
    name: str
    scope: str
    role: str
    principal: str
    principal_type: str = "ServicePrincipal"


@dataclass(slots=True)
class KeyVault:
    """A key vault: who may read it is told by its access policies, or with `rbac` by role assignments alone."""

    id: str
    name: str
    subscription: str
    group: str
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    rbac: bool = False
    access: list[Json] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(slots=True)
class Surroundings:
    """All of them in one estate, by lower-cased id. `definitions` holds the estate's own, no built-in ones."""

    locks: dict[str, Lock] = field(default_factory=dict)
    assignments: dict[str, PolicyAssignment] = field(default_factory=dict)
    definitions: dict[str, PolicyDefinition] = field(default_factory=dict)
    roles: dict[str, RoleAssignment] = field(default_factory=dict)
    key_vaults: Table[KeyVault] = field(default_factory=Table)
