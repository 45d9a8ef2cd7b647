"""The brake on a run: more VMs to change than the policy allows means that something is wrong; nothing is changed."""

from shared.domain.policy import MaxActions


def excess(to_change: int, discovered: int, limit: MaxActions) -> str:
    """Why a run of `to_change` VMs out of `discovered` may not start; empty when it may."""
    if to_change > limit.amount:
        return f"{to_change:,} VMs to change, and limits.maxActions.amount is {limit.amount:,}"
    if limit.percent is not None and to_change * 100 > limit.percent * discovered:
        return f"{to_change:,} of {discovered:,} VMs to change, and limits.maxActions.percent is {limit.percent}"
    return ""
