import logging
from datetime import timedelta

import pytest

from handlers import sweep
from shared.bootstrap import Backstop
from shared.errors import RetryLaterError
from tests.fakes import World, a_vault, a_vm


async def test_a_sweep_finds_every_vm_and_asks_for_those_that_need_something(world: World, backstop: Backstop) -> None:
    world.azure.vaults.append(a_vault())
    for name in ("web-01", "web-02"):
        world.azure.add(a_vm(name))
    discovery = await sweep.run()
    assert discovery is not None
    assert len(discovery.findings) == 2
    assert await backstop.queue.depth("reconcile", discovery.run_id) == 2


async def test_no_second_sweep_runs_beside_a_first(world: World, backstop: Backstop) -> None:
    world.azure.add(a_vm())
    await backstop.reconciler.claims.claim(sweep.CLAIM, "another process", world.clock.now(), sweep.LONGEST)
    assert await sweep.run() is None
    assert await backstop.findings.latest() == ()


async def test_a_sweep_that_died_blocks_the_next_one_for_half_an_hour_at_most(world: World, backstop: Backstop) -> None:
    await backstop.reconciler.claims.claim(sweep.CLAIM, "a dead process", world.clock.now(), sweep.LONGEST)
    world.clock.moment += timedelta(minutes=30)
    assert await sweep.run() is not None


async def test_a_failed_sweep_gives_its_claim_back_and_says_why_in_one_line(
    world: World, backstop: Backstop, caplog: pytest.LogCaptureFixture
) -> None:
    world.azure.fail["vms"] = [RetryLaterError("Resource Graph is throttling", code="RateLimiting")]
    with pytest.raises(RetryLaterError):
        await sweep.run()
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert errors == ["discovery_sweep failed: Resource Graph is throttling [RateLimiting]"]
    assert await sweep.run() is not None
