"""The enforcement policy: the model of the YAML file that says which backup every VM must have.

Strict: unknown keys, wrong types, impossible values and ties in priority are errors. `policy_text.py` turns a file's
text into this model and names the line of each error; `matching.py` evaluates it. "Policy" alone would be ambiguous:
`EnforcementPolicy` is this file, `backupPolicy` is the vault's.
"""

import hashlib
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic.alias_generators import to_camel

from shared.domain.durations import format_duration, parse_duration


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value


def _tag_values(value: object) -> object:
    if not isinstance(value, dict):
        return value
    for name, wanted in value.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if not isinstance(name, str) or not values or not all(isinstance(each, str) for each in values):
            raise ValueError(f"tag {name!r}: the value must be text or a list of texts; quote it, such as '{wanted}'")
    names = [name.lower() for name in value]
    if len(set(names)) != len(names):
        raise ValueError("a tag name appears twice (tag names are compared without case)")
    return {name: tuple(wanted) if isinstance(wanted, list) else (wanted,) for name, wanted in value.items()}


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
Text = Annotated[str, Field(min_length=1, max_length=260)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
TagValues = Annotated[dict[Text, tuple[str, ...]], BeforeValidator(_tag_values), Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=False
    )


class Mode(StrEnum):
    """What the policy permits: look and report, write, or nothing at all."""

    AUDIT = "audit"
    ENFORCE = "enforce"
    DISABLED = "disabled"


class BuiltinExclusion(StrEnum):
    """Kinds of VM that Backstop can recognise by itself."""

    DATABRICKS = "databricks"
    AKS = "aks"
    EPHEMERAL_OS_DISK = "ephemeral-os-disk"


class Selector(_Section):
    """Conditions on a VM; all that are given must hold, and none at all matches every VM.

    Globs (`*`, `?`, `[...]`) and tag names are compared without case, tag values with case.
    """

    all: tuple["Selector", ...] | None = None
    any: tuple["Selector", ...] | None = None
    not_: "Selector | None" = Field(default=None, alias="not")
    tags: TagValues | None = None
    locations: Texts | None = None
    subscriptions: Texts | None = None
    resource_groups: Texts | None = None
    names: Texts | None = None
    image_publishers: Texts | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists_to_tuples(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: tuple(item) if key in {"all", "any"} and isinstance(item, list) else item
                for key, item in value.items()
            }
        return value


class MaxActions(_Section):
    """How many VMs one run may change; a left-out `percent` (of the VMs discovered) sets no limit."""

    amount: int = Field(default=50, ge=0, le=1_000_000)
    percent: int | None = Field(default=None, ge=0, le=100)


class Limits(_Section):
    """Brakes: a run that wants more stops before its first write."""

    max_actions: MaxActions = MaxActions()


class OptOut(_Section):
    """How owners say no: the tag's name, which parts it must hold, and how far ahead `until` may lie."""

    tag: Text = "backup-opt-out"
    require: Annotated[tuple[Literal["reason", "until", "ref"], ...], BeforeValidator(_as_tuple)] = ("reason", "until")
    max_duration: Duration | None = timedelta(days=90)


class Exclude(_Section):
    """VMs that Backstop leaves alone; `any` lists selectors of which one suffices."""

    builtin: Annotated[tuple[Annotated[BuiltinExclusion, Field(strict=False)], ...], BeforeValidator(_as_tuple)] = (
        tuple(BuiltinExclusion)
    )
    any: Annotated[tuple[Selector, ...], BeforeValidator(_as_tuple)] = ()


class VaultChoice(_Section):
    """Which vaults of the VM's subscription and region will do; left out, any of them."""

    names: Texts | None = None
    tags: TagValues | None = None


class BackupPolicyRef(_Section):
    """The vault's backup policy, by name."""

    name: Text


class InitialBackup(_Section):
    """Whether the first backup is started at once, and how long its recovery point is kept."""

    enabled: bool = True
    retain: Duration = timedelta(days=30)

    @model_validator(mode="after")
    def _retention_is_possible(self) -> Self:
        # 9999 days is the longest daily retention in Azure Backup's support matrix (2022).
        if not timedelta(days=1) <= self.retain <= timedelta(days=9999):
            raise ValueError("retain must be between P1D and P9999D")
        return self


class Rule(_Section):
    """What the VMs that match must have. The lowest `priority` that matches wins."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    priority: int = Field(ge=0, le=1_000_000)
    match: Selector
    opt_out: Literal["allowed", "forbidden"] = "allowed"
    vault: VaultChoice = VaultChoice()
    backup_policy: BackupPolicyRef | None = None  # None: DefaultPolicy for new ones, any will do on existing ones
    initial_backup: InitialBackup = InitialBackup()

    @property
    def wanted_policy(self) -> str:
        """The backup policy for a new protection. Every vault is made with a DefaultPolicy (recorded traffic, 2019)."""
        return self.backup_policy.name if self.backup_policy else "DefaultPolicy"


class Spec(_Section):
    """The body of the file."""

    mode: Annotated[Mode, Field(strict=False)] = Mode.AUDIT
    settle: Duration = timedelta(minutes=10)
    limits: Limits = Limits()
    opt_out: OptOut = OptOut()
    exclude: Exclude = Exclude()
    rules: Annotated[tuple[Rule, ...], BeforeValidator(_as_tuple), Field(min_length=1)]

    @model_validator(mode="after")
    def _rules_are_distinct(self) -> Self:
        seen: dict[object, str] = {}
        for rule in self.rules:
            if (other := seen.setdefault(rule.priority, rule.name)) != rule.name:
                raise ValueError(
                    f"rules '{other}' and '{rule.name}' have the same priority {rule.priority}; give each its own"
                )
            if seen.setdefault(f"name {rule.name.lower()}", str(rule.priority)) != str(rule.priority):
                raise ValueError(f"two rules are named '{rule.name}'; give each its own name")
        return self


class Metadata(_Section):
    """Who this policy belongs to."""

    name: Text
    owner: str = ""


class EnforcementPolicy(_Section):
    """The whole file."""

    api_version: Literal["backstop/v1"]
    kind: Literal["EnforcementPolicy"]
    metadata: Metadata
    spec: Spec

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that name this policy's content, whatever its file's layout."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()[:12]


def audit_only() -> EnforcementPolicy:
    """The policy in force where there is none: every VM must have a backup, and nothing is written."""
    return EnforcementPolicy.model_validate(
        {
            "apiVersion": "backstop/v1",
            "kind": "EnforcementPolicy",
            "metadata": {"name": "built-in", "owner": ""},
            "spec": {"mode": "audit", "rules": [{"name": "default", "priority": 1000, "match": {}}]},
        }
    )
