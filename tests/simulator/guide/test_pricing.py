"""Pricing: what each VM costs by a price file of the user's own, what a plan adds and what an opt-out saves."""

from pathlib import Path
from typing import Any

import pytest

from shared.reporting.render_json import as_data
from tests.simulator.guide.guided import VAULT, Guided, guided

DISK = "properties: {storageProfile: {osDisk: {osType: Linux, diskSizeGB: 128}}}"
ESTATE = f"""{VAULT}virtualMachines:
  - {{name: paid, {DISK}}}
  - {{name: new-1, {DISK}}}
  - {{name: new-2, {DISK}}}
  - {{name: out, {DISK}, tags: {{backup-opt-out: "reason=ephemeral; until=2026-12-31"}}}}
protectedItems: [{{vm: paid, vault: rsv-1}}]
"""
PRICES = """\
apiVersion: backstop/v1
kind: Prices
metadata: {name: ours}
spec:
  currency: EUR
  default:
    instance: {upTo50: 0, upTo500: %s, eachFurther500: 0}
    storage: {LocallyRedundant: 0, ZoneRedundant: 0, GeoRedundant: 0, ReadAccessGeoZoneRedundant: 0}
    snapshot: 0
  assume: {usedShare: 1, dailyChurn: 0, redundancy: GeoRedundant, kept: {retain: {daily: P30D}, snapshotDays: 2}}
"""


async def told(here: Guided, fee: int) -> dict[str, Any]:
    """The report's data after a sweep that writes nothing, where an instance costs this fee and nothing else costs."""
    prices = here.folder / "prices.yaml"
    prices.write_text(PRICES % fee, encoding="utf-8")
    here.settings["prices_file"] = str(prices)
    here.spec = here.spec.replace("enforce", "audit")
    async with here.opened() as backstop:
        await backstop.sweeper.sweep(backstop.settings.scope, "run")
        return dict(as_data(await backstop.reporter.report()))


@pytest.mark.parametrize("fee", [7, 10])
async def test_what_is_paid_added_and_saved_follows_the_users_own_prices(tmp_path: Path, fee: int) -> None:
    async with guided(tmp_path, ESTATE) as here:
        data = await told(here, fee)
        costs = data["costs"]
        sums = {
            "paid now": costs["current"],
            "by the plan": costs["newlyProtected"],
            "together": costs["total"],
            "saved": costs["optedOut"]["saved"],
        }
        assert {name: (each["vms"], float(each["monthly"])) for name, each in sums.items()} == {
            "paid now": (1, fee),
            "by the plan": (2, 2 * fee),
            "together": (3, 3 * fee),
            "saved": (1, fee),
        }
        charged = {each["vm"].rsplit("/", 1)[-1]: each["cost"]["charge"] for each in data["vms"] if each["cost"]}
        assert charged == {"paid": "paid", "new-1": "added", "new-2": "added", "out": "saved"}
        assert {each["rule"] for each in costs["byRule"]} == {"default"}
