"""All limits of one world: what a request is told of them, and which one keeps it out.

The door asks before it serves: ARM first, then the resource provider, then the backup service's own brake. What a
limit keeps out has had no effect. Requests of the estate's own people are let through uncounted: they are many, each
with buckets of their own. The quotas of the backup service are asked by its handlers (`quotas.py`).
"""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.core.routing import Call
from simulator.core.wire import Answer, AzureError, Json
from simulator.limits.arm import Arm, Charged
from simulator.limits.principal import ESTATE, principal_of
from simulator.limits.providers import Compute, RecoveryServices
from simulator.limits.quotas import Quotas
from simulator.limits.settings import DEFAULT, KNOWN, Settings, profile

if TYPE_CHECKING:
    from simulator.world import World


class Limits:
    """`refused` counts by limit since the start."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.settings = profile(DEFAULT)
        self.quotas = Quotas(self.settings)
        self.refused: Counter[str] = Counter()
        self._arm = Arm(world.state.tenant)
        self._compute = Compute(self._region_of)
        self._backup = RecoveryServices()

    def _region_of(self, vm: str) -> str:
        found = self._world.state.vms.get(vm)
        return found.location if found else ""

    def current(self) -> Settings:
        """The settings as they are now; Resource Graph has its own switch, which `/_sim/graph` turns too."""
        graph = {"graph"} if self._world.graph.quota_refuses else set()
        return replace(self.settings, on=self.settings.on - {"graph"} | graph)

    def use(self, settings: Settings) -> None:
        """Have these settings from now on; buckets are full then, and nothing has been counted."""
        self.settings = self.quotas.settings = settings
        self._world.graph.quota_refuses = "graph" in settings.on
        self.forget()

    def forget(self) -> None:
        """Begin to count anew."""
        for each in (self._arm, self._compute, self._backup, self.quotas):
            each.forget()

    def admit(self, call: Call) -> Answer | None:
        """Count this request, and put what is left on `call.remaining`; an answer where it is not to be served."""
        known = call.headers.get("authorization", "").lower().startswith("bearer ")
        if not known or call.headers.get("x-sim-actor") == ESTATE or call.path.lower().startswith("/metadata/"):
            return None
        now, settings = self._world.now(), self.settings
        arm = self._arm.charge(call.path, call.method, principal_of(call.headers), settings, now)
        call.remaining = arm.headers
        if arm.refusal is not None:
            return self._refuse("arm", arm.refusal)
        for name, charge in (("compute", self._compute.charge), ("recovery-services", self._backup.charge)):
            charged: Charged = charge(call.path, call.method, settings, now)
            call.remaining |= charged.headers
            if charged.refusal is not None:
                return self._refuse(name, charged.refusal)
        brake = self.quotas.attempt(call.method, call.path, call.operation, now)
        return None if brake is None else brake.answer()

    def _refuse(self, name: str, error: AzureError) -> Answer:
        self.refused[name] += 1
        return error.answer()

    def to_json(self) -> Json:
        """`{"limits": {name: {on, what, refused, numbers, use?}}}`; `use` has the keys that are nearest to a limit."""
        now, settings = self._world.now(), self.current()
        refused = self.refused + self.quotas.refused
        use = self.quotas.to_json(now) | {
            "arm": self._arm.to_json(settings, now),
            "recovery-services": self._backup.to_json(),
        }
        return {
            "limits": {
                name: {
                    "on": name in settings.on,
                    "what": known.what,
                    "refused": refused[name],
                    "numbers": settings.numbers[name],
                }
                | ({"use": use[name]} if name in use else {})
                for name, known in KNOWN.items()
            }
        }
