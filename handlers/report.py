"""Makes the compliance report, keeps it, and announces it."""

import logging

from handlers.opening import opened

log = logging.getLogger(__name__)


async def make(*, late: bool = False) -> dict[str, object]:
    """The report's counts. RetryLaterError where only the announcement failed: the report is kept by then."""
    async with opened("compliance_report") as backstop:
        if late:
            log.warning("the report is made later than its schedule says")
        return await backstop.reporter.make()
