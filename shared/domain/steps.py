"""What a plan is made of: the writes for one VM in order, or why there are none now."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.model import Action, ActionKind
from shared.domain.placement import Seat


@dataclass(frozen=True, slots=True)
class Held:
    """Why nothing is written now though something is missing. `code` is stable.

    `until`: when it will fit, so that it can be looked at again; None where a person has to act.
    """

    code: str
    why: str
    remedy: str = ""
    until: datetime | None = None


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
