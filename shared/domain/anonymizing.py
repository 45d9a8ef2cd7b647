"""Takes the names out of an estate's entries, so that a person can show the file to others. Pure.

Every name, id, tag and tag value becomes a token such as `vm-17`, the same wherever it appears in one file: twins stay
twins, and a VM stays in its group. What decisions look at stays readable: regions, sizes, images of the marketplace,
times, the marks by which Databricks and AKS nodes are known, the three backup policies that every vault is born with,
and the tags and backup policies that the caller names. Of `properties` only what is listed here is kept.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

Entry = dict[str, Any]
BORN_POLICIES = ("DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup")
_KEPT_TAG_PREFIX = "aks-managed-"  # the platform's own names; they tell an AKS node
_VENDOR = ("vendor", "databricks")
_DATABRICKS_GROUP = "databricks-rg-"
_AKS_GROUP = re.compile(r"mc_[^_]*_[^_]*_.*", re.IGNORECASE)
_TYPES = {"virtualmachines": "vm", "vaults": "vault", "backuppolicies": "policy", "disks": "disk"}


# What a place in `properties` holds: a resource's id, a GUID, a disk's name, or what may stay as it is.
_ID, _GUID, _DISK, _KEEP = object(), object(), object(), object()
_DISKS: Mapping[str, Any] = {
    "osType": _KEEP,
    "lun": _KEEP,
    "name": _DISK,
    "createOption": _KEEP,
    "caching": _KEEP,
    "diskSizeGB": _KEEP,
    "deleteOption": _KEEP,
    "toBeDetached": _KEEP,
    "writeAcceleratorEnabled": _KEEP,
    "diffDiskSettings": {"option": _KEEP, "placement": _KEEP},
    "vhd": {"uri": _DISK},
    "managedDisk": {
        "id": _ID,
        "storageAccountType": _KEEP,
        "securityProfile": {"securityEncryptionType": _KEEP, "diskEncryptionSet": {"id": _ID}},
        "diskEncryptionSet": {"id": _ID},
    },
}
#: Of a classic VM, which names the same things differently.
_CLASSIC_DISKS: Mapping[str, Any] = {
    "diskName": _DISK,
    "lun": _KEEP,
    "caching": _KEEP,
    "operatingSystem": _KEEP,
    "ioType": _KEEP,
    "diskSize": _KEEP,
    "vhdUri": _DISK,
}
_PROPERTIES: Mapping[str, Any] = {
    "provisioningState": _KEEP,
    "timeCreated": _KEEP,
    "vmId": _GUID,
    "priority": _KEEP,
    "evictionPolicy": _KEEP,
    "licenseType": _KEEP,
    "hardwareProfile": {"vmSize": _KEEP, "size": _KEEP},
    "securityProfile": {
        "securityType": _KEEP,
        "encryptionAtHost": _KEEP,
        "uefiSettings": {"secureBootEnabled": _KEEP, "vTpmEnabled": _KEEP},
    },
    "storageProfile": {
        "diskControllerType": _KEEP,
        "imageReference": {
            "publisher": _KEEP,
            "offer": _KEEP,
            "sku": _KEEP,
            "version": _KEEP,
            "exactVersion": _KEEP,
            "id": _ID,
        },
        "osDisk": _DISKS,
        "operatingSystemDisk": _CLASSIC_DISKS,
        "dataDisks": [{**_DISKS, **_CLASSIC_DISKS}],
    },
    "osProfile": {
        "allowExtensionOperations": _KEEP,
        "windowsConfiguration": {"provisionVMAgent": _KEEP},
        "linuxConfiguration": {"provisionVMAgent": _KEEP},
    },
    "virtualMachineScaleSet": {"id": _ID},
    "availabilitySet": {"id": _ID},
    "host": {"id": _ID},
}
_DEFINITION: Mapping[str, Any] = dict.fromkeys(
    (
        "backupManagementType",
        "policyType",
        "schedulePolicy",
        "retentionPolicy",
        "instantRpRetentionRangeInDays",
        "timeZone",
        "tieringPolicy",
        "workLoadType",
        "settings",
        "subProtectionPolicy",
    ),
    _KEEP,
)


class Anonymizer:
    """One file's names and their tokens."""

    def __init__(self, *, keep_tags: Collection[str] = (), keep_policies: Collection[str] = ()) -> None:
        """Tags are compared without case, as Azure does; a kept tag keeps its values too."""
        self._keep_tags = {each.lower() for each in keep_tags}
        self._keep_policies = {each.lower() for each in (*keep_policies, *BORN_POLICIES)}
        self._tokens: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def entry(self, section: str, entry: Any) -> Any:
        """The entry of this section without its names. KeyError for a section that nobody taught it."""
        made = {
            "regions": lambda each: each,
            "tenant": lambda each: {"id": self._guid(each["id"])},
            "subscriptions": self._subscription,
            "managementGroups": self._management_group,
            "resourceGroups": self._group,
            "vaults": self._vault,
            "virtualMachines": self._vm,
            "protectedItems": self._item,
        }[section](entry)
        return {name: made[name] for name in entry if name in made} if isinstance(made, dict) else made

    def _token(self, kind: str, text: str) -> str:
        key = (kind, text.lower())
        if key not in self._tokens:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._tokens[key] = f"{kind}-{self._counts[kind]}"
        return self._tokens[key]

    def _guid(self, text: str) -> str:
        number = self._token("id", text).rpartition("-")[2]
        return f"00000000-0000-4000-8000-{int(number):012}"

    def _group_name(self, name: str) -> str:
        number = self._token("rg", name).rpartition("-")[2]
        if name.lower().startswith(_DATABRICKS_GROUP):
            return f"{_DATABRICKS_GROUP}{number}"
        return f"MC_rg_aks_{number}" if _AKS_GROUP.fullmatch(name) else f"rg-{number}"

    def _policy_name(self, name: str) -> str:
        return name if not name or name.lower() in self._keep_policies else self._token("policy", name)

    def _arm_id(self, text: str) -> str:
        """An id with every name in it replaced; what is no id becomes a token as a whole."""
        parts = text.split("/")
        if parts[0] or len(parts) < 3 or parts[1].lower() != "subscriptions":
            return self._token("owner", text) if text else ""
        parts[2] = self._guid(parts[2])
        at = 3
        if len(parts) > 4 and parts[3].lower() == "resourcegroups":
            parts[4] = self._group_name(parts[4])
            at = 5
        for name in range(at + 3, len(parts), 2):  # providers/NAMESPACE/type/name/type/name…
            kind = parts[name - 1].lower()
            parts[name] = self._named(kind, parts[name])
        return "/".join(parts)

    def _named(self, kind: str, name: str) -> str:
        if kind == "backupfabrics":
            return name
        if kind == "backuppolicies":
            return self._policy_name(name)
        if kind in {"protectioncontainers", "protecteditems"}:
            return self._container(name)
        return self._token(_TYPES.get(kind, "resource"), name)

    def _container(self, name: str) -> str:
        """`IaasVMContainer;iaasvmcontainerv2;<group>;<vm>`, the item in it, and those of other workloads."""
        kind, _, rest = name.partition(";")
        parts = rest.split(";")
        if len(parts) == 3 and (parts[0].lower().startswith("iaasvmcontainer") or parts[0].lower() == "compute"):
            return ";".join((kind, parts[0], self._group_name(parts[1]), self._token("vm", parts[2])))
        return f"{kind};{self._token('item', rest)}" if rest else self._token("item", kind)

    def _tags(self, entry: Entry) -> Entry:
        """The entry's `tags`, where it has any."""
        if "tags" not in entry:
            return {}
        made: dict[str, str] = {}
        for name, value in entry["tags"].items():
            low = name.lower()
            if low in self._keep_tags or (low, value.lower()) == _VENDOR:
                made[name] = value
            else:
                shown = name if low.startswith(_KEPT_TAG_PREFIX) else self._token("tag", name)
                made[shown] = self._token("value", value) if value else ""
        return {"tags": made}

    def _subscription(self, entry: Entry) -> Entry:
        return {"name": self._token("subscription", entry["id"]), "id": self._guid(entry["id"])}

    def _management_group(self, entry: Entry) -> Entry:
        is_root = ("id", entry["name"].lower()) in self._tokens  # the root group is named as its tenant
        made: Entry = {"name": self._guid(entry["name"]) if is_root else self._token("mg", entry["name"])}
        if "subscriptions" in entry:
            made["subscriptions"] = [self._guid(each) for each in entry["subscriptions"]]
        if "children" in entry:
            made["children"] = [self._management_group(each) for each in entry["children"]]
        return made

    def _group(self, entry: Entry) -> Entry:
        made: Entry = {"name": self._group_name(entry["name"]), "subscription": self._guid(entry["subscription"])}
        return made | _kept(entry, "location") | self._tags(entry) | self._ids(entry, "managedBy")

    def _vault(self, entry: Entry) -> Entry:
        kept = _kept(entry, "location", "provisioningState", "redundancy", "crossRegionRestore", "softDelete")
        policies = [
            {
                "name": self._policy_name(each["name"]),
                **_kept(each, "type", "management"),
                "definition": self._filtered(each["definition"], _DEFINITION),
            }
            for each in entry["policies"]
        ]
        return {**self._ids(entry, "id"), **kept, **self._tags(entry), "policies": policies}

    def _vm(self, entry: Entry) -> Entry:
        made = self._ids(entry, "id", "managedBy") | _kept(entry, "location", "zones", "powerState") | self._tags(entry)
        if "type" in entry.get("identity", {}):
            made["identity"] = {"type": entry["identity"]["type"]}
        return made | {"properties": self._filtered(entry["properties"], _PROPERTIES)}

    def _item(self, entry: Entry) -> Entry:
        made = self._ids(entry, "id", "vm") | _kept(entry, "management", "state")
        if "policy" in entry:
            made["policy"] = self._policy_name(entry["policy"])
        return made | _kept(entry, "lastRecoveryPoint", "lastBackupTime", "lastBackupStatus")

    def _ids(self, entry: Entry, *names: str) -> Entry:
        return {name: self._arm_id(entry[name]) for name in names if entry.get(name)}

    def _filtered(self, value: Any, kept: Any) -> Any:
        """What of a value may stay; None for nothing."""
        if kept is _KEEP:
            return value
        if kept is _ID or kept is _DISK or kept is _GUID:
            if not isinstance(value, str):
                return None
            return self._arm_id(value) if kept is _ID else self._guid(value) if kept is _GUID else self._disk(value)
        if isinstance(kept, list):
            return [self._filtered(each, kept[0]) for each in value] if isinstance(value, list) else None
        if not isinstance(value, Mapping):
            return None
        found = {name: self._filtered(each, kept[name]) for name, each in value.items() if name in kept}
        return {name: each for name, each in found.items() if each is not None}

    def _disk(self, name: str) -> str:
        return self._token("disk", name)


def _kept(entry: Entry, *names: str) -> Entry:
    return {name: entry[name] for name in names if name in entry}
