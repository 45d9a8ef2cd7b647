from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.advice import Advice
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.guest import Agent, BackupExtension, ExtensionState
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Observation, Vm
from shared.domain.planning import steps
from shared.domain.vm_health import Consistency, consistency_of, expected_consistency, is_old, vm_advisories
from tests.fakes import START, a_vault, a_vm
from tests.strategies import policies, vms

READY = Agent("2.11.1.12", "Ready", "Guest Agent is running", ready=True)
SILENT = Agent("", "Not Ready", "VM status blob is found but not yet populated.")
UNRESPONSIVE = Agent("2.11.1.12", "Not Ready", "VM Agent is unresponsive.")
FAILED = BackupExtension(ExtensionState.FAILED, "VMSnapshotLinux", "Provisioning failed")


def running(agent: Agent | None = READY, os_type: str = "Linux", **changes: object) -> Vm:
    return replace(a_vm(power_state="running", agent=agent, os_type=os_type), **changes)  # type: ignore[arg-type]


def codes(vm: Vm) -> list[Advice]:
    return [each.advice for each in vm_advisories(vm, START)]


@pytest.mark.parametrize(
    ("vm", "advice", "detail"),
    [
        (running(SILENT), Advice.AGENT_MISSING, "Not Ready: VM status blob is found but not yet populated."),
        (running(Agent()), Advice.AGENT_MISSING, ""),
        (running(UNRESPONSIVE), Advice.AGENT_NOT_READY, "version 2.11.1.12, Not Ready: VM Agent is unresponsive."),
        (running(replace(READY, version="2.1.3")), Advice.AGENT_OLD, "version 2.1.3, Ready: Guest Agent is running"),
        (
            running(replace(READY, version="2.6.1198.717"), "Windows"),
            Advice.AGENT_OLD,
            "version 2.6.1198.717, Ready: Guest Agent is running",
        ),
        (running(backup_extension=FAILED), Advice.BACKUP_EXTENSION_FAILED, "VMSnapshotLinux: Provisioning failed"),
    ],
)
def test_each_fault_is_told_with_what_the_platform_says(vm: Vm, advice: Advice, detail: str) -> None:
    [found] = vm_advisories(vm, START)
    assert (found.advice, found.detail, found.resource_id, found.vm) == (advice, detail, vm.id.text, vm.id)
    assert found.advice.remedy


def test_a_sound_vm_and_a_missing_extension_give_no_advice() -> None:
    assert codes(running()) == []
    assert codes(running(os_type="Windows")) == []
    for state in (ExtensionState.ABSENT, ExtensionState.SUCCEEDED, ExtensionState.UNRECOGNISED):
        assert codes(running(backup_extension=BackupExtension(state))) == []


@pytest.mark.parametrize("power", ["deallocated", "stopped", "starting", ""])
@pytest.mark.parametrize("agent", [None, Agent(), UNRESPONSIVE])
def test_a_vm_that_does_not_run_has_no_fault(power: str, agent: Agent | None) -> None:
    assert codes(a_vm(power_state=power, agent=agent, os_type="Windows", backup_extension=FAILED)) == []


def test_what_no_instance_view_showed_is_no_fault() -> None:
    assert codes(running(None)) == []


def test_a_new_vms_agent_may_be_silent_for_a_while() -> None:
    young = running(SILENT, created=START - timedelta(minutes=14))
    assert codes(young) == []
    assert codes(replace(young, created=START - timedelta(minutes=15))) == [Advice.AGENT_MISSING]
    assert codes(replace(young, agent=replace(READY, version="2.1"))) == [Advice.AGENT_OLD]
    assert codes(replace(young, created=None)) == [Advice.AGENT_MISSING]


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=5), st.sampled_from(["Windows", "linux", "LINUX"]))
def test_versions_are_compared_as_numbers(parts: list[int], os_type: str) -> None:
    oldest = [2, 6, 1198, 718] if os_type == "Windows" else [2, 2]
    padded = [each + [0] * (5 - len(each)) for each in (parts, oldest)]
    assert is_old(".".join(map(str, parts)), os_type) == (padded[0] < padded[1])


@pytest.mark.parametrize("version", ["", "Unknown", "2.6.", "2.6.1198.x", "-1.0", "\u0661.\u0661", "9" * 5000])
def test_a_version_that_is_none_is_not_called_old(version: str) -> None:
    assert not is_old(version, "Windows")


def test_an_operating_system_that_is_not_known_has_no_oldest_version() -> None:
    assert not is_old("1.0", "")


@pytest.mark.parametrize(
    ("vm", "expected"),
    [
        (running(os_type="Windows"), Consistency.APPLICATION),
        (running(), Consistency.FILE_SYSTEM),
        (running(UNRESPONSIVE, "Windows"), Consistency.CRASH),
        (running(SILENT), Consistency.CRASH),
        (a_vm(power_state="deallocated", os_type="Windows"), Consistency.CRASH),
        (a_vm(power_state="stopped", agent=Agent()), Consistency.CRASH),
        (running(None, "Windows"), None),
        (running(os_type=""), None),
        (a_vm(agent=READY, os_type="Windows"), None),
    ],
)
def test_what_is_expected_of_a_recovery_point(vm: Vm, expected: Consistency | None) -> None:
    assert expected_consistency(vm) is expected


def test_azures_words_for_consistency_are_read_and_others_are_not_guessed() -> None:
    words = {"AppConsistent": "application", "filesystemconsistent": "fileSystem", "CrashConsistent": "crash"}
    assert {word: consistency_of(word) for word in words} == words
    assert consistency_of("Unbelievable") is None


AGENTS = st.none() | st.builds(Agent, st.sampled_from(["", "2.1", "2.9"]), st.text(), st.text(), st.booleans())
EXTENSIONS = st.none() | st.builds(BackupExtension, st.sampled_from(ExtensionState), st.text(), st.text())


@given(vms(), policies(), AGENTS, EXTENSIONS)
def test_no_verdict_depends_on_what_only_an_instance_view_tells(
    vm: Vm, policy: CompiledPolicy, agent: Agent | None, extension: BackupExtension | None
) -> None:
    plain = Observation(vm, UNPROTECTED, (a_vault(),), START)
    viewed = replace(plain, vm=replace(vm, agent=agent, backup_extension=extension))
    verdict = evaluate(plain, policy, START)
    assert evaluate(viewed, policy, START) == verdict
    assert steps(viewed, verdict, policy) == steps(plain, verdict, policy)
