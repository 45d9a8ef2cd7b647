"""Runs the discovery sweep, one at a time: timers may overlap when the Functions host loses its own lease."""

import logging
import uuid
from datetime import timedelta

from handlers.opening import opened
from shared.sweep import Discovery

CLAIM = "sweep"
LONGEST = timedelta(minutes=30)  # host.json's functionTimeout: after that the host has ended the sweep
log = logging.getLogger(__name__)


async def run(*, late: bool = False) -> Discovery | None:
    """One sweep over the configured scope; None when another one is still running."""
    run_id = uuid.uuid4().hex
    async with opened("discovery_sweep") as backstop:
        if late:
            log.warning("the sweep starts later than its schedule says", extra={"run_id": run_id})
        claims = backstop.reconciler.claims
        ends = await claims.claim(CLAIM, run_id, backstop.clock.now(), LONGEST)
        if ends is not None:
            log.warning("no sweep: another one is running, until %s at the latest", ends, extra={"run_id": run_id})
            return None
        try:
            return await backstop.sweeper.sweep(backstop.settings.scope, run_id)
        finally:
            await claims.release(CLAIM, run_id)
