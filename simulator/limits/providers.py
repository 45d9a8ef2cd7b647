"""What the resource providers allow on top of ARM: compute's token buckets, and Recovery Services' counts by action.

Each header tells what is left of the limits that the request counted against. Other providers count nothing here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.core.wire import Json
from simulator.limits.arm import Charged
from simulator.limits.bucket import Buckets, take
from simulator.limits.refusal import by_compute, by_provider
from simulator.limits.settings import Settings
from simulator.limits.window import Windows

VMS = "/providers/microsoft.compute/virtualmachines"
#: Compute's policies by kind of request: the numbers' name in the settings. Lists have no bucket by resource.
POLICIES = {"HighCostGet": "list", "LowCostGet": "get", "PutVM": "change", "UpdateVM": "change", "DeleteVM": "change"}
SHOWN = 20


class Compute:
    """Buckets of one world, full at first. `region_of`: a VM's region by lower-cased id, empty where none exists."""

    def __init__(self, region_of: Callable[[str], str], settings: Settings) -> None:
        self._region_of, self._strict = region_of, "compute" in settings.on
        self._shared: dict[str, Buckets] = {}
        self._own: dict[str, Buckets] = {}
        numbers = settings.numbers["compute"]
        for policy, name in POLICIES.items():
            self._shared[policy] = Buckets(int(numbers[f"{name}Bucket"]), numbers[f"{name}sPerMinute"] / 60)
            if name != "list":
                each, rate = int(numbers[f"{name}ResourceBucket"]), numbers[f"{name}ResourcePerMinute"] / 60
                self._own[policy] = Buckets(each, rate)

    def charge(self, path: str, method: str, now: datetime, moment: int) -> Charged | None:
        """Count one request, if it is about VMs. `path` is lower-case; `moment` is `now` in microseconds."""
        before, found, after = path.partition(VMS)
        subscription = before.split("/", 3)[2:3]
        if not found or not subscription or (after and after[0] != "/"):
            return None
        name = after[1:].split("/", 1)[0]
        asked: list[tuple[Buckets, str]]
        if not name:
            policy, asked = "HighCostGet", [(self._shared["HighCostGet"], subscription[0])]
        else:
            machine = f"{before}{VMS}/{name}"
            region = self._region_of(machine)
            policy = _policy(method, known=bool(region))
            asked = [(self._shared[policy], f"{subscription[0]}|{region}"), (self._own[policy], machine)]
        taken = take(asked, moment, strict=self._strict)
        names = (f"{policy}SubscriptionMaximum", f"{policy}Resource")
        left = ",".join(f"Microsoft.Compute/{name};{left}" for name, left in zip(names, taken.left, strict=False))
        headers = {"x-ms-ratelimit-remaining-resource": left}
        if taken.short is None:
            return Charged(headers)
        wait = timedelta(microseconds=taken.wait)
        return Charged(headers, by_compute(names[taken.short], asked[taken.short][0].size, wait, now))


def _policy(method: str, *, known: bool) -> str:
    if method in ("GET", "HEAD"):
        return "LowCostGet"
    if method == "DELETE":
        return "DeleteVM"
    return "UpdateVM" if known or method != "PUT" else "PutVM"


class RecoveryServices:
    """Counts by subscription and action, each for a period that begins with its first request."""

    def __init__(self, settings: Settings) -> None:
        self._strict, self._windows = "recovery-services" in settings.on, Windows()
        self._numbers = {name: int(number) for name, number in settings.numbers["recovery-services"].items()}
        self._period = timedelta(seconds=self._numbers["periodSeconds"])
        self._after = timedelta(seconds=self._numbers["retryAfterSeconds"])

    def charge(self, path: str, method: str, now: datetime) -> Charged | None:
        """Count one request, if it is for Recovery Services. `path` as it was sent."""
        action = action_of(path, method)
        if action is None:
            return None
        low = action.lower()
        limit = self._numbers[_number_for(low)]
        key = f"{path.split('/', 3)[2].lower()}|{low}"
        room, left, until = self._windows.take(key, limit, self._period, now)
        headers = {"x-ms-ratelimit-remaining-subscription-resource-requests": str(left)}
        if room or not self._strict:
            return Charged(headers)
        return Charged(headers, by_provider(action, limit, self._period, max(self._after, until)))

    def to_json(self) -> list[Json]:
        """`[{subscription, action, count}]` of the periods begun, the fullest first."""
        fullest = sorted(self._windows.held.items(), key=lambda each: -each[1].count)[:SHOWN]
        return [
            {"subscription": key.partition("|")[0], "action": key.partition("|")[2], "count": window.count}
            for key, window in fullest
        ]


def action_of(path: str, method: str) -> str | None:
    """The action as role definitions name it: `Microsoft.RecoveryServices/vaults/backupJobs/read`; None elsewhere."""
    low = path.lower()
    if "/providers/microsoft.recoveryservices/" not in low or not low.startswith("/subscriptions/"):
        return None
    parts = [part for part in path.split("/") if part]
    types = parts[low.strip("/").split("/").index("microsoft.recoveryservices") + 1 :: 2]
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}.get(method, "write")
    return "/".join(("Microsoft.RecoveryServices", *types, verb))


def _number_for(action: str) -> str:
    if action.count("/") == 2:
        return "vaultRequests"
    if action.startswith("microsoft.recoveryservices/vaults/backupjobs/"):
        return "jobReads"
    return "policyReads" if "/backuppolicies/" in action or "operation" in action else "otherRequests"
