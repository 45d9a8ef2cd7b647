"""The two ways in over real HTTP: of every VM, ARM and Resource Graph show the same, and it gets the same verdict."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from shared.bootstrap import open_backstop
from shared.domain.attributes import Need
from shared.domain.azure_answers import Scope
from shared.domain.model import Action, ReconcileRequest, Vm
from shared.domain.policy_file.selector import Selector
from shared.settings import Settings
from simulator.server import running
from tests.policies import compiled

#: Looks at every attribute there is, in rules that the estate's VMs meet.
POLICY = """
mode: enforce
scope: {managementGroups: ["*"], excludeSubscriptions: ["nobody-*"]}
exclude: {builtin: [databricks, aks, aro, vmss-uniform, avd-pooled, batch, ephemeral-os-disk, citrix, spot]}
rules:
  - {name: sandbox, priority: 1, match: {resourceGroups: ["sandbox-*"], subscriptions: ["*"], managementGroups: ["*"]}}
  - {name: tagged, priority: 2, match: {tags: {env: prod}, absentTags: [backup-opt-out], securityTypes: "*"}}
  - {name: cost-centre, priority: 3, match: {resourceGroupTags: {costCenter: {like: "CC-1*"}}, os: linux, zones: "*"}}
  - {name: inherited, priority: 4, match: {effectiveTags: {costCenter: {like: "*"}}, powerStates: running}}
  - {name: subscription, priority: 5, match: {subscriptionTags: {env: {like: "*"}}, diskTypes: Premium_LRS}}
  - {name: custom, priority: 6, match: {image: custom, encryption: platform}}
  - {name: ubuntu, priority: 7, match: {imagePublishers: canonical, imageOffers: "ubuntu*", imageSkus: "*"}}
  - {name: small, priority: 8, match: {any: [{sizes: "*_B*"}, {sizes: "*_D2*"}], priorities: regular}}
  - {name: old, priority: 9, match: {age: {atLeast: P100D}, names: "*", not: {locations: northeurope}}}
  - {name: rest, priority: 10, match: {all: [{locations: "*"}]}, backupPolicy: {fromTag: tier, name: DefaultPolicy}}
"""


def asked(selector: Selector) -> Iterator[str]:
    """The keys that a selector and those inside it use."""
    yield from selector.model_fields_set
    for each in (*(selector.all or ()), *(selector.any or ()), *((selector.not_,) if selector.not_ else ())):
        yield from asked(each)


def folded(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Azure spells one id in several ways, each as good as the other."""
    return tuple(replace(each, vault_id=each.vault_id.lower(), item_id=each.item_id.lower()) for each in actions)


async def test_an_event_and_a_sweep_see_and_decide_alike_whatever_the_policy_looks_at(tmp_path: Path) -> None:
    policy = compiled(POLICY)
    assert {key for rule in policy.rules for key in asked(rule.rule.match)} == set(Selector.model_fields)
    assert policy.needs == frozenset(Need)
    async with (
        running(vms=120, seed=11) as (url, world),
        open_backstop(Settings(endpoint=url, state_dir=tmp_path), policy) as backstop,
    ):
        discovery = await backstop.sweeper.discover(Scope(), "run")
        in_bulk = {each.id: each async for each in backstop.inventory.vms(Scope(), policy.needs)}
        assert len(in_bulk) == len(discovery.findings) == len(world.state.labels)
        for finding in discovery.findings:
            request = ReconcileRequest(finding.vm, "event", uuid.uuid4().hex)
            look = await backstop.reconciler.looker.look(request, policy)
            seen, verdict, actions = look.seen, look.verdict, look.actions
            assert seen is not None
            assert isinstance(seen.vm, Vm)  # what only an instance view tells is no part of a verdict
            assert replace(seen.vm, agent=None, backup_extension=None) == in_bulk[finding.vm]
            assert verdict == finding.verdict
            assert folded(actions) == folded(finding.actions)
        assert world.ledger.writes == []
    reached = Counter(each.verdict.rule for each in discovery.findings)
    assert len(reached) >= 8, reached
