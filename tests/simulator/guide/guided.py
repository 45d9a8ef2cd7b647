"""A small estate of its own for each row of the guide, and Backstop at work on it as a person would run it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from shared.bootstrap import Backstop, open_backstop
from shared.domain.azure_answers import Scope
from shared.domain.model import Finding
from shared.settings import Settings
from simulator.core.model import BackupPolicy, Job, ProtectedItem, Vault, VirtualMachine
from simulator.server import running
from simulator.world import World
from tests.contract.test_policy_end_to_end import worked
from tests.e2e.running import backstop as backstop_verb
from tests.policies import compiled
from tests.simulator.client import Client, item_of
from tests.simulator.conftest import TOKEN

#: Eight in the morning of a Tuesday: the daily policies run at 23:00 UTC.
HEAD = """\
version: 1
asOf: 2026-11-24T08:00:00Z
subscriptions: [{name: prod}]
"""
#: The simulator's first backup is done by then.
FIRST_BACKUP = timedelta(hours=3)
VAULT = "vaults: [{name: rsv-1, location: westeurope}]\n"


@dataclass
class Guided:
    """One estate, and what has become of it. Everything is named by a VM's or vault's own name."""

    url: str
    world: World
    azure: Client
    folder: Path
    #: How a policy begins; the rest of its `spec` is the rows' own.
    spec: str = "mode: enforce\nsettle: PT0S\nlimits: {maxActions: {amount: 1000}}\n"
    settings: dict[str, Any] = field(default_factory=dict)

    @asynccontextmanager
    async def opened(self, rule: str = "", *, more: str = "") -> AsyncIterator[Backstop]:
        """Backstop under a policy of one rule with these keys; `more` is the rest of the policy's `spec`."""
        spec = f"{self.spec}{more}\nrules:\n  - name: default\n    priority: 1\n    match: {{}}\n"
        rule = "".join(f"    {line}\n" for line in rule.strip().splitlines())
        settings = Settings(endpoint=self.url, state_dir=self.folder / "state", enforce=True, **self.settings)
        async with open_backstop(settings, compiled(spec + rule)) as backstop:
            yield backstop

    async def sweep(self, rule: str = "", *, more: str = "") -> dict[str, Finding]:
        """One sweep, worked to its end; the findings by the VM's name."""
        async with self.opened(rule, more=more) as backstop:
            return await swept(backstop)

    async def look(self, rule: str = "", *, more: str = "") -> dict[str, Finding]:
        """What a sweep finds and plans; nothing is written."""
        async with self.opened(rule, more=more) as backstop:
            return named((await backstop.sweeper.discover(Scope(), "plan")).findings)

    async def advice(self, rule: str = "") -> set[tuple[str, str]]:
        """(code, name) of all the advice on record: a VM's name, else the last part of the resource's id."""
        async with self.opened(rule) as backstop:
            of_vms = [each for finding in await backstop.findings.latest() for each in finding.advisories]
            every = [*of_vms, *await backstop.findings.advisories()]
        return {
            (each.advice.code, each.vm.name if each.vm is not None else each.resource_id.rsplit("/", 1)[-1])
            for each in every
        }

    async def explained(self, name: str) -> dict[str, Any]:
        """What `explain --json` says of the VM. The verb has its own event loop, so it gets a process of its own."""
        arguments = (
            "explain",
            self.vm(name).id,
            "--endpoint",
            self.url,
            "--state",
            str(self.folder / "seen"),
            "--json",
        )
        done = await asyncio.to_thread(backstop_verb, *arguments)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def add(self, name: str, *, like: str = "vm-1") -> VirtualMachine:
        """Somebody makes another VM like that one."""
        pattern = self.vm(like)
        made = replace(pattern, id=f"{pattern.id.rsplit('/', 1)[0]}/{name}", name=name)
        made.properties = deepcopy(pattern.properties) | {"vmId": self.world.state.new_id()}
        self.world.state.vms[made.key] = made
        self.world.state.touch("vm", made.key, self.now())
        return made

    def now(self) -> datetime:
        return self.world.now()

    async def wait(self, time: timedelta) -> None:
        """Let so much time go by."""
        until = self.now() + time
        while datetime.fromisoformat((await self.azure.advance(until.isoformat()))["now"]) < until:
            pass

    def vm(self, name: str) -> VirtualMachine:
        return next(each for each in self.world.state.vms.values() if each.name == name)

    def vault(self, name: str = "rsv-1") -> Vault:
        return next(each for each in self.world.state.vaults.values() if each.name == name)

    def vaults(self) -> dict[str, Vault]:
        return {each.name: each for each in self.world.state.vaults.values()}

    def item(self, name: str) -> ProtectedItem:
        """The VM's only item, in whatever vault."""
        [found] = self.items(name)
        return found

    def items(self, name: str) -> list[ProtectedItem]:
        return self.world.state.vm_items(self.vm(name).id)

    def items_of_all(self) -> list[ProtectedItem]:
        """Every protected item, of VMs and of anything else."""
        return [item for vault in self.world.state.vaults.values() for item in vault.items.values()]

    def policy(self, name: str, vault: str = "rsv-1") -> BackupPolicy:
        return self.vault(vault).policies[name.lower()]

    def jobs(self, name: str) -> list[Job]:
        """All jobs of the VM, in the order of their starts."""
        found = [job for each in self.world.state.vaults.values() for job in each.jobs.values() if job.vm_name == name]
        return sorted(found, key=lambda job: job.started)

    async def points(self, name: str) -> list[str]:
        """How consistent each recovery point of the VM is, newest first, as Azure tells it."""
        vm = self.vm(name).id
        vault = self.world.state.vaults[self.item(name).vault].id
        rows = await self.azure.rows(f"{item_of(vault, vm)}/recoveryPoints")
        return [row["properties"]["recoveryPointType"] for row in rows]

    def writes(self) -> list[str]:
        """Every write that reached the service, in order, such as `PUT vaults`."""
        return [each.operation for each in self.world.ledger.writes]

    def requests(self, operation: str) -> int:
        """How many requests of that kind there were."""
        return int(self.world.ledger.to_json()["byOperation"].get(operation, 0))

    async def fault(self, **rule: Any) -> None:
        assert (await self.azure.ask("POST", "/_sim/faults", [rule])).status == 201

    async def right(self, expect: Mapping[str, str], *, allow: str = "", policies: Mapping[str, str] = {}) -> None:
        """The simulator's own verdict: what was expected of each VM was done, and no write more.

        `expect` by VM, `policies` the backup policy that it must be under; every other VM must be left alone.
        """
        labels = [
            {"vmId": vm.id, "expect": expect.get(vm.name, "untouched"), "backupPolicy": policies.get(vm.name)}
            for vm in self.world.state.vms.values()
        ]
        assert (await self.azure.ask("POST", "/_sim/labels", {"labels": labels})).status == 200
        verdict = await self.azure.get(f"/_sim/check?allow={allow}")
        assert (verdict["missed"], verdict["wrongWrites"]) == ([], [])


@asynccontextmanager
async def guided(folder: Path, text: str, *, head: str = HEAD) -> AsyncIterator[Guided]:
    """The estate of the head and this text, served for the length of the block."""
    file = folder / "estate.yaml"
    file.write_text(head + text, encoding="utf-8")
    async with running(estate=file) as (url, world), aiohttp.ClientSession(headers=TOKEN) as http:
        yield Guided(url, world, Client(url, http), folder)


async def swept(backstop: Backstop) -> dict[str, Finding]:
    """One sweep, worked to its end; the findings by the VM's name."""
    await backstop.sweeper.sweep(Scope(), "run")
    await worked(backstop)
    return named(await backstop.findings.latest())


def named(findings: Iterable[Finding]) -> dict[str, Finding]:
    """By the VM's name, which is its own in a row's estate."""
    return {each.vm.name: each for each in findings}


def codes(finding: Finding) -> list[str]:
    """The codes of the verdict's reasons."""
    return [each.reason.code for each in finding.verdict.reasons]
