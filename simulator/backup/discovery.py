"""What a vault could protect: refreshContainers, protectable items and registered containers.

For clients that look before they protect (the Azure CLI does). A PUT needs none of it here unless the world says so
(`settings.py`); then a vault knows only what a refresh of its own has found.
"""

from simulator.backup.operations import accepted
from simulator.backup.render import CLASSIC, VM_ITEM, item_type, spell, version_of
from simulator.backup.vaults import PAGE, VAULT, find_vault
from simulator.core.fate import Fate
from simulator.core.model import IAAS, ProtectedItem, Vault, VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.state import container_of
from simulator.core.wire import Answer, AzureError, Json, page, parse_filter, stamp

#: Virtual seconds that a refresh takes (recorded traffic, 2019-20: 10 to 15; 40 to 60 also observed).
REFRESH = 12


def refresh(call: Call) -> Answer:
    """202, then 204 from its Location."""
    world, vault = call.world, find_vault(call)
    operation, fate = world.start_operation(), call.fate or Fate()

    def finish() -> None:
        operation.status, operation.ended = "Failed" if fate.error else "Succeeded", world.now()
        operation.error = fate.error
        near = (
            [] if fate.error else [vm for vm in world.state.vms.of(vault.subscription) if vm.location == vault.location]
        )
        for vm in near:
            vm.discovered = True
        if world.backup.discovery_needed:
            vault.found = vault.found | {vm.key for vm in near}

    world.clock.after(REFRESH + fate.delay, finish)
    base = f"{vault.id}/backupFabrics/Azure"
    return accepted(call, f"{base}/operationsStatus", f"{base}/operationResults", operation)


def list_protectable(call: Call) -> Answer:
    """VMs of the vault's subscription and region that no vault holds, once a refresh there has found them."""
    vault, state = find_vault(call), call.world.state
    needed = call.world.backup.discovery_needed

    def known(vm: VirtualMachine) -> bool:
        made = str(vm.properties.get("timeCreated", ""))
        return vm.key in vault.found if needed else vm.discovered or made < began

    if parse_filter(call.query.get("$filter", "")).get("backupmanagementtype", IAAS).lower() != IAAS.lower():
        return Answer(200, {"value": []})
    rows, began = [], stamp(call.world.clock.start)
    for vm in state.vms.of(vault.subscription):
        if vm.location == vault.location and known(vm) and not state.vm_items(vm.id):
            name = container_of(vm)
            container = f"{vault.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}"
            rows.append(
                {
                    "id": spell(f"{container}/protectableItems/vm;{name}", min(vault.casing, 1)),
                    "name": name,
                    "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
                    "properties": {
                        "virtualMachineId": vm.id,
                        "virtualMachineVersion": version_of(container),
                        "resourceGroup": vm.group,
                        "backupManagementType": IAAS,
                        "protectableItemType": CLASSIC if vm.classic else VM_ITEM,
                        "friendlyName": vm.name,
                        "protectionState": "NotProtected",
                    },
                }
            )
    return Answer(200, page(rows, call.query, call.url, PAGE))


def list_containers(call: Call) -> Answer:
    """Containers of registered VMs; `$filter` takes friendlyName and backupManagementType."""
    vault = find_vault(call)
    wanted = parse_filter(call.query.get("$filter", ""))
    friendly, management = wanted.get("friendlyname"), wanted.get("backupmanagementtype", IAAS).lower()
    rows = [
        _container(vault, item)
        for item in vault.items.values()
        if item.management.lower() == management == IAAS.lower()
        and not item.configuring
        and (friendly is None or friendly.lower() == item.vm_name.lower())
    ]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def _container(vault: Vault, item: ProtectedItem) -> Json:
    """The container of a registered VM."""
    return {
        "id": spell(f"{vault.id}/backupFabrics/Azure/protectionContainers/{item.container}", min(vault.casing, 1)),
        "name": item.container,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
        "properties": {
            "virtualMachineId": item.source_id,
            "virtualMachineVersion": version_of(item.container),
            "resourceGroup": item.container.split(";")[2],
            "friendlyName": item.vm_name,
            "backupManagementType": IAAS,
            "registrationStatus": "Registered",
            "healthStatus": "Healthy",
            "containerType": item_type(item),
            "protectableObjectType": item_type(item),
        },
    }


def get_container(call: Call) -> Answer:
    """One container of a registered VM. Raises AzureError 404."""
    vault, name = find_vault(call), call.params["container"].lower()
    for item in vault.items.values():
        if item.container.lower() == name and item.management == IAAS and not item.configuring:
            return Answer(200, _container(vault, item))
    message = f"The container '{call.params['container']}' was not found in vault '{vault.name}'."
    raise AzureError(404, "BMSUserErrorContainerObjectNotFound", message)


ROUTES: list[Route] = [
    ("POST", f"{VAULT}/backupFabrics/{{fabric}}/refreshContainers", refresh),
    ("GET", f"{VAULT}/backupProtectableItems", list_protectable),
    ("GET", f"{VAULT}/backupProtectionContainers", list_containers),
    ("GET", f"{VAULT}/backupFabrics/{{fabric}}/protectionContainers/{{container}}", get_container),
]
