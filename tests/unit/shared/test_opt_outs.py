from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.local.opt_outs import SqliteOptOuts
from shared.adapters.local.store import Store
from shared.domain.azure_answers import Scope
from shared.domain.model import Finding, State
from shared.domain.reasons import Reason
from shared.opt_outs import note
from shared.reporting.people import opt_outs_of
from tests.fakes import START, World, a_vault, a_vm
from tests.policies import compiled

DAY = timedelta(days=1)
TAG = "backup-opt-out"
POLICY = compiled(
    "mode: enforce\nlimits: {maxActions: {amount: 10}}\noptOut: {maxDuration: P90D, newAfter: P30D}\n"
    "rules: [{name: default, priority: 1, match: {}}]"
)


class Owner:
    """An estate of one VM whose owner writes its opt-out tag, looked at by one sweep a day."""

    def __init__(self, ledger: SqliteOptOuts) -> None:
        self.here = World(POLICY)
        self.ledger = ledger
        reader = replace(self.here.sweeper.reader, opt_outs=ledger)
        self.here.sweeper = replace(self.here.sweeper, opt_outs=ledger, reader=reader)
        looker = replace(self.here.reconciler.looker, opt_outs=ledger)
        recorder = replace(self.here.reconciler.recorder, opt_outs=ledger)
        self.here.reconciler = replace(self.here.reconciler, recorder=recorder, looker=looker)
        self.here.worker = replace(self.here.worker, reconciler=self.here.reconciler)
        self.here.azure.vaults.append(a_vault())
        self.vm = self.here.azure.add(a_vm())

    @property
    def today(self) -> int:
        return (self.here.clock.now() - START).days

    def tag(self, text: str | None) -> None:
        tags = {} if text is None else {TAG: text}
        self.here.azure.vms[self.vm.id.key] = replace(self.vm, tags=tags)

    def opt_out_for(self, days: int) -> None:
        until = (self.here.clock.now() + days * DAY).date()
        self.tag(f"reason=ephemeral; until={until}")

    async def day(self) -> Finding:
        """One day passes, and its sweep runs."""
        moment = START + (self.today + 1) * DAY
        await self.here.sweep()
        found = self.here.finding(self.vm)
        self.here.clock.moment = max(self.here.clock.moment, moment)
        return found


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    with Store(tmp_path) as store:
        yield Owner(SqliteOptOuts(store))


async def test_an_opt_out_renewed_every_month_for_200_days_is_honoured_for_90_of_them(owner: Owner) -> None:
    states: list[tuple[int, State, bool]] = []
    for day in range(200):
        if day % 30 == 0:
            owner.opt_out_for(30)
        found = await owner.day()
        states.append((day, found.verdict.state, found.verdict.has(Reason.OPT_OUT_TOO_LONG)))
    assert {(state, too_long) for day, state, too_long in states if day < 90} == {(State.EXEMPT, False)}
    assert {too_long for day, _, too_long in states if day >= 90} == {True}
    assert {state for day, state, _ in states if day > 90} == {State.COMPLIANT}
    (told,) = opt_outs_of([owner.here.finding(owner.vm)])
    assert (told.since, told.honoured) == (START, False)


async def test_taking_the_tag_off_for_a_day_begins_nothing_anew_but_a_month_does(owner: Owner) -> None:
    owner.opt_out_for(60)
    for _ in range(60):
        assert (await owner.day()).verdict.state is State.EXEMPT
    owner.tag(None)
    assert (await owner.day()).verdict.state is not State.EXEMPT
    owner.opt_out_for(60)
    assert (await owner.day()).verdict.has(Reason.OPT_OUT_TOO_LONG)
    owner.tag(None)
    for _ in range(32):
        await owner.day()
    owner.opt_out_for(60)
    found = await owner.day()
    assert found.verdict.has(Reason.OPTED_OUT)
    assert found.opt_out is not None
    assert found.opt_out.first_seen > START + 90 * DAY


async def test_an_opt_out_within_what_is_left_of_the_stretch_is_honoured(owner: Owner) -> None:
    owner.opt_out_for(30)
    for _ in range(40):
        await owner.day()
    owner.opt_out_for(20)
    assert (await owner.day()).verdict.has(Reason.OPTED_OUT)


async def test_the_event_path_and_the_sweep_read_and_keep_the_same_stretch(owner: Owner) -> None:
    owner.opt_out_for(30)
    await owner.ledger.note_writer(owner.vm.id.key, "alice@contoso.example", START)
    await owner.here.request(owner.vm)
    await owner.here.run()
    by_event = owner.here.finding(owner.vm)
    owner.here.clock.moment += DAY
    await owner.here.sweep()
    by_sweep = owner.here.finding(owner.vm)
    assert by_event.opt_out is not None
    assert by_sweep.opt_out is not None
    assert (by_event.opt_out.first_seen, by_event.opt_out.by) == (START, "alice@contoso.example")
    assert (by_sweep.opt_out.first_seen, by_sweep.opt_out.by) == (START, "alice@contoso.example")


async def test_an_opt_out_that_was_never_honoured_begins_no_stretch(owner: Owner) -> None:
    owner.opt_out_for(365)
    found = await owner.day()
    assert (found.verdict.has(Reason.OPT_OUT_TOO_LONG), found.opt_out) == (True, None)
    assert await owner.ledger.stretches() == {}


async def test_a_plan_begins_no_stretch(owner: Owner) -> None:
    owner.opt_out_for(30)
    discovery = await owner.here.sweeper.discover(Scope(), "plan")
    assert discovery.findings[0].verdict.has(Reason.OPTED_OUT)
    assert await owner.ledger.stretches() == {}


async def test_a_stretch_that_goes_on_unchanged_is_written_twice_a_day_at_most(owner: Owner) -> None:
    owner.opt_out_for(30)
    await owner.day()
    found, first = owner.here.finding(owner.vm), await owner.ledger.stretch(owner.vm.id.key)
    for hours, written in ((0, False), (11, False), (13, True)):
        now = START + timedelta(hours=hours)
        await note([found], POLICY.policy.spec.opt_out, owner.ledger, now)
        kept = await owner.ledger.stretch(owner.vm.id.key)
        assert kept is not None
        assert (kept != first, kept.last_seen == now) == (written, written or hours == 0)
