"""Where a plan's VMs go, as a person and as a machine read it."""

from datetime import timedelta

import pytest

from cli.output.placement import as_data, held_table, where_they_go
from shared.domain.arm_id import parse_id
from shared.domain.policy_tools.placement_summary import HeldUp, PlacementSummary, PolicyUse, VaultUse
from shared.reporting.render_json import held_data
from tests.fakes import START, SUB
from tests.unit.cli.test_tables import shown

DAY = timedelta(days=1)


def a_use(number: int, *policies: PolicyUse, per_day: tuple[int, ...] = (250, 50), made: bool = True) -> VaultUse:
    vault_id = (
        f"/subscriptions/{SUB}/resourceGroups/backup-rg/providers/Microsoft.RecoveryServices/vaults/v-{number:02}"
    )
    return VaultUse(parse_id(vault_id), "westeurope", made, "", policies, per_day, START, START + DAY)


GOLD = tuple(
    PolicyUse(f"gold-{number:02}", 30, to_be_made=number > 0, to_be_changed=number == 0) for number in range(9)
)
QUOTA = HeldUp("QUOTA", 50, "250 a day", "Nothing", START, START + DAY)


def words(renderable: object, width: int = 200) -> str:
    return " ".join(shown(renderable, width).split())


def test_a_vault_says_what_it_gets_and_how_it_is_made() -> None:
    text = words(where_they_go(PlacementSummary((a_use(1, *GOLD),)), 200))
    assert "1 vault (1 to be made), 9 backup policies (8 to be made), 2 days" in text
    assert "v-01 300 250, 50" in text
    assert "to be made in group backup-rg, redundancy as Azure gives it" in text
    assert "to be made: gold-01 30, gold-02 30" in text
    assert "and 2 more; to be changed: gold-00 30" in text


def test_many_days_and_many_vaults_are_cut_and_counted() -> None:
    uses = tuple(a_use(number, PolicyUse("gold", 9), per_day=(1,) * 9, made=False) for number in range(43))
    text = words(where_they_go(PlacementSummary(uses), 200))
    assert "1, 1, 1, 1, 1, 1, 1, … 9 days" in text
    assert "… and 3 more; --json shows them all 27" in text
    assert "v-42" not in text


def test_what_waits_says_until_when_or_that_a_person_acts() -> None:
    held = (HeldUp("NO_VAULT", 2, "no vault will do", "Create one"), QUOTA)
    text = words(held_table(held, "Held up"))
    assert "Held up (52)" in text
    assert "NO_VAULT no vault will do a person acts Create one" in text
    assert f"{START:%Y-%m-%d %H:%M} to {START + DAY:%Y-%m-%d %H:%M}" in text


def test_reasons_that_do_not_fit_are_counted() -> None:
    held = tuple(HeldUp(f"CODE_{number}", 2, "", "", START, START) for number in range(43))
    text = words(held_table(held, "Put off"))
    assert "Put off (86)" in text
    assert "6 … and 3 reasons more" in text


def test_nothing_makes_no_table() -> None:
    assert where_they_go(PlacementSummary(), 80) is None
    assert held_table((), "Held up") is None


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_still_names_vault_and_policy(width: int) -> None:
    text = shown(where_they_go(PlacementSummary((a_use(1, PolicyUse("gold", 300)),)), width), width)
    assert "v-01" in text
    assert "gold 300" in text
    assert max(len(line) for line in text.splitlines()) <= width


def test_a_machine_gets_vaults_held_and_totals() -> None:
    data = as_data(PlacementSummary((a_use(1, *GOLD),), (QUOTA,)))
    assert data["totals"] == {
        "vaults": 1,
        "vaultsToBeMade": 1,
        "backupPolicies": 9,
        "backupPoliciesToBeMade": 8,
        "vms": 300,
        "days": 2,
    }
    (vault,) = data["vaults"]
    assert (vault["days"], vault["registrations"], vault["redundancy"]) == (2, [250, 50], None)
    assert vault["backupPolicies"][0] == {"name": "gold-00", "toBeMade": False, "toBeChanged": True, "vms": 30}
    assert data["held"] == held_data([QUOTA])
    assert held_data([HeldUp("X", 1, "", "")])[0]["until"] is None
