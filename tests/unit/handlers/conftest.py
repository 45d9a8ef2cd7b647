"""A process's Backstop over the stateful fakes; the store behind reports and pause switch is the real one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared import bootstrap
from shared.adapters.azure.topic import NoNotices
from shared.adapters.local.findings import LocalFindingStore
from shared.adapters.local.pause import SqlitePauseSwitch
from shared.adapters.local.store import Store
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.bootstrap import Backstop
from shared.domain.azure_answers import Scope, Subscription
from shared.intake import Intake
from shared.reporting.reporter import Reporter
from shared.settings import Settings
from tests.fakes import SUB, FakeMemory, World
from tests.policies import demo_policy


@pytest.fixture
def world() -> World:
    return World(demo_policy())


@pytest.fixture
def backstop(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backstop]:
    policies, clock, azure = world.reconciler.policies, world.clock, world.azure
    with Store(tmp_path / "state") as store:
        queue, findings = SqliteWorkQueue(store, clock), LocalFindingStore(store, clock)
        pause, memory = SqlitePauseSwitch(store), FakeMemory()
        actor, recorder = world.reconciler.actor, replace(world.reconciler.recorder, findings=findings)
        guard = replace(actor.guard, pause=pause)
        actor = replace(
            actor,
            guard=guard,
            maker=replace(actor.maker, guard=guard),
            refusals=replace(actor.refusals, guard=guard),
            starter=replace(actor.starter, guard=guard),
        )
        reconciler = replace(world.reconciler, recorder=recorder, actor=actor)
        opened = Backstop(
            settings=Settings(),
            policies=policies,
            subscriptions=(Subscription(SUB, "production", "tenant"),),
            clock=clock,
            inventory=azure.inventory,
            compute=azure.compute,
            backup=azure.backup,
            queue=queue,
            findings=findings,
            pause=pause,
            notices=NoNotices(),
            reconciler=reconciler,
            worker=replace(world.worker, reconciler=reconciler, queue=queue),
            intake=Intake(policies, Scope(), "tenant", azure.inventory, memory, memory, queue, "reconcile", clock),
            sweeper=replace(world.sweeper, findings=findings, queue=queue),
            reporter=Reporter(policies, findings, azure.inventory, clock, NoNotices(), Scope(), ()),
            requests=Counter(),
        )
        monkeypatch.setattr(bootstrap._Process, "backstop", opened)
        yield opened
