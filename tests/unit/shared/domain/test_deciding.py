"""All VMs of a sweep decided together: places are shared fairly, and only with those that something is done for."""

import pytest

from shared.domain.azure_answers import Scope
from shared.domain.model import Status
from shared.domain.steps import Placement
from tests.fakes import START, World, a_vault, a_vm
from tests.policies import compiled

POLICY = """
mode: {mode}
settle: PT0S
limits: {{perVaultPerDay: 2}}
rules:
  - {{name: first, priority: 1, match: {{names: ["a-*"]}}, effect: audit}}
  - {{name: all, priority: 2, match: {{}}}}
"""


def world(mode: str = "enforce", *, enforce: bool = True) -> World:
    here = World(compiled(POLICY.format(mode=mode)), enforce=enforce)
    here.azure.vaults.append(a_vault())
    return here


async def test_vms_of_a_rule_that_only_audits_take_no_room_from_the_others() -> None:
    here = world()
    for name in ("a-1", "a-2", "a-3", "b-1", "b-2"):
        here.azure.add(a_vm(name))
    found = await here.sweeper.discover(Scope(), "run")
    seats = {each.vm.name: found.placed[each.vm.key] for each in found.findings}
    now = [name for name, place in seats.items() if isinstance(place, Placement) and place.seat.at == START]
    assert now == ["a-1", "a-2", "b-1", "b-2"]
    assert {
        each.vm.name: each.outcome.error_code for each in found.findings if each.vm.name.startswith("a")
    } == dict.fromkeys(("a-1", "a-2", "a-3"), "RULE_AUDITS")


@pytest.mark.parametrize(("mode", "enforce"), [("audit", True), ("enforce", False)])
async def test_what_nobody_may_write_is_no_waiting_for_a_quota(mode: str, enforce: bool) -> None:
    here = world(mode, enforce=enforce)
    for number in range(3):
        here.azure.add(a_vm(f"b-{number}"))
    found = await here.sweeper.discover(Scope(), "run")
    assert {each.outcome.status for each in found.findings} == {Status.DRY_RUN}
    assert {each.outcome.look_again for each in found.findings} == {None}
    held = [each for each in found.placed.values() if isinstance(each, Placement) and each.held is not None]
    assert [each.held.code for each in held if each.held is not None] == ["QUOTA_REGISTRATIONS"]


async def test_where_writing_is_permitted_the_finding_says_until_when() -> None:
    here = world()
    for number in range(3):
        here.azure.add(a_vm(f"b-{number}"))
    found = await here.sweeper.discover(Scope(), "run")
    (waits,) = [each for each in found.findings if each.outcome.status is Status.DEFERRED]
    place = found.placed[waits.vm.key]
    assert isinstance(place, Placement)
    assert waits.outcome.look_again == place.seat.at > START
