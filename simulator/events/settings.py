"""How unkindly events are delivered: duplicates, disorder, jitter, patience. Read and set through `/_sim/events`.

Azure promises at-least-once and no order but no numbers; these are ours to set. Refuses what no delivery could have:
a rate outside 0 to 1, fewer than one copy, a range that runs backwards.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

from simulator.core.wire import AzureError, Json

MAX_COPIES = 20
MAX_DELAY = 24 * 3600.0


@dataclass(frozen=True)
class Settings:
    """Applies to events that happen from now on; `ack_timeout` to every attempt from now on."""

    #: Share of events that come more than once.
    duplicates: float = 0.15
    #: How often such an event comes altogether.
    copies: int = 2
    #: Virtual seconds between a write and a delivery, drawn anew for each copy: the wider, the less order.
    delay: tuple[float, float] = (1.0, 20.0)
    #: Up to this share is added to each wait of the retry schedule, or taken from it. 0: exactly the published times.
    jitter: float = 0.0
    #: Share of events whose claims and evidence are empty, as in one real event of a VM (facts: a gist of 2018).
    bare: float = 0.3
    #: Real seconds that a receiver has to answer (documentation of delivery and retry: 30).
    ack_timeout: float = 30.0

    def to_json(self) -> Json:
        return {
            "duplicates": self.duplicates,
            "copies": self.copies,
            "delaySeconds": list(self.delay),
            "jitter": self.jitter,
            "bareClaims": self.bare,
            "ackTimeoutSeconds": self.ack_timeout,
        }

    def changed(self, body: Json) -> Self:
        """These settings with those that the body names. Raises AzureError 400 on an unknown one or a wrong value."""
        known = self.to_json()
        for name in body:
            if name not in known:
                raise AzureError(400, "InvalidSetting", f"'{name}' is none of {', '.join(known)}.")
        whole = known | body
        return replace(
            self,
            duplicates=_share("duplicates", whole["duplicates"]),
            copies=_copies("copies", whole["copies"]),
            delay=_range("delaySeconds", whole["delaySeconds"]),
            jitter=_share("jitter", whole["jitter"]),
            bare=_share("bareClaims", whole["bareClaims"]),
            ack_timeout=_patience("ackTimeoutSeconds", whole["ackTimeoutSeconds"]),
        )


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AzureError(400, "InvalidSetting", f"{name} must be a number.")
    return float(value)


def _share(name: str, value: object) -> float:
    number = _number(name, value)
    if not 0 <= number <= 1:
        raise AzureError(400, "InvalidSetting", f"{name} must be from 0 to 1.")
    return number


def _copies(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_COPIES:
        raise AzureError(400, "InvalidSetting", f"{name} must be a whole number from 1 to {MAX_COPIES}.")
    return value


def _range(name: str, value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise AzureError(400, "InvalidSetting", f"{name} must be [low, high].")
    low, high = (_number(name, each) for each in value)
    if not 0 <= low <= high <= MAX_DELAY:
        raise AzureError(400, "InvalidSetting", f"{name} must be 0 <= low <= high <= {MAX_DELAY:.0f}.")
    return low, high


def _patience(name: str, value: object) -> float:
    number = _number(name, value)
    if not 0 < number <= 30:
        raise AzureError(400, "InvalidSetting", f"{name} must be above 0 and at most 30.")
    return number
