"""Virtual machines: get, list, instance view, create, update, delete (`Microsoft.Compute/virtualMachines`).

Every write says so through Event Grid, the way the resource provider's writes do.
"""

from simulator.backup.operations import operation_url
from simulator.core.model import Operation, VirtualMachine
from simulator.core.reading import a_location, an_object, tags, texts
from simulator.core.routing import Call, Route
from simulator.core.state import vm_id
from simulator.core.wire import Answer, AzureError, Json, page, stamp
from simulator.resources.render import vm_body
from simulator.resources.run_time import instance_view
from simulator.resources.subscriptions import find_group, find_subscription, not_found
from simulator.resources.vm_defaults import completed, written

VMS = "/providers/Microsoft.Compute/virtualMachines"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
VM = GROUP + VMS + "/{vm}"
PAGE = 500
#: Virtual seconds that making and deleting a VM take; our own numbers.
CREATION = (5, 25)
DELETION = (15, 60)


def find_vm(call: Call) -> VirtualMachine:
    """The VM in the path. Raises AzureError 404 as Azure words it."""
    group, name = find_group(call), call.params["vm"]
    vm = call.world.state.vms.get(vm_id(group.subscription, group.name, name).lower())
    if vm is None:
        raise not_found(f"Microsoft.Compute/virtualMachines/{name}", group.name)
    return vm


def list_vms(call: Call) -> Answer:
    """Of a subscription, of one resource group or of one region; ids as lists have them."""
    wanted, region = find_subscription(call).id, call.params.get("location", "").lower()
    group = find_group(call).name.lower() if "group" in call.params else None
    expand = call.query.get("$expand", "").lower() == "instanceview"
    if call.query.get("$filter"):
        message = "The simulator has no scale sets, which are all that this list can be filtered by."
        raise AzureError(400, "InvalidParameter", message)
    vms = [
        v
        for v in call.world.state.vms.of(wanted)
        if not v.classic and group in (None, v.group.lower()) and region in ("", v.location)
    ]
    start = page([{"at": n} for n in range(len(vms))], call.query, call.url, PAGE)
    chosen = [vms[row["at"]] for row in start["value"]]
    now = call.world.now()
    rows = [vm_body(v, listed=True, instance_view=instance_view(v, now) if expand else None) for v in chosen]
    return Answer(200, start | {"value": rows})


def get_vm(call: Call) -> Answer:
    """One VM; `$expand=instanceView` adds its run-time state."""
    vm = find_vm(call)
    expand = call.query.get("$expand", "").lower() == "instanceview"
    return Answer(200, vm_body(vm, instance_view=instance_view(vm, call.world.now()) if expand else None))


def get_instance_view(call: Call) -> Answer:
    """The run-time state alone."""
    return Answer(200, instance_view(find_vm(call), call.world.now()))


def put_vm(call: Call) -> Answer:
    """Create (201, `Creating`, Succeeded some virtual seconds later) or replace tags and properties (200)."""
    world, state, body = call.world, call.world.state, call.body
    group = find_group(call)
    identity = vm_id(group.subscription, group.name, call.params["vm"])
    location = a_location(body)
    existing = state.vms.get(identity.lower())
    if existing is not None:
        return _update(call, existing)
    properties = completed(_with_disk(written(call.properties)), call.params["vm"])
    properties |= {"provisioningState": "Creating", "vmId": state.new_id(), "timeCreated": stamp(world.now())}
    vm = VirtualMachine(
        id=identity,
        name=call.params["vm"],
        subscription=group.subscription,
        group=group.name,
        location=location,
        tags=tags(body),
        properties=properties,
        zones=texts(body, "zones"),
        identity=an_object(body, "identity") or None,
    )
    state.vms[vm.key] = vm
    state.touch("vm", vm.key, world.now())
    operation = world.start_operation()

    def finish() -> None:
        if vm.properties["provisioningState"] == "Creating":
            vm.properties["provisioningState"] = "Succeeded"
            state.touch("vm", vm.key, world.now())
        operation.status, operation.ended = "Succeeded", world.now()

    world.clock.after(state.spread(vm.key, *CREATION), finish)
    world.hub.vm_created(vm, call)
    return Answer(201, vm_body(vm), _following(call, vm, operation))


def _with_disk(properties: Json) -> Json:
    if not (properties.get("storageProfile") or {}).get("osDisk"):
        raise AzureError(400, "InvalidParameter", "Required parameter 'storageProfile.osDisk' is missing (null).")
    return properties


def _following(call: Call, vm: VirtualMachine, operation: Operation) -> dict[str, str]:
    path = f"/subscriptions/{vm.subscription}/providers/Microsoft.Compute/locations/{vm.location}/operations"
    return {"Azure-AsyncOperation": operation_url(call, f"{path}/{operation.id}")}


def _update(call: Call, vm: VirtualMachine) -> Answer:
    given, properties = tags(call.body), completed(_with_disk(vm.properties | written(call.properties)), vm.name)
    if "tags" in call.body:
        vm.tags = given or {}
    vm.properties.update(properties)
    call.world.state.touch("vm", vm.key, call.world.now())
    call.world.hub.vm_written(vm, call)
    return Answer(200, vm_body(vm))


def patch_vm(call: Call) -> Answer:
    """Tags given here replace all tags, as a PATCH of the compute provider does."""
    return _update(call, find_vm(call))


def delete_vm(call: Call) -> Answer:
    """202; the VM is `Deleting` for a while, then gone; 204 where there is none. Its protected items stay."""
    world, group = call.world, find_group(call)
    vm = world.state.vms.get(vm_id(group.subscription, group.name, call.params["vm"]).lower())
    if vm is None:
        return Answer(204)
    vm.properties["provisioningState"] = "Deleting"
    world.state.touch("vm", vm.key, world.now())
    operation = world.start_operation()

    def finish() -> None:
        world.state.vms.pop(vm.key, None)
        world.state.touch("vm", vm.key, world.now())
        operation.status, operation.ended = "Succeeded", world.now()
        world.hub.vm_deleted(vm, call)

    world.clock.after(world.state.spread(vm.key, *DELETION), finish)
    return Answer(202, None, _following(call, vm, operation))


ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{VMS}", list_vms),
    ("GET", f"{GROUP}{VMS}", list_vms),
    ("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/virtualMachines", list_vms),
    ("GET", VM, get_vm),
    ("PUT", VM, put_vm),
    ("PATCH", VM, patch_vm),
    ("DELETE", VM, delete_vm),
    ("GET", f"{VM}/instanceView", get_instance_view),
]
