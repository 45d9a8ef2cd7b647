"""What is inside a VM, as its instance view tells it, and as the control API sets it."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulator.client import Client
from tests.simulator.surroundings import estate, vm_named


async def agent_of(azure: Client, vm: str) -> tuple[str, str, str]:
    view = await azure.get(f"{vm}/instanceView")
    [status] = view["vmAgent"]["statuses"]
    return view["vmAgent"]["vmAgentVersion"], status["code"], status["displayStatus"]


@pytest.mark.parametrize(
    ("guest", "version", "ready"),
    [
        ("agent: ok, osType: Windows", "2.7.41491.1095", True),
        ("agent: old, osType: Windows", "2.6.1198.717", True),
        ("agent: old", "2.1.3", True),
        ("agentVersion: '9.9'", "9.9", True),
        ("agent: missing", "Unknown", False),
        ("agent: notReady, agentVersion: 2.9.1", "2.9.1", False),
    ],
)
async def test_the_instance_view_tells_of_the_agent(tmp_path: Path, guest: str, version: str, ready: bool) -> None:
    async with estate(tmp_path, f"virtualMachines: [{{name: web, {guest}}}]\n") as (azure, world):
        vm = vm_named(world, "web")
        found = await agent_of(azure, vm)
        words = ("ProvisioningState/succeeded", "Ready") if ready else ("ProvisioningState/Unavailable", "Not Ready")
        assert found == (version, *words)
        expanded = await azure.get(f"{vm}?$expand=instanceView")
        assert expanded["properties"]["instanceView"] == await azure.get(f"{vm}/instanceView")


async def test_extensions_are_told_with_their_state(tmp_path: Path) -> None:
    guest = "extensions: {VMSnapshotLinux: failed, AzureMonitorLinuxAgent: succeeded}"
    async with estate(tmp_path, f"virtualMachines: [{{name: web, {guest}}}]\n") as (azure, world):
        view = await azure.get(f"{vm_named(world, 'web')}/instanceView")
        told = {each["name"]: (each["type"], each["statuses"][0]["code"]) for each in view["extensions"]}
        assert told == {
            "VMSnapshotLinux": ("Microsoft.Azure.RecoveryServices.VMSnapshotLinux", "ProvisioningState/failed"),
            "AzureMonitorLinuxAgent": ("AzureMonitorLinuxAgent", "ProvisioningState/succeeded"),
        }
        assert [each["status"]["displayStatus"] for each in view["vmAgent"]["extensionHandlers"]] == [
            "Not Ready",
            "Ready",
        ]


async def test_a_vm_that_does_not_run_tells_of_no_agent(tmp_path: Path) -> None:
    async with estate(tmp_path, "virtualMachines: [{name: web, agent: ok}]\n") as (azure, world):
        vm = vm_named(world, "web")
        assert await azure.get("/_sim/guests") != []
        set_to = {"vmId": vm.upper(), "powerState": "deallocated"}
        assert (await azure.ask("PUT", "/_sim/guests", set_to)).body["powerState"] == "deallocated"
        view = await azure.get(f"{vm}/instanceView")
        assert "vmAgent" not in view
        assert "PowerState/deallocated" in [each["code"] for each in view["statuses"]]
        query = "resources | where type =~ 'microsoft.compute/virtualmachines' | project id, properties"
        [row] = (await azure.graph(query)).body["data"]
        assert row["properties"]["extended"]["instanceView"]["powerState"]["code"] == "PowerState/deallocated"


async def test_the_control_api_sets_what_it_names_and_refuses_the_rest(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    assert await azure.get("/_sim/guests") == []
    change: dict[str, Any] = {"vmId": vm, "agent": "old", "agentVersion": "1.0", "extensions": {"VMSnapshot": "failed"}}
    assert (await azure.ask("PUT", "/_sim/guests", change)).status == 200
    assert (await azure.ask("PUT", "/_sim/guests", {"vmId": vm, "scripts": True})).body == change | {
        "scripts": True,
        "powerState": "running",
    }
    assert (await agent_of(azure, vm))[0] == "1.0"
    assert (await azure.ask("PUT", "/_sim/guests", {"vmId": vm, "agent": "ok"})).body["agentVersion"] == ""
    wrong: list[dict[str, Any]] = [
        {"vmId": vm, "agent": "gone"},
        {"vmId": vm, "extensions": {"x": "y"}},
        {"vmId": vm, "extensions": []},
        {"vmId": vm, "scripts": "yes"},
        {"vmId": vm, "agnet": "ok"},
    ]
    for body in wrong:
        assert (await azure.ask("PUT", "/_sim/guests", body)).status == 400
    assert (await azure.ask("PUT", "/_sim/guests", {"vmId": "/nowhere"})).status == 404
