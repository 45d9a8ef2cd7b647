"""What the resource providers allow on top of ARM: compute's token buckets, and Recovery Services' counts by action.

Each header tells what is left of the limits that the request counted against. Other providers count nothing here.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulator.core.wire import Json
from simulator.limits.arm import Charged
from simulator.limits.bucket import Buckets, Demand, Rate, take
from simulator.limits.refusal import by_compute, by_provider
from simulator.limits.settings import Settings
from simulator.limits.window import Windows

VMS = "microsoft.compute/virtualmachines"
#: Compute's policies by kind of request: the numbers' name in the settings.
POLICIES = {"LowCostGet": "get", "PutVM": "change", "UpdateVM": "change", "DeleteVM": "change"}
SHOWN = 20


class Compute:
    """Buckets of one world. `region_of`: a VM's region by its lower-cased id, empty where there is no such VM."""

    def __init__(self, region_of: Callable[[str], str]) -> None:
        self._region_of = region_of
        self.forget()

    def forget(self) -> None:
        """All buckets are full."""
        self._subscriptions: dict[str, Buckets] = {name: Buckets() for name in (*POLICIES, "HighCostGet")}
        self._machines: dict[str, Buckets] = {name: Buckets() for name in POLICIES}

    def charge(self, path: str, method: str, settings: Settings, now: datetime) -> Charged:
        """Count one request, if it is about VMs: a list of them, or one."""
        low = path.lower()
        before, found, after = low.partition(f"/providers/{VMS}")
        subscription = before.split("/")[2:3]
        if not found or not subscription or (after and after[0] != "/"):
            return Charged({})
        name = after[1:].split("/", 1)[0]
        if not name:
            return self._count([self._shared("HighCostGet", subscription[0], "list", settings)], settings, now)
        machine = f"{before}{found}/{name}"
        region = self._region_of(machine)
        policy = self._policy(method, known=bool(region))
        numbers = POLICIES[policy]
        key = f"{subscription[0]}|{region}"
        own = Rate(
            settings.whole("compute", f"{numbers}ResourceBucket"),
            settings.numbers["compute"][f"{numbers}ResourcePerMinute"] / 60,
        )
        demands = [
            self._shared(policy, key, numbers, settings),
            Demand(self._machines[policy], machine, own, f"{policy}Resource"),
        ]
        return self._count(demands, settings, now)

    @staticmethod
    def _policy(method: str, *, known: bool) -> str:
        if method in ("GET", "HEAD"):
            return "LowCostGet"
        if method == "DELETE":
            return "DeleteVM"
        return "UpdateVM" if known or method != "PUT" else "PutVM"

    def _shared(self, policy: str, key: str, numbers: str, settings: Settings) -> Demand:
        own = settings.numbers["compute"]
        rate = Rate(int(own[f"{numbers}Bucket"]), own[f"{numbers}sPerMinute"] / 60)
        return Demand(self._subscriptions[policy], key, rate, f"{policy}SubscriptionMaximum")

    @staticmethod
    def _count(demands: list[Demand], settings: Settings, now: datetime) -> Charged:
        taken = take(demands, now, strict="compute" in settings.on)
        left = ",".join(f"Microsoft.Compute/{d.name};{n}" for d, n in zip(demands, taken.left, strict=True))
        headers = {"x-ms-ratelimit-remaining-resource": left}
        if taken.short is None:
            return Charged(headers)
        return Charged(headers, by_compute(taken.short.name, taken.short.rate.size, taken.wait, now))


class RecoveryServices:
    """Counts by subscription and action, each for a period that begins with its first request."""

    def __init__(self) -> None:
        self._windows = Windows()

    def forget(self) -> None:
        """Nothing has been counted."""
        self._windows = Windows()

    def charge(self, path: str, method: str, settings: Settings, now: datetime) -> Charged:
        """Count one request, if it is for Recovery Services."""
        action = action_of(path, method)
        if action is None:
            return Charged({})
        limit = settings.whole("recovery-services", _number_for(action))
        period, after = (
            timedelta(seconds=settings.whole("recovery-services", name))
            for name in ("periodSeconds", "retryAfterSeconds")
        )
        key = f"{path.split('/', 3)[2]}|{action}".lower()
        room, left, until = self._windows.take(key, limit, period, now)
        headers = {"x-ms-ratelimit-remaining-subscription-resource-requests": str(left)}
        if room or "recovery-services" not in settings.on:
            return Charged(headers)
        return Charged(headers, by_provider(action, limit, period, max(after, until)))

    def to_json(self) -> list[Json]:
        """`[{subscription, action, count}]` of the periods begun, the fullest first."""
        fullest = sorted(self._windows.held.items(), key=lambda each: -each[1].count)[:SHOWN]
        return [
            {"subscription": key.partition("|")[0], "action": key.partition("|")[2], "count": window.count}
            for key, window in fullest
        ]


def action_of(path: str, method: str) -> str | None:
    """The action as role definitions name it: `Microsoft.RecoveryServices/vaults/backupJobs/read`; None elsewhere."""
    parts = [part for part in path.split("/") if part]
    if len(parts) < 4 or parts[0].lower() != "subscriptions":
        return None
    low = [part.lower() for part in parts]
    if "microsoft.recoveryservices" not in low:
        return None
    types = parts[low.index("microsoft.recoveryservices") + 1 :: 2]
    verb = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}.get(method, "write")
    return "/".join(("Microsoft.RecoveryServices", *types, verb))


def _number_for(action: str) -> str:
    low = action.lower()
    if low.count("/") == 2:
        return "vaultRequests"
    if low.startswith("microsoft.recoveryservices/vaults/backupjobs/"):
        return "jobReads"
    return "policyReads" if "/backuppolicies/" in low or "operation" in low else "otherRequests"
