"""Storage redundancy is set and verified before the first item; a vault that differs is a finding, never changed."""

from pathlib import Path

import pytest

from shared.domain.model import State
from shared.errors import PolicyFileError
from tests.policies import compiled
from tests.simulator.guide.guided import Guided, codes, guided

ONE = "virtualMachines: [{name: vm-1}]\n"
SHARED = "vaults: [{name: rsv-1, location: westeurope, redundancy: LocallyRedundant}]\n" + ONE


def asking(redundancy: str, more: str = "") -> str:
    return f"vault: {{whenMissing: create, redundancy: {redundancy}{more}}}"


async def shown(here: Guided, vault: str) -> tuple[str, bool]:
    """The vault's storage redundancy and cross-region restore, as Azure tells them."""
    config = await here.azure.get(f"{here.vault(vault).id}/backupstorageconfig/vaultstorageconfig")
    return config["properties"]["storageModelType"], config["properties"]["crossRegionRestoreFlag"]


@pytest.mark.parametrize(
    ("redundancy", "more", "expected"),
    [
        ("LocallyRedundant", "", ("LocallyRedundant", False)),
        ("ZoneRedundant", "", ("ZoneRedundant", False)),
        ("GeoRedundant", ", crossRegionRestore: true", ("GeoRedundant", True)),
    ],
)
async def test_a_new_vault_has_the_redundancy_before_its_first_item(
    tmp_path: Path, redundancy: str, more: str, expected: tuple[str, bool]
) -> None:
    async with guided(tmp_path, ONE) as here:
        await here.sweep(asking(redundancy, more))
        assert await shown(here, "backstop-westeurope") == expected
        writes = here.writes()
        order = [each for each in writes if "vaults" in each or "storageconfig" in each or "protectedItems" in each]
        assert (order[0], order[-1]) == ("PUT vaults", "PUT protectedItems")
        await here.right({"vm-1": "protect"}, allow="vault")


async def test_a_vault_of_other_redundancy_is_a_finding_and_never_changed(tmp_path: Path) -> None:
    async with guided(tmp_path, SHARED) as here:
        found = await here.sweep("vault: {redundancy: GeoRedundant}")
        assert found["vm-1"].verdict.state is State.NON_COMPLIANT
        assert "VAULT_REDUNDANCY_DIFFERS" in codes(found["vm-1"])
        assert here.writes() == []
        assert await shown(here, "rsv-1") == ("LocallyRedundant", False)


async def test_another_vault_is_made_beside_the_one_that_differs(tmp_path: Path) -> None:
    async with guided(tmp_path, SHARED) as here:
        await here.sweep(asking("GeoRedundant"))
        assert await shown(here, "rsv-1") == ("LocallyRedundant", False)
        assert await shown(here, "backstop-westeurope") == ("GeoRedundant", False)
        assert here.item("vm-1").vault == here.vault("backstop-westeurope").key
        await here.right({"vm-1": "protect"}, allow="vault")


@pytest.mark.parametrize("other", ["LocallyRedundant", "ZoneRedundant"])
def test_cross_region_restore_of_a_vault_that_cannot_have_it_is_refused_before_any_call(other: str) -> None:
    rule = f"{{name: r, priority: 1, match: {{}}, {asking(other, ', crossRegionRestore: true')}}}"
    with pytest.raises(PolicyFileError, match="needs `redundancy: GeoRedundant`"):
        compiled(f"rules: [{rule}]")


async def test_how_a_vault_is_guarded_is_told(tmp_path: Path) -> None:
    text = """vaults:
  - {name: rsv-good, location: westeurope}
  - {name: rsv-bare, location: westeurope, redundancy: LocallyRedundant, softDelete: {state: Disabled, days: 14}}
virtualMachines: [{name: vm-1}]
protectedItems: [{vm: vm-1, vault: rsv-good}]
"""
    async with guided(tmp_path, text) as here:
        await here.sweep("vault: {redundancy: GeoRedundant}")
        told = await here.advice()
        assert {code for code, name in told if name.lower() == "rsv-bare"} == {
            "VAULT_REDUNDANCY_DIFFERS",
            "VAULT_SOFT_DELETE_OFF",
        }
        assert {code for code, name in told if name.lower() == "rsv-good"} <= {"VAULT_NOT_IMMUTABLE"}
        assert here.writes() == []
