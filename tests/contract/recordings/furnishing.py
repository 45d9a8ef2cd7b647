"""Records for a simulator's world, made of what a recording shows: subscriptions, vaults, VMs, items, jobs.

Nothing is put over what is there, and nothing that a request of the recording made (`made`): where the simulator did
not make that, it is a difference and stays one.
"""

import re
from datetime import UTC, datetime, timedelta

from simulator.core.model import (
    BackupPolicy,
    Job,
    ProtectedItem,
    ResourceGroup,
    Subscription,
    Vault,
    VirtualMachine,
    default_policies,
)
from simulator.core.state import group_id
from simulator.core.wire import stamp
from simulator.world import World
from tests.contract.recordings.evidence import ITEM, Evidence
from tests.contract.recordings.recording import Json

VM = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/Microsoft\.Compute/virtualMachines/[^/]+", re.IGNORECASE
)
#: What an item says of its health; see `ProtectedItem.health`.
_HEALTH = ("protectionStatus", "healthStatus", "healthDetails")


class Furniture:
    """Puts records into one world."""

    def __init__(self, world: World, evidence: Evidence) -> None:
        self.world, self.state, self.evidence = world, world.state, evidence
        self.made: set[str] = set()

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
        """A VM; `discovered` if a vault knows it already."""
        if not VM.fullmatch(identity) or identity.lower() in self.state.vms or identity.lower() in self.made:
            return
        subscription, group, name = _parts(identity)
        self.group(subscription, group)
        body = self.evidence.body("virtualMachines", identity) or {}
        properties: Json = dict(body.get("properties") or _plain(name))
        view = properties.pop("instanceView", None) or {}
        now = self.world.now() - (timedelta(days=100) if discovered else timedelta())
        properties.setdefault("timeCreated", stamp(_moment_of(view) or now))
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

    def item(self, vault: Vault, identity: str, properties: Json) -> None:
        """A protected item."""
        path = ITEM.fullmatch(identity)
        if path is None or f"{path['container']}/{path['item']}".lower() in vault.items:
            return
        policy = str(properties.get("policyName") or str(properties.get("policyId") or "").rsplit("/", 1)[-1])
        if policy:
            self.policy(vault.id, policy)
        item = ProtectedItem(
            vault=vault.key,
            source_id=str(properties["sourceResourceId"]),
            vm_name=str(properties["friendlyName"]),
            container=path["container"],
            name=path["item"],
            data_id=str(properties.get("protectedItemDataId", "")),
            location=vault.location,
            created=self.evidence.began - timedelta(days=100),
            state=str(properties["protectionState"]),
            policy=policy,
            last_status=str(properties.get("lastBackupStatus", "")),
            last_backup=_moment(properties.get("lastBackupTime")),
            last_point=_moment(properties.get("lastRecoveryPoint")),
            deleted=_moment(properties.get("deferredDeleteTimeInUTC")),
            health={"healthDetails": []} | {key: properties[key] for key in _HEALTH if key in properties},
        )
        self.state.add_item(vault, item)

    def job(self, vault: Vault, name: str, properties: Json) -> None:
        """A job of before the recording: no operation of the recording names it."""
        started = _moment(properties.get("startTime"))
        if (
            name.lower() in self.evidence.jobs
            or name.lower() in vault.jobs
            or started is None
            or started > self.evidence.began
        ):
            return
        vm = str(properties.get("entityFriendlyName", ""))
        container = str(properties.get("containerName") or f"iaasvmcontainerv2;{vault.group};{vm}").lstrip(";")
        job = Job(
            id=name.lower(),
            operation=str(properties["operation"]),
            vm_id="",
            vm_name=vm,
            container=f"IaasVMContainer;{container}",
            started=started,
            activity=str(properties.get("activityId", "")),
            ended=_moment(properties.get("endTime")),
            status=str(properties["status"]),
            user_triggered=bool(properties.get("isUserTriggered", True)),
        )
        self.state.add_job(vault, job)


def _parts(identity: str) -> tuple[str, str, str]:
    """(subscription in lower case, group, name) of an id in a resource group."""
    segments = identity.split("/")
    return segments[2].lower(), segments[4], segments[8]


def _moment(text: object) -> datetime | None:
    """A moment of the service's; None for none and for the far past that stands for `never`."""
    if not isinstance(text, str) or not text:
        return None
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment.year > 2001 else None


def _moment_of(view: Json) -> datetime | None:
    """When a VM was made, as far as its instance view tells: when its disks were."""
    times = [status.get("time") for disk in view.get("disks", []) for status in disk.get("statuses", [])]
    return min((moment for moment in map(_moment, times) if moment), default=None)


def _plain(name: str) -> Json:
    """A VM of which the recording shows no body."""
    return {
        "provisioningState": "Succeeded",
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "storageProfile": {"osDisk": {"osType": "Linux", "name": f"{name}_OsDisk_1"}},
    }
