import json
from typing import Any

import pytest

from shared.adapters.azure.guest_mapping import agent_of, backup_extension_of
from shared.adapters.azure.surroundings import Context
from shared.adapters.azure.vm_mapping import vm_from_row, vm_from_wire
from shared.domain.guest import Agent, BackupExtension, ExtensionState
from tests.reference import reference_path
from tests.unit.shared.adapters.azure.stub import VM, a_vm_node
from tests.unit.shared.adapters.azure.test_vm_mapping import EXAMPLES

READY = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready", "message": "It runs"}
SILENT = {"code": "ProvisioningState/Unavailable", "displayStatus": "Not Ready", "message": "Not yet\npopulated."}
FAILED = {"code": "ProvisioningState/failed/3", "displayStatus": "Provisioning failed", "message": "Boom"}
DONE = {"code": "ProvisioningState/succeeded", "displayStatus": "Provisioning succeeded"}
TYPE = "Microsoft.Azure.RecoveryServices.VMSnapshot"


def test_an_agent_is_ready_only_where_the_platform_says_so() -> None:
    ready = agent_of({"vmAgent": {"vmAgentVersion": "2.7.4", "statuses": [READY]}})
    assert ready == Agent("2.7.4", "Ready", "It runs", ready=True)
    silent = agent_of({"vmAgent": {"vmAgentVersion": "Unknown", "statuses": [SILENT]}})
    assert (silent.version, silent.status, silent.ready) == ("", "Not Ready", False)
    assert "\n" not in silent.message
    assert agent_of({"statuses": []}) == Agent()


@pytest.mark.parametrize(
    ("view", "state", "message"),
    [
        ({}, "absent", ""),
        ({"extensions": [{"name": "CustomScript", "type": "x.CustomScript", "statuses": [FAILED]}]}, "absent", ""),
        ({"extensions": [{"name": "VMSnapshot", "type": TYPE, "statuses": [FAILED]}]}, "failed", "Boom"),
        ({"extensions": [{"name": "backup", "type": TYPE, "statuses": [DONE]}]}, "succeeded", "Provisioning succeeded"),
        ({"vmAgent": {"extensionHandlers": [{"type": f"{TYPE}Linux", "status": FAILED}]}}, "failed", "Boom"),
        (
            {
                "extensions": [{"name": "VMSnapshot", "type": TYPE, "statuses": [DONE]}],
                "vmAgent": {"extensionHandlers": [{"type": TYPE, "status": FAILED}]},
            },
            "failed",
            "Boom",
        ),
        ({"vmAgent": {"extensionHandlers": [{"type": TYPE, "status": {"code": "x"}}]}}, "unrecognised", ""),
    ],
)
def test_the_backup_extension_is_found_in_either_place(view: dict[str, Any], state: str, message: str) -> None:
    found = backup_extension_of(view)
    assert (found.state, found.message) == (state, message)


def test_a_view_of_the_wrong_shape_is_an_error() -> None:
    views: list[dict[str, Any]] = [{"extensions": ["x"]}, {"vmAgent": {"statuses": "x"}}, {"vmAgent": []}]
    for view in views:
        with pytest.raises(ValueError, match=r"not a"):
            vm_from_wire(a_vm_node(properties={"instanceView": view}), Context({}))


def test_the_specs_instance_view_is_read() -> None:
    text = (reference_path(EXAMPLES) / "GetVirtualMachineInstanceView.json").read_text(encoding="utf-8")
    view = json.loads(text)["responses"]["200"]["body"]
    assert agent_of(view).version == view["vmAgent"]["vmAgentVersion"]
    assert backup_extension_of(view).state is ExtensionState.ABSENT


def test_a_row_of_resource_graph_knows_nothing_of_the_inside() -> None:
    row = {"id": VM, "location": "westeurope", "powerState": "PowerState/running"}
    vm = vm_from_row(row, Context({}))
    assert (vm.power_state, vm.agent, vm.backup_extension) == ("running", None, None)
    view = {"instanceView": {"statuses": [{"code": "PowerState/running"}]}}
    seen = vm_from_wire(a_vm_node(properties=view), Context({}))
    assert (seen.agent, seen.backup_extension) == (Agent(), BackupExtension(ExtensionState.ABSENT))


def test_the_key_vaults_of_disk_encryption_are_read_where_it_is_on() -> None:
    secret, key = {"sourceVault": {"id": "/kv/a"}}, {"sourceVault": {"id": "/kv/b"}}
    for enabled, expected in ((True, ("/kv/a", "/kv/b")), (None, ("/kv/a", "/kv/b")), (False, ("", ""))):
        settings = {"enabled": enabled, "diskEncryptionKey": secret, "keyEncryptionKey": key}
        vm = vm_from_wire(
            a_vm_node(properties={"storageProfile": {"osDisk": {"encryptionSettings": settings}}}), Context({})
        )
        assert (vm.secret_vault, vm.key_vault) == expected
