"""The brakes on a run: more VMs to change, or more that fail, than the policy allows means that something is wrong."""

from shared.domain.policy import MaxActions
from shared.domain.words import counted


def excess(to_change: int, discovered: int, limit: MaxActions) -> str:
    """Why a run of `to_change` VMs out of `discovered` may not start; empty when it may."""
    if to_change > limit.amount:
        return f"{counted(to_change, 'VM')} to change, and limits.maxActions.amount is {limit.amount:,}"
    if limit.percent is not None and to_change * 100 > limit.percent * discovered:
        return (
            f"{to_change:,} of {counted(discovered, 'VM')} to change, and limits.maxActions.percent is {limit.percent}"
        )
    return ""


#: So few ends say nothing about the rest of a run.
ENOUGH = 10


def too_many_failed(ended: int, failed: int, percent: int) -> str:
    """Why a run goes no further, given how many of its VMs ended and how many of these failed; empty when it does."""
    if ended >= ENOUGH and failed * 100 > percent * ended:
        return f"{failed:,} of {counted(ended, 'VM')} failed, and limits.failurePercent is {percent}"
    return ""
