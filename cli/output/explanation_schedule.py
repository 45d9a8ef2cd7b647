"""The backup policy that a VM is or would come under, as an explanation tells it: schedule, retention, next backup."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.domain.policy_told import PolicyTold
from shared.reporting.render_json import policy_data


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A backup policy in its vault. `to_be_made`: what it will say, because the vault does not have it yet."""

    vault_id: str
    told: PolicyTold
    to_be_made: bool = False


def lines(scheduled: Scheduled) -> Iterator[tuple[str, str]]:
    """What, and what it is."""
    told = scheduled.told
    made = ", to be made" if scheduled.to_be_made else ""
    kind = f" ({told.type})" if told.type else ""
    yield "name", f"{told.name}{kind} in vault {scheduled.vault_id.rsplit('/', 1)[-1]}{made}"
    if told.problem:
        yield "schedule", told.problem
        return
    yield "schedule", told.schedule
    for number, each in enumerate(told.kept):
        yield "" if number else "keeps", each
    yield "next backup", told.next_in_words or f"not known: nothing is known of the time zone {told.time_zone}"


def as_data(scheduled: Scheduled | None) -> dict[str, Any] | None:
    """All of it; None where the VM is under none and would come under none."""
    if scheduled is None:
        return None
    return {"vault": scheduled.vault_id, "toBeMade": scheduled.to_be_made, **policy_data(scheduled.told)}
