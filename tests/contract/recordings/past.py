"""What a vault already knew of its VMs when the recording began: items, and jobs that ended or still run.

A job that runs ends when the recording shows it ended. An item that is used before it is shown is one under protection,
or a soft-deleted one if it is undeleted.
"""

from datetime import UTC, datetime, timedelta

from simulator.backup.recovery_points import DELAY
from simulator.core.model import Job, ProtectedItem, Vault
from simulator.core.state import vm_id
from tests.contract.recordings.evidence import ITEM, moment
from tests.contract.recordings.furnishing import Furniture
from tests.contract.recordings.recording import Exchange, Json

#: What an item says of its health; see `ProtectedItem.health`.
_HEALTH = ("protectionStatus", "healthStatus", "healthDetails")
_NEEDED = ("sourceResourceId", "friendlyName", "protectionState")
_EXPIRY = "Recovery Point Expiry Time in UTC"
#: Said of a job by other means than its bag here.
_TOLD = {"VM Name", "Policy Name", "Backup Size", _EXPIRY}


class Past:
    """Puts items and jobs into the vaults of one world."""

    def __init__(self, furniture: Furniture) -> None:
        self.furniture, self.evidence, self.state = furniture, furniture.evidence, furniture.state
        self.clock = furniture.world.clock

    def item(self, vault: Vault, identity: str, properties: Json) -> None:
        """An item as a body shows it; half a body makes no record, and what lacks shows as a difference."""
        path = ITEM.fullmatch(identity)
        if path is None or f"{path['container']}/{path['item']}".lower() in vault.items:
            return
        if any(not isinstance(properties.get(key), str) for key in _NEEDED):
            return
        policy = str(properties.get("policyName") or str(properties.get("policyId") or "").rsplit("/", 1)[-1])
        if policy:
            self.furniture.policy(vault.id, policy)
        if properties.get("protectionStatus", "Healthy") == "Healthy":  # where the VM is gone, a backup has failed
            self.furniture.vm(properties["sourceResourceId"], vault.location, discovered=True)
        health = {key: properties[key] for key in _HEALTH if key in properties}
        if moment(properties.get("lastBackupTime")):
            health.setdefault("healthDetails", [])  # some that were backed up show none
        item = ProtectedItem(
            vault=vault.key,
            source_id=properties["sourceResourceId"],
            vm_name=properties["friendlyName"],
            container=path["container"],
            name=path["item"],
            data_id=str(properties.get("protectedItemDataId", "")),
            location=vault.location,
            created=self.evidence.began - timedelta(days=100),
            state=properties["protectionState"],
            policy=policy,
            last_status=str(properties.get("lastBackupStatus", "")),
            last_backup=moment(properties.get("lastBackupTime")),
            last_point=moment(properties.get("lastRecoveryPoint")),
            deleted=moment(properties.get("deferredDeleteTimeInUTC")),
            health=health,
        )
        self.state.add_item(vault, item)
        for job in vault.jobs.values():
            _align(item, job)

    def container(self, vault: Vault, identity: str, exchange: Exchange) -> None:
        """A container that is shown has its VM's item in it."""
        name = identity.rsplit("/", 1)[-1]
        item = f"{identity}/protectedItems/VM;{name.partition(';')[2]}"
        if f"{name}/{item.rsplit('/', 1)[-1]}".lower() not in vault.items and item.lower() not in self.furniture.made:
            self.used_item(vault, item, exchange)

    def used_item(self, vault: Vault, identity: str, exchange: Exchange) -> None:
        """An item that a request uses, in the state in which that makes sense; a body may show it later."""
        path = ITEM.match(identity)
        if path is None or len(path["container"].split(";")) != 4:
            return
        _, _, group, name = path["container"].split(";")
        body = self.evidence.body("protectedItems", identity) or {}
        later, given = (each.get("properties") or {} for each in (body, exchange.request or {}))
        source = later.get("sourceResourceId") or given.get("sourceResourceId")
        shown: Json = {
            "sourceResourceId": source or vm_id(vault.subscription, group, name),
            "friendlyName": later.get("friendlyName", name),
            "protectedItemDataId": later.get("protectedItemDataId", ""),
            "protectionState": "IRPending",
            "policyName": later.get("policyName") or "DefaultPolicy",
        }
        point = moment(later.get("lastRecoveryPoint"))
        if point is not None and point < exchange.at:
            names = ("lastBackupStatus", "lastBackupTime", "lastRecoveryPoint")
            shown |= {"protectionState": "Protected"} | {key: later[key] for key in names if key in later}
        if given.get("isRehydrate"):
            gone = (exchange.at - timedelta(days=1)).isoformat()
            shown |= {"protectionState": "ProtectionStopped", "policyName": "", "deferredDeleteTimeInUTC": gone}
        self.item(vault, identity, shown)

    def job(self, vault: Vault, name: str, properties: Json) -> None:
        """A job that no operation of the recording names."""
        started = moment(properties.get("startTime"))
        known = name.lower() in self.evidence.jobs or name.lower() in vault.jobs
        if known or started is None or started > self.evidence.began:
            return
        vm = str(properties.get("entityFriendlyName", ""))
        container = str(properties.get("containerName") or f"iaasvmcontainerv2;{vault.group};{vm}").lstrip(";")
        bag = (properties.get("extendedInfo") or {}).get("propertyBag") or {}
        job = Job(
            id=name.lower(),
            operation=str(properties.get("operation", "")),
            vm_id="",
            vm_name=vm,
            container=f"IaasVMContainer;{container}",
            started=started,
            activity=str(properties.get("activityId", "")),
            policy=str(bag.get("Policy Name", "")),
            ended=moment(properties.get("endTime")),
            status=str(properties.get("status", "")),
            user_triggered=bool(properties.get("isUserTriggered", True)),
            expiry=_expiry(bag.get(_EXPIRY)),
            bag={key: str(value) for key, value in bag.items() if key not in _TOLD},
            gigabytes=127,
        )
        self.state.add_job(vault, job)
        for item in vault.items.values():
            _align(item, job)
        end = self.evidence.ends.get(job.id)
        if job.ended is None and end is not None:
            self.clock.at(max(end[1], self.clock.now() + timedelta(seconds=1)), lambda: self._end(vault, job, *end))

    def _end(self, vault: Vault, job: Job, status: str, ended: datetime) -> None:
        job.status, job.ended = status, ended
        item = next((each for each in vault.items.values() if each.container.lower() == job.container.lower()), None)
        if item is not None and job.operation == "Backup":
            item.last_status, item.last_backup = status, job.started
            if status.startswith("Completed"):
                item.last_point, item.state, item.health = job.started + DELAY, "Protected", {}


def _align(item: ProtectedItem, job: Job) -> None:
    """The recovery point of a backup is one, though the service's snapshot took a second more or less than ours."""
    same = job.operation == "Backup" and job.container.lower() == item.container.lower()
    if same and item.last_point and abs(item.last_point - job.started - DELAY) < timedelta(minutes=1):
        item.last_point = job.started + DELAY


def _expiry(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)
    except ValueError:
        return None
