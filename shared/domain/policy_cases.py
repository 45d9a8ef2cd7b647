"""Cases for a policy, as its author writes them in YAML: VMs in short form, and what must become of each.

Strict like the policy itself, and read by the same rules. What a left-out key of a VM means stands in `CaseVm`. This
module reads no file and runs nothing; `policy_case_run.py` does.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from shared.domain.model import ActionKind, ProtectionState, State
from shared.domain.model_errors import closest, meaning
from shared.domain.plain_yaml import Problem, UnreadableYamlError, read_yaml, shown
from shared.domain.policy_keys import CASE_DESCRIPTIONS
from shared.domain.policy_schema import DIALECT, Schema, schema_of
from shared.domain.policy_text import EMPTY, empty_values, validated
from shared.domain.policy_types import Duration, Section, Text, as_tuple
from shared.domain.reasons import Reason

Tags = dict[Text, Annotated[str, Field(max_length=256)]]
_CODES = tuple(each.code for each in Reason)


def _known(code: str) -> str:
    if code not in _CODES:
        raise ValueError(f"'{shown(code)}' is no reason's code{meaning(closest(code, _CODES))}")
    return code


ReasonCode = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(_CODES)})]


def _moment(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("give the time zone too, such as 2026-11-24T08:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class CaseImage(Section):
    """A marketplace image, or one's own by id. In the file a text stands for it: publisher/offer/sku, or custom."""

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    id: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value == "custom":
            return {"id": "/images/custom"}
        parts = value.split("/")
        if len(parts) != 3 or not all(parts):
            raise ValueError("must be publisher/offer/sku, or custom")
        return dict(zip(("publisher", "offer", "sku"), parts, strict=True))


class CaseProtection(Section):
    """The VM's protected item. In the file a plain text stands for `state`.

    `vault` names one of the case's vaults, the first where left out; any other name is one outside the VM's
    subscription. `backupPolicy` left out is the one that the rule asks for. A recovery point is there where the state
    says so; `firstBackupPending` has none.
    """

    state: Annotated[ProtectionState, Field(strict=False)]
    backup_policy: str = ""
    vault: str = ""
    recovery_point: bool | None = None
    backup_running: bool = False
    last_backup_failed: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"state": value} if isinstance(value, str) else value


class CaseVault(Section):
    """A vault; location and subscription are the VM's where left out. In the file a plain text stands for `name`."""

    name: Text
    location: str = ""
    subscription: str = ""
    tags: Tags = Field(default_factory=dict)
    ready: bool = True

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


