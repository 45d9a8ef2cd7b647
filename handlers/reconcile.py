"""Hands a message of the `reconcile` queue to the worker, which sees to it that no message is lost."""

from handlers.opening import opened
from shared.reconcile import Reconciled


async def work_on(body: bytes) -> Reconciled | None:
    """One look at one VM; None when the message could not be read and went to the poison queue."""
    async with opened("reconcile_vm") as backstop:
        return await backstop.worker.work_on(body.decode("utf-8", "backslashreplace"))
