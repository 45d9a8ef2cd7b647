"""Which limits refuse, and their numbers: read and set through `/_sim/limits`, and by `--limits` at the start.

Everything is counted whether it refuses or not. Where sources disagree the default is the stricter number; each has
its source beside it. Refuses numbers that no limit could have.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from simulator.core.wire import AzureError, Json


@dataclass(frozen=True)
class Known:
    """A limit: what it keeps within bounds, and its numbers. `service`: it is a quota of the backup service's."""

    what: str
    numbers: dict[str, int | float] = field(default_factory=dict)
    service: bool = False


KNOWN: dict[str, Known] = {
    # Documentation of ARM's throttling, 2024 on.
    "arm": Known(
        "requests to ARM by subscription, principal and kind",
        {
            "readBucket": 250,
            "readsPerSecond": 25,
            "writeBucket": 200,
            "writesPerSecond": 10,
            "deleteBucket": 200,
            "deletesPerSecond": 10,
            "globalFactor": 15,
        },
    ),
    # Documentation of compute's throttling limits, 2024.
    "compute": Known(
        "requests about VMs by subscription and region, and by VM",
        {
            "listBucket": 900,
            "listsPerMinute": 300,
            "getBucket": 24_000,
            "getsPerMinute": 8_000,
            "getResourceBucket": 36,
            "getResourcePerMinute": 12,
            "changeBucket": 1_500,
            "changesPerMinute": 500,
            "changeResourceBucket": 12,
            "changeResourcePerMinute": 4,
        },
    ),
    # What recorded answers had left (2019 to 2026): 199 of vaults, 249 of jobs, 1099 of policies and operations, and
    # 149 at the least elsewhere. Period and wait are those of another provider's refusal (azqr issue 34).
    "recovery-services": Known(
        "requests to Recovery Services by subscription and action",
        {
            "vaultRequests": 200,
            "jobReads": 250,
            "policyReads": 1_100,
            "otherRequests": 150,
            "periodSeconds": 300,
            "retryAfterSeconds": 372,
        },
    ),
    # The numbers of Resource Graph's quota are `simulator/graph`'s own.
    "graph": Known("queries to Resource Graph by principal"),
    # Support matrix of Azure Backup, January 2026.
    "vms-per-vault": Known("VMs that one vault protects", {"limit": 1_000}, service=True),
    "registrations-per-day": Known("VMs registered to one vault in a UTC day", {"limit": 250}, service=True),
    "vms-per-policy": Known("VMs under one backup policy", {"limit": 100}, service=True),
    "vaults-per-subscription": Known("vaults in one subscription", {"limit": 500}, service=True),
    # FAQ of Azure Backup: 2022 for the first, January 2026 for the second; 200 against 5,000 for the third.
    "changes-per-day": Known(
        "protections of one vault configured or changed in a UTC day", {"limit": 1_000}, service=True
    ),
    "policy-edits-per-day": Known("changes of the backup policies of one vault in a UTC day", {"limit": 50}, True),
    "policies-per-vault": Known("backup policies in one vault", {"limit": 200}, service=True),
    # Support matrix for Azure VM backup, January 2026.
    "backups-per-day": Known("attempts at an on-demand backup of one item in a UTC day", {"limit": 9}, service=True),
    # azure-cli issue 32441: a few attempts within an hour, closed for "few hours". The numbers are our own.
    "cloud-dos": Known(
        "the same write to the backup service again and again",
        {"attempts": 10, "periodSeconds": 3_600, "blockedSeconds": 10_800},
    ),
}
SERVICE = frozenset(name for name, known in KNOWN.items() if known.service)
PROFILES: dict[str, frozenset[str]] = {
    "off": frozenset(),
    "quotas": SERVICE,
    "arm": SERVICE | {"arm"},
    "all": frozenset(KNOWN),
    "strict": frozenset(KNOWN),
}
DEFAULT = "quotas"
#: The one number that an issue shows of `ResourceRequestsThrottled` (azqr issue 34, another provider).
STRICT = dict.fromkeys(("vaultRequests", "jobReads", "policyReads", "otherRequests"), 50)
LARGEST = 10**9


@dataclass(frozen=True)
class Settings:
    """The names of the limits that refuse, and the numbers of all."""

    on: frozenset[str]
    numbers: dict[str, dict[str, int | float]]

    def whole(self, limit: str, number: str = "limit") -> int:
        """A number that counts something."""
        return int(self.numbers[limit][number])

    def changed(self, body: Json) -> Self:
        """These settings with what the body names: `{"profile": …, "<limit>": true|false|{"on", …numbers}}`.

        Raises AzureError 400 on an unknown name or a wrong value; a profile comes before what stands beside it.
        """
        start = self
        if "profile" in body:
            start = replace(self, **vars(profile(body["profile"])))
        on, numbers = set(start.on), {name: dict(own) for name, own in start.numbers.items()}
        for name, value in body.items():
            if name == "profile":
                continue
            if name not in KNOWN:
                raise _wrong(f"'{name}' is none of profile, {', '.join(KNOWN)}.")
            given = value if isinstance(value, dict) else {"on": value}
            for key, each in given.items():
                if key == "on":
                    if not isinstance(each, bool):
                        raise _wrong(f"{name} must be true, false, or an object whose 'on' is.")
                    (on.add if each else on.discard)(name)
                else:
                    numbers[name][key] = _number(name, key, each)
        return replace(start, on=frozenset(on), numbers=numbers)


def profile(name: object) -> Settings:
    """The settings of a profile. Raises AzureError 400 where there is none of that name."""
    if not isinstance(name, str) or name not in PROFILES:
        raise _wrong(f"profile must be one of {', '.join(PROFILES)}.")
    numbers = {limit: dict(known.numbers) for limit, known in KNOWN.items()}
    if name == "strict":
        numbers["recovery-services"] |= STRICT
    return Settings(PROFILES[name], numbers)


def _number(limit: str, name: str, value: object) -> int | float:
    known = KNOWN[limit].numbers
    if name not in known:
        raise _wrong(f"{limit} has no '{name}', but: {', '.join(('on', *known))}.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"{limit}.{name} must be a number.")
    is_rate = name.endswith(("PerSecond", "PerMinute"))
    least = 0.001 if is_rate else 0 if name == "limit" else 1
    if not least <= value <= LARGEST:  # a number that is none, or without end, is not either
        raise _wrong(f"{limit}.{name} must be from {least} to {LARGEST}.")
    if not is_rate and value != int(value):
        raise _wrong(f"{limit}.{name} must be a whole number.")
    return value if is_rate else int(value)


def _wrong(message: str) -> AzureError:
    return AzureError(400, "InvalidLimit", message)
