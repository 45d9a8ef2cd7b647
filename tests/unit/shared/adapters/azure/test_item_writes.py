"""The bodies of the PUTs of a protected item, as they go out: to Azure they alone tell one wish from another."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.azure.backup import AzureBackup
from shared.adapters.azure.connection import Connection
from shared.domain.arm_id import parse_vm_id
from shared.errors import PermanentError
from tests.unit.shared.adapters.azure.stub import ITEM, VAULT, VM, Reply, StandingClock, Stub

VM_ID = parse_vm_id(VM)
ABOUT = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": VM}


@pytest.fixture
def backup(connection: Connection, clock: StandingClock, stub: Stub) -> AzureBackup:
    stub.on("PUT", ITEM, Reply(None, 202, {"Azure-AsyncOperation": f"{stub.base}/op"}))
    return AzureBackup(connection, clock)


async def test_an_undelete_is_the_one_body_with_an_empty_policy(backup: AzureBackup, stub: Stub) -> None:
    await backup.undelete(VAULT, VM_ID)
    wish = {"policyId": "", "protectionState": "ProtectionStopped", "isRehydrate": True}
    assert stub.seen[0].body == {"properties": {**ABOUT, **wish}}


async def test_a_resume_and_a_change_name_the_policy_and_nothing_else(backup: AzureBackup, stub: Stub) -> None:
    await backup.put_under(VAULT, VM_ID, "gold-01")
    assert stub.seen[0].body == {"properties": {**ABOUT, "policyId": f"{VAULT}/backupPolicies/gold-01"}}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=20, deadline=None
)
@given(st.sampled_from(["protect", "put_under"]), st.text("aZ0-_ ", max_size=4))
async def test_only_the_undelete_can_stop_a_protection(backup: AzureBackup, stub: Stub, wish: str, name: str) -> None:
    stub.seen.clear()
    if not name:
        with pytest.raises(PermanentError, match="would stop"):
            await getattr(backup, wish)(VAULT, VM_ID, name)
        assert stub.seen == []
        return
    await getattr(backup, wish)(VAULT, VM_ID, name)
    sent = stub.seen[0].body["properties"]
    assert sent["policyId"].endswith(f"/backupPolicies/{name}")
    assert "isRehydrate" not in sent
    assert "protectionState" not in sent
