"""Classic VMs for tests: one more machine in a world, beside a VM that it has already."""

from simulator.core.model import VirtualMachine
from simulator.core.state import State, classic_vm_id
from simulator.resources.classic import classic_properties


def add_classic(state: State, beside: str, name: str = "old-1") -> VirtualMachine:
    """A running classic VM in the subscription, group and region of the VM with that id."""
    near = state.vms[beside.lower()]
    vm = VirtualMachine(
        id=classic_vm_id(near.subscription, near.group, name),
        name=name,
        subscription=near.subscription,
        group=near.group,
        location=near.location,
        tags={"app": "ledger"},
        properties=classic_properties(near.subscription, near.group, name),
        classic=True,
    )
    state.vms[vm.key] = vm
    return vm
