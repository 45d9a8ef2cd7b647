"""Whatever goes wrong: once it stops and one sweep runs, every VM is as its label says, and no VM was written twice."""

import asyncio
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.bootstrap import Backstop, open_backstop
from shared.domain.azure_answers import Scope
from shared.domain.model import State
from shared.errors import PermanentError, RetryLaterError
from shared.settings import Settings
from simulator.server import running
from tests.policies import demo_policy
from tests.simulator.client import Client

PROTECT, BACKUP = "PUT protectedItems", "POST backup"
OPERATIONS = (
    PROTECT,
    BACKUP,
    "GET virtualMachines",
    "GET protectedItems",
    "GET operationsStatus",
    "GET backupJobs",
    "POST backupStatus",
    "POST resources",
)
MOST_LOOKS = 2000

operations: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}), st.sampled_from(OPERATIONS).map(lambda each: {"operation": each})
)
turns = st.one_of(
    st.sampled_from([0.1, 0.3, 0.5]).map(lambda each: {"rate": each}),
    st.integers(1, 3).map(lambda each: {"first": each, "perVm": True}),
    st.integers(1, 3).map(lambda each: {"nth": each, "perVm": True}),
    st.integers(2, 4).map(lambda each: {"every": each}),
)
whens = st.sampled_from(["before", "after"])
faults = st.one_of(
    st.sampled_from([0, 20, 372, "date:60", "absent", "malformed"]).map(
        lambda each: {"fault": "throttle", "retryAfter": each}
    ),
    st.tuples(st.sampled_from([500, 502, 503, 504]), whens).map(
        lambda each: {"fault": "error", "status": each[0], "when": each[1]}
    ),
    st.tuples(st.sampled_from(["reset", "close"]), whens).map(lambda each: {"fault": each[0], "when": each[1]}),
    st.sampled_from(["truncate", "garble"]).map(lambda each: {"fault": each}),
    st.sampled_from([1, 45, 700]).map(lambda each: {"fault": "delay", "virtualSeconds": each, "when": "after"}),
    st.sampled_from([-600, 600]).map(lambda each: {"fault": "skew", "seconds": each}),
)
works = st.one_of(
    st.sampled_from(["UserErrorRequestDisallowedByPolicy", "CloudServiceRetryableError"]).map(
        lambda each: {"fault": "operation", "operation": PROTECT, "code": each}
    ),
    st.just({"fault": "operation", "operation": BACKUP, "code": "UserErrorGuestAgentStatusUnavailable"}),
    st.just({"fault": "operation", "operation": PROTECT, "delaySeconds": 2400}),
)
actors = st.tuples(
    st.sampled_from(["protect", "stop", "delete-backup", "delete-vm", "opt-out", "lock"]),
    st.sampled_from(["same", "other"]),
    st.sampled_from(OPERATIONS[:5] + OPERATIONS[6:7]),
    st.integers(1, 2),
).map(
    lambda each: {
        "fault": "actor",
        "deed": each[0],
        "vault": each[1],
        "operation": each[2],
        "nth": each[3],
        "perVm": True,
        "times": 3,
        **({"forSeconds": 900} if each[0] == "lock" else {}),
    }
)
rules = st.lists(
    st.one_of(
        st.tuples(faults, operations, turns).map(lambda each: each[0] | each[1] | each[2]),
        st.tuples(faults, operations, turns).map(lambda each: each[0] | each[1] | each[2]),
        st.tuples(works, turns).map(lambda each: each[0] | each[1]),
        actors,
    ),
    min_size=1,
    max_size=4,
)


async def worked(backstop: Backstop) -> None:
    """The queue worked until it is empty, time passing as it must."""
    for _ in range(MOST_LOOKS):
        messages = await backstop.queue.receive("reconcile", 1, timedelta(minutes=10))
        for message in messages:
            await backstop.worker.work_on(message.body)
            await backstop.queue.done(message)
        if not messages:
            due = await backstop.queue.next_due("reconcile")
            if due is None:
                return
            await backstop.clock.wait_until(due)
    raise AssertionError("the queue never became empty")


async def swept(backstop: Backstop) -> None:
    await backstop.sweeper.sweep(Scope(), "run")
    await worked(backstop)


async def hours_pass(azure: Client, hours: int) -> None:
    until = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"]) + timedelta(hours=hours)
    while datetime.fromisoformat((await azure.advance(until.isoformat()))["now"]) < until:
        pass


async def through(given_rules: list[dict[str, Any]], seed: int, state: Path) -> None:
    async with (
        running(vms=26, seed=seed) as (base, world),
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http,
        open_backstop(Settings(endpoint=base, state_dir=state, enforce=True), demo_policy()) as backstop,
    ):
        azure = Client(base, http)
        assert (await azure.ask("POST", "/_sim/faults", given_rules)).status == 201
        try:
            await swept(backstop)
        except (RetryLaterError, PermanentError):
            await worked(backstop)  # a sweep that cannot read the estate ends; what it had queued goes on
        assert (await azure.ask("DELETE", "/_sim/faults")).status == 204
        await hours_pass(azure, 3)  # operations that are stuck, locks, and messages of a skewed clock
        await swept(backstop)
        await hours_pass(azure, 3)
        verdict = await azure.get("/_sim/check")
        assert (verdict["wrongWrites"], verdict["missed"]) == ([], []), given_rules
        backups = Counter(
            (vault.key, job.container)
            for vault in world.state.vaults.values()
            for job in vault.jobs.values()
            if job.operation == "Backup" and job.user_triggered
        )
        assert all(count == 1 for count in backups.values())
        before = len(world.ledger.writes)
        await swept(backstop)
        assert len(world.ledger.writes) == before


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # to shrink what takes seconds would take minutes
)
@given(rules, st.integers(1, 4))
def test_whatever_went_wrong_a_sweep_later_all_is_well(given_rules: list[dict[str, Any]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as state:
        asyncio.run(through(given_rules, seed, Path(state)))


@pytest.mark.parametrize(("spared", "unknown"), [(0, None), (2, True), (3, True)], ids=["vms", "items", "vaults"])
async def test_a_sweep_that_cannot_read_says_so_writes_nothing_and_the_next_one_does_it_all(
    tmp_path: Path, spared: int, unknown: bool | None
) -> None:
    async with (
        running(vms=26, seed=1) as (base, world),
        aiohttp.ClientSession(headers={"Authorization": "Bearer any"}) as http,
        open_backstop(Settings(endpoint=base, state_dir=tmp_path, enforce=True), demo_policy()) as backstop,
    ):
        azure = Client(base, http)
        rule = {"fault": "reset", "operation": "POST resources"} | ({"skip": spared} if spared else {})
        assert (await azure.ask("POST", "/_sim/faults", [rule])).status == 201
        if unknown is None:
            with pytest.raises(RetryLaterError):
                await swept(backstop)
        else:
            await swept(backstop)
            found = await backstop.findings.latest()
            assert {each.verdict.state for each in found if each.actions} == set()
            assert State.UNKNOWN in {each.verdict.state for each in found}
        assert world.ledger.writes == []
        assert (await azure.ask("DELETE", "/_sim/faults")).status == 204
        await swept(backstop)
        assert (await azure.get("/_sim/check"))["missed"] == []
        assert State.UNKNOWN not in {each.verdict.state for each in await backstop.findings.latest()}
