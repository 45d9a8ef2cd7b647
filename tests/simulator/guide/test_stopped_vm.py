"""A stopped VM is protected, and each VM shows how old and how consistent its last point is and what is expected."""

from pathlib import Path

from shared.domain.model import State
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, guided

ESTATE = f"""{VAULT}virtualMachines:
  - {{name: stopped, powerState: deallocated}}
  - {{name: linux}}
  - {{name: windows, osType: Windows}}
"""
EXPECTED = {"stopped": "crash", "linux": "fileSystem", "windows": "application"}
POINTS = {"stopped": ["CrashConsistent"], "linux": ["FileSystemConsistent"], "windows": ["AppConsistent"]}


async def test_stopped_or_running_each_vm_tells_its_last_point_and_what_to_expect(tmp_path: Path) -> None:
    async with guided(tmp_path, ESTATE) as here:
        before = {name: await here.explained(name) for name in EXPECTED}
        assert {name: each["health"]["expectedConsistency"] for name, each in before.items()} == EXPECTED
        assert {each["health"]["lastRecoveryPoint"] for each in before.values()} == {None}
        found = await here.sweep()
        assert {each.verdict.state for each in found.values()} == {State.COMPLIANT}
        await here.wait(FIRST_BACKUP)
        assert {name: await here.points(name) for name in POINTS} == POINTS
        after = {name: (await here.explained(name))["health"]["lastRecoveryPoint"] for name in EXPECTED}
        assert {name: each["consistency"] for name, each in after.items()} == EXPECTED
        assert {each["ageHours"] for each in after.values()} <= {1, 2, 3}
        await here.right(dict.fromkeys(EXPECTED, "protect"))


async def test_a_vm_that_was_started_again_is_expected_to_do_better_than_its_last_point(tmp_path: Path) -> None:
    text = f"""{VAULT}virtualMachines: [{{name: vm-1}}]
protectedItems: [{{vm: vm-1, vault: rsv-1, consistency: CrashConsistent}}]
"""
    async with guided(tmp_path, text) as here:
        health = (await here.explained("vm-1"))["health"]
        assert (health["lastRecoveryPoint"]["consistency"], health["expectedConsistency"]) == ("crash", "fileSystem")
        assert health["lastRecoveryPoint"]["ageHours"] == 8
