"""A VM of a case, in the short form that authors write: what it is, what stands around it, and what is plain about it.

Models alone: `policy_tools/case_seen.py` makes of it what Backstop would see.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.model import ProtectionState
from shared.domain.policy_file.types import Duration, Section, Text, as_tuple
from shared.domain.policy_file.vault import Redundancy

Tags = dict[Text, Annotated[str, Field(max_length=256)]]


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
    """A vault; location and subscription are the VM's where left out. In the file a plain text stands for `name`.

    `redundancy` left out is one that Azure does not show: a rule that asks for any does not take the vault.
    """

    name: Text
    location: str = ""
    subscription: str = ""
    tags: Tags = Field(default_factory=dict)
    ready: bool = True
    redundancy: Redundancy | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


def in_list(value: object) -> object:
    """A YAML list as a tuple."""
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
    vaults: Annotated[tuple[CaseVault, ...], BeforeValidator(in_list)] = (CaseVault(name="vault-01"),)
    opted_out_since: Moment | None = None  # what the ledger of opt-outs holds
    unread: Annotated[tuple[Literal["vm", "protection", "vaults"], ...], BeforeValidator(as_tuple)] = ()

    @model_validator(mode="after")
    def _one_birth(self) -> Self:
        if self.age is not None and self.created is not None:
            raise ValueError("give `age` or `created`, not both")
        return self
