"""Virtual machines of the older deployment model: get and list (`Microsoft.ClassicCompute/virtualMachines`).

Azure has given them up, and no SDK at hand describes them; what is backed up of them still lies in vaults (recorded
traffic, 2019). They come from an estate file or a test, and can only be read, tagged and protected here. `properties`
have the names that public queries and tools read: `hardwareProfile.size`, `storageProfile.operatingSystemDisk`.
"""

from simulator.core.model import VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.state import classic_vm_id, group_id
from simulator.core.wire import Answer, Json, page
from simulator.resources.render import vm_body
from simulator.resources.subscriptions import find_group, find_subscription, not_found

VMS = "/providers/Microsoft.ClassicCompute/virtualMachines"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
PAGE = 500
#: The power states of Resource Manager in this model's words; any other word is kept as it is.
POWER = {"running": "Started", "stopped": "Stopped", "deallocated": "StoppedDeallocated"}


def classic_properties(
    subscription: str,
    group: str,
    name: str,
    *,
    os_type: str = "Windows",
    size: str = "Standard_D2",
    power: str = "running",
) -> Json:
    """The properties of a running classic VM with one disk, in the cloud service that its group is named after."""
    service = f"{group_id(subscription, group)}/providers/Microsoft.ClassicCompute/domainNames/{group}"
    disk = f"{name}-os".lower()
    return {
        "provisioningState": "Succeeded",
        "domainName": {"id": service, "name": group, "type": "Microsoft.ClassicCompute/domainNames"},
        "hardwareProfile": {"platformGuestAgent": True, "size": size, "deploymentName": name},
        "storageProfile": {
            "operatingSystemDisk": {
                "diskName": disk,
                "caching": "ReadWrite",
                "operatingSystem": os_type,
                "ioType": "Standard",
                "vhdUri": f"https://classicvhds.blob.core.windows.net/vhds/{disk}.vhd",
            },
            "dataDisks": [],
        },
        "instanceView": {"status": "ReadyRole", "powerState": POWER.get(power, power)},
    }


def list_classic(call: Call) -> Answer:
    """Of a subscription or of one resource group."""
    wanted = find_subscription(call).id
    group = find_group(call).name.lower() if "group" in call.params else None
    vms = [vm for vm in call.world.state.vms.of(wanted) if vm.classic and group in (None, vm.group.lower())]
    return Answer(200, page([vm_body(vm, listed=True) for vm in vms], call.query, call.url, PAGE))


def get_classic(call: Call) -> Answer:
    """One classic VM. Raises AzureError 404."""
    group, name = find_group(call), call.params["vm"]
    vm: VirtualMachine | None = call.world.state.vms.get(classic_vm_id(group.subscription, group.name, name).lower())
    if vm is None:
        raise not_found(f"Microsoft.ClassicCompute/virtualMachines/{name}", group.name)
    return Answer(200, vm_body(vm))


ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{VMS}", list_classic),
    ("GET", f"{GROUP}{VMS}", list_classic),
    ("GET", f"{GROUP}{VMS}/{{vm}}", get_classic),
]
