"""The process's Backstop for one invocation, and one clear line in the log when the invocation fails.

The error is raised again, so that the Functions host tries once more and at last keeps the message in the poison
queue: a mistake in the settings must not lose work.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.bootstrap import Backstop, process_backstop
from shared.errors import BackstopError

log = logging.getLogger(__name__)


@asynccontextmanager
async def opened(function: str) -> AsyncIterator[Backstop]:
    """The Backstop that `function` works with."""
    try:
        yield await process_backstop()
    except BackstopError as error:
        log.error("%s failed: %s", function, error, extra={"code": error.code, "vm": error.resource_id})
        raise
