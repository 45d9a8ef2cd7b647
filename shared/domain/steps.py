"""What a plan is made of: the writes for one VM in order, or why there are none now."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.model import Action


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
class Steps:
    """`actions` are all that the VM needs, in order; with `held` the first of them has to wait."""

    actions: tuple[Action, ...] = ()
    held: Held | None = None


NOTHING = Steps()
