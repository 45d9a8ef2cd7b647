"""The control API under `/_sim/`: clock, counts, labels, verdict, arrivals and holds. No authentication.

It is for whoever runs the simulator. A client that behaves as it would against Azure never calls it, but for the
clock's two addresses, which every answer names in `x-sim-clock`.
"""

from collections import Counter
from datetime import UTC, datetime

from simulator.control.check import Machine, Protection, allowed, check
from simulator.core.labels import label_of
from simulator.core.reading import a_list
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json
from simulator.estate import arrivals
from simulator.world import World


def _iso(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def get_clock(call: Call) -> Answer:
    """`{now, mode, nextDue}`."""
    clock = call.world.clock
    return Answer(200, {"now": _iso(clock.now()), "mode": clock.mode, "nextDue": _iso(clock.next_due)})


async def advance(call: Call) -> Answer:
    """`{"to": iso|null}`: jump to that moment or to the next due one, whichever is first, and run what is due."""
    to, clock = call.body.get("to"), call.world.clock
    try:
        moment = None if to is None else datetime.fromisoformat(str(to))
    except ValueError:
        raise AzureError(400, "InvalidMoment", f"'{to}' is no ISO-8601 moment.") from None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    idle = await clock.advance(moment)
    return Answer(200, {"now": _iso(clock.now()), "idle": idle, "nextDue": _iso(clock.next_due)})


def get_counts(call: Call) -> Answer:
    """Requests since the last reset."""
    return Answer(200, call.world.ledger.to_json())


def reset_counts(call: Call) -> Answer:
    """Begin to count anew; answers the zeroes."""
    call.world.ledger.reset()
    return Answer(200, call.world.ledger.to_json())


def get_writes(call: Call) -> Answer:
    """Every write of anyone but the estate, in order."""
    return Answer(200, [write.to_json() for write in call.world.ledger.writes])


def get_labels(call: Call) -> Answer:
    """The answer key."""
    return Answer(200, [label.to_json() for label in call.world.state.labels.values()])


def post_labels(call: Call) -> Answer:
    """`{"labels": [...]}`: what is to be done with these VMs, in place of what their labels said before."""
    given = [label_of(each) for each in a_list(call.body, "labels")]
    call.world.state.labels.update({label.vm_id.lower(): label for label in given})
    return Answer(200, [label.to_json() for label in given])


def get_check(call: Call) -> Answer:
    """The verdict on what has happened so far; `?allow=vault,policy` calls writes right that belong to no VM."""
    world, allow = call.world, allowed(call.query.get("allow", ""))
    return Answer(200, check(list(world.state.labels.values()), machines(world), world.ledger.writes, allow))


def machines(world: World) -> dict[str, Machine]:
    """Every VM with its active protections, as the verdict wants them."""
    state = world.state
    first: dict[tuple[str, str], list[str]] = {}
    for vault in state.vaults.values():
        for job in vault.jobs.values():
            if job.operation == "Backup" and job.user_triggered:
                first.setdefault((vault.key, job.container.lower()), []).append(job.status)
    locked = {(v.subscription, v.location) for v in state.vaults.values() if world.locks.over(v.id)}
    found = {}
    for vm in state.vms.values():
        active = []
        for item in state.vm_items(vm.id):
            if item.active:
                vault = state.vaults[item.vault]
                jobs = tuple(first.get((vault.key, item.container.lower()), ()))
                active.append(Protection(vault.subscription, vault.location, item.policy, jobs))
        found[vm.key] = Machine(vm.subscription, vm.location, tuple(active), (vm.subscription, vm.location) in locked)
    return found


def post_arrivals(call: Call) -> Answer:
    """Plan new VMs; see `arrivals.py`."""
    return Answer(200, arrivals.plan(call.world, call.body))


def post_hold(call: Call) -> Answer:
    """Let the nth such request from now on hang."""
    return Answer(201, call.world.holds.add(call.body).to_json())


async def get_holds(call: Call) -> Answer:
    """All holds; with `wait=1` not before one of them holds a request (or 20 real seconds have passed)."""
    if call.query.get("wait"):
        await call.world.holds.wait()
    return Answer(200, [hold.to_json() for hold in call.world.holds.all])


def delete_holds(call: Call) -> Answer:
    """Let go of everything that hangs."""
    call.world.holds.release()
    return Answer(204)


def get_state(call: Call) -> Answer:
    """How much there is of everything."""
    state, hub = call.world.state, call.world.hub
    told = hub.deliveries.totals
    items: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    for vault in state.vaults.values():
        for item in vault.items.values():
            phase = "Configuring" if item.configuring else "SoftDeleted" if item.soft_deleted else item.state
            items[f"{item.management}/{phase}"] += 1
        jobs.update(f"{job.operation}/{job.status}" for job in vault.jobs.values())
    body: Json = {
        "tenant": state.tenant,
        "seed": state.seed,
        "subscriptions": len(state.subscriptions),
        "resourceGroups": len(state.groups),
        "vms": len(state.vms),
        "vaults": len(state.vaults),
        "items": dict(sorted(items.items())),
        "jobs": dict(sorted(jobs.items())),
        "events": {
            "subscriptions": len(hub.subscriptions),
            **{name: told[name] for name in ("matched", "delivered", "failedAttempts", "dropped", "deadLettered")},
            "pending": hub.deliveries.pending,
        },
    }
    return Answer(200, body)


ROUTES: list[Route] = [
    ("GET", "/_sim/clock", get_clock),
    ("POST", "/_sim/clock/advance", advance),
    ("GET", "/_sim/counts", get_counts),
    ("POST", "/_sim/counts/reset", reset_counts),
    ("GET", "/_sim/writes", get_writes),
    ("GET", "/_sim/labels", get_labels),
    ("POST", "/_sim/labels", post_labels),
    ("GET", "/_sim/check", get_check),
    ("POST", "/_sim/arrivals", post_arrivals),
    ("POST", "/_sim/holds", post_hold),
    ("GET", "/_sim/holds", get_holds),
    ("DELETE", "/_sim/holds", delete_holds),
    ("GET", "/_sim/state", get_state),
]
