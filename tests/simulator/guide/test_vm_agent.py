"""VM agent and backup extension: what is wrong with them is told, and the VM is protected as far as it can be."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.advice import Advice
from shared.domain.reasons import Reason
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, codes, guided

ESTATE = f"""{VAULT}virtualMachines:
  - {{name: good-windows, osType: Windows, agentVersion: 2.7.41491.1100}}
  - {{name: just-windows, osType: Windows, agentVersion: 2.6.1198.718}}
  - {{name: old-windows, osType: Windows, agentVersion: 2.6.1198.717}}
  - {{name: good-linux}}
  - {{name: old-linux, agentVersion: 2.1.9}}
  - {{name: no-agent, agent: missing}}
  - {{name: deaf-windows, osType: Windows, agent: notReady}}
  - {{name: no-extension, extensions: {{}}}}
  - {{name: bad-extension, extensions: {{VMSnapshotLinux: failed}}}}
  - {{name: asleep, agent: missing, powerState: deallocated}}
"""
ADVISED = {
    ("AGENT_OLD", "old-windows"),
    ("AGENT_OLD", "old-linux"),
    ("AGENT_MISSING", "no-agent"),
    ("AGENT_NOT_READY", "deaf-windows"),
    ("BACKUP_EXTENSION_FAILED", "bad-extension"),
}
AGENTS = [Advice.AGENT_OLD, Advice.AGENT_MISSING, Advice.AGENT_NOT_READY]
FAILING = {
    "no-agent": "UserErrorGuestAgentStatusUnavailable",
    "deaf-windows": "UserErrorGuestAgentStatusUnavailable",
    "bad-extension": "ExtensionStuckInDeletionState",
}


async def test_what_is_wrong_inside_is_told_and_every_vm_is_protected_all_the_same(tmp_path: Path) -> None:
    async with guided(tmp_path, ESTATE) as here:
        found = await here.sweep()
        ours = {each for each in await here.advice() if each[1] in found}
        assert ours == ADVISED
        assert {name: len(here.items(name)) for name in found} == dict.fromkeys(found, 1)
        assert set(here.writes()) == {"PUT protectedItems", "POST backup"}  # nobody touched an agent
        await here.right(dict.fromkeys(found, "protect"))


async def test_a_first_backup_that_fails_for_it_is_a_finding_and_its_job_says_why(tmp_path: Path) -> None:
    async with guided(tmp_path, ESTATE) as here:
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        found = await here.sweep()
        failed = {name for name, each in found.items() if each.verdict.has(Reason.INITIAL_BACKUP_FAILED)}
        assert failed == FAILING.keys()
        assert {name: here.jobs(name)[-1].errors[0]["errorTitle"] for name in failed} == FAILING
        assert {("BACKUP_JOB_FAILED", name) for name in failed} <= await here.advice()
        assert codes(found["no-extension"]) == codes(found["asleep"]) == ["PROTECTED"]


async def test_once_it_is_mended_the_next_backup_works_and_nothing_is_told_any_more(tmp_path: Path) -> None:
    async with guided(tmp_path, f"{VAULT}virtualMachines: [{{name: vm-1, agent: notReady}}]\n") as here:
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        assert (await here.azure.ask("PUT", "/_sim/guests", {"vmId": here.vm("vm-1").id, "agent": "ok"})).status == 200
        await here.wait(timedelta(days=1))
        await here.sweep()
        await here.wait(FIRST_BACKUP)
        found = await here.sweep()
        assert codes(found["vm-1"]) == ["PROTECTED"]
        assert {each for each in await here.advice() if each[1] == "vm-1"} == set()


@pytest.mark.parametrize("advice", AGENTS)
def test_the_way_to_mend_an_agent_never_runs_into_a_backup(advice: Advice) -> None:
    assert "backup" in advice.remedy
    assert any(words in advice.remedy for words in ("while no backup", "then start a backup"))
