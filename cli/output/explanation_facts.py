"""What was seen of a VM, by name: what the decision may hang on. Words alone."""

from collections.abc import Mapping

from shared.domain.model import Vm
from shared.reporting.text import utc


def vm_facts(vm: Vm) -> Mapping[str, str]:
    """What the decision may hang on; what the VM does not have is left out."""
    image = ", ".join(each for each in (vm.image.publisher, vm.image.offer, vm.image.sku) if each) or vm.image.id
    facts = {
        "subscription": vm.subscription_name,
        "management groups": ", ".join(vm.management_groups),
        "location": vm.location,
        "zones": ", ".join(vm.zones),
        "created": utc(vm.created),
        "state": vm.provisioning_state,
        "power": vm.power_state,
        "size": vm.size,
        "priority": vm.priority,
        "operating system": vm.os_type,
        "image": image,
        "OS disk": "ephemeral" if vm.ephemeral_os_disk else "",
        "disks": ", ".join(vm.disk_types),
        "encryption": ", ".join(vm.encryption),
        "security type": vm.security_type,
        "tags": _tags(vm.tags) or "none",
        "group's tags": _tags(vm.group_tags),
        "subscription's tags": _tags(vm.subscription_tags),
        "managed by": vm.managed_by,
        "group managed by": vm.group_managed_by,
        "host pool": vm.host_pool_type,
    }
    return {what: have for what, have in facts.items() if have}


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in tags.items())
