"""What a policy says about writing at all, about disks and about opting out, through the whole of Backstop."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cli.commands import plan, protect
from cli.options import Options
from shared.bootstrap import Backstop, open_backstop
from shared.domain.azure_answers import Scope
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.model import Finding, State, Status
from shared.domain.policy import Mode
from shared.domain.reasons import Reason
from shared.reporting.people import opt_outs_of
from shared.reporting.render_json import as_data
from shared.settings import Settings
from simulator.server import running
from simulator.world import World
from tests.policies import compiled
from tests.simulator.client import Client
from tests.simulator.webhook import everywhere, receiving, settings

RULES = "rules: [{name: default, priority: 1, match: {}}]"
ENFORCE = f"mode: enforce\nsettle: PT0S\nlimits: {{maxActions: {{amount: 1000}}}}\n{RULES}"
HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\n"
OWNER = {"x-sim-actor": "estate"}


def policy_file(name: str, mode: str) -> str:
    return f"{HEAD}metadata: {{name: {name}}}\nspec:\n  mode: {mode}\n  {RULES}\n"


class Here:
    """A simulator, a client of it, and where Backstops keep their state."""

    def __init__(self, base: str, world: World, azure: Client, state: Path) -> None:
        self.base, self.world, self.azure, self.state = base, world, azure, state

    def opened(self, policy: CompiledPolicy | None, **more: Any) -> Any:
        return open_backstop(
            Settings(endpoint=self.base, state_dir=self.state, enforce=True, **more), policy, watch=policy is None
        )

    async def unprotected(self) -> str:
        return str((await self.azure.label("plain-unprotected"))["vmId"])

    async def pass_until(self, moment: datetime) -> None:
        while datetime.fromisoformat((await self.azure.advance(moment.isoformat()))["now"]) < moment:
            pass


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with (
        running(vms=12, seed=3) as (base, world),
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http,
    ):
        yield Here(base, world, Client(base, http), tmp_path / "state")


async def worked(backstop: Backstop) -> None:
    """Work the queue to its end."""
    while True:
        messages = await backstop.queue.receive("reconcile", 32, timedelta(minutes=10))
        for message in messages:
            await backstop.worker.work_on(message.body)
            await backstop.queue.done(message)
        if not messages:
            due = await backstop.queue.next_due("reconcile")
            if due is None:
                return
            await backstop.clock.wait_until(due)


async def swept(backstop: Backstop) -> dict[str, Finding]:
    """One sweep, worked to its end; the findings by VM."""
    await backstop.sweeper.sweep(Scope(), "run")
    await worked(backstop)
    return {each.vm.key: each for each in await backstop.findings.latest()}


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (f"paused: true\n{ENFORCE}", "POLICY_PAUSED"),
        (ENFORCE.replace("match: {}", "match: {}, effect: audit"), "RULE_AUDITS"),
        (ENFORCE.replace("mode: enforce", "mode: audit"), "POLICY_AUDITS"),
    ],
)
async def test_a_policy_that_withholds_its_writes_reports_them_and_makes_none(spec: str, code: str, here: Here) -> None:
    async with here.opened(compiled(spec)) as backstop:
        found = await swept(backstop)
        report = as_data(await backstop.reporter.report())
    assert here.world.ledger.writes == []
    wanting = [each for each in found.values() if each.actions]
    assert len(wanting) > 1
    assert {(each.outcome.status, each.outcome.error_code) for each in wanting} == {(Status.DRY_RUN, code)}
    assert report["policy"]["paused"] == (code == "POLICY_PAUSED")  # type: ignore[index]  # plain JSON data


async def test_protecting_one_vm_of_a_rule_that_only_audits_asks_nobody_and_says_why(
    here: Here, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(policy_file("mine", "enforce").replace("match: {}", "match: {}, effect: audit"))
    wish = protect.Wish(await here.unprotected(), False, "")
    for as_json in (True, False):
        options = Options(str(file), endpoint=here.base, state=str(here.state), as_json=as_json)
        assert await protect.run(options, wish, enforce=True, yes=False) == 0
    data, said = capsys.readouterr().out.rsplit("}\n", 1)
    assert (json.loads(data + "}")["wrote"], json.loads(data + "}")["withheld"]) == (False, "RULE_AUDITS")
    assert "Nothing was written: the rule default only audits." in " ".join(said.split())
    assert here.world.ledger.writes == []


async def test_the_disks_that_a_rule_names_are_those_of_the_protection_in_the_vault(here: Here) -> None:
    spec = ENFORCE.replace("match: {}", "match: {}, diskExclusion: {excludeLuns: [1, 3]}")
    before = set(here.world.state.vms)
    async with here.opened(compiled(spec)) as backstop:
        planned = {each.vm.key for each in (await backstop.sweeper.discover(Scope(), "plan")).findings if each.actions}
        await swept(backstop)
    items = [item for vault in here.world.state.vaults.values() for item in vault.items.values()]
    made = {item.source_id.lower(): item.disks for item in items if item.source_id.lower() in planned & before}
    assert made.keys() == planned
    assert all(each == {"diskLunList": [1, 3], "isInclusionList": False} for each in made.values() if each is not None)
    assert any(made.values())


async def test_an_opt_out_renewed_for_ever_is_found_out_with_its_author(here: Here) -> None:
    """The owner writes the tag anew each month for four months; the event of the first one names the owner."""
    vm = await here.unprotected()
    async with here.opened(compiled(ENFORCE)) as backstop, receiving() as receiver:
        await everywhere(here.azure, receiver.url)
        await settings(here.azure, bareClaims=0)  # else some events name nobody
        began = here.world.now()
        seen: list[tuple[int, bool]] = []
        for day in (0, 30, 60, 80, 90, 120):
            await here.pass_until(began + timedelta(days=day))
            if day % 30 == 0:
                until = (here.world.now() + timedelta(days=30)).date()
                tags = {"backup-opt-out": f"reason=ephemeral; until={until}"}
                assert (await here.azure.ask("PATCH", vm, {"tags": tags}, headers=OWNER)).status == 200
                await here.pass_until(here.world.now() + timedelta(minutes=5))
                taken = await backstop.intake.take_in(receiver.events)
                receiver.got.clear()
                assert vm.lower() in {each.vm_id.key for each in taken.accepted}
                await worked(backstop)
            found = (await swept(backstop))[vm.lower()]
            seen.append((day, found.verdict.has(Reason.OPTED_OUT)))
            assert found.verdict.has(Reason.OPT_OUT_TOO_LONG) != seen[-1][1]
        report = await backstop.reporter.report()
    assert [day for day, honoured in seen if honoured] == [0, 30, 60, 80]
    (told,) = [each for each in opt_outs_of(report.findings) if each.finding.vm.key == vm.lower()]
    assert told.finding.verdict.state is State.COMPLIANT
    assert told.since is not None
    assert (told.since - began < timedelta(hours=1), told.by) == (True, "owner@contoso.example")


async def test_the_app_takes_a_new_policy_while_it_runs_and_keeps_the_last_good_one_over_restarts(
    here: Here, tmp_path: Path
) -> None:
    file = tmp_path / "policies" / "policy.yaml"
    file.parent.mkdir()
    async with here.opened(None, policy_dir=str(file.parent)) as backstop:
        assert backstop.policy.mode is Mode.AUDIT
        file.write_text(policy_file("first", "audit"))
        await swept(backstop)
        assert here.world.ledger.writes == []
        file.write_text(policy_file("second", "enforce"))
        hashes = {each.policy_hash for each in (await swept(backstop)).values()}
        assert (hashes, bool(here.world.ledger.writes)) == ({backstop.policy.policy.hash}, True)
        assert backstop.policy.policy.metadata.name == "second"
    file.write_text(policy_file("third", "enforced"))
    async with here.opened(None, policy_dir=str(file.parent)) as backstop:
        report = as_data(await backstop.reporter.report())
    assert (report["policy"]["name"], report["policy"]["mode"]) == ("second", "enforce")  # type: ignore[index]
    assert str(report["policyProblem"]).startswith("policy.yaml:5:3")


async def test_the_plan_on_the_command_line_says_that_the_policy_in_its_place_is_not_taken(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.yaml").write_text(policy_file("third", "enforced"))
    monkeypatch.setenv("BACKSTOP_POLICY_DIR", str(tmp_path))
    options = Options(endpoint=here.base, state=str(here.state), as_json=True)
    assert await plan.run(options) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["policyProblem"]["code"], data["policyProblem"]["place"]) == ("POLICY_INVALID", "policy.yaml:5:3")
    assert data["policy"]["mode"] == "audit"
    assert await plan.run(replace(options, as_json=False)) == 0
    assert "The policy in its place is not taken; built-in stays in force." in capsys.readouterr().out
