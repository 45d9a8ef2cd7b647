import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.commands.explain import health_of
from cli.output.explanation_health import Health, advice_lines, health_data, health_facts
from shared.domain.advice import Advice, Advisory
from shared.domain.azure_answers import RecoveryPoint
from shared.domain.guest import Agent, BackupExtension, ExtensionState
from shared.domain.model import UNPROTECTED, Observation, Protection, ProtectionState, Unread, Vm
from shared.errors import RetryLaterError
from tests.fakes import START, FakeAzure, FakeClock, a_vault, a_vm, an_item, vm_id

MADE = START - timedelta(hours=8, minutes=5)
ITEM = an_item(vm_id(), ProtectionState.PROTECTED, a_vault(), recovery_point=MADE)
VM = a_vm(
    power_state="running",
    os_type="Windows",
    agent=Agent("2.7.1", "Ready", "It runs", ready=True),
    backup_extension=BackupExtension(ExtensionState.SUCCEEDED, "VMSnapshot"),
)
DEAF = Agent("2.7.1", "Not Ready", "It is silent")


def facts(point: RecoveryPoint | Unread | None = None, vm: Vm | None = VM, item: Protection = ITEM) -> dict[str, str]:
    return dict(health_facts(Health(START, vm, point), item))


def test_what_the_platform_shows_is_told_in_words() -> None:
    assert facts(RecoveryPoint(MADE, "AppConsistent")) == {
        "VM agent": "2.7.1, Ready",
        "backup extension": "VMSnapshot succeeded",
        "last recovery point": "2026-11-01T03:55:00Z, 8 h old, application-consistent",
        "expected now": "application-consistent (VSS)",
    }
    deaf = facts(vm=replace(VM, agent=DEAF, backup_extension=BackupExtension(ExtensionState.ABSENT)))
    assert deaf["VM agent"] == "2.7.1, Not Ready: It is silent"
    assert deaf["expected now"] == "crash-consistent (its agent is not ready)"
    assert "backup extension" not in deaf
    assert facts(vm=replace(VM, agent=Agent()))["VM agent"] == "none has reported"


def test_what_is_not_known_is_left_out_and_what_was_not_read_is_said() -> None:
    assert facts(vm=None, item=UNPROTECTED) == {}
    assert facts(vm=a_vm(), item=UNPROTECTED) == {}
    told = facts(Unread("the point", "the vault is busy"))["last recovery point"]
    assert told == "2026-11-01T03:55:00Z, 8 h old; how consistent could not be read: the vault is busy"
    assert facts()["last recovery point"] == "none"
    assert facts(RecoveryPoint(MADE, "Odd"))["last recovery point"].endswith(", Odd")
    stopped = facts(vm=a_vm(power_state="deallocated"))
    assert stopped["expected now"] == "crash-consistent (the VM does not run)"


@pytest.mark.parametrize("point", [None, RecoveryPoint(MADE, "CrashConsistent"), Unread("it", "why", "Code")])
def test_a_machine_gets_all_of_it(point: RecoveryPoint | Unread | None) -> None:
    advice = Advisory(Advice.AGENT_OLD, VM.id.text, "version 1", VM.id)
    data = json.loads(json.dumps(health_data(Health(START, VM, point, (advice,)))))
    assert data["agent"] == {"version": "2.7.1", "status": "Ready", "message": "It runs", "ready": True}
    assert data["backupExtension"]["state"] == "succeeded"
    assert data["expectedConsistency"] == "application"
    assert [each["code"] for each in data["advisories"]] == ["AGENT_OLD"]
    shown = data["lastRecoveryPoint"]
    if isinstance(point, RecoveryPoint):
        assert shown == {"at": "2026-11-01T03:55:00Z", "ageHours": 8, "type": "CrashConsistent", "consistency": "crash"}
    else:
        assert shown is None or shown["code"] == "Code"
    assert health_data(Health(START))["agent"] is None


async def test_advice_is_the_vms_own_and_a_new_look_replaces_an_old_one() -> None:
    azure = FakeAzure(FakeClock())
    vm = replace(VM, agent=DEAF)
    job = Advisory(Advice.BACKUP_JOB_FAILED, "/job", "", vm.id)
    old = Advisory(Advice.AGENT_MISSING, vm.id.text, "", vm.id)
    other = Advisory(Advice.BACKUP_JOB_FAILED, "/job", "", vm_id("other"))
    seen = Observation(vm, ITEM, (), START)
    health = await health_of(vm.id, seen, (old, job, job, other), azure.backup)
    assert [each.advice for each in health.advisories] == [Advice.AGENT_NOT_READY, Advice.BACKUP_JOB_FAILED]
    assert [code for code, _, remedy in advice_lines(health) if remedy] == ["AGENT_NOT_READY", "BACKUP_JOB_FAILED"]
    assert health.point == RecoveryPoint(MADE, "AppConsistent")
    unread = await health_of(vm.id, replace(seen, vm=Unread("the VM", "why")), (old,), azure.backup)
    assert [each.advice for each in unread.advisories] == [Advice.AGENT_MISSING]


async def test_a_point_that_cannot_be_read_is_said_to_be_so() -> None:
    azure = FakeAzure(FakeClock())
    azure.fail["latest point"] = [RetryLaterError("busy", code="HTTP 503")]
    health = await health_of(VM.id, Observation(VM, ITEM, (), START), (), azure.backup)
    assert isinstance(health.point, Unread)
    assert health.point.code == "HTTP 503"
    none = await health_of(VM.id, Observation(VM, UNPROTECTED, (), START), (), azure.backup)
    assert none.point is None
    assert len(azure.reads) == 1
