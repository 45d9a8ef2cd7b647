from datetime import timedelta

import pytest

from shared.domain.attributes import Subject
from shared.domain.conditions import Condition, conditions_of
from shared.domain.model import Image, Vm
from shared.domain.policy_file.selector import Selector
from tests.fakes import START, SUB, a_vm

VM = a_vm(
    tags={"Env": "dev"},
    group_tags={"team": "shop"},
    subscription_tags={"Tier": "gold"},
    management_groups=("corp", "root"),
    subscription_name="corp-prod",
    os_type="Linux",
    size="Standard_B2ms",
    image=Image("Canonical", "ubuntu", "22"),
    disk_types=("Premium_LRS",),
    encryption=("platform",),
    zones=("1",),
    power_state="running",
    created=START - timedelta(days=40),
)


def told(selector: dict[str, object], vm: Vm = VM) -> tuple[Condition, ...]:
    return conditions_of(Subject(vm, START), Selector.model_validate(selector))


@pytest.mark.parametrize(
    ("selector", "text", "seen", "met"),
    [
        ({"subscriptions": "corp-*"}, "subscription is corp-*", f"{SUB}, corp-prod", True),
        ({"managementGroups": ["labs", "x"]}, "management group is labs or x", "corp, root", False),
        ({"resourceGroups": "APP-*"}, "resource group is APP-*", "app-rg", True),
        ({"names": "db-*"}, "name is db-*", "web-01", False),
        ({"locations": "West Europe"}, "location is West Europe", "westeurope", True),
        ({"tags": {"ENV": "prod"}}, "tag ENV is prod", "Env=dev", False),
        ({"tags": {"env": {"is": "DEV", "ignoreCase": True}}}, "tag env is DEV, whatever the case", "Env=dev", True),
        ({"tags": {"env": {"like": "*"}}}, "tag env is there", "Env=dev", True),
        ({"tags": {"env": ["", "x"]}}, "tag env is empty or x", "Env=dev", False),
        ({"absentTags": ["owner", "e*"]}, "no tag named owner or e*", "Env", False),
        ({"resourceGroupTags": {"team": "shop"}}, "resource group's tag team is shop", "team=shop", True),
        ({"subscriptionTags": {"tier": "silver"}}, "subscription's tag tier is silver", "Tier=gold", False),
        ({"effectiveTags": {"tier": "gold"}}, "effective tag tier is gold", "Tier=gold (subscription)", True),
        ({"effectiveTags": {"team": "x"}}, "effective tag team is x", "team=shop (resource group)", False),
        ({"effectiveTags": {"env": "dev"}}, "effective tag env is dev", "Env=dev", True),
        ({"effectiveTags": {"nope": "x"}}, "effective tag nope is x", "no such tag", False),
        ({"os": "windows"}, "operating system is windows", "Linux", False),
        ({"sizes": "*_b*"}, "size is *_b*", "Standard_B2ms", True),
        ({"image": "custom"}, "image is custom", "marketplace", False),
        ({"imagePublishers": "canonical"}, "image publisher is canonical", "Canonical", True),
        ({"imageOffers": "rhel"}, "image offer is rhel", "ubuntu", False),
        ({"imageSkus": "2?"}, "image sku is 2?", "22", True),
        ({"securityTypes": "standard"}, "security type is standard", "Standard", True),
        ({"diskTypes": "ultrassd_lrs"}, "disk type is ultrassd_lrs", "Premium_LRS", False),
        ({"encryption": ["ade", "host"]}, "encryption is ade or host", "platform", False),
        ({"zones": "1"}, "zone is 1", "1", True),
        ({"priorities": "spot"}, "priority is spot", "Regular", False),
        ({"powerStates": "running"}, "power state is running", "running", True),
        ({"age": {"atLeast": "P30D", "lessThan": "P35D"}}, "age is at least P30D and less than P35D", "40 days", False),
    ],
)
def test_each_condition_is_told_with_what_the_vm_has(
    selector: dict[str, object], text: str, seen: str, met: bool
) -> None:
    assert told(selector) == (Condition(text, seen, met),)


def test_what_a_vm_does_not_have_is_said() -> None:
    assert told({"zones": "1", "age": {"lessThan": "P1D"}}, a_vm(created=None)) == (
        Condition("zone is 1", "none", False),
        Condition("age is less than P1D", "time of creation not shown", False),
    )


def test_nested_conditions_are_told_one_by_one_and_a_single_one_without_its_shell() -> None:
    (any_of,) = told({"any": [{"names": "db-*"}, {"os": "linux", "zones": "2"}, {}]})
    assert (any_of.text, any_of.met) == ("any of", True)
    assert [(each.text, each.met) for each in any_of.inner] == [
        ("name is db-*", False),
        ("all of", False),
        ("anything", True),
    ]
    assert [each.met for each in any_of.inner[1].inner] == [True, False]
    (negated,) = told({"not": {"os": "windows"}})
    assert (negated.text, negated.met, negated.inner[0].met) == ("not", True, False)
