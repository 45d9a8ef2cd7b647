"""How machines, resource groups and subscriptions look on the wire. Pure: a record in, a JSON object out."""

from simulator.core.model import ResourceGroup, Subscription, VirtualMachine
from simulator.core.wire import Json


def vm_body(vm: VirtualMachine, *, listed: bool = False, instance_view: Json | None = None) -> Json:
    """A VM, as a GET shows it or as a list does."""
    body: Json = {
        "name": vm.name,
        "id": vm_row_id(vm) if listed else vm.id,
        "type": vm_type(vm),
        "location": vm.location,
    }
    if vm.tags is not None:
        body["tags"] = vm.tags
    if vm.zones:
        body["zones"] = vm.zones
    if vm.identity:
        body["identity"] = vm.identity
    if vm.managed_by:
        body["managedBy"] = vm.managed_by
    body["properties"] = vm.properties | ({"instanceView": instance_view} if instance_view else {})
    return body


def vm_type(vm: VirtualMachine) -> str:
    """A VM's resource type."""
    return "Microsoft.ClassicCompute/virtualMachines" if vm.classic else "Microsoft.Compute/virtualMachines"


def vm_row_id(vm: VirtualMachine) -> str:
    """The id as lists have it: for some VMs with the resource group upper-cased (recorded traffic, 2025)."""
    return vm.id.replace(f"/resourceGroups/{vm.group}/", f"/resourceGroups/{vm.group.upper()}/") if vm.shouts else vm.id


def group_body(group: ResourceGroup) -> Json:
    """A resource group."""
    body: Json = {
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": group.tags,
        "properties": {"provisioningState": "Succeeded"},
    }
    if group.managed_by:
        body["managedBy"] = group.managed_by
    return body


def subscription_body(subscription: Subscription, tenant: str) -> Json:
    """A subscription."""
    tags = {"tags": subscription.tags} if subscription.tags else {}
    return tags | {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "tenantId": tenant,
        "displayName": subscription.name,
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }
