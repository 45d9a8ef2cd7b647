"""The one composition root: from settings to a working Backstop, for the deployed app, the command line and tests.

Azure's SDK is imported here only when a Backstop is opened, never when the function app is indexed. The deployed app
opens one per process, on its first invocation.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.act import Actor
from shared.advising import Adviser
from shared.backing_up import BackupStarter
from shared.bulk_placing import BulkPlacer
from shared.domain.azure_answers import Subscription
from shared.domain.compiled_policy import CompiledPolicy
from shared.errors import SettingsError
from shared.estate_view import EstateReader
from shared.guards import Guard
from shared.intake import Intake
from shared.looking import Looker
from shared.placing import Placer
from shared.policy_in_force import FixedPolicy, PolicyInForce
from shared.ports import (
    Backup,
    Claims,
    Clock,
    Compute,
    EstateSource,
    FindingStore,
    Inventory,
    Jobs,
    Notices,
    Preflight,
    WorkSource,
)
from shared.ports.policy import LastGood, Policies, PolicySource
from shared.reconcile import Reconciler
from shared.recording import Recorder
from shared.refused import RefusalDesk
from shared.settings import Settings, from_environment
from shared.sweep import Sweeper
from shared.vault_making import VaultMaker
from shared.worker import Worker

if TYPE_CHECKING:
    from collections import Counter

    from shared.adapters.local.pause import SqlitePauseSwitch
    from shared.reporting.reporter import Reporter


@dataclass(frozen=True)
class Backstop:
    """Everything wired together; handlers and commands use its parts."""

    settings: Settings
    policies: Policies
    subscriptions: tuple[Subscription, ...]
    clock: Clock
    inventory: Inventory
    compute: Compute
    backup: Backup
    queue: WorkSource
    findings: FindingStore
    pause: "SqlitePauseSwitch"
    notices: Notices
    reconciler: Reconciler
    worker: Worker
    intake: Intake
    sweeper: Sweeper
    reporter: "Reporter"
    requests: "Counter[str]"  # ARM requests made so far, by kind

    @property
    def policy(self) -> CompiledPolicy:
        """The policy in force."""
        return self.policies.current

    @property
    def tenant_id(self) -> str:
        """The tenant of the subscriptions that the login reads; empty when it reads none."""
        return self.subscriptions[0].tenant_id if self.subscriptions else ""


@asynccontextmanager
async def open_backstop(
    settings: Settings, policy: CompiledPolicy | None = None, *, watch: bool = False
) -> AsyncIterator[Backstop]:
    """Connect, open the local store, load the policy unless one is given. Raises SettingsError in one clear line.

    With `watch` the policy's place is asked for new versions, as the app does it; without, what was read stays.
    """
    if settings.in_azure:
        raise SettingsError(
            "this version keeps its state on this machine's disk, which an Azure Functions instance loses",
            code="STATE",
            remedy="Run it from the command line; the adapters for Azure Storage come in a later version",
        )
    from shared.adapters.policy_file import load_policy

    if policy is None and not settings.policy_dir:
        loaded = load_policy(settings.policy_file)  # first: a bad file is told before anything is asked of Azure
        policy = None if watch else loaded
    from shared.adapters.price_file import load_prices

    prices = load_prices(settings.prices_file) if settings.prices_file else None
    from shared.adapters.azure.backup import AzureBackup
    from shared.adapters.azure.compute import AzureCompute
    from shared.adapters.azure.connection import Connection
    from shared.adapters.azure.hazards import AzureHazards
    from shared.adapters.azure.inventory import ResourceGraphInventory
    from shared.adapters.azure.jobs import AzureJobs
    from shared.adapters.azure.preflight import AzurePreflight
    from shared.adapters.azure.topic import EventGridNotices, NoNotices
    from shared.adapters.clock import SystemClock, VirtualClock
    from shared.adapters.local.books import SqliteBooks
    from shared.adapters.local.claims import SqliteClaims
    from shared.adapters.local.findings import LocalFindingStore
    from shared.adapters.local.ledger import SqliteLedger
    from shared.adapters.local.opt_outs import SqliteOptOuts
    from shared.adapters.local.pause import SqlitePauseSwitch
    from shared.adapters.local.policies import SqliteLastGood
    from shared.adapters.local.runs import SqliteRuns
    from shared.adapters.local.store import Store, store_name
    from shared.adapters.local.work_queue import SqliteWorkQueue
    from shared.reporting.reporter import Reporter

    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(Connection(settings.endpoint))
        subscriptions = await connection.first_contact()
        tenant = subscriptions[0].tenant_id if subscriptions else ""
        clock: Clock = VirtualClock(connection) if connection.virtual_clock_path else SystemClock()
        store = stack.enter_context(Store(settings.state_dir / store_name(settings.endpoint, tenant)))
        queue, claims, ledger = SqliteWorkQueue(store, clock), SqliteClaims(store), SqliteLedger(store)
        opt_outs, findings, pause = SqliteOptOuts(store), LocalFindingStore(store, clock), SqlitePauseSwitch(store)
        policies = await _policies(settings, policy, SqliteLastGood(store), clock, watch=watch)
        compute, backup = AzureCompute(connection, clock), AzureBackup(connection, clock)
        inventory = ResourceGraphInventory(connection, clock, subscriptions)
        topic = EventGridNotices(settings.topic_endpoint, settings.topic_key) if settings.topic_endpoint else None
        notices: Notices = NoNotices() if topic is None else await stack.enter_async_context(topic)
        placer = Placer(backup, SqliteBooks(store), ledger, clock)
        actor = _actor(placer, AzurePreflight(connection), claims, Guard(ledger, pause, clock))
        enforce, jobs = settings.enforce, settings.reconcile_queue
        reconciler = Reconciler(
            policies,
            enforce,
            clock,
            Looker(clock, compute, backup, ledger, opt_outs, placer),
            backup,
            claims,
            ledger,
            Recorder(opt_outs, findings, notices, clock),
            placer,
            actor,
        )
        bulk = BulkPlacer(inventory, AzureJobs(connection, clock, inventory), placer.books, ledger, clock)
        sweeper = Sweeper(
            policies,
            enforce,
            clock,
            inventory,
            findings,
            opt_outs,
            queue,
            jobs,
            bulk,
            EstateReader(inventory, opt_outs, ledger, bulk, clock),
            Adviser(compute, bulk.jobs, AzureHazards(connection, clock), findings, clock),
        )
        yield Backstop(
            settings=settings,
            policies=policies,
            subscriptions=subscriptions,
            clock=clock,
            inventory=inventory,
            compute=compute,
            backup=backup,
            queue=queue,
            findings=findings,
            pause=pause,
            notices=notices,
            reconciler=reconciler,
            worker=Worker(reconciler, queue, jobs, clock, SqliteRuns(store)),
            intake=Intake(policies, settings.scope, tenant, inventory, ledger, opt_outs, queue, jobs, clock),
            sweeper=sweeper,
            reporter=Reporter(policies, findings, inventory, clock, notices, settings.scope, subscriptions, prices),
            requests=connection.requests,
        )


def _actor(placer: Placer, preflight: Preflight, claims: Claims, guard: Guard) -> Actor:
    backup, ledger, clock = placer.backup, guard.ledger, guard.clock
    maker = VaultMaker(backup, ledger, claims, placer, guard, clock)
    refusals, starter = RefusalDesk(preflight, ledger, guard, clock), BackupStarter(backup, ledger, guard, clock)
    return Actor(backup, ledger, placer, maker, guard, clock, refusals, starter)


async def _policies(
    settings: Settings, policy: CompiledPolicy | None, last_good: LastGood, clock: Clock, *, watch: bool
) -> Policies:
    if policy is not None:
        return FixedPolicy(policy)
    in_force = PolicyInForce(_policy_source(settings), last_good, clock)
    await in_force.newest()
    return in_force if watch else FixedPolicy(in_force.current, in_force.problem)


def _policy_source(settings: Settings) -> PolicySource:
    from shared.adapters.policy_file import DEFAULT_FILE, PolicyFolder

    if settings.policy_dir:
        return PolicyFolder(Path(settings.policy_dir))
    file = Path(settings.policy_file or DEFAULT_FILE)
    return PolicyFolder(file.parent, file.name)


@asynccontextmanager
async def open_estate(settings: Settings) -> AsyncIterator[tuple[EstateSource, Clock]]:
    """Connect for reading alone: the estate as a whole, and the clock by which it stands. No policy, no store."""
    from shared.adapters.azure.connection import Connection
    from shared.adapters.azure.estate import ResourceGraphEstate
    from shared.adapters.azure.graph_reader import GraphReader
    from shared.adapters.azure.inventory import ResourceGraphInventory
    from shared.adapters.clock import SystemClock, VirtualClock

    async with Connection(settings.endpoint) as connection:
        subscriptions = await connection.first_contact()
        clock: Clock = VirtualClock(connection) if connection.virtual_clock_path else SystemClock()
        inventory = ResourceGraphInventory(connection, clock, subscriptions)
        yield ResourceGraphEstate(inventory, GraphReader(connection, clock)), clock


@dataclass(frozen=True)
class Survey:
    """Ports for reading the estate, and nothing that could write or remember."""

    inventory: Inventory
    backup: Backup
    jobs: Jobs
    clock: Clock


@asynccontextmanager
async def open_survey(settings: Settings) -> AsyncIterator[Survey]:
    """Connect for reading alone, under no policy."""
    from shared.adapters.azure.backup import AzureBackup
    from shared.adapters.azure.connection import Connection
    from shared.adapters.azure.inventory import ResourceGraphInventory
    from shared.adapters.azure.jobs import AzureJobs
    from shared.adapters.clock import SystemClock, VirtualClock

    async with Connection(settings.endpoint) as connection:
        subscriptions = await connection.first_contact()
        clock: Clock = VirtualClock(connection) if connection.virtual_clock_path else SystemClock()
        inventory = ResourceGraphInventory(connection, clock, subscriptions)
        yield Survey(inventory, AzureBackup(connection, clock), AzureJobs(connection, clock, inventory), clock)


class _Process:
    """The deployed app's Backstop: opened on the first invocation, kept until the process ends."""

    backstop: Backstop | None = None
    stack: AsyncExitStack | None = None
    opening: asyncio.Lock | None = None


async def process_backstop() -> Backstop:
    """The Backstop of this process, opened from the environment on first use; a failed opening is tried again."""
    _Process.opening = _Process.opening or asyncio.Lock()  # of this event loop; two triggers may come first at once
    async with _Process.opening:
        if _Process.backstop is None:
            stack = AsyncExitStack()
            _Process.backstop = await stack.enter_async_context(open_backstop(from_environment(os.environ), watch=True))
            _Process.stack = stack
        return _Process.backstop


async def close_process_backstop() -> None:
    """Close what `process_backstop` opened; the local host calls it when it stops."""
    stack, _Process.backstop, _Process.stack, _Process.opening = _Process.stack, None, None, None
    if stack is not None:
        await stack.aclose()
