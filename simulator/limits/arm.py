"""ARM's token buckets: by subscription, principal and kind of request, and by subscription and kind alone.

A request without a subscription in its path counts against the tenant. What a provider allows on top is in
`providers.py`; ARM asks first. (Documentation of ARM's throttling, 2024; headers also in traffic recorded since.)
"""

from dataclasses import dataclass
from datetime import datetime

from simulator.core.wire import AzureError, Json
from simulator.limits.bucket import Buckets, Demand, Rate, take
from simulator.limits.refusal import by_arm
from simulator.limits.settings import Settings

#: Buckets that are shown: those with the least left.
SHOWN = 20
KINDS = ("read", "write", "delete")
HEADER = "x-ms-ratelimit-remaining-"


@dataclass(frozen=True)
class Charged:
    """What the request's answer says of what is left, and why it is refused, if it is."""

    headers: dict[str, str]
    refusal: AzureError | None = None


def kind_of(method: str) -> str:
    """`read`, `write` or `delete`. A POST is a write whatever it does: `backupStatus` too (recorded traffic, 2025)."""
    return {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(method, "write")


class Arm:
    """The buckets of one world."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        self.forget()

    def forget(self) -> None:
        """All buckets are full."""
        self._own: dict[str, Buckets] = {kind: Buckets() for kind in KINDS}
        self._whole: dict[str, Buckets] = {kind: Buckets() for kind in KINDS}

    def charge(self, path: str, method: str, principal: str, settings: Settings, now: datetime) -> Charged:
        """Count one request."""
        kind, parts = kind_of(method), path.lower().split("/", 3)
        in_tenant = len(parts) < 3 or parts[1] != "subscriptions" or not parts[2]
        scope = "tenant" if in_tenant else "subscription"
        of = self._tenant if in_tenant else parts[2]
        rate = self._rate(kind, settings)
        demands = [Demand(self._own[kind], f"{of}|{principal}", rate, f"{HEADER}{scope}-{kind}s")]
        if not in_tenant:
            whole = rate.times(settings.whole("arm", "globalFactor"))
            demands.append(Demand(self._whole[kind], of, whole, f"{HEADER}subscription-global-{kind}s"))
        taken = take(demands, now, strict="arm" in settings.on)
        headers = {demand.name: str(left) for demand, left in zip(demands, taken.left, strict=True)}
        if taken.short is None:
            return Charged(headers)
        whole_of_it = taken.short is not demands[0]
        return Charged(headers, by_arm(kind, of, principal, taken.wait, tenant=in_tenant, whole=whole_of_it))

    @staticmethod
    def _rate(kind: str, settings: Settings) -> Rate:
        numbers = settings.numbers["arm"]
        return Rate(int(numbers[f"{kind}Bucket"]), float(numbers[f"{kind}sPerSecond"]))

    def to_json(self, settings: Settings, now: datetime) -> list[Json]:
        """`[{scope, principal, kind, left}]`, the emptiest first; a whole subscription's bucket has no principal."""
        rows: list[Json] = []
        for kind in KINDS:
            rate = self._rate(kind, settings)
            whole = rate.times(settings.whole("arm", "globalFactor"))
            for each, buckets in ((rate, self._own[kind]), (whole, self._whole[kind])):
                for key in buckets.held:
                    of, _, principal = key.partition("|")
                    left = buckets.left(key, each, now)
                    rows.append({"scope": of, "principal": principal or None, "kind": kind, "left": left})
        return sorted(rows, key=lambda row: int(row["left"]))[:SHOWN]
