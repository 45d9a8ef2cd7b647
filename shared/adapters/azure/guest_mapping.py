"""A VM's instance view in the core's words: its agent, and the backup extension. Pure.

Shapes are those of recorded traffic (2019-21) and of Compute 2021-03-01: an agent that never reported has the version
`Unknown` and the status code `ProvisioningState/Unavailable`. A stopped VM has no agent in its view at all.
"""

from collections.abc import Iterator, Mapping

from shared.adapters.azure.arm_errors import clean
from shared.adapters.azure.wire import Wire, list_at, object_at, text_at
from shared.domain.guest import Agent, BackupExtension, ExtensionState

_NAMES = frozenset({"vmsnapshot", "vmsnapshotlinux"})
_DONE, _FAILED = "provisioningstate/succeeded", "provisioningstate/failed"


def agent_of(view: Wire) -> Agent:
    """The agent in an instance view; an empty one where the view shows none."""
    node = object_at(view, "vmAgent")
    version = text_at(node, "vmAgentVersion")
    status = next(_objects(node, "statuses"), {})
    return Agent(
        version="" if version.lower() == "unknown" else version,
        status=text_at(status, "displayStatus"),
        message=clean(text_at(status, "message")),
        ready=text_at(status, "code").lower() == _DONE and text_at(status, "displayStatus").lower() in {"", "ready"},
    )


def backup_extension_of(view: Wire) -> BackupExtension:
    """The backup extension in an instance view. It stands among the extensions, the agent's handlers, or both."""
    found: list[BackupExtension] = []
    for each in _objects(view, "extensions"):
        if _is_ours(each):
            found += [_state(text_at(each, "name"), status) for status in _objects(each, "statuses")]
    for each in _objects(object_at(view, "vmAgent"), "extensionHandlers"):
        if _is_ours(each):
            found.append(_state(text_at(each, "type").rsplit(".", 1)[-1], object_at(each, "status")))
    order = (ExtensionState.FAILED, ExtensionState.UNRECOGNISED, ExtensionState.SUCCEEDED)
    return min(found, key=lambda each: order.index(each.state), default=BackupExtension(ExtensionState.ABSENT))


def _is_ours(node: Wire) -> bool:
    names = (text_at(node, "name"), text_at(node, "type").rsplit(".", 1)[-1])
    return any(name.lower() in _NAMES for name in names)


def _state(name: str, status: Wire) -> BackupExtension:
    code = text_at(status, "code").lower()
    message = clean(text_at(status, "message") or text_at(status, "displayStatus"))
    if code == _DONE:
        return BackupExtension(ExtensionState.SUCCEEDED, name, message)
    failed = code == _FAILED or code.startswith(f"{_FAILED}/")
    return BackupExtension(ExtensionState.FAILED if failed else ExtensionState.UNRECOGNISED, name, message)


def _objects(node: Wire, key: str) -> Iterator[Wire]:
    for each in list_at(node, key):
        if not isinstance(each, Mapping):
            raise ValueError(f"instanceView: {key} holds something that is not an object")
        yield each
