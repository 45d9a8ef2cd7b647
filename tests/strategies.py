"""Random VMs and random policies, drawn from few words so that they meet: for the properties of the policy module."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.model import Image, Vm
from shared.domain.policy import EnforcementPolicy
from tests.fakes import START, a_vm

LOCATIONS = ("westeurope", "northeurope", "eastus")
GROUPS = ("app-rg", "App-Prod", "sandbox-1", "MC_a_b_c", "databricks-rg-1")
TAGS = st.dictionaries(
    st.sampled_from(["env", "Env", "owner", "tier"]), st.sampled_from(["prod", "Prod", "dev", ""]), max_size=3
)
BACKUP_POLICIES = ("DefaultPolicy", {"fromTag": "tier"}, {"fromTag": "tier", "name": "Gold"})
_TESTS = st.one_of(
    st.sampled_from(["prod", "dev"]),
    st.just(["prod", "Prod"]),
    st.just({"is": "PROD", "ignoreCase": True}),
    st.sampled_from([{"like": "pr*"}, {"like": "*"}]),
)
_TAG_TESTS = st.dictionaries(st.sampled_from(["env", "OWNER", "tier"]), _TESTS, min_size=1, max_size=2)


@st.composite
def vms(draw: st.DrawFn, number: int = 0) -> Vm:
    """A VM; ones with different numbers have different ids."""
    return a_vm(
        f"{draw(st.sampled_from(['web', 'sql']))}-{number}",
        draw(st.sampled_from(GROUPS)),
        location=draw(st.sampled_from(LOCATIONS)),
        tags=draw(TAGS),
        group_tags=draw(TAGS),
        subscription_tags=draw(TAGS),
        subscription_name=draw(st.sampled_from(["corp-prod", "corp-dev"])),
        management_groups=draw(st.sampled_from([("root", "corp"), ("root", "labs"), ()])),
        os_type=draw(st.sampled_from(["Linux", "Windows", ""])),
        size=draw(st.sampled_from(["Standard_D2s_v5", "Standard_B2ms"])),
        image=draw(st.sampled_from([Image("Canonical", "ubuntu", "22"), Image(id="/x/images/golden"), Image()])),
        disk_types=draw(st.sampled_from([(), ("Premium_LRS",), ("Premium_LRS", "UltraSSD_LRS")])),
        encryption=draw(st.sampled_from([("platform",), ("customer", "host")])),
        security_type=draw(st.sampled_from(["", "TrustedLaunch"])),
        power_state=draw(st.sampled_from(["", "running", "deallocated"])),
        zones=draw(st.sampled_from([(), ("1",)])),
        priority=draw(st.sampled_from(["", "Spot"])),
        created=draw(st.sampled_from([None, START - timedelta(minutes=1), START - timedelta(days=40)])),
    )


def selectors(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """The YAML of a selector."""
    plain: dict[str, st.SearchStrategy[Any]] = {
        "locations": st.sampled_from([["westeurope"], ["West Europe", "eastus"], ["*europe"]]),
        "resourceGroups": st.sampled_from([["app-rg"], ["app-*"], ["SANDBOX-?", "app-prod"]]),
        "names": st.sampled_from([["web-*"], ["sql-0", "sql-1"]]),
        "subscriptions": st.sampled_from([["corp-prod"], ["*-dev"], ["11111111-1111-4111-8111-111111111111"]]),
        "managementGroups": st.sampled_from([["corp"], ["la*"]]),
        "tags": _TAG_TESTS,
        "resourceGroupTags": _TAG_TESTS,
        "subscriptionTags": _TAG_TESTS,
        "effectiveTags": _TAG_TESTS,
        "absentTags": st.sampled_from([["owner"], ["t*"]]),
        "os": st.sampled_from(["linux", ["windows", "linux"]]),
        "sizes": st.just(["standard_b*"]),
        "image": st.sampled_from(["any", "custom", "marketplace"]),
        "imagePublishers": st.sampled_from([["canonical"], ["micro*"]]),
        "imageOffers": st.sampled_from(["ubuntu", ["*"]]),
        "imageSkus": st.sampled_from(["22", ["2?"]]),
        "securityTypes": st.sampled_from(["standard", "TRUSTEDLAUNCH"]),
        "encryption": st.sampled_from(["platform", ["host", "ade"]]),
        "powerStates": st.sampled_from(["running", ["deallocated", "stopped"]]),
        "diskTypes": st.just(["ultrassd_lrs"]),
        "zones": st.just(["1"]),
        "priorities": st.sampled_from([["spot"], ["regular"]]),
        "age": st.sampled_from([{"atLeast": "P30D"}, {"lessThan": "PT1H"}]),
    }
    if depth:
        inner = selectors(depth - 1)
        plain |= {"all": st.lists(inner, max_size=2), "any": st.lists(inner, max_size=3), "not": inner}
    names = st.lists(st.sampled_from(sorted(plain)), max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: plain[name] for name in chosen}))


@st.composite
def rules(draw: st.DrawFn, at_most: int = 8) -> list[dict[str, Any]]:
    """The YAML of a policy's rules."""
    count = draw(st.integers(1, at_most))
    priorities = draw(st.permutations(range(count)))
    return [
        {
            "name": f"rule-{number}",
            "priority": priorities[number],
            "match": draw(selectors()),
            "exclude": draw(st.lists(selectors(1), max_size=1)),
            "optOut": draw(st.sampled_from(["allowed", "forbidden"])),
            "backupPolicy": draw(st.sampled_from(BACKUP_POLICIES)),
        }
        for number in range(count)
    ]


@st.composite
def specs(draw: st.DrawFn, at_most: int = 4) -> dict[str, Any]:
    """The YAML of a policy that enforces, of `at_most` so many rules; one that holds everywhere more often than not."""
    drawn = draw(rules(at_most))
    if draw(st.integers(0, 3)):  # most policies end in a rule for all the rest
        rest = {"name": "rest", "priority": 900, "match": {}, "backupPolicy": draw(st.sampled_from(BACKUP_POLICIES))}
        drawn.append(rest)
    scope = st.sampled_from([{}, {}, {}, {"managementGroups": ["CORP"]}, {"excludeSubscriptions": ["*-dev"]}])
    return {
        "mode": "enforce",
        "scope": draw(scope),
        "rules": drawn,
        "exclude": {"any": draw(st.lists(selectors(1).filter(bool), max_size=1))},
    }


def policies() -> st.SearchStrategy[CompiledPolicy]:
    """A policy that enforces."""
    return specs().map(lambda spec: compile_policy(policy_of_spec(spec)))


def policy_of_spec(spec: dict[str, Any]) -> EnforcementPolicy:
    """The policy with this `spec`."""
    whole = {"apiVersion": "backstop/v1", "kind": "EnforcementPolicy", "metadata": {"name": "test"}, "spec": spec}
    return EnforcementPolicy.model_validate(whole)
