"""Records for a simulator's world, made of what a recording shows: subscriptions, groups, vaults, policies, VMs.

What a vault already knows of its VMs is in `past.py`.

Nothing is put over what is there, and nothing that a request of the recording made (`made`): where the simulator did
not make that, it is a difference and stays one.
"""

import re
from datetime import datetime, timedelta

from simulator.core.model import (
    BackupPolicy,
    ResourceGroup,
    Subscription,
    Vault,
    VirtualMachine,
    default_policies,
)
from simulator.core.state import group_id
from simulator.core.wire import stamp
from simulator.world import World
from tests.contract.recordings.evidence import Evidence, moment
from tests.contract.recordings.recording import Json

VM = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/Microsoft\.Compute/virtualMachines/[^/]+", re.IGNORECASE
)


class Furniture:
    """Puts records into one world."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self.world, self.state, self.evidence = world, world.state, evidence
        self.made: set[str] = set()
        #: Whether the recording has had a vault look for VMs: what it then finds, the simulator must find too.
        self.refreshed = False

    def subscription(self, identity: str) -> None:
        """A subscription."""
        self.state.subscriptions.setdefault(identity.lower(), Subscription(identity.lower(), "recorded"))

    def group(self, subscription: str, name: str, body: Json | None = None) -> None:
        """A resource group."""
        self.subscription(subscription)
        identity = group_id(subscription.lower(), name)
        if self.state.group(subscription, name) is None and identity.lower() not in self.made:
            body = body or self.evidence.body("resourceGroups", identity) or {}
            group = ResourceGroup(identity, name, subscription.lower(), str(body.get("location", "westus")))
            group.tags, group.managed_by = dict(body.get("tags") or {}), body.get("managedBy")
            self.state.add_group(group)

    def vault(self, identity: str) -> Vault | None:
        """The vault with this id; None where a request was to make it and did not."""
        existing = self.state.vaults.get(identity.lower())
        if existing is not None or identity.lower() in self.made:
            return existing
        subscription, group, name = _parts(identity)
        self.group(subscription, group)
        body = self.evidence.body("vaults", identity) or {}
        vault = Vault(
            id=f"{group_id(subscription, group)}/providers/Microsoft.RecoveryServices/vaults/{name}",
            name=name,
            subscription=subscription,
            group=group,
            location=str(body.get("location") or self.evidence.location()),
            created=self.evidence.began - timedelta(days=300),
            tags=dict(body.get("tags") or {}),
            policies=default_policies(),
        )
        self.state.vaults[vault.key] = vault
        self.settle(vault)
        return vault

    def settle(self, vault: Vault) -> None:
        """Let a vault delete as softly, and have those policies from its beginning, as vaults did at the time."""
        if vault.key in self.evidence.old_policies:
            vault.policies.pop("enhancedpolicy", None)
        state = self.evidence.soft_delete.get(vault.key)
        if state is not None:
            vault.settings["security"] = {"softDeleteFeatureState": state}

    def vm(self, identity: str, location: str = "", *, discovered: bool = False) -> None:
        """A VM; `discovered` if the recording's vaults know it already."""
        existing = self.state.vms.get(identity.lower())
        if existing is not None and discovered and not self.refreshed:
            existing.discovered = True
        if not VM.fullmatch(identity) or existing is not None or identity.lower() in self.made:
            return
        subscription, group, name = _parts(identity)
        self.group(subscription, group)
        body = self.evidence.body("virtualMachines", identity) or {}
        properties: Json = dict(body.get("properties") or self._plain(group, name))
        view = properties.pop("instanceView", None) or {}
        born = max(_made_at(view) or self.world.now(), self.evidence.began)  # before that, all vaults would know it
        properties.setdefault("timeCreated", stamp(born - timedelta(days=100) if discovered else born))
        vm = VirtualMachine(
            id=str(body.get("id") or identity),
            name=str(body.get("name") or name),
            subscription=subscription,
            group=group,
            location=str(body.get("location") or location or self.evidence.location()),
            tags=body.get("tags"),
            properties=properties,
            zones=list(body.get("zones") or []),
            identity=body.get("identity"),
        )
        power = [s["code"] for s in view.get("statuses", []) if str(s.get("code", "")).startswith("PowerState/")]
        vm.power = power[0].partition("/")[2] if power else "running"
        self.state.vms[vm.key] = vm

    def _plain(self, group: str, name: str) -> Json:
        """A VM of which the recording shows no body, but perhaps a recovery point."""
        container = f"iaasvmcontainer;iaasvmcontainerv2;{group};{name}".lower()
        system, size = self.evidence.machines.get(container, ("Linux", "Standard_DS1_v2"))
        return {
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {"osDisk": {"osType": system, "name": f"{name}_OsDisk_1"}},
        }

    def policy(self, vault: str, name: str) -> None:
        """A backup policy of a vault."""
        home = self.vault(vault)
        if home is None or name.lower() in home.policies or f"{home.key}/backuppolicies/{name.lower()}" in self.made:
            return
        body = self.evidence.body("backupPolicies", f"{home.key}/backuppolicies/{name}") or {}
        policy = BackupPolicy(name)
        definition = {
            key: value for key, value in (body.get("properties") or {}).items() if key != "protectedItemsCount"
        }
        if definition:
            policy.definition, policy.version = definition, definition.get("policyType", "V1")
        home.policies[name.lower()] = policy


def _parts(identity: str) -> tuple[str, str, str]:
    """(subscription in lower case, group, name) of an id in a resource group."""
    segments = identity.split("/")
    return segments[2].lower(), segments[4], segments[8]


def _made_at(view: Json) -> datetime | None:
    """When a VM was made, as far as its instance view tells: when its disks were."""
    times = [status.get("time") for disk in view.get("disks", []) for status in disk.get("statuses", [])]
    return min((each for each in map(moment, times) if each), default=None)
