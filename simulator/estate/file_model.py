"""What an estate file may hold: the model of version 1, strict, from which `schemas/estate.schema.json` is made.

Unknown keys, wrong types and impossible values are errors; what a key refers to is looked up in `file_build.py`.
Azure's own words throughout. Only `properties`, `identity` and `definition` are free, as ARM's are.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel

#: Azure's public and sovereign regions as of 2026. A file may declare others under `regions`.
_KNOWN = """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
    brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral chinaeast chinaeast2 chinaeast3
    chinanorth chinanorth2 chinanorth3 denmarkeast eastasia eastus eastus2 francecentral francesouth germanynorth
    germanywestcentral indonesiacentral israelcentral italynorth japaneast japanwest jioindiacentral jioindiawest
    koreacentral koreasouth malaysiawest mexicocentral newzealandnorth northcentralus northeurope norwayeast norwaywest
    polandcentral qatarcentral southafricanorth southafricawest southcentralus southeastasia southindia spaincentral
    swedencentral swedensouth switzerlandnorth switzerlandwest uaecentral uaenorth uksouth ukwest usdodcentral usdodeast
    usgovarizona usgovtexas usgovvirginia westcentralus westeurope westindia westus westus2 westus3
"""
REGIONS = frozenset(_KNOWN.split())
GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
# Characters that ARM forbids in names.
NAME = r"[^/\\\s\"'\[\]:|<>+=;,?*@&%#\x00-\x1f\x7f]{1,90}"
_LOCATION = re.compile(r"[a-z0-9]{3,40}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_PARTS: dict[str, Any] = {
    "hardwareProfile": {},
    "storageProfile": {"osDisk": {"diffDiskSettings": {}}, "imageReference": {}, "dataDisks": [{}]},
    "osProfile": {},
    "securityProfile": {},
    "networkProfile": {"networkInterfaces": [{}]},
}


def wrong(what: str) -> ValueError:
    """The error that a value is impossible, in our own words; pydantic adds where it stands."""
    return ValueError(what)


def _location(text: str) -> str:
    plain = text.replace(" ", "").lower()
    if not _LOCATION.fullmatch(plain):
        raise wrong("must be a region such as westeurope")
    return plain


def _moment(value: object) -> object:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise wrong("must be a moment such as 2026-11-24T08:00:00Z")
    try:
        moment = datetime.fromisoformat(value[:26] + value[27:] if _seven_digits(value) else value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong("must be a moment such as 2026-11-24T08:00:00Z") from None


def _seven_digits(text: str) -> bool:
    """.NET prints seven fractional digits; Python keeps six."""
    return len(text) > 26 and text[19] == "." and text[26].isdigit()


def _properties(value: dict[str, Any]) -> dict[str, Any]:
    """Kept as they are; but what the simulator itself looks into must be of the kind that ARM has there.

    A part that is null is one that is absent: Resource Graph says it either way.
    """
    kept = {name: each for name, each in value.items() if each is not None or name not in _PARTS}
    kept |= {name: _checked(kept[name], kind, name) for name, kind in _PARTS.items() if name in kept}
    for name in ("provisioningState", "timeCreated", "vmId"):
        if not isinstance(kept.get(name, ""), str):
            raise wrong(f"{name} must be text")
    return kept


def _checked(value: Any, kind: Any, path: str) -> Any:
    """The value, if it is of this kind: a mapping with such parts, or a list of such."""
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise wrong(f"{path} must be a list")
        return [_checked(each, kind[0], f"{path}[{at}]") for at, each in enumerate(value)]
    if not isinstance(value, dict):
        raise wrong(f"{path} must be a mapping")
    if not kind:
        return value
    kept = {name: each for name, each in value.items() if each is not None or name not in kind}
    return kept | {name: _checked(kept[name], kind[name], f"{path}.{name}") for name in kind if name in kept}


def _once(value: object) -> object:
    if isinstance(value, dict) and len({name.lower() for name in value}) != len(value):
        raise wrong("a tag name appears twice (tag names are compared without case)")
    return value


Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Guid = Annotated[str, Field(pattern=f"^{GUID}$"), AfterValidator(str.lower)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Location = Annotated[str, Field(min_length=3, max_length=60), AfterValidator(_location)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Tags = Annotated[dict[Annotated[str, Field(min_length=1, max_length=512)], str], BeforeValidator(_once)]
Free = dict[str, Any]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class Tenant(_Section):
    """The tenant of all subscriptions."""

    id: Guid


class ManagementGroup(_Section):
    """A management group with the subscriptions (name or id) directly in it, and the groups below it."""

    name: Annotated[str, Field(pattern=r"^[\w.()-]{1,90}$")]
    subscriptions: list[Text] = []
    children: "list[ManagementGroup]" = []


class SubscriptionEntry(_Section):
    """A subscription. Left out, the id follows from the name."""

    name: Text
    id: Guid | None = None


class GroupEntry(_Section):
    """A resource group; only those need an entry that have tags, an owner, or nothing in them."""

    name: Name
    subscription: Text | None = None
    location: Location | None = None
    tags: Tags = {}
    managed_by: Text | None = None


class Placed(_Section):
    """A resource: by its whole id, or by name with resource group and subscription."""

    id: Text | None = None
    name: Name | None = None
    resource_group: Name | None = None
    subscription: Text | None = None
    location: Location | None = None
    tags: Tags | None = None

    @model_validator(mode="after")
    def _id_or_name(self) -> "Placed":
        if self.id is not None and (self.name or self.resource_group or self.subscription):
            raise wrong("give either the id, or name, resourceGroup and subscription")
        if self.id is None and not self.name:
            raise wrong("the key 'name' (or 'id') is missing")
        return self


class Image(_Section):
    """The image a VM was made from: a publisher's, or one's own by id."""

    publisher: Text | None = None
    offer: Text | None = None
    sku: Text | None = None
    version: Text | None = None
    id: Text | None = None


class DiskEncryption(_Section):
    """Azure Disk Encryption: the key vault (a name or an id) of a VM's secret, and whether a key encrypts that."""

    key_vault: Text
    key_encryption_key: bool = False


