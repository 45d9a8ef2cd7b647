"""The enforcement policy: the model of the YAML file that says which backup every VM must have.

Strict: unknown keys, wrong types, impossible values and ties in priority are errors. `policy_file/` holds the file's
sections and reads a text into this model, with the place of every mistake; `matching.py` evaluates it. "Policy" alone
would be ambiguous: `EnforcementPolicy` is this file, `backupPolicy` is the vault's.
"""

import hashlib
import json
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.backup import DiskExclusion, Existing, InitialBackup
from shared.domain.policy_file.backup_policy import BackupPolicyChoice
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_file.types import Duration, Section, Text, Texts, as_tuple
from shared.domain.policy_file.vault import VaultChoice, new_vault_name, new_vault_tags
from shared.domain.selectors import compile_vault_select


class Mode(StrEnum):
    """What the policy permits: look and report, write, or nothing at all."""

    AUDIT = "audit"
    ENFORCE = "enforce"
    DISABLED = "disabled"


class BuiltinExclusion(StrEnum):
    """Kinds of VM that Backstop can recognise by itself."""

    DATABRICKS = "databricks"
    AKS = "aks"
    ARO = "aro"
    VMSS_UNIFORM = "vmss-uniform"
    AVD_POOLED = "avd-pooled"
    BATCH = "batch"
    EPHEMERAL_OS_DISK = "ephemeral-os-disk"
    CITRIX = "citrix"
    SPOT = "spot"


#: Left out of the default, because VMs of these kinds may well be worth a backup.
ON_REQUEST = frozenset({BuiltinExclusion.CITRIX, BuiltinExclusion.SPOT})


class PolicyScope(Section):
    """Where the policy holds; left out, everywhere the login can read. Subscriptions by id or name, as globs."""

    management_groups: Texts | None = None
    subscriptions: Texts | None = None
    exclude_management_groups: Texts | None = None
    exclude_subscriptions: Texts | None = None


class MaxActions(Section):
    """How many VMs one run may change; a left-out `percent` (of the VMs discovered) sets no limit."""

    amount: int = Field(default=50, ge=0, le=1_000_000)
    percent: int | None = Field(default=None, ge=0, le=100)


class Limits(Section):
    """Brakes on a run, and the backup service's quotas, which Backstop keeps to by itself.

    A run that wants more than `maxActions` stops before its first write, one of which more than `failurePercent` fail
    stops then. Where sources disagree on a quota the default is the stricter number: 250 registrations a vault and day
    (support matrix of Azure Backup, January 2026; 1,000 in 2022), 100 VMs a backup policy (the portal's; 1,000 by the
    Azure CLI's own check), three on-demand backups a VM and day beside the scheduled one (2023), 50 changes of the
    backup policies of a vault a day. `dailyReserve` is the part of the registrations that is left to people.
    """

    max_actions: MaxActions = MaxActions()
    failure_percent: int | None = Field(default=None, ge=0, le=100)
    per_vault: int = Field(default=1_000, ge=1, le=2_000)
    per_vault_per_day: int = Field(default=250, ge=1, le=1_000)
    daily_reserve: int = Field(default=0, ge=0, le=999)
    per_backup_policy: int = Field(default=100, ge=1, le=1_000)
    on_demand_per_day: int = Field(default=3, ge=1, le=9)
    backup_policy_edits_per_day: int = Field(default=50, ge=1, le=1_000)

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if self.daily_reserve >= self.per_vault_per_day:
            raise ValueError("`dailyReserve` must be less than `perVaultPerDay`: nothing would ever be registered")
        return self


class OptOut(Section):
    """How owners say no: the tag's name, which parts it must hold, which reasons count, and how long it may last.

    `maxDuration` counts from when the opt-out was first seen. Renewing it goes on with the same stretch, and so does a
    new one within `newAfter` of the last.
    """

    tag: Text = "backup-opt-out"
    require: Annotated[tuple[Literal["reason", "until", "ref"], ...], BeforeValidator(as_tuple)] = ("reason", "until")
    reasons: Texts | None = None
    max_duration: Duration | None = timedelta(days=90)
    new_after: Duration = timedelta(days=30)


class Exclude(Section):
    """VMs that Backstop leaves alone; `any` lists selectors of which one suffices."""

    builtin: Annotated[tuple[Annotated[BuiltinExclusion, Field(strict=False)], ...], BeforeValidator(as_tuple)] = tuple(
        each for each in BuiltinExclusion if each not in ON_REQUEST
    )
    any: Annotated[tuple[Selector, ...], BeforeValidator(as_tuple)] = ()


class Rule(Section):
    """What the VMs that match must have. The lowest `priority` that matches wins."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    priority: int = Field(ge=0, le=1_000_000)
    match: Selector
    exclude: Annotated[tuple[Selector, ...], BeforeValidator(as_tuple)] = ()  # these VMs go on to the next rule
    effect: Literal["enforce", "audit"] = "enforce"  # audit: reported as asked, never written
    opt_out: Literal["allowed", "forbidden"] = "allowed"
    vault: VaultChoice = VaultChoice()
    backup_policy: BackupPolicyChoice | None = None  # None: the vault's own for new ones, any on existing ones
    existing: Existing = Existing()
    initial_backup: InitialBackup = InitialBackup()
    disk_exclusion: DiskExclusion | None = None

    @model_validator(mode="after")
    def _new_vaults_will_do(self) -> Self:
        if self.vault.new_vault is not None:
            name, accepts = new_vault_name(self.vault, "westeurope", 0), compile_vault_select(self.vault.select)
            if not accepts(name, new_vault_tags(self.vault)):
                raise ValueError(f"`vault` would make the vault '{name}', which `select` does not accept")
        return self


class Spec(Section):
    """The body of the file."""

    mode: Annotated[Mode, Field(strict=False)] = Mode.AUDIT
    paused: bool = False  # true: everything goes on but the writes
    scope: PolicyScope = PolicyScope()
    settle: Duration = timedelta(minutes=10)
    limits: Limits = Limits()
    opt_out: OptOut = OptOut()
    exclude: Exclude = Exclude()
    rules: Annotated[tuple[Rule, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=2000)]

    @model_validator(mode="after")
    def _rules_are_distinct(self) -> Self:
        by_priority: dict[int, str] = {}
        names: set[str] = set()
        for rule in self.rules:
            if rule.name.lower() in names:
                raise ValueError(f"two rules are named '{rule.name}'; give each its own name")
            names.add(rule.name.lower())
            if (other := by_priority.setdefault(rule.priority, rule.name)) != rule.name:
                raise ValueError(
                    f"rules '{other}' and '{rule.name}' have the same priority {rule.priority}; give each its own"
                )
        return self


class Metadata(Section):
    """Who this policy belongs to."""

    name: Text
    owner: str = ""


class EnforcementPolicy(Section):
    """The whole file."""

    api_version: Literal["backstop/v1"]
    kind: Literal["EnforcementPolicy"]
    metadata: Metadata
    spec: Spec

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits that name this policy's content, whatever its file's layout and its keys' order."""
        content = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


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
