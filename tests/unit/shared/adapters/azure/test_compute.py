from datetime import timedelta

import pytest

from shared.adapters.azure.compute import AzureCompute
from shared.adapters.azure.connection import Connection
from shared.domain.arm_id import parse_vm_id
from shared.domain.attributes import Need
from shared.domain.guest import Agent, BackupExtension, ExtensionState
from shared.errors import PermanentError, RetryLaterError
from tests.unit.shared.adapters.azure.stub import GROUP, VM, Reply, StandingClock, Stub, a_vm_node, broken_json

VM_ID = parse_vm_id(VM)


@pytest.fixture
def compute(connection: Connection, clock: StandingClock) -> AzureCompute:
    return AzureCompute(connection, clock)


async def test_a_vm_comes_with_the_manager_and_the_tags_of_its_group(compute: AzureCompute, stub: Stub) -> None:
    stub.on("GET", VM, Reply(a_vm_node(tags={"env": "prod"})))
    stub.on("GET", GROUP, Reply({"id": GROUP, "location": "w", "managedBy": "/workspaces/dbx", "tags": {"cost": "42"}}))
    vm = await compute.vm(VM_ID)
    assert vm is not None
    assert (vm.id.text, vm.location, vm.tags) == (VM, "westeurope", {"env": "prod"})
    assert (vm.group_managed_by, vm.group_tags) == ("/workspaces/dbx", {"cost": "42"})
    assert (vm.agent, vm.backup_extension) == (None, None)


async def test_the_instance_view_comes_with_the_vm_in_the_same_request(
    compute: AzureCompute, stub: Stub, connection: Connection
) -> None:
    status = {"code": "ProvisioningState/succeeded", "displayStatus": "Ready", "message": "Guest Agent is running"}
    view = {
        "vmAgent": {"vmAgentVersion": "2.7.1.2", "statuses": [status], "extensionHandlers": []},
        "statuses": [{"code": "PowerState/running"}],
    }
    stub.on("GET", VM, Reply(a_vm_node(properties={"instanceView": view})))
    stub.on("GET", GROUP, Reply({"location": "w"}))
    vm = await compute.vm(VM_ID)
    assert vm is not None
    assert vm.agent == Agent("2.7.1.2", "Ready", "Guest Agent is running", ready=True)
    assert (vm.backup_extension, vm.power_state) == (BackupExtension(ExtensionState.ABSENT), "running")
    assert stub.seen[0].query["$expand"] == "instanceView"
    assert connection.requests == {"GET virtualMachines": 1, "GET resourceGroups": 1}


async def test_the_group_is_asked_for_once_in_ten_minutes(
    compute: AzureCompute, stub: Stub, connection: Connection, clock: StandingClock
) -> None:
    stub.on("GET", VM, Reply(a_vm_node()))
    stub.on("GET", GROUP, Reply({"location": "w"}))
    for _ in range(3):
        await compute.vm(VM_ID)
    assert connection.requests == {"GET virtualMachines": 3, "GET resourceGroups": 1}
    clock.moment += timedelta(minutes=10)
    await compute.vm(VM_ID)
    assert connection.requests["GET resourceGroups"] == 2


async def test_a_classic_vm_is_asked_for_by_its_id(compute: AzureCompute, stub: Stub, connection: Connection) -> None:
    text = VM.replace("Microsoft.Compute", "Microsoft.ClassicCompute")
    properties = {"storageProfile": {"operatingSystemDisk": {"operatingSystem": "Linux"}}}
    stub.on("GET", text, Reply({"id": text, "location": "West Europe", "tags": {"a": "b"}, "properties": properties}))
    stub.on("GET", GROUP, Reply({"location": "w", "tags": {"cost": "42"}}))
    vm = await compute.vm(parse_vm_id(text), [Need.POWER_STATE])
    assert vm is not None
    assert (vm.id.text, vm.location, vm.os_type, vm.tags, vm.group_tags) == (
        text,
        "westeurope",
        "Linux",
        {"a": "b"},
        {"cost": "42"},
    )
    assert stub.seen[0].query == {"api-version": "2016-11-01"}
    assert connection.requests == {"GET virtualMachines": 1, "GET resourceGroups": 1}
    stub.fail("GET", text, 404, "ResourceNotFound")
    assert await compute.vm(parse_vm_id(text)) is None


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound"])
async def test_a_vm_that_arm_does_not_know_is_none(compute: AzureCompute, stub: Stub, code: str) -> None:
    stub.fail("GET", VM, 404, code)
    assert await compute.vm(VM_ID) is None


async def test_a_group_that_went_away_in_between_took_its_vm_with_it(compute: AzureCompute, stub: Stub) -> None:
    stub.on("GET", VM, Reply(a_vm_node()))
    stub.fail("GET", GROUP, 404, "ResourceGroupNotFound")
    assert await compute.vm(VM_ID) is None


@pytest.mark.parametrize("code", ["SubscriptionNotFound", "InvalidResourceType", ""])
async def test_any_other_404_is_no_proof_that_the_vm_is_gone(compute: AzureCompute, stub: Stub, code: str) -> None:
    stub.fail("GET", VM, 404, code)
    with pytest.raises(PermanentError):
        await compute.vm(VM_ID)


async def test_a_vm_whose_group_cannot_be_read_is_not_half_read(compute: AzureCompute, stub: Stub) -> None:
    stub.on("GET", VM, Reply(a_vm_node()))
    stub.fail("GET", GROUP, 403, "AuthorizationFailed")
    with pytest.raises(PermanentError):
        await compute.vm(VM_ID)
    stub.fail("GET", GROUP, 503, "Busy")
    with pytest.raises(RetryLaterError):
        await compute.vm(VM_ID)


async def test_a_broken_or_malformed_answer_is_an_error(compute: AzureCompute, stub: Stub) -> None:
    stub.on("GET", GROUP, Reply({"location": "w"}))
    stub.on("GET", VM, broken_json)
    with pytest.raises(RetryLaterError):
        await compute.vm(VM_ID)
    stub.on("GET", VM, Reply({"hello": "world"}))
    with pytest.raises(PermanentError) as caught:
        await compute.vm(VM_ID)
    assert (caught.value.code, caught.value.resource_id) == ("MalformedAnswer", VM)
