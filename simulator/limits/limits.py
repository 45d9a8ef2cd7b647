"""All limits of one world: what a request is told of them, and which one keeps it out.

The door asks before it serves: ARM first, then the resource provider, then the backup service's own brake. What a
limit keeps out has had no effect. Requests of the estate's own people are let through uncounted: they are many, each
with buckets of their own. The quotas of the backup service are asked by its handlers (`quotas.py`).
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
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

MICROSECOND = timedelta(microseconds=1)


class Limits:
    """`refused` counts by limit since the start, the quotas' own apart."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.quotas = Quotas(profile(DEFAULT))
        self.refused: Counter[str] = Counter()
        self._take_up(profile(DEFAULT))

    def _take_up(self, settings: Settings) -> None:
        self.settings = settings
        self.quotas.begin(settings)
        self._arm = Arm(self._world.state.tenant, settings)
        self._compute = Compute(self._region_of, settings)
        self._backup = RecoveryServices(settings)

    def _region_of(self, vm: str) -> str:
        found = self._world.state.vms.get(vm)
        return found.location if found else ""

    def current(self) -> Settings:
        """The settings as they are now; Resource Graph has its own switch, which `/_sim/graph` turns too."""
        graph = {"graph"} if self._world.graph.quota_refuses else set()
        return replace(self.settings, on=self.settings.on - {"graph"} | graph)

    def use(self, settings: Settings) -> None:
        """Have these settings from now on; buckets are full then, and nothing has been counted."""
        self._world.graph.quota_refuses = "graph" in settings.on
        self._take_up(settings)

    def forget(self) -> None:
        """Begin to count anew."""
        self._take_up(self.settings)

    def admit(self, call: Call) -> Answer | None:
        """Count this request, and put what is left on `call.remaining`; an answer where it is not to be served."""
        low = call.path.lower()
        known = call.headers.get("authorization", "").lower().startswith("bearer ")
        if not known or call.headers.get("x-sim-actor") == ESTATE or low.startswith("/metadata/"):
            return None
        now = self._world.now()
        moment = (now - self._world.clock.start) // MICROSECOND
        charged: Charged | None = self._arm.charge(low, call.method, principal_of(call.headers), moment)
        refused = self._note(call, "arm", charged)
        if refused is None:
            charged = self._compute.charge(low, call.method, now, moment)
            refused = self._note(call, "compute", charged)
        if refused is None:
            charged = self._backup.charge(call.path, call.method, now)
            refused = self._note(call, "recovery-services", charged)
        if refused is None:
            refused = self.quotas.attempt(call.method, low, call.operation, now)
        return None if refused is None else refused.answer()

    def _note(self, call: Call, name: str, charged: Charged | None) -> AzureError | None:
        if charged is None:
            return None
        call.remaining |= charged.headers
        if charged.refusal is not None:
            self.refused[name] += 1
        return charged.refusal

    def to_json(self) -> Json:
        """`{"limits": {name: {on, what, refused, numbers, use?}}}`; `use` has the keys that are nearest to a limit."""
        now, settings = self._world.now(), self.current()
        refused = self.refused + self.quotas.refused
        use = self.quotas.to_json(now) | {
            "arm": self._arm.to_json((now - self._world.clock.start) // MICROSECOND),
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
