"""Protected items of a vault: protect, change policy, stop, undelete, delete. Reading them is in `items.py`.

A PUT means what Azure takes it to mean: over an absent item protect, with an empty policy or `ProtectionStopped`
stop, with `isRehydrate` undelete, else change the policy. Each refusal has Azure's shape; which codes are our own
is listed in docs/simulator-differences.md.
"""

from datetime import timedelta

from simulator.backup.fitness import undiscovered, unfit
from simulator.backup.history import new_item
from simulator.backup.item_work import run
from simulator.backup.items import find_item
from simulator.backup.operations import ITEM
from simulator.backup.policies import named
from simulator.backup.recovery_points import moments
from simulator.backup.render import CLASSIC, VM_ITEM, item_type
from simulator.backup.vault_settings import soft_deletes
from simulator.backup.vaults import find_vault
from simulator.core.model import SOFT_DELETE_DAYS, Job, ProtectedItem, Vault
from simulator.core.routing import Call, Route
from simulator.core.state import container_of
from simulator.core.wire import Answer, AzureError, Json

#: Virtual seconds that a protect takes, from recorded traffic of 2019 and 2026; other changes take about 11.
CONFIGURE = (31, 92)
CHANGE = (9, 13)
#: Deleting for good, in a vault that does not delete softly (recorded traffic, 2019-20).
PURGE = (112, 116)


def put_item(call: Call) -> Answer:
    """202 with both headers, whatever the change. Raises AzureError 400, 404 or 409."""
    vault, properties = find_vault(call), call.properties
    kind, item = str(properties.get("protectedItemType", "")).lower(), find_item(call, vault)
    if kind not in (VM_ITEM.lower(), CLASSIC.lower()) or (item and kind != item_type(item).lower()):
        raise malformed()
    call.change = _change(properties, item)
    if item is None:
        return _protect(call, vault, properties)
    _refuse_another(properties, item)
    if item.configuring or item.busy:
        raise AzureError(409, "BMSUserErrorObjectLocked", "Another operation is in progress on the item.")
    call.over_existing = True
    if call.change == "undelete":
        return _undelete(call, vault, item)
    if item.soft_deleted:
        message = "The backup item is in soft deleted state. Undelete it before any other operation."
        raise AzureError(400, "UserErrorItemInSoftDeletedState", message)
    if call.change == "stop":
        return _stop(call, vault, item)
    return _change_policy(call, vault, item, str(properties["policyId"]))


def _change(properties: Json, item: ProtectedItem | None) -> str:
    """What such a PUT means: protect, undelete, stop, resume or change-policy."""
    if item is None:
        return "protect"
    if properties.get("isRehydrate"):
        return "undelete"
    if not properties.get("policyId") or str(properties.get("protectionState", "")).lower() == "protectionstopped":
        return "stop"
    return "change-policy" if item.active else "resume"


def _refuse_another(properties: Json, item: ProtectedItem) -> None:
    """A container's name has no subscription: two VMs of one group's and one own name meet in it."""
    given, known = (
        str(each or "").lower().split("/")[2:3] for each in (properties.get("sourceResourceId"), item.source_id)
    )
    if given and given != known:
        message = f"The container holds the virtual machine of that name of subscription '{known[0]}'."
        raise AzureError(400, "UserErrorContainerNameInUse", message)


def malformed() -> AzureError:
    """Azure's answer to a protect request that it cannot read."""
    message = (
        "Input for configure protection is not in proper format\r\n"
        "Please ensure that container exists and other parameters are in valid format"
    )
    return AzureError(400, "BMSUserErrorInvalidConfigureProtectionRequest", message)


def _protect(call: Call, vault: Vault, properties: Json) -> Answer:
    world, state = call.world, call.world.state
    vm = state.vms.get(str(properties.get("sourceResourceId") or "").lower())
    if vm is None:
        raise AzureError(400, "UserErrorVmNotFoundV2", "Virtual machine doesn't exist.")
    if not properties.get("policyId") or properties.get("isRehydrate"):
        raise malformed()
    name = container_of(vm)
    asked = (call.params["container"].lower(), call.params["item"].lower())
    kind = CLASSIC if vm.classic else VM_ITEM
    if (
        asked != (f"iaasvmcontainer;{name}", f"vm;{name}")
        or str(properties["protectedItemType"]).lower() != kind.lower()
    ):
        raise malformed()
    policy, disks = named(vault, str(properties["policyId"])), _disks(properties)
    if undiscovered(world, vault, vm):
        raise malformed()
    if (refused := unfit(world, vault, vm, policy.version, disks)) is not None:
        raise AzureError(400, refused.code, refused.message)
    world.limits.quotas.register(vault, policy, world.now())
    item = new_item(vault, vm, policy.name, world.now(), 281476190000000 + len(state.operations))
    item.configuring, item.disks = True, disks
    state.add_item(vault, item)

    def configured(job: Job) -> None:
        if vm.key in state.vms:
            item.configuring = False
        else:
            state.drop_item(vault, item)
            job.status = "Failed"

    return run(call, vault, item, "ConfigureBackup", CONFIGURE, configured)


