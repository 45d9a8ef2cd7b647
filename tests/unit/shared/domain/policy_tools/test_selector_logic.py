"""What is proven holds for every VM: random selectors against random VMs, and examples of what is to be found."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.attributes import Subject
from shared.domain.model import Vm
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_tools.selector_logic import Prover, asked, mentioned
from shared.domain.selectors import compile_selector
from tests.fakes import START
from tests.strategies import selectors, vms


def sel(data: dict[str, Any]) -> Selector:
    return Selector.model_validate(data)


@given(st.lists(vms(), min_size=1, max_size=4), selectors(), selectors())
def test_what_is_proven_holds_for_every_vm(some: list[Vm], first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = sel(first), sel(second)
    prover = Prover()
    never, implied, apart = prover.never(one), prover.implies(one, other), prover.never_both(one, other)
    if implied and not never:
        assert asked(other) <= mentioned(one)
    for vm in some:
        meets_one, meets_other = (compile_selector(each)(Subject(vm, START)) for each in (one, other))
        assert not (never and meets_one)
        assert not (implied and meets_one and not meets_other)
        assert not (apart and meets_one and meets_other)
        assert not (prover.always(one) and not meets_one)


@pytest.mark.parametrize(
    "data",
    [
        {"any": []},
        {"not": {}},
        {"all": [{"locations": ["westeurope"]}, {"locations": ["North Europe", "eastus"]}]},
        {"names": ["web-*"], "all": [{"names": ["sql-*"]}]},
        {"tags": {"env": "prod"}, "all": [{"tags": {"ENV": ["dev", "Prod"]}}]},
        {"tags": {"env": "prod"}, "effectiveTags": {"env": {"like": "dev*"}}},
        {"tags": {"env": "prod"}, "absentTags": ["e*"]},
        {"image": "custom", "imagePublishers": ["canonical"]},
        {"age": {"atLeast": "P2D"}, "all": [{"age": {"lessThan": "P1D"}}]},
        {"tags": {"env": "prod"}, "not": {"effectiveTags": {"env": {"is": ["PROD", "dev"], "ignoreCase": True}}}},
        {"os": "linux", "any": [{"os": "windows"}, {"any": []}]},
    ],
)
def test_what_no_vm_can_meet_is_found(data: dict[str, Any]) -> None:
    assert Prover().never(sel(data))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"any": [{}]},
        {"diskTypes": ["a"], "all": [{"diskTypes": ["b"]}]},  # a VM has several
        {"effectiveTags": {"env": "prod"}, "subscriptionTags": {"env": "dev"}},  # nearer ones win
        {"tags": {"env": "prod"}, "all": [{"tags": {"ENV": ["prod", "dev"]}}]},
        {"os": "linux", "any": [{"os": "windows"}, {"names": ["a"]}]},
        {"names": ["*-web"], "all": [{"names": ["web-*"]}]},
        {"tags": {"env": {"is": "PROD", "ignoreCase": True}}, "all": [{"tags": {"env": "prod"}}]},
        {"image": "custom", "imagePublishers": ["*"]},
        {"not": {"tags": {"env": "prod"}}, "effectiveTags": {"env": "prod"}},  # inherited
    ],
)
def test_what_a_vm_may_meet_is_left_alone(data: dict[str, Any]) -> None:
    assert not Prover().never(sel(data))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"names": ["web-01"]}, {"names": ["WEB-*"]}),
        ({"names": ["web-prod-*"]}, {"names": ["web-*", "x"]}),
        ({"locations": ["West Europe"]}, {"locations": ["*europe"]}),
        ({"tags": {"env": "prod"}}, {"effectiveTags": {"ENV": {"like": "*"}}}),
        ({"any": [{"tags": {"env": "prod"}}, {"tags": {"env": "dev"}}]}, {"tags": {"env": ["dev", "prod"]}}),
        ({"imagePublishers": ["Canonical"]}, {"image": "marketplace"}),
        ({"age": {"atLeast": "P2D"}}, {"age": {"atLeast": "P1D"}}),
        ({"tags": {"env": "prod"}}, {"not": {"tags": {"env": "dev"}}}),
        ({"absentTags": ["o*"]}, {"absentTags": ["owner"]}),
        ({"os": "linux", "zones": "1"}, {"all": [{"os": ["linux", "windows"]}, {"names": ["*"]}]}),
    ],
)
def test_what_follows_is_found_and_not_the_other_way_round(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Prover().implies(sel(one), sel(other))
    if other != {"tags": {"env": ["dev", "prod"]}}:
        assert not Prover().implies(sel(other), sel(one))


def test_a_proof_that_takes_too_long_is_no_proof() -> None:
    deep: dict[str, Any] = {"tags": {"env": "prod"}}
    for _ in range(5):
        deep = {"any": [deep, deep], "all": [deep]}
    wanted = sel({"tags": {"env": "prod"}, "all": [deep, deep]})
    assert Prover(steps=1_000_000).implies(sel({"tags": {"env": "prod"}}), wanted)
    assert not Prover(steps=200).implies(sel({"tags": {"env": "prod"}}), wanted)
