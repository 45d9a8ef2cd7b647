"""Who is charged, and under which terms: paid now, added by the plan, saved by an opt-out, or nothing at all."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from shared.domain.model import (
    UNPROTECTED,
    Action,
    ActionKind,
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
    Verdict,
)
from shared.domain.policy import EnforcementPolicy
from shared.domain.prices.charges import SIZE_UNKNOWN, Charge, Estimator, VmCost, charge_of
from shared.domain.prices.model import Redundancy
from shared.domain.prices.tables import PriceTables
from shared.domain.pricing import DAY, WEEK, Series
from shared.domain.reasons import Reason
from tests.findings import findings, vm_id
from tests.prices import prices
from tests.unit.shared.reporting.samples import NOW

VM = vm_id("a")
VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/"
ENABLE = (Action(ActionKind.ENABLE_PROTECTION, VM, f"{VAULT}new-lrs", "Gold-01"),)


def a_finding(
    protection: Protection | None = UNPROTECTED,
    *,
    actions: tuple[Action, ...] = (),
    reason: Reason = Reason.UNPROTECTED,
    size: int | None = 200,
    location: str = "westeurope",
) -> Finding:
    verdict = Verdict(State.NON_COMPLIANT, (ReasonDetail(reason),), "default")
    outcome = Outcome(Status.NOTHING_TO_DO)
    return Finding(VM, location, verdict, protection, actions, outcome, NOW, disk_gb=size)


def protected(state: ProtectionState, *, point: bool = True, vault: str = "rsv", policy: str = "Daily") -> Protection:
    return Protection(state, "item", VAULT + vault, policy, has_recovery_point=point)


def policy(**rule: Any) -> EnforcementPolicy:
    rules = [{"name": "default", "priority": 1, "match": {}, **rule}]
    head = {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": "test"}}
    return EnforcementPolicy.model_validate({**head, "spec": {"rules": rules}})


def estimated(finding: Finding, **rule: Any) -> VmCost:
    found = Estimator(PriceTables(prices()), policy(**rule)).estimate(finding)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("state", "point", "charge"),
    [
        (ProtectionState.PROTECTED, True, Charge.PAID),
        (ProtectionState.ERROR, True, Charge.PAID),
        (ProtectionState.STOPPED, True, Charge.PAID),
        (ProtectionState.SUSPENDED, True, Charge.PAID),
        (ProtectionState.FIRST_BACKUP_PENDING, False, Charge.ADDED),
        (ProtectionState.CONFIGURING, False, Charge.ADDED),
        (ProtectionState.ERROR, False, Charge.ADDED),
        (ProtectionState.STOPPED, False, None),
        (ProtectionState.SOFT_DELETED, True, None),
        (ProtectionState.UNRECOGNISED, True, None),
        (ProtectionState.NONE, False, None),
    ],
)
def test_a_protection_is_paid_for_while_it_holds_data(
    state: ProtectionState, point: bool, charge: Charge | None
) -> None:
    assert charge_of(a_finding(protected(state, point=point))) is charge


def test_a_plan_adds_and_an_opt_out_saves() -> None:
    assert charge_of(a_finding(actions=ENABLE)) is Charge.ADDED
    assert charge_of(a_finding(reason=Reason.OPTED_OUT)) is Charge.SAVED
    assert charge_of(a_finding(reason=Reason.OPT_OUT_EXPIRED)) is None
    undelete = (replace(ENABLE[0], kind=ActionKind.UNDELETE),)
    assert charge_of(a_finding(protected(ProtectionState.SOFT_DELETED), actions=undelete)) is Charge.ADDED


def test_an_opted_out_vm_that_is_backed_up_is_paid_and_marked() -> None:
    found = estimated(a_finding(protected(ProtectionState.PROTECTED), reason=Reason.OPTED_OUT))
    assert (found.charge, found.opted_out) == (Charge.PAID, True)


def test_a_size_that_is_not_known_is_no_zero() -> None:
    found = estimated(a_finding(actions=ENABLE, size=None))
    assert (found.cost, found.why) == (None, SIZE_UNKNOWN)


def test_a_redundancy_without_a_price_is_told() -> None:
    found = estimated(a_finding(protected(ProtectionState.PROTECTED, vault="rsv-zrs")))
    assert found.cost is None
    assert "ZoneRedundant" in found.why


def test_prices_go_by_the_vms_region() -> None:
    here, there = (estimated(a_finding(actions=ENABLE, location=each)) for each in ("westeurope", "westus"))
    assert here.cost is not None
    assert here.cost.instance == Decimal("10.00")
    assert there.cost is None  # the vault is locally redundant, which has no price there


def test_the_price_file_says_what_a_named_backup_policy_keeps() -> None:
    kept = estimated(a_finding(actions=ENABLE)).terms
    assert kept.redundancy is Redundancy.LOCALLY
    assert (kept.kept.points, kept.kept.snapshot_days) == ((Series(30, DAY), Series(12, WEEK)), 5)
    assert kept.kept.backups_per_day == 3


def test_a_policy_that_nobody_describes_is_assumed() -> None:
    terms = estimated(a_finding(protected(ProtectionState.PROTECTED))).terms
    assert terms.redundancy is Redundancy.GEO
    assert (terms.kept.points, terms.kept.snapshot_days) == ((Series(7, DAY),), 2)


def test_the_rules_own_description_wins_over_the_price_file_for_its_copies_too() -> None:
    described = {
        "name": "Gold",
        "type": "Enhanced",
        "schedule": {"every": "PT4H", "window": "PT12H"},
        "instantRestoreDays": 9,
        "retain": {"daily": "P14D", "weekly": "P4W", "weeklyOn": ["Monday", "Friday"]},
    }
    terms = estimated(a_finding(actions=ENABLE), backupPolicy=described).terms
    assert terms.kept.points == (Series(14, DAY), Series(8, WEEK / 2))
    assert (terms.kept.snapshot_days, terms.kept.backups_per_day) == (9, 3)
    other = estimated(a_finding(protected(ProtectionState.PROTECTED, policy="Silver")), backupPolicy=described).terms
    assert other.kept.points == (Series(7, DAY),)


def test_a_rules_redundancy_holds_for_a_vault_that_is_not_named() -> None:
    asked = {"redundancy": "LocallyRedundant"}
    assert estimated(a_finding(reason=Reason.OPTED_OUT), vault=asked).terms.redundancy is Redundancy.LOCALLY
    named = a_finding(protected(ProtectionState.PROTECTED, vault="rsv-zrs"))
    assert estimated(named, vault=asked).terms.redundancy is Redundancy.ZONE


def test_what_an_opt_out_saves_goes_by_the_rules_backup_policy() -> None:
    saved = a_finding(reason=Reason.OPTED_OUT)
    assert estimated(saved, backupPolicy="Gold").terms.kept.snapshot_days == 5
    assert estimated(saved, backupPolicy={"fromTag": "tier", "name": "Gold"}).terms.kept.snapshot_days == 2


def test_a_stopped_protection_makes_no_snapshots() -> None:
    stopped = estimated(a_finding(protected(ProtectionState.STOPPED))).cost
    running = estimated(a_finding(protected(ProtectionState.PROTECTED))).cost
    assert stopped is not None
    assert running is not None
    assert stopped.snapshots == 0
    assert stopped.storage == running.storage


@given(findings)
def test_whatever_was_found_has_an_estimate_or_says_why_not(finding: Finding) -> None:
    found = Estimator(PriceTables(prices()), policy()).estimate(finding)
    assert (found is None) == (charge_of(finding) is None)
    if found is not None:
        assert (found.cost is None) == bool(found.why)
        assert found.cost is None or found.cost.total > 0