def _disks(properties: Json) -> Json | None:
    """The selection of data disks by LUN, as Azure shows it again; None for all. AzureError 400 for no such thing."""
    asked = properties.get("extendedProperties") or {}
    chosen = asked.get("diskExclusionProperties") if isinstance(asked, dict) else asked
    if chosen is None:
        return None
    luns, including = (chosen.get("diskLunList"), chosen.get("isInclusionList")) if isinstance(chosen, dict) else (0, 0)
    if not isinstance(luns, list) or any(type(each) is not int for each in luns) or not isinstance(including, bool):
        raise malformed()
    return {"diskLunList": luns, "isInclusionList": including}


def _change_policy(call: Call, vault: Vault, item: ProtectedItem, policy_id: str) -> Answer:
    policy = named(vault, policy_id)
    current, disks = vault.policies.get(item.policy.lower()), _disks(call.properties)
    if current is not None and (current.version, policy.version) == ("V2", "V1"):
        message = "The item cannot move from an enhanced backup policy (V2) to a standard one (V1)."
        raise AzureError(400, "UserErrorPolicyTypeDowngradeNotSupported", message)
    call.world.limits.quotas.move(vault, item, policy, call.world.now())
    resumed = item.state == "ProtectionStopped"

    def changed(_: Job) -> None:
        item.policy, item.disks = policy.name, disks if disks is not None else item.disks
        if resumed:
            item.state = "Protected" if item.last_point else "IRPending"

    return run(call, vault, item, "ConfigureBackup", CHANGE, changed, policy.name)  # so named in the CLI's own tests


def _stop(call: Call, vault: Vault, item: ProtectedItem) -> Answer:
    def stopped(_: Job) -> None:
        item.state, item.policy = "ProtectionStopped", ""

    return run(call, vault, item, "DisableBackup", CHANGE, stopped, "")


def _undelete(call: Call, vault: Vault, item: ProtectedItem) -> Answer:
    if not item.soft_deleted:
        raise AzureError(400, "UserErrorItemNotInSoftDeletedState", "The backup item is not in soft deleted state.")

    def undeleted(_: Job) -> None:
        item.deleted, item.state, item.policy = None, "ProtectionStopped", ""

    return run(call, vault, item, "Undelete", CHANGE, undeleted, "", bag={"Undelete flag": "True"})


def delete_item(call: Call) -> Answer:
    """Stop and delete the data: soft-deleted and gone 14 days later, or gone at once where the vault is set so."""
    world, state, vault = call.world, call.world.state, find_vault(call)
    item = find_item(call, vault)
    if item is None:
        return Answer(204)
    if item.configuring or item.busy or item.soft_deleted:
        raise AzureError(409, "BMSUserErrorObjectLocked", "The item is deleted already or being changed.")

    def expired() -> None:
        if item.deleted == moment and item.key in vault.items:
            state.drop_item(vault, item)
            state.touch_item(item, world.now())

    def purged(_: Job) -> None:
        state.drop_item(vault, item)

    def deleted(_: Job) -> None:
        item.deleted, item.state, item.policy = moment, "ProtectionStopped", ""
        world.clock.at(moment + timedelta(days=SOFT_DELETE_DAYS), expired)

    moment = world.now()
    paths = ("backupOperations", "backupOperationResults")
    bag = {"Number of Recovery Points": str(len(moments(vault, item)))}
    if soft_deletes(vault):
        return run(call, vault, item, "DeleteBackupData", CHANGE, deleted, "", paths, bag)
    return run(call, vault, item, "DeleteBackupData", PURGE, purged, "", paths, bag)


ROUTES: list[Route] = [
    ("PUT", ITEM, put_item),
    ("DELETE", ITEM, delete_item),
]
