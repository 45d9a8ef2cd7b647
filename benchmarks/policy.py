"""`bench policy`: how fast a large policy decides a large estate, and how the cost of a VM grows with the rules.

100,000 VMs, three of ten without a backup, are held against 10, 50 and 500 rules of a realistic mix, each in a fresh
process on one core. The VMs are made beforehand and every verdict is kept, as a sweep does; reading Azure is no part of
it (`bench engine` counts that). A bare call of a Python function is timed beside it, since a machine is not always
equally fast.
"""

import itertools
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.collector import collector_at_rest
from shared.domain.arm_id import parse_id, parse_vm_id
from shared.domain.azure_answers import Subscription
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.deciding import places
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Image, Observation, Protection, ProtectionState, Vault, Vm
from shared.domain.planning import steps
from shared.domain.policy import EnforcementPolicy

ROOT = Path(__file__).parent.parent
VMS, SIZES, AIM = 100_000, (10, 50, 500), 50
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ENVIRONMENTS = ("prod", "dev", "test", "qa", "staging")
REGIONS = ("westeurope", "northeurope", "eastus", "swedencentral")
GROUPS = 400  # management groups, applications and the like each have this many names at most
_PROBE = "from benchmarks import policy; import sys; print(policy.once(int(sys.argv[1]), int(sys.argv[2])))"


@dataclass(frozen=True, slots=True)
class Figures:
    """One fresh process. Seconds of one core; MiB with the estate and all verdicts, and those of the estate alone."""

    rules: int
    vms: int
    compile_s: float
    verdicts_s: float
    plans_s: float
    microseconds_per_vm: float
    peak_mib: float
    estate_mib: float
    rules_reached: int
    bare_call_ns: float


def run(*, as_json: bool = False) -> int:
    """Measure and print a table, or one JSON object; always 0, since a figure is no verdict."""
    console = Console(stderr=True)
    with console.status(f"{VMS:,} VMs against {', '.join(str(each) for each in SIZES)} rules"):
        figures = [measure(rules, VMS) for rules in SIZES]
    by_rules = {each.rules: each for each in figures}
    ratio = by_rules[500].microseconds_per_vm / by_rules[10].microseconds_per_vm
    if as_json:
        data = {"runs": [asdict(each) for each in figures], "costAt500RulesOver10": round(ratio, 2)}
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
        return 0
    table = Table(
        "rules", "verdicts", "plans", "a VM", "compiled in", "memory", title=f"{VMS:,} VMs on one core of this machine"
    )
    for each in figures:
        aim = each.rules == AIM
        table.add_row(
            f"{each.rules}",
            f"{each.verdicts_s:.2f} s" + (" (aim: 2 s)" if aim else ""),
            f"{each.plans_s:.2f} s",
            f"{each.microseconds_per_vm:.1f} µs",
            f"{each.compile_s * 1000:.0f} ms",
            f"{each.peak_mib:.0f} MiB, the estate {each.estate_mib:.0f}" + (" (aim: 300 MB)" if aim else ""),
        )
    Console().print(table)
    bare = ", ".join(f"{each.bare_call_ns:.0f}" for each in figures)
    Console().print(f"50 times the rules cost {ratio:.2f} times as much for each VM; a bare call took {bare} ns")
    return 0


def measure(rules: int, vms: int) -> Figures:
    """The figures of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, str(rules), str(vms)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Figures(**json.loads(done.stdout))


def once(rules: int, vms: int) -> str:
    """The same as JSON, measured in this process, which must be a fresh one. Peak memory is the kernel's, of Linux."""
    some = estate(vms)
    estate_mib = _peak_mib()
    began = time.process_time()
    policy = compile_policy(policy_of(rules))
    compiled = time.process_time()
    done = decide(policy, some)
    figures = Figures(
        rules,
        vms,
        compile_s=compiled - began,
        verdicts_s=done.verdicts_s,
        plans_s=done.plans_s,
        microseconds_per_vm=(done.verdicts_s + done.plans_s) / vms * 1e6,
        peak_mib=_peak_mib(),
        estate_mib=estate_mib,
        rules_reached=done.rules_reached,
        bare_call_ns=_bare_call_ns(),
    )
    return json.dumps(asdict(figures))


@dataclass(frozen=True, slots=True)
class Decided:
    """Seconds for all verdicts and for all plans, and what came of them."""

    verdicts_s: float
    plans_s: float
    actions: int
    rules_reached: int


def decide(policy: CompiledPolicy, vms: list[Vm]) -> Decided:
    """Verdict and plan of every VM, as a sweep makes them and keeps them."""
    vaults = {sub: _vaults(sub) for sub in {vm.id.subscription_id for vm in vms}}
    items = {
        sub: Protection(ProtectionState.PROTECTED, "", here[0].id.text, "EnhancedPolicy")
        for sub, here in vaults.items()
    }
    verdicts = []
    with collector_at_rest():  # as a sweep has it
        began = time.process_time()
        for number, vm in enumerate(vms):
            here = vaults[vm.id.subscription_id]
            seen = Observation(vm, UNPROTECTED if number % 10 < 3 else items[vm.id.subscription_id], here, NOW)
            verdicts.append((vm, seen, evaluate(seen, policy, NOW)))
        evaluated = time.process_time()
        placed = places(verdicts, policy)
        plans = [steps(seen, verdict, policy, placed=placed.get(vm.id.key)).actions for vm, seen, verdict in verdicts]
        planned = time.process_time()
    reached = len({verdict.rule for _, _, verdict in verdicts if verdict.rule})
    return Decided(evaluated - began, planned - evaluated, sum(map(len, plans)), reached)


