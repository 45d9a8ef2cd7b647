"""The backup policies of a report: only those that a VM is under, with what their vaults show, in every form."""

import json
from datetime import timedelta

import pytest

from shared.domain.azure_answers import Scope
from shared.domain.backup_policy import BackupPolicy, BackupTimes, KeptFor, PointsKept
from shared.domain.model import Finding, Outcome, Protection, ProtectionState, State, Status
from shared.domain.reasons import Reason
from shared.errors import PermanentError
from shared.reporting.backup_policies import policies_in_use
from shared.reporting.render_html import render_html
from shared.reporting.render_json import as_data
from shared.reporting.reporter import Reporter
from shared.reporting.summary import summarise
from tests.fakes import START, World, a_vault, a_vm, an_item
from tests.policies import demo_policy
from tests.unit.shared.reporting.samples import NOW, POLICY, finding, report

VAULT = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/Vault-1"
NIGHTLY = BackupPolicy(
    "Gold",
    enhanced=True,
    times=BackupTimes("Daily", "23:00"),
    time_zone="W. Europe Standard Time",
    instant_restore_days=2,
    points=PointsKept(KeptFor(30)),
)


def under(name: str, policy: str, state: ProtectionState = ProtectionState.PROTECTED, vault: str = VAULT) -> Finding:
    item = Protection(state, f"{vault}/item", vault, policy)
    return finding(name, State.COMPLIANT, Reason.PROTECTED, protection=item)


def test_only_policies_with_an_active_vm_are_listed_whatever_their_spelling() -> None:
    found = policies_in_use(
        [
            under("a", "gold"),
            under("b", "GOLD", vault=VAULT.upper()),
            under("c", "silver"),
            under("d", "bronze", ProtectionState.STOPPED),
            finding("e", State.UNKNOWN, Reason.READ_FAILED),
        ],
        {VAULT.lower(): (NIGHTLY, BackupPolicy("bronze"))},
        NOW,
    )
    gold, silver = found
    assert (gold.told.name, gold.vms, gold.told.type) == ("Gold", 2, "Enhanced")
    assert gold.told.schedule == "every day at 23:00 W. Europe Standard Time"
    assert gold.told.kept == ("daily points kept 30 days", "snapshots for instant restore kept 2 days")
    assert gold.told.next_in_words == "2026-11-24 23:00 W. Europe Standard Time, 2026-11-24 22:00 UTC"
    assert (silver.told.name, silver.vms, silver.told.schedule) == ("silver", 1, "")
    assert silver.told.problem == "its vault does not show it"


def test_page_and_machine_form_tell_schedule_retention_and_next_run() -> None:
    used = policies_in_use([under("a", "gold")], {VAULT.lower(): (NIGHTLY,)}, NOW)
    made = summarise([under("a", "gold")], generated_at=NOW, policy=POLICY, backup_policies=used)
    assert json.loads(json.dumps(as_data(made)))["backupPolicies"] == [
        {
            "vault": VAULT,
            "vms": 1,
            "name": "Gold",
            "type": "Enhanced",
            "schedule": "every day at 23:00 W. Europe Standard Time",
            "kept": ["daily points kept 30 days", "snapshots for instant restore kept 2 days"],
            "timeZone": "W. Europe Standard Time",
            "nextRun": "2026-11-24T22:00:00Z",
            "nextRunLocal": "2026-11-24T23:00:00+01:00",
            "problem": None,
        }
    ]
    page = render_html(made).decode()
    for text in ("every day at 23:00", "daily points kept 30 days", "2026-11-24 22:00 UTC", "Vault-1"):
        assert text in page
    assert 'id="policies"' not in render_html(report()).decode()


def test_page_and_machine_form_say_until_when_vms_wait() -> None:
    waits = [
        finding(
            f"vm-{number}",
            State.NON_COMPLIANT,
            Reason.UNPROTECTED,
            outcome=Outcome(Status.DEFERRED, NOW + timedelta(hours=number), "QUOTA", f"<full {number}>", "Nothing"),
        )
        for number in range(1, 53)
    ]
    made = report(*waits)
    data = as_data(made)
    assert data["waiting"][0] == {  # type: ignore[index]
        "code": "QUOTA",
        "vms": 1,
        "why": "<full 1>",
        "remedy": "Nothing",
        "from": "2026-11-24T10:12:00Z",
        "until": "2026-11-24T10:12:00Z",
    }
    page = render_html(made).decode()
    assert "Waits, and goes on by itself" in page
    assert "&lt;full 1&gt;" in page
    assert "until 2026-11-24 10:12" in page
    assert "for other reasons; each VM has its own below" in page
    assert 'id="waits"' not in render_html(report()).decode()


def a_world() -> World:
    here = World(demo_policy())
    vault, vm = a_vault(), a_vm("one")
    here.azure.vaults.append(vault)
    here.azure.add(vm, an_item(vm.id, ProtectionState.PROTECTED, vault))
    return here


def a_reporter(here: World, scope: Scope = Scope()) -> Reporter:  # noqa: B008  # a frozen value
    return Reporter(here.reconciler.policies, here.memory, here.azure.inventory, here.clock, here.memory, scope, ())


async def test_the_reporter_reads_what_the_policies_say() -> None:
    here = a_world()
    await here.sweep()
    (used,) = (await a_reporter(here).report()).backup_policies
    assert used.vms == 1
    assert used.told.schedule
    assert used.told.next_run is not None
    assert used.told.next_run > START
    assert (await a_reporter(here).report(backup_policies=False)).backup_policies == ()


async def test_a_report_is_made_though_the_policies_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    here = a_world()
    await here.sweep()

    async def refused(_self: object, _scope: Scope) -> None:
        raise PermanentError("Forbidden")

    monkeypatch.setattr(type(here.azure.inventory), "backup_policies", refused)
    (used,) = (await a_reporter(here).report()).backup_policies
    assert (used.vms, used.told.problem) == (1, "it could not be read: Forbidden")


async def test_nothing_is_asked_where_no_vm_is_under_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    here = World(demo_policy())

    async def asked(_self: object, _scope: Scope) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(type(here.azure.inventory), "backup_policies", asked)
    assert (await a_reporter(here).report()).backup_policies == ()
