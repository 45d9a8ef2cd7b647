"""What a plan is made of: the writes for one VM in order, or why there are none now."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.arm_id import parse_id
from shared.domain.model import Action, ActionKind
from shared.domain.placement import Seat
from shared.domain.words import counted

BY_ITSELF = "Nothing: it goes on by itself"  # the remedy where waiting is all that is needed


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing is written now though something is missing. `code` is stable.

    `until`: when it will fit, so that it can be looked at again; None where a person has to act.
    """

    code: str
    why: str
    remedy: str = ""
    until: datetime | None = None


def day_is_full(vault_id: str, per_day: int, until: datetime) -> Held:
    """QUOTA_REGISTRATIONS: the vault takes no further VM before `until`."""
    why = f"the vault {parse_id(vault_id).name} takes {counted(per_day, 'VM')} within 24 hours"
    return Held("QUOTA_REGISTRATIONS", why, BY_ITSELF, until)


@dataclass(frozen=True, slots=True)
class Placement:
    """A VM's seat, what must be made first, in order, and what holds the protection up until `held.until`."""

    seat: Seat
    first: tuple[ActionKind, ...] = ()
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """`actions` are all that the VM needs, in order; with `held` the first of them has to wait.

    `placed` is the place of a VM without a backup, or of an item under the backup policy that it is about to get.
    """

    actions: tuple[Action, ...] = ()
    held: Held | None = None
    placed: Placement | None = None


NOTHING = Steps()
