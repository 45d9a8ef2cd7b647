"""A protect that is refused because the vault does not know the VM: one discovery, and what is told where it fails."""

from datetime import timedelta

import pytest

from shared.domain.model import State, Status
from shared.errors import PermanentError
from tests.fakes import START, World, a_vault, a_vm, vm_id
from tests.policies import compiled

UNKNOWN_VM = "BMSUserErrorInvalidConfigureProtectionRequest"
CENTRAL = "99999999-1111-4222-8333-444444444444"


def world(refused: int, rule: str = "", vault_subscription: str = "") -> World:
    """A vault that refuses a VM as one that it does not know, so often."""
    here = World(compiled(f"mode: enforce\nrules: [{{name: all, priority: 1, match: {{}}{rule}}}]"))
    here.azure.vaults.append(a_vault(subscription=vault_subscription) if vault_subscription else a_vault())
    here.azure.add(a_vm())
    here.azure.fail["protect"] += [PermanentError("not in proper format", code=UNKNOWN_VM) for _ in range(refused)]
    return here


def asked(here: World, question: str) -> int:
    return sum(method == question for method, _ in here.azure.reads)


async def test_a_discovery_that_fails_for_a_passing_reason_is_asked_for_again() -> None:
    here = world(refused=2)
    here.preflight.search_errors = ["CloudInternalError"]
    await here.sweep()
    assert here.finding(a_vm()).verdict.state is State.COMPLIANT
    assert asked(here, "refresh") == 2
    assert here.clock.now() < START + timedelta(hours=1)


async def test_one_discovery_of_a_vault_serves_all_vms_that_were_there_when_it_began() -> None:
    here = world(refused=0)
    here.azure.add(a_vm("vm-2"))
    errors = [PermanentError("not in proper format", code=UNKNOWN_VM) for _ in range(2)]
    here.azure.fail["protect"] += errors
    for vm in (a_vm(), a_vm("vm-2")):
        await here.request(vm)
        await here.step()
    await here.run()
    assert {here.finding(vm).verdict.state for vm in (a_vm(), a_vm("vm-2"))} == {State.COMPLIANT}
    assert asked(here, "refresh") == 1


async def test_a_protect_that_fails_only_after_azure_took_it_leads_to_a_discovery_too() -> None:
    here = world(refused=0)
    here.azure.operation_errors[a_vm().id.key] = UNKNOWN_VM
    await here.sweep()
    assert here.finding(a_vm()).verdict.state is State.COMPLIANT
    assert asked(here, "refresh") == 1


async def test_one_that_fails_for_good_is_not_and_the_refusal_is_told() -> None:
    here = world(refused=9)
    here.preflight.search_errors = ["UserErrorSomethingElse"]
    await here.sweep()
    assert (asked(here, "refresh"), here.finding(a_vm()).outcome.error_code) == (1, UNKNOWN_VM)


@pytest.mark.parametrize("finds", [True, False])
async def test_a_vm_that_the_vault_still_does_not_list_is_told_as_such(finds: bool) -> None:
    here = world(refused=9)
    here.preflight.finds = finds
    await here.sweep()
    outcome = here.finding(a_vm()).outcome
    assert (outcome.status, outcome.error_code, asked(here, "refresh")) == (Status.FAILED, UNKNOWN_VM, 1)
    assert ("does not list this one" in outcome.error) is not finds


async def test_a_vault_of_another_subscription_is_not_let_look_for_what_it_cannot_see() -> None:
    here = world(9, f", vault: {{subscription: {CENTRAL}}}", CENTRAL)
    await here.request(a_vm())
    await here.run()
    assert here.finding(a_vm()).vm == vm_id()
    assert here.finding(a_vm()).outcome.error_code == UNKNOWN_VM
    assert (asked(here, "refresh"), asked(here, "protectable")) == (0, 0)
