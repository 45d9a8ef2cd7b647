"""Network interfaces and public addresses, as far as `az vm list -d` and `az vm show -d` ask for them: read only.

They are not kept: each follows from the machine that names it in its `networkProfile`, so that none can be left over
or missing. Shapes as the network provider's (api-version 2024-05-01). There are no networks or subnets as resources.
"""

from collections.abc import Iterator

from simulator.core.model import VirtualMachine
from simulator.core.routing import Call, Route
from simulator.core.state import group_id
from simulator.core.wire import Answer, Json, page
from simulator.resources.subscriptions import find_group, find_subscription, not_found

INTERFACES = "/providers/Microsoft.Network/networkInterfaces"
ADDRESSES = "/providers/Microsoft.Network/publicIPAddresses"
SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
PAGE = 500
#: One machine in so many can be reached from outside.
PUBLIC_ONE_IN = 4

Part = tuple[VirtualMachine, str]  # the machine, and the id of one of its interfaces


def _interfaces(call: Call) -> Iterator[Part]:
    """All interfaces of the subscription in the path, or of the resource group where there is one."""
    within = group_id(find_subscription(call).id, find_group(call).name) + "/" if "group" in call.params else ""
    for vm in call.world.state.vms.of(call.params["subscription"].lower()):
        for reference in (vm.properties.get("networkProfile") or {}).get("networkInterfaces") or ():
            nic = str(reference.get("id") or "")  # whoever made the machine wrote this
            if "/networkinterfaces/" in nic.lower() and nic.lower().startswith(within.lower()):
                yield vm, nic


def _is_public(call: Call, part: Part) -> bool:
    return call.world.state.spread(f"public:{part[1].lower()}", 1, PUBLIC_ONE_IN) == 1


def _address_id(part: Part) -> str:
    """The public address that belongs to an interface: `<interface>-ip` beside it."""
    return f"{part[1]}-ip".replace("/networkInterfaces/", "/publicIPAddresses/")


def _interface(call: Call, part: Part) -> Json:
    (vm, nic), spread = part, call.world.state.spread
    key, network = nic.lower(), group_id(vm.subscription, vm.group) + "/providers/Microsoft.Network/virtualNetworks"
    mac = "-".join(f"{spread(f'mac{n}:{key}', 0, 255):02X}" for n in range(3))
    settings: Json = {
        "provisioningState": "Succeeded",
        "privateIPAddress": f"10.{spread(f'b:{key}', 0, 255)}.{spread(f'c:{key}', 0, 255)}.{spread(key, 4, 254)}",
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "primary": True,
        "subnet": {"id": f"{network}/vnet-{vm.location}/subnets/default"},
    }
    if _is_public(call, part):
        settings["publicIPAddress"] = {"id": _address_id(part)}
    return {
        "name": nic.rsplit("/", 1)[1],
        "id": nic,
        "location": vm.location,
        "type": "Microsoft.Network/networkInterfaces",
        "kind": "Regular",
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [
                {
                    "name": "ipconfig1",
                    "id": f"{nic}/ipConfigurations/ipconfig1",
                    "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
                    "properties": settings,
                }
            ],
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
            "macAddress": f"00-0D-3A-{mac}",
            "enableAcceleratedNetworking": False,
            "enableIPForwarding": False,
            "primary": True,
            "virtualMachine": {"id": vm.id},
            "nicType": "Standard",
        },
    }


def _address(call: Call, part: Part) -> Json:
    """An address of a range that is set aside for documentation (RFC 5737), so that it is nobody's."""
    address = _address_id(part)
    return {
        "name": address.rsplit("/", 1)[1],
        "id": address,
        "location": part[0].location,
        "type": "Microsoft.Network/publicIPAddresses",
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {
            "provisioningState": "Succeeded",
            "ipAddress": f"203.0.113.{call.world.state.spread(address.lower(), 1, 254)}",
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ipConfiguration": {"id": f"{part[1]}/ipConfigurations/ipconfig1"},
        },
    }


def list_interfaces(call: Call) -> Answer:
    """Of a subscription or of one resource group."""
    return Answer(200, page([_interface(call, part) for part in _interfaces(call)], call.query, call.url, PAGE))


def list_addresses(call: Call) -> Answer:
    """Of a subscription or of one resource group."""
    rows = [_address(call, part) for part in _interfaces(call) if _is_public(call, part)]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def get_interface(call: Call) -> Answer:
    """One interface. Raises AzureError 404 where no machine has it."""
    for part in _interfaces(call):
        if part[1].rsplit("/", 1)[1].lower() == call.params["name"].lower():
            return Answer(200, _interface(call, part))
    raise not_found(f"Microsoft.Network/networkInterfaces/{call.params['name']}", find_group(call).name)


def get_address(call: Call) -> Answer:
    """One public address. Raises AzureError 404 where no interface has it."""
    for part in _interfaces(call):
        if _address_id(part).rsplit("/", 1)[1].lower() == call.params["name"].lower() and _is_public(call, part):
            return Answer(200, _address(call, part))
    raise not_found(f"Microsoft.Network/publicIPAddresses/{call.params['name']}", find_group(call).name)


ROUTES: list[Route] = [
    ("GET", f"{SUBSCRIPTION}{INTERFACES}", list_interfaces),
    ("GET", f"{SUBSCRIPTION}{ADDRESSES}", list_addresses),
    ("GET", f"{GROUP}{INTERFACES}", list_interfaces),
    ("GET", f"{GROUP}{ADDRESSES}", list_addresses),
    ("GET", f"{GROUP}{INTERFACES}/{{name}}", get_interface),
    ("GET", f"{GROUP}{ADDRESSES}/{{name}}", get_address),
]