def _vaults(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class CaseVm(Section):
    """A VM and its surroundings. What is left out is a plain VM, a year old, with one vault of its own and no backup.

    A subscription is given by name, or by id.
    """

    name: Text = "vm-01"
    group: Text = "rg-01"
    subscription: Text = "subscription"
    location: Text = "westeurope"
    tags: Tags = Field(default_factory=dict)
    group_tags: Tags = Field(default_factory=dict)
    subscription_tags: Tags = Field(default_factory=dict)
    management_groups: Annotated[tuple[Text, ...], BeforeValidator(as_tuple)] = ()
    image: CaseImage = CaseImage()
    os: Literal["linux", "windows", "Linux", "Windows"] | None = None
    size: str = ""
    security_type: str = ""
    disk_types: Annotated[tuple[Text, ...], BeforeValidator(as_tuple)] = ()
    encryption: Annotated[tuple[Literal["platform", "customer", "host", "ade"], ...], BeforeValidator(as_tuple)] = (
        "platform",
    )
    zones: Annotated[tuple[Text, ...], BeforeValidator(as_tuple)] = ()
    priority: str = ""
    power_state: str = ""
    age: Duration | None = None
    created: Moment | None = None
    managed_by: str = ""
    group_managed_by: str = ""
    host_pool_type: str = ""
    ephemeral_os_disk: bool = False
    provisioning_state: str = "Succeeded"
    protection: CaseProtection = CaseProtection(state=ProtectionState.NONE)
    vaults: Annotated[tuple[CaseVault, ...], BeforeValidator(_vaults)] = (CaseVault(name="vault-01"),)
    opted_out_since: Moment | None = None  # what the ledger of opt-outs holds
    unread: Annotated[tuple[Literal["vm", "protection", "vaults"], ...], BeforeValidator(as_tuple)] = ()

    @model_validator(mode="after")
    def _one_birth(self) -> Self:
        if self.age is not None and self.created is not None:
            raise ValueError("give `age` or `created`, not both")
        return self


class Expected(Section):
    """What must become of the VM; what is left out is not looked at.

    `rule: ""` asks that no rule decides, `reasons` for exactly these codes in any order, `actions` for exactly these
    writes in order, whether or not the policy permits writing; `writes` for whether it does. `backupPolicy` and `vault`
    are those of the rule for this VM, empty where there is none.
    """

    verdict: Annotated[State, Field(strict=False)]
    rule: str | None = None
    reasons: Annotated[tuple[ReasonCode, ...], BeforeValidator(as_tuple)] | None = None
    actions: Annotated[tuple[Annotated[ActionKind, Field(strict=False)], ...], BeforeValidator(as_tuple)] | None = None
    writes: bool | None = None
    backup_policy: str | None = None
    vault: str | None = None


class Case(Section):
    """One VM and what must become of it."""

    name: Text
    now: Moment | None = None  # in place of the file's
    vm: CaseVm = CaseVm()
    expect: Expected


class PolicyCases(Section):
    """The whole file. `policy` is a path from the file's own folder; `defaults` are keys that every VM begins with."""

    api_version: Literal["backstop/v1"]
    kind: Literal["PolicyCases"]
    policy: Text
    now: Moment
    defaults: CaseVm = CaseVm()
    cases: Annotated[tuple[Case, ...], BeforeValidator(_vaults), Field(min_length=1, max_length=5000)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        counts = Counter(each.name for each in self.cases)
        twin = next((name for name, count in counts.items() if count > 1), None)
        if twin is not None:
            raise ValueError(f"two cases are named '{twin}'; give each its own name")
        return self

    def vm_of(self, case: Case) -> CaseVm:
        """The case's VM: what it says itself, over the defaults, over what is left out everywhere."""
        own = {key: getattr(case.vm, key) for key in case.vm.model_fields_set}
        if "created" in own or "age" in own:
            own = {"created": None, "age": None, **own}
        return self.defaults.model_copy(update=own)


@dataclass(frozen=True, slots=True)
class CasesReading:
    """`cases` is None exactly where there are errors: the first 20 of the file, and how many `more`."""

    cases: PolicyCases | None
    errors: tuple[Problem, ...] = ()
    more: int = 0
    lines: tuple[int, ...] = ()  # where each case begins


def read_cases(text: str, file: str) -> CasesReading:
    """The cases in `text`, or all that is wrong with it, each with its place."""
    try:
        root = read_yaml(text, file)
    except UnreadableYamlError as error:
        return CasesReading(None, (error.problem,))
    errors = dict.fromkeys(empty_values(root), EMPTY)
    cases, found, count = validated(PolicyCases, root, root.data, file, errors)
    listed = root.at(("cases",))
    lines = tuple(node.line for node in listed.inner.values()) if listed is not None else ()
    return CasesReading(cases, found, count - len(found), lines if cases is not None else ())


def cases_schema() -> Schema:
    """The JSON Schema of a case file."""
    schema = schema_of(PolicyCases, CASE_DESCRIPTIONS)
    for name in ("CaseImage", "CaseProtection", "CaseVault"):
        section = schema["$defs"][name]
        short: Schema = {"type": "string"}
        if name == "CaseProtection":
            short = section["properties"]["state"]
        schema["$defs"][name] = {"anyOf": [short, section], "description": section.pop("description", "")}
    return {"$schema": DIALECT, **schema, "title": "Cases for a Backstop policy"}
