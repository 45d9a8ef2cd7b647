"""`/_sim/guests`: what is inside a VM (agent, extensions, scripts) and whether it runs. A part of the control API."""

from typing import cast

from simulator.core.model import VirtualMachine
from simulator.core.reading import a_text, an_object
from simulator.core.routing import Call, Route
from simulator.core.surroundings import AgentState, ExtensionState, Guest
from simulator.core.wire import Answer, AzureError, Json

AGENTS = ("ok", "missing", "old", "notReady")
EXTENSIONS = ("succeeded", "failed")
KEYS = {"vmId", "agent", "agentVersion", "extensions", "scripts", "powerState"}


def _shown(vm: VirtualMachine) -> Json:
    guest = vm.guest or Guest()
    return {
        "vmId": vm.id,
        "agent": guest.agent,
        "agentVersion": guest.version,
        "extensions": guest.extensions,
        "scripts": guest.scripts,
        "powerState": vm.power,
    }


def put_guest(call: Call) -> Answer:
    """Set what the body names of `vmId`; the rest stays. Raises AzureError 400 on what is wrong, 404 without the VM."""
    body, state = call.body, call.world.state
    if unknown := sorted(body.keys() - KEYS):
        raise AzureError(400, "InvalidGuest", f"{unknown[0]}: is not known; known are {', '.join(sorted(KEYS))}.")
    vm = state.vms.get(a_text(body, "vmId").lower())
    if vm is None:
        raise AzureError(404, "InvalidGuest", "vmId: there is no such VM.")
    before = vm.guest or Guest()
    agent, extensions = body.get("agent", before.agent), an_object(body, "extensions")
    if agent not in AGENTS:
        raise AzureError(400, "InvalidGuest", f"agent: must be one of {', '.join(AGENTS)}.")
    if not all(each in EXTENSIONS for each in extensions.values()):
        raise AzureError(400, "InvalidGuest", f"extensions: each must be one of {', '.join(EXTENSIONS)}.")
    scripts = body.get("scripts", before.scripts)
    if not isinstance(scripts, bool):
        raise AzureError(400, "InvalidGuest", "scripts: must be true or false.")
    vm.guest = Guest(
        agent=cast("AgentState", agent),
        version=a_text(body, "agentVersion") or ("" if "agent" in body else before.version),
        extensions=cast("dict[str, ExtensionState]", extensions) if "extensions" in body else before.extensions,
        scripts=scripts,
    )
    vm.power = a_text(body, "powerState") or vm.power
    state.touch("vm", vm.key, call.world.now())
    return Answer(200, _shown(vm))


def get_guests(call: Call) -> Answer:
    """The VMs inside which something is told."""
    return Answer(200, [_shown(vm) for vm in call.world.state.vms.values() if vm.guest is not None])


ROUTES: list[Route] = [("PUT", "/_sim/guests", put_guest), ("GET", "/_sim/guests", get_guests)]