class VmEntry(Placed):
    """A virtual machine. `properties` are ARM's; the keys beside it are short for parts of them.

    `diskFacts`: by name of a disk what its own resource says, which no VM does: `{maxShares: 2}`.
    """

    classic: bool = False
    disk_facts: dict[Annotated[str, Field(min_length=1, max_length=90)], Free] = {}
    zones: list[Text] = []
    identity: Free | None = None
    managed_by: Text | None = None
    power_state: Annotated[str, Field(pattern="^[a-z]{1,40}$")] = "running"
    size: Text | None = None
    os_type: Literal["Linux", "Windows"] | None = None
    image: Image | None = None
    ephemeral_os_disk: bool = False
    provisioning_state: Text | None = None
    time_created: Moment | None = None
    disk_encryption: DiskEncryption | None = None
    agent: Literal["ok", "missing", "old", "notReady"] | None = None
    agent_version: Text | None = None
    extensions: dict[Name, Literal["succeeded", "failed"]] = {}
    scripts: bool = False
    properties: Annotated[Free, AfterValidator(_properties)] = {}


class PolicyEntry(_Section):
    """A backup policy of a vault. `definition` is its whole `properties`; left out, it is a plain daily one."""

    name: Name
    type: Literal["V1", "V2"] = "V1"
    management: Text = "AzureIaasVM"
    definition: Free | None = None


class SoftDelete(_Section):
    """How long deleted backups are kept."""

    state: Literal["AlwaysON", "Enabled", "Disabled"] = "AlwaysON"
    days: int = Field(default=14, ge=14, le=180)


