"""The generator and its answer key: every kind is there, and is what its label says."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from simulator.core.labels import KINDS
from simulator.core.model import WORKLOAD, VirtualMachine
from simulator.core.state import State
from simulator.estate.build import build
from simulator.estate.catalog import BARE_REGION

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEDS = range(1, 9)


@pytest.fixture(params=SEEDS)
def state(request: pytest.FixtureRequest) -> State:
    return build(50, None, request.param, START)


def _of(state: State, *kinds: str) -> list[VirtualMachine]:
    return [state.vms[key] for key, label in state.labels.items() if label.kind in kinds]


def _tags(vm: VirtualMachine) -> dict[str, str]:
    return {name.lower(): value for name, value in (vm.tags or {}).items()}


def test_fifty_vms_hold_every_kind_and_each_vm_one_label(state: State) -> None:
    assert len(state.vms) == 50
    assert set(state.labels) == set(state.vms)
    assert {label.kind for label in state.labels.values()} == {kind.name for kind in KINDS}


def test_the_same_seed_gives_the_same_estate_but_for_the_tenant() -> None:
    one, two, other = build(80, None, 3, START), build(80, None, 3, START), build(80, None, 4, START)
    assert one.vms == two.vms
    assert one.vaults == two.vaults
    assert one.labels == two.labels
    assert one.groups == two.groups
    assert one.tenant != two.tenant
    assert set(one.vms) != set(other.vms)


def test_the_backup_policy_of_a_label_follows_the_env_tag(state: State) -> None:
    for key, label in state.labels.items():
        prod = _tags(state.vms[key]).get("env") == "prod"
        assert label.backup_policy == ("EnhancedPolicy" if prod else "DefaultPolicy")
    assert all(_tags(vm)["env"] == "prod" for vm in _of(state, "prod", "prod-opt-out"))


def test_every_vm_to_be_protected_has_a_vault_in_its_region(state: State) -> None:
    served = {(vault.subscription, vault.location) for vault in state.vaults.values()}
    for key, label in state.labels.items():
        vm = state.vms[key]
        assert ((vm.subscription, vm.location) in served) == (label.kind != "no-vault-in-region")
    assert all(vm.location == BARE_REGION for vm in _of(state, "no-vault-in-region"))


def test_items_are_where_and_as_the_kinds_say(state: State) -> None:
    for key, label in state.labels.items():
        items = state.vm_items(key)
        match label.kind:
            case "protected" | "opted-out-protected":
                [item] = items
                assert (item.state, item.policy) == ("Protected", label.backup_policy)
                assert item.last_point is not None
            case "other-policy":
                [item] = items
                assert item.policy != label.backup_policy
            case "stopped":
                [item] = items
                assert (item.state, item.soft_deleted, bool(item.last_point)) == ("ProtectionStopped", False, True)
            case "soft-deleted":
                [item] = items
                assert item.soft_deleted
            case "pending":
                [item] = items
                assert (item.state, item.policy, item.last_point) == ("IRPending", label.backup_policy, None)
            case _:
                assert items == []


def test_opt_outs_are_as_valid_as_their_kind_says(state: State) -> None:
    today = START.date()
    kinds = ("opted-out", "opted-out-protected", "prod-opt-out", "opt-out-expired", "opt-out-too-long")
    for kind in kinds:
        for vm in _of(state, kind):
            parts = dict(part.strip().split("=") for part in _tags(vm)["backup-opt-out"].split(";"))
            days = (date.fromisoformat(parts["until"]) - today).days
            assert parts["reason"]
            low, high = {"opt-out-expired": (-60, -2), "opt-out-too-long": (120, 900)}.get(kind, (20, 80))
            assert low <= days <= high
    assert all("backup-opt-out" in _tags(vm) for vm in _of(state, "opt-out-malformed"))
    others = {kind.name for kind in KINDS} - {*kinds, "opt-out-malformed"}
    assert not any("backup-opt-out" in _tags(vm) for vm in _of(state, *others))


def test_machines_of_others_carry_their_marks(state: State) -> None:
    for vm in _of(state, "databricks"):
        group = state.group(vm.subscription, vm.group)
        assert group is not None
        publisher = vm.properties["storageProfile"]["imageReference"].get("publisher")
        marks = (
            "Microsoft.Databricks" in (group.managed_by or ""),
            vm.group.startswith("databricks-rg-"),
            publisher == "AzureDatabricks",
            _tags(vm).get("vendor") == "Databricks",
        )
        assert sum(marks) >= 2
    for vm in _of(state, "aks"):
        group = state.group(vm.subscription, vm.group)
        assert group is not None
        signs = (
            "Microsoft.ContainerService/managedClusters" in (group.managed_by or ""),
            vm.group.startswith("MC_"),
            any(name.startswith("aks-managed-") for name in _tags(vm)),
        )
        assert sum(signs) >= 2


def test_the_odd_machines_are_odd_in_their_way(state: State) -> None:
    for vm in _of(state, "ephemeral-os-disk"):
        assert vm.properties["storageProfile"]["osDisk"]["diffDiskSettings"]["option"] == "Local"
    assert all(vm.group.lower().startswith("sandbox-") for vm in _of(state, "excluded-resource-group"))
    assert all(vm.properties["provisioningState"] == "Deleting" for vm in _of(state, "being-deleted"))
    assert all(vm.tags is None for vm in _of(state, "no-tags"))
    assert all(vm.shouts for vm in _of(state, "mixed-case-id"))
    for vm in _of(state, "gallery-image"):
        assert "publisher" not in vm.properties["storageProfile"]["imageReference"]
    for vm in _of(state, "sql-in-vm"):
        assert [item.management for item in state.items_by_vm[vm.key]] == [WORKLOAD]


def test_a_twin_has_a_protected_namesake_in_another_group(state: State) -> None:
    for vm in _of(state, "twin-unprotected"):
        twins = [o for o in _of(state, "protected") if (o.name, o.subscription) == (vm.name, vm.subscription)]
        assert [twin for twin in twins if twin.location == vm.location and twin.group != vm.group]


def test_one_region_of_the_first_subscription_has_two_vaults(state: State) -> None:
    first = next(iter(state.subscriptions))
    places = Counter((vault.subscription, vault.location) for vault in state.vaults.values())
    assert places[(first, "westeurope")] == 2


def test_ages_are_days_to_months_and_past(state: State) -> None:
    for vm in state.vms.values():
        created = datetime.fromisoformat(vm.properties["timeCreated"])
        assert timedelta(days=3) <= START - created <= timedelta(days=402)
    for vault in state.vaults.values():
        assert all(item.last_point is None or item.last_point < START for item in vault.items.values())


def test_three_thousand_vms_stay_under_a_hundred_per_policy_and_in_proportion() -> None:
    state = build(3000, None, 11, START)
    kinds = Counter(label.kind for label in state.labels.values())
    assert 0.30 < kinds["protected"] / 3000 < 0.42
    assert 0.30 < (kinds["plain-unprotected"] + kinds["no-tags"] + kinds["prod"]) / 3000 < 0.42
    demand = Counter(
        (state.vms[key].subscription, state.vms[key].location, label.backup_policy)
        for key, label in state.labels.items()
        if label.expect == "protect" or label.kind in ("protected", "opted-out-protected")
    )
    assert max(demand.values()) <= 100


def test_a_small_estate_is_as_small_as_asked() -> None:
    for count in (0, 1, 5, 24):
        assert len(build(count, 1, 1, START).vms) == count