def estate(count: int, seed: int = 1) -> list[Vm]:
    """VMs over 300 subscriptions, with tags of their own, of their groups and of their subscriptions.

    What a subscription has is one object for all its VMs, as it is where they are read from Azure.
    """
    draw = random.Random(seed)  # noqa: S311  # an estate, not a secret
    subscriptions = [_subscription(draw, number) for number in range(300)]
    groups = [(f"rg-app{number}-{draw.choice(ENVIRONMENTS)}", number % GROUPS) for number in range(3000)]
    return [_vm(draw, number, draw.choice(subscriptions), *draw.choice(groups)) for number in range(count)]


def _subscription(draw: random.Random, number: int) -> Subscription:
    return Subscription(
        f"{number:08x}-0000-4000-8000-000000000000",
        f"corp-{draw.choice(ENVIRONMENTS)}-{number}",
        "a0000000-0000-4000-8000-000000000000",
        tags={"tier": draw.choice(("gold", "silver", "bronze"))},
        management_groups=(f"branch-{draw.randrange(40)}", "corp"),
    )


def _vm(draw: random.Random, number: int, sub: Subscription, group: str, app: int) -> Vm:
    place = f"/subscriptions/{sub.id}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines"
    tags = {"Owner": f"team-{draw.randrange(60)}", "app": f"app-{app}"}
    if draw.random() < 0.7:
        tags["Env"] = draw.choice(ENVIRONMENTS)
    if draw.random() < 0.03:
        tags["backup-opt-out"] = "reason=ephemeral; until=2027-01-31"
    return Vm(
        parse_vm_id(f"{place}/vm-{app}-{number}"),
        draw.choice(REGIONS),
        tags=tags,
        created=NOW - timedelta(days=draw.randrange(1, 900)),
        image=Image("Canonical", "ubuntu-24_04-lts", "server") if draw.random() < 0.6 else Image(id="/golden"),
        os_type="Linux",
        size=f"Standard_D{draw.choice((2, 4, 8))}s_v5",
        group_tags={"costCenter": f"CC-{app}"},
        subscription_name=sub.name,
        subscription_tags=sub.tags,
        management_groups=sub.management_groups,
        disk_types=("Premium_LRS",),
    )


def _vaults(subscription: str) -> tuple[Vault, ...]:
    place = f"/subscriptions/{subscription}/resourceGroups/rg-backup/providers/Microsoft.RecoveryServices/vaults"
    return tuple(Vault(parse_id(f"{place}/rsv-{region}"), region, {"tier": "gold"}) for region in REGIONS)


def policy_of(count: int) -> EnforcementPolicy:
    """`count` rules: exact tags, globs on names and groups, `any` and `not`, management groups, effective tags."""
    shapes = itertools.cycle(_SHAPES)
    rules = [
        {"name": f"rule-{number}", "priority": number, "match": next(shapes)(number), "backupPolicy": "EnhancedPolicy"}
        for number in range(count - 1)
    ]
    rules.append({"name": "default", "priority": count, "match": {}, "backupPolicy": "DefaultPolicy"})
    spec = {"mode": "enforce", "exclude": {"any": [{"resourceGroups": ["sandbox-*", "MC_*"]}]}, "rules": rules}
    return EnforcementPolicy.model_validate(
        {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": "bench"}, "spec": spec}
    )


def _branch(number: int) -> dict[str, Any]:
    return {
        "managementGroups": [f"branch-{number % 40}"],
        "tags": {"env": "prod"},
        "imagePublishers": ["MicrosoftSQL*"],
    }


_SHAPES: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda number: {"tags": {"env": ENVIRONMENTS[number % 5], "app": f"app-{number * 7 % GROUPS}"}},
    lambda number: {"resourceGroups": [f"rg-app{number}-*"], "names": [f"vm-{number % GROUPS}-*"]},
    lambda number: {
        "any": [{"tags": {"app": f"app-{number % GROUPS}"}}, {"names": [f"sql-{number}-*"]}],
        "sizes": "*8s*",
    },
    lambda number: {"tags": {"owner": f"team-{number % 60}"}, "not": {"tags": {"env": ["dev", "test"]}}},
    _branch,
    lambda number: {"effectiveTags": {"costCenter": f"CC-{number % GROUPS}", "tier": "gold"}, "locations": "eastus"},
)


def _bare_call_ns(calls: int = 300_000) -> float:
    def nothing(_: int) -> None:
        pass

    began = time.process_time()
    for number in range(calls):
        nothing(number)
    return (time.process_time() - began) / calls * 1e9


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