class VaultEntry(Placed):
    """A Recovery Services vault. Left out, `policies` are the three that every vault is born with."""

    provisioning_state: Text = "Succeeded"
    redundancy: Literal["GeoRedundant", "LocallyRedundant", "ZoneRedundant", "ReadAccessGeoZoneRedundant"] = (
        "GeoRedundant"
    )
    cross_region_restore: bool = False
    soft_delete: SoftDelete = SoftDelete()
    policies: list[PolicyEntry] | None = None


class ItemEntry(_Section):
    """A protected item: a VM in a vault. `vm` is a name, `group/name` or a whole id (which may be of a VM gone)."""

    vm: Text
    vault: Text | None = None
    id: Text | None = None
    policy: str | None = None
    state: Text = "Protected"
    last_recovery_point: Moment | None = None
    last_backup_time: Moment | None = None
    last_backup_status: str | None = None
    deleted: Moment | None = None
    consistency: Literal["AppConsistent", "FileSystemConsistent", "CrashConsistent"] | None = None
    management: Text = "AzureIaasVM"
    name: Text | None = None

    @model_validator(mode="after")
    def _vault_or_id(self) -> "ItemEntry":
        if (self.id is None) == (self.vault is None):
            raise wrong("give either the vault or the item's whole id")
        return self


class JobEntry(_Section):
    """A job of the backup service, of a protected item that the file holds."""

    vm: Text
    vault: Text
    operation: Text = "Backup"
    status: Text = "Completed"
    started: Moment
    ended: Moment | None = None
    user_triggered: bool = False


class Scoped(_Section):
    """Something put on a scope: a whole id, or a management group, a subscription, or a resource group."""

    name: Name
    scope: Text | None = None
    management_group: Text | None = None
    subscription: Text | None = None
    resource_group: Name | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> "Scoped":
        by_id, by_group = self.scope is not None, self.management_group is not None
        if by_id + by_group + (self.subscription is not None or self.resource_group is not None) > 1:
            raise wrong("give one of scope, managementGroup, and subscription with resourceGroup")
        return self


class LockEntry(Scoped):
    """A management lock."""

    level: Literal["CanNotDelete", "ReadOnly"] = "CanNotDelete"
    notes: Text | None = None


class DefinitionEntry(Scoped):
    """A definition of Azure Policy of the estate's own; `rule` is its `policyRule`."""

    display_name: Text | None = None
    mode: Text = "All"
    parameters: Free = {}
    rule: Free


class AssignmentEntry(Scoped):
    """An assignment of Azure Policy. `definition`: an id, or the name of a built-in definition or of one given here."""

    definition: Text
    display_name: Text | None = None
    parameters: dict[Text, Any] = {}
    not_scopes: list[Text] = []
    enforce: bool = True


class AccessEntry(_Section):
    """What a principal may do in a key vault: words such as get, list, backup, all."""

    object_id: Guid
    keys: list[Text] = []
    secrets: list[Text] = []


class KeyVaultEntry(Placed):
    """A key vault. `backupAccess`: what Backup Management Service may get, list and back up in it."""

    rbac: bool = False
    backup_access: Literal["none", "secrets", "all"] = "none"
    access_policies: list[AccessEntry] = []


class EstateFile(_Section):
    """A whole estate file. A file has no more than its version and a subscription to hold."""

    model_config = ConfigDict(title="Backstop estate file, version 1")

    version: Literal[1]
    as_of: Moment | None = None
    tenant: Tenant | None = None
    regions: list[Location] = []
    management_groups: list[ManagementGroup] = []
    subscriptions: list[SubscriptionEntry]
    resource_groups: list[GroupEntry] = []
    vaults: list[VaultEntry] = []
    virtual_machines: list[VmEntry] = []
    protected_items: list[ItemEntry] = []
    jobs: list[JobEntry] = []
    locks: list[LockEntry] = []
    policy_definitions: list[DefinitionEntry] = []
    policy_assignments: list[AssignmentEntry] = []
    key_vaults: list[KeyVaultEntry] = []
