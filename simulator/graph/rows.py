"""How records look in Resource Graph: its own columns, its own names for a protected item's properties.

Pure: a record in, a row out. `None` for a record that is gone. Beside the columns each row has `scope`: the
subscription that shows it.
"""

from simulator.backup.render import item_body, item_id, item_type, job_body, policy_body, policy_id, vault_body
from simulator.core.model import IAAS, Job, ProtectedItem, Vault, VirtualMachine
from simulator.core.state import State
from simulator.core.wire import Json, stamp
from simulator.graph import groups
from simulator.graph.schema import DYNAMIC, TEXT
from simulator.resources.render import subscription_body, vm_row_id, vm_type


def _row(state: State, subscription: str, group: str, **columns: object) -> Json:
    row: Json = dict.fromkeys(TEXT, "") | dict.fromkeys(DYNAMIC)
    row["tenantId"], row["subscriptionId"], row["resourceGroup"] = state.tenant, subscription, group.lower()
    row["scope"] = subscription
    row.update(columns)
    return row


def vm(state: State, vm: VirtualMachine) -> Json:
    """Table `resources`."""
    power = {"code": f"PowerState/{vm.power}", "displayStatus": f"VM {vm.power}", "level": "Info"}
    run_time: Json = {} if vm.classic else {"extended": {"instanceView": {"powerState": power}}}
    return _row(
        state,
        vm.subscription,
        vm.group,
        id=vm_row_id(vm),
        name=vm.name,
        type=vm_type(vm).lower(),
        location=vm.location,
        tags=vm.tags,
        zones=vm.zones or None,
        identity=vm.identity,
        managedBy=vm.managed_by,
        properties=vm.properties | run_time,
    )


def container(state: State, key: str) -> Json | None:
    """A subscription (key is its id alone) or a resource group."""
    subscription = state.subscriptions.get(key)
    if subscription is not None:
        body = subscription_body(subscription, state.tenant)
        properties = {"state": body["state"], "subscriptionPolicies": body["subscriptionPolicies"]}
        chain = groups.chain(state, groups.home(state, subscription.id))
        return _row(
            state,
            subscription.id,
            "",
            id=body["id"],
            name=subscription.name,
            type="microsoft.resources/subscriptions",
            properties=properties | {"managementGroupAncestorsChain": chain},
        )
    group = state.groups.get(key)
    if group is None:
        return None
    return _row(
        state,
        group.subscription,
        group.name,
        id=group.id,
        name=group.name,
        type="microsoft.resources/subscriptions/resourcegroups",
        location=group.location,
        managedBy=group.managed_by or "",
        tags=group.tags,
        properties={"provisioningState": "Succeeded"},
    )


def vault(state: State, vault: Vault) -> Json:
    """Table `resources`."""
    body = vault_body(vault)
    return _row(
        state,
        vault.subscription,
        vault.group,
        id=vault.id,
        name=vault.name,
        type="microsoft.recoveryservices/vaults",
        location=vault.location,
        tags=vault.tags,
        sku=body["sku"],
        properties=body["properties"],
    )


def policies(state: State, vault: Vault) -> list[Json]:
    """Table `recoveryservicesresources`, one row per backup policy of the vault."""
    rows = []
    for policy in vault.policies.values():
        body = policy_body(vault, policy, 0, vault.created)
        del body["properties"]["protectedItemsCount"]  # Resource Graph would lag behind it; ask the vault
        rows.append(
            _row(
                state,
                vault.subscription,
                vault.group,
                id=body["id"],
                name=policy.name,
                type="microsoft.recoveryservices/vaults/backuppolicies",
                properties=body["properties"],
            )
        )
    return rows


def _phase(item: ProtectedItem) -> str:
    if item.configuring:
        return "ConfiguringProtection"
    if item.soft_deleted:
        return "SoftDeleted"
    return "ProtectionConfigured" if item.state in ("IRPending", "Protected") else item.state


def item(state: State, vault: Vault, item: ProtectedItem) -> Json:
    """Table `recoveryservicesresources`."""
    shown = item_body(vault, item, item.created)["properties"]
    kept = ("friendlyName", "backupManagementType", "workloadType", "policyId", "policyName", "lastBackupStatus")
    properties: Json = {name: shown[name] for name in kept} | {
        "currentProtectionState": _phase(item),
        "protectionState": shown["protectionState"],
        "sourceResourceId": item.source_id,
        "dataSourceInfo": {
            "resourceID": item.source_id,
            "resourceLocation": item.location,
            "resourceName": item.vm_name,
            "datasourceType": item_type(item) if item.management == IAAS else "SQLDataBase",
        },
        "policyInfo": {"name": item.policy, "policyId": policy_id(vault, item.policy)},
        "lastRecoveryPoint": stamp(item.last_point) if item.last_point else None,
        "lastBackupTime": stamp(item.last_backup) if item.last_backup else None,
        "vaultId": vault.id,
        "containerName": shown["containerName"],
        "protectedItemType": shown["protectedItemType"],
        "isScheduledForDeferredDelete": item.soft_deleted,
    }
    return _row(
        state,
        vault.subscription,
        vault.group,
        id=item_id(vault, item),
        name=item.name,
        type="microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems",
        location=vault.location,
        properties=_present(properties),
    )


def job(state: State, vault: Vault, job: Job) -> Json:
    """Table `recoveryservicesresources`."""
    properties = job_body(vault, job, job.ended or job.started)["properties"]
    item = f"{job.container}/protectedItems/VM;{job.container.partition(';')[2]}"
    where: Json = {
        "vaultId": vault.id,
        "dataSourceId": job.vm_id,
        "dataSourceInfo": {"resourceID": job.vm_id},
        "backupInstanceId": f"{vault.id}/backupFabrics/Azure/protectionContainers/{item}",
    }
    return _row(
        state,
        vault.subscription,
        vault.group,
        id=f"{vault.id}/backupJobs/{job.id}",
        name=job.id,
        type="microsoft.recoveryservices/vaults/backupjobs",
        location=vault.location,
        properties=_present(properties | where),
    )


def _present(properties: Json) -> Json:
    """Without nulls: the translator tells a null member from a missing one, and Kusto does not."""
    return {name: value for name, value in properties.items() if value is not None}
