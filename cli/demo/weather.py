"""Bad weather for the demo: the faults that the local Azure is told to make, and what both sides say of it afterwards.

The simulator counts what it did; Backstop's worker counts how its looks ended. Nothing here decides the demo's result.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.demo.local_azure import LocalAzure  # the command line's --help imports this module and must be quick

SAID = {
    "throttle": "throttled (429)",
    "error": "server errors (5xx)",
    "reset": "connections reset after the effect",
}


class Weather(StrEnum):
    """How much goes wrong; the simulator's profiles of the same names."""

    NONE = "none"
    LIGHT = "light"
    HEAVY = "heavy"


@dataclass(slots=True)
class Weathered:
    """What was injected, and what the engine did about it. `sweeps` are those that the story ran, all told."""

    weather: Weather
    faults: Mapping[str, Any] = field(default_factory=dict)
    events: int = 0  # taken in, copies included
    tally: Counter[str] = field(default_factory=Counter)
    sweeps: int = 0
    extra_sweeps: int = 0
    unread_sweeps: int = 0

    def to_json(self) -> dict[str, Any]:
        """`injected` by fault and of those the writes; `engine`: looks put off by code, VMs given up, sweeps."""
        writes: Counter[str] = Counter()
        for rule in self.faults.get("rules", ()):
            for operation, count in rule["byOperation"].items():
                if operation in ("PUT protectedItems", "POST backup"):
                    writes[rule["fault"]] += count
        expected = {"ACCEPTED", "SUCCEEDED", "NOTHING_TO_DO", "ALREADY_DONE", "SETTLING", "GIVEN_UP"}
        return {
            "weather": self.weather.value,
            "injected": dict(self.faults.get("struck", {})),
            "injectedIntoWrites": dict(writes),
            "eventsTakenIn": self.events,
            "engine": {
                "looks": sum(count for code, count in self.tally.items() if code != "GIVEN_UP"),
                "looksPutOff": {code: n for code, n in sorted(self.tally.items()) if code.upper() not in expected},
                "givenUp": self.tally["GIVEN_UP"],
                "sweeps": self.sweeps,
                "extraSweeps": self.extra_sweeps,
                "sweepsThatCouldNotRead": self.unread_sweeps,
            },
        }


async def begin(azure: "LocalAzure", weather: Weather) -> None:
    """From now on: Backstop's requests go wrong, the people's do not."""
    if weather is not Weather.NONE:
        await azure.control("faults", {"profile": weather.value})
