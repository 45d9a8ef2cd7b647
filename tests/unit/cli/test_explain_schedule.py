"""The backup policy in an explanation: that of the item, else of the planned place; nothing is guessed."""

import json
from dataclasses import replace

import pytest

from cli.commands.explain import held_up, next_step
from cli.commands.explain_schedule import schedule_of
from cli.output import explanation_json
from cli.output.console import out
from cli.output.explanation import Explained, show
from cli.output.explanation_schedule import Scheduled, as_data, lines
from shared.domain.backup_policy import BackupPolicy
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.explaining import explain
from shared.domain.model import Protection, ProtectionState, ReasonDetail, ReconcileRequest, State, Unread, Verdict, Vm
from shared.domain.policy_told import PolicyTold
from shared.domain.reasons import Reason
from shared.errors import PermanentError
from shared.looking import Look
from tests.fakes import World, a_vault, a_vm, an_item
from tests.policies import compiled

VM = a_vm()
GOLD = "{name: gold, timeZone: W. Europe Standard Time, retain: {daily: P60D}}"
PLAIN = compiled(
    "mode: enforce\nsettle: PT0S\nrules: [{name: all, priority: 1, match: {}, backupPolicy: DefaultPolicy}]"
)


def rule(text: str) -> CompiledPolicy:
    return compiled(f"mode: enforce\nsettle: PT0S\nrules: [{{name: all, priority: 1, match: {{}}, {text}}}]")


async def looked(
    policy: CompiledPolicy, item: Protection | None = None, *, vault: bool = True, vm: Vm = VM
) -> tuple[World, Look]:
    here = World(policy)
    if vault:
        here.azure.vaults.append(a_vault())
    here.azure.add(vm, item)
    return here, await here.reconciler.looker.look(ReconcileRequest(vm.id, "cli"), policy)


async def test_a_protected_vm_is_told_its_item_s_own_policy() -> None:
    here, look = await looked(PLAIN, an_item(VM.id, ProtectionState.PROTECTED, a_vault(), "EnhancedPolicy"))
    told = await schedule_of(look, PLAIN, here.azure.backup)
    assert told is not None
    assert (told.told.name, told.told.type, told.to_be_made) == ("EnhancedPolicy", "Enhanced", False)
    assert dict(lines(told))["schedule"] == "every day at 23:00 UTC"
    assert dict(lines(told))["next backup"] == "2026-11-01 23:00 UTC"


async def test_a_bare_vm_is_told_the_policy_that_it_would_come_under() -> None:
    here, look = await looked(PLAIN)
    told = await schedule_of(look, PLAIN, here.azure.backup)
    assert told is not None
    assert (told.told.name, told.told.schedule, told.to_be_made) == ("DefaultPolicy", "every day at 23:00 UTC", False)


@pytest.mark.parametrize("vault", [True, False])
async def test_a_policy_to_be_made_is_told_as_the_rule_describes_it(vault: bool) -> None:
    policy = rule(f"backupPolicy: {GOLD}, vault: {{whenMissing: create}}")
    here, look = await looked(policy, vault=vault)
    told = await schedule_of(look, policy, here.azure.backup)
    assert told is not None
    assert told.to_be_made
    assert told.told.kept[0] == "daily points kept 60 days"
    assert dict(lines(told))["name"].endswith(", to be made")
    assert dict(lines(told))["next backup"] == "2026-11-01 23:00 W. Europe Standard Time, 2026-11-01 22:00 UTC"


async def test_the_own_policy_of_a_vault_to_be_made_is_not_guessed() -> None:
    policy = rule("backupPolicy: DefaultPolicy, vault: {whenMissing: create}")
    here, look = await looked(policy, vault=False)
    told = await schedule_of(look, policy, here.azure.backup)
    assert told is not None
    assert dict(lines(told))["schedule"] == "known once the vault is made"


async def test_a_policy_that_nobody_can_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    here, look = await looked(PLAIN, an_item(VM.id, ProtectionState.PROTECTED, a_vault(), "gone"))
    told = await schedule_of(look, PLAIN, here.azure.backup)
    assert told is not None
    assert told.told.problem == "its vault does not show it"

    async def refused(_self: object, _vault_id: str) -> tuple[BackupPolicy, ...]:
        raise PermanentError("Forbidden")

    monkeypatch.setattr(type(here.azure.backup), "backup_policies", refused)
    told = await schedule_of(look, PLAIN, here.azure.backup)
    assert told is not None
    assert told.told.problem == "could not be read: Forbidden"


async def test_a_vm_without_a_place_is_under_no_policy() -> None:
    here, look = await looked(PLAIN, vault=False)
    assert await schedule_of(look, PLAIN, here.azure.backup) is None
    gone = Look(None, Verdict(State.NOT_APPLICABLE, (ReasonDetail(Reason.VM_GONE),)))
    assert await schedule_of(gone, PLAIN, here.azure.backup) is None
    assert look.seen is not None
    unread = Look(replace(look.seen, protection=Unread("the item", "timed out")), look.verdict)
    assert await schedule_of(unread, PLAIN, here.azure.backup) is None
    assert as_data(None) is None


def test_an_unknown_time_zone_is_said_to_be_one() -> None:
    told = PolicyTold("gold", "Standard", "every day at 08:30 Mars", ("daily points kept 9 days",), "Mars")
    assert dict(lines(Scheduled("v", told)))["next backup"] == "not known: nothing is known of the time zone Mars"


async def test_an_explanation_shows_policy_and_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    policy = rule(f"backupPolicy: {GOLD}, vault: {{whenMissing: create}}")
    here, look = await looked(policy, vault=False)
    assert look.seen is not None
    each = Explained(
        VM.id,
        policy.policy,
        look.seen,
        look.verdict,
        look.actions,
        explain(look.seen, look.verdict, policy),
        next_step(policy.policy, look.seen, look.verdict, look.actions, held_up(policy.policy, look.verdict, "")),
        None,
        schedule=await schedule_of(look, policy, here.azure.backup),
    )
    out.cache_clear()
    show(each)
    out.cache_clear()
    text = " ".join(capsys.readouterr().out.split())
    assert "1. CreateVault: make the vault backstop-westeurope in group app-rg" in text
    assert "2. EnsureBackupPolicy: give vault backstop-westeurope the backup policy gold" in text
    assert "The backup policy name gold (Standard) in vault backstop-westeurope, to be made" in text
    data = json.loads(json.dumps(explanation_json.as_data(each)))
    assert (data["held"], data["schedule"]["toBeMade"], data["schedule"]["name"]) == (None, True, "gold")
    assert data["schedule"]["nextRun"] == "2026-11-01T22:00:00Z"


async def test_a_step_that_the_rule_leaves_to_the_schedule_says_until_when() -> None:
    policy = rule("backupPolicy: DefaultPolicy, initialBackup: {unlessScheduledWithin: PT12H}")
    _, look = await looked(policy, an_item(VM.id, ProtectionState.FIRST_BACKUP_PENDING, a_vault()))
    assert look.steps.held is not None
    step = next_step(policy.policy, look.seen, look.verdict, look.actions, None, look.steps.held)
    assert step.startswith(
        "It waits until 2026-11-02 02:00 UTC: the backup policy DefaultPolicy makes the first backup"
    )
    assert step.endswith("then Backstop looks again.")
