"""ARM's token buckets: by subscription, principal and kind of request, and by subscription and kind alone.

A request without a subscription in its path counts against the tenant. What a provider allows on top is in
`providers.py`; ARM asks first. (Documentation of ARM's throttling, 2024; headers also in traffic recorded since.)
"""

from dataclasses import dataclass
from datetime import timedelta

from simulator.core.wire import AzureError, Json
from simulator.limits.bucket import PARTS, Buckets, take
from simulator.limits.refusal import by_arm
from simulator.limits.settings import Settings

#: Buckets that are shown: those with the least left.
SHOWN = 20
KINDS = ("read", "write", "delete")
#: A POST is a write whatever it does: `backupStatus` too (recorded traffic, 2025).
KIND_OF = {"GET": "read", "HEAD": "read", "DELETE": "delete"}
HEADER = "x-ms-ratelimit-remaining-"
IN_TENANT = {kind: f"{HEADER}tenant-{kind}s" for kind in KINDS}
IN_SUBSCRIPTION = {kind: (f"{HEADER}subscription-{kind}s", f"{HEADER}subscription-global-{kind}s") for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Charged:
    """What the request's answer says of what is left, and why it is refused, if it is."""

    headers: dict[str, str]
    refusal: AzureError | None = None


class Arm:
    """The buckets of one world, full at first."""

    def __init__(self, tenant: str, settings: Settings) -> None:
        self._tenant, self._strict, numbers = tenant, "arm" in settings.on, settings.numbers["arm"]
        self._own: dict[str, Buckets] = {}
        self._whole: dict[str, Buckets] = {}
        factor = int(numbers["globalFactor"])
        for kind in KINDS:
            size, rate = int(numbers[f"{kind}Bucket"]), float(numbers[f"{kind}sPerSecond"])
            self._own[kind] = Buckets(size, rate)
            self._whole[kind] = Buckets(size * factor, rate * factor)

    def charge(self, path: str, method: str, principal: str, now: int) -> Charged:
        """Count one request. `path` is lower-case, `now` in microseconds."""
        kind, parts = KIND_OF.get(method, "write"), path.split("/", 3)
        if len(parts) < 3 or parts[1] != "subscriptions" or not parts[2]:
            taken = take(((self._own[kind], f"{self._tenant}|{principal}"),), now, strict=self._strict)
            headers = {IN_TENANT[kind]: str(taken.left[0])}
            of = self._tenant
        else:
            of = parts[2]
            asked = ((self._own[kind], f"{of}|{principal}"), (self._whole[kind], of))
            taken = take(asked, now, strict=self._strict)
            headers = dict(zip(IN_SUBSCRIPTION[kind], map(str, taken.left), strict=True))
        if taken.short is None:
            return Charged(headers)
        wait = timedelta(microseconds=taken.wait)
        tenant, whole = len(taken.left) == 1, taken.short == 1
        return Charged(headers, by_arm(kind, of, principal, wait, tenant=tenant, whole=whole))

    def to_json(self, now: int) -> list[Json]:
        """`[{scope, principal, kind, left}]`, the emptiest first; a whole subscription's bucket has no principal."""
        rows: list[Json] = []
        for kind in KINDS:
            for buckets in (self._own[kind], self._whole[kind]):
                for key in list(buckets.held):
                    of, _, principal = key.partition("|")
                    left = buckets.look(key, now).parts // PARTS
                    rows.append({"scope": of, "principal": principal or None, "kind": kind, "left": left})
        return sorted(rows, key=lambda row: int(row["left"]))[:SHOWN]
