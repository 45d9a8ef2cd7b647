"""The backup goal is "Azure, virtual machine": a database in the vault is never taken for its VM's backup."""

from pathlib import Path

from shared.domain.model import State
from tests.simulator.guide.guided import VAULT, guided

ESTATE = f"""{VAULT}virtualMachines:
  - {{name: sql-1, osType: Windows}}
  - {{name: web-1}}
protectedItems:
  - {{vm: sql-1, vault: rsv-1, management: AzureWorkload, name: orders, policy: HourlyLogBackup}}
  - {{vm: web-1, vault: rsv-1}}
"""


async def test_only_virtual_machine_items_count_and_only_they_are_touched(tmp_path: Path) -> None:
    async with guided(tmp_path, ESTATE) as here:
        database = next(item for item in here.items_of_all() if item.management == "AzureWorkload")
        before = (database.state, database.policy, database.last_backup)
        planned = await here.look()
        assert {name: each.verdict.state for name, each in planned.items()} == {
            "sql-1": State.NON_COMPLIANT,
            "web-1": State.COMPLIANT,
        }
        await here.sweep()
        assert here.item("sql-1").policy == "DefaultPolicy"
        assert (database.state, database.policy, database.last_backup) == before
        assert len(here.items_of_all()) == 3
        await here.right({"sql-1": "protect"})
