"""What Azure Policy denies: rules over type, place and tags, and silence on everything else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.authorization.policy_builtin import BUILT_IN, PREFIX
from simulator.authorization.policy_rules import Wanted, denied
from simulator.core.state import State
from simulator.core.surroundings import PolicyAssignment, PolicyDefinition

SUBSCRIPTION = "/subscriptions/s"
GROUP_TYPE, VM_TYPE = "Microsoft.Resources/subscriptions/resourceGroups", "Microsoft.Compute/virtualMachines"


def state_with(rule: Any, defaults: dict[str, Any] | None = None, **assigned: Any) -> State:
    """A state in which one definition with this rule is assigned to a subscription."""
    state = State(1)
    parameters = {name: {"type": "String", "defaultValue": value} for name, value in (defaults or {}).items()}
    state.around.definitions["/d"] = PolicyDefinition("/d", "d", "d", rule, parameters)
    state.around.assignments["/a"] = PolicyAssignment("/a", "a", SUBSCRIPTION, "/D", **assigned)
    return state


def denies(condition: Any, effect: str = "deny", parameters: dict[str, Any] | None = None, **tags: str) -> bool:
    state = state_with({"if": condition, "then": {"effect": effect}}, parameters)
    wanted = Wanted(f"{SUBSCRIPTION}/resourceGroups/rg/providers/{VM_TYPE}/web-1", VM_TYPE, "westeurope", tags)
    return denied(state, wanted) is not None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "location", "equals": "WestEurope"}, True),
        ({"field": "location", "notEquals": "WestEurope"}, False),
        ({"field": "location", "in": ["eastus", "WESTEUROPE"]}, True),
        ({"field": "location", "notIn": ["eastus"]}, True),
        ({"field": "name", "like": "web-*"}, True),
        ({"field": "name", "notLike": "WEB-*"}, False),
        ({"field": "type", "contains": "compute"}, True),
        ({"field": "tags['Owner']", "exists": "true"}, True),
        ({"field": "tags.owner", "exists": False}, False),
        ({"field": "tags[cost]", "exists": "false"}, True),
        ({"field": "tags[cost]", "equals": ""}, False),
        ({"field": "tags[cost]", "notEquals": "x"}, True),
        ({"not": {"field": "tags[owner]", "equals": "ME"}}, False),
        ({"field": "[concat('tags[', parameters('tag'), ']')]", "exists": "true"}, True),
        ({"field": "location", "equals": "[parameters('place')]"}, True),
        ({"allOf": []}, True),
        ({"anyOf": []}, False),
        ({"allOf": [{"field": "name", "equals": "web-1"}, {"field": "location", "equals": "eastus"}]}, False),
        ({"anyOf": [{"field": "name", "equals": "x"}, {"field": "location", "equals": "westeurope"}]}, True),
        # not understood: nothing is denied
        ({"field": "Microsoft.Compute/virtualMachines/sku.name", "equals": "x"}, False),
        ({"field": "location", "match": "w*"}, False),
        ({"value": "[utcNow()]", "equals": "x"}, False),
        ({"field": "location", "equals": "[parameters('absent')]"}, False),
        ({"field": "location", "equals": "[resourceGroup().location]"}, False),
        ({"allOf": "all"}, False),
        ("nothing", False),
        (None, False),
    ],
)
def test_a_condition_is_met_or_not_understood(condition: Any, expected: bool) -> None:
    parameters = {"tag": "owner", "place": "westeurope"}
    assert denies(condition, parameters=parameters, owner="me") is expected


@pytest.mark.parametrize(
    ("effect", "expected"),
    [("Deny", True), ("audit", False), ("[parameters('effect')]", True), ("[parameters('other')]", False)],
)
def test_only_deny_denies(effect: str, expected: bool) -> None:
    assert denies({"allOf": []}, effect, {"effect": "Deny", "other": "Disabled"}) is expected


def test_an_assignments_own_value_wins_over_the_default() -> None:
    rule = {"if": {"field": "location", "equals": "[parameters('place')]"}, "then": {"effect": "deny"}}
    wanted = Wanted(f"{SUBSCRIPTION}/resourceGroups/rg", GROUP_TYPE, "westeurope")
    assert denied(state_with(rule, {"place": "eastus"}), wanted) is None
    assert denied(state_with(rule, {"place": "eastus"}, parameters={"Place": {"value": "westeurope"}}), wanted)


def test_it_holds_below_its_scope_and_not_where_it_is_told_not_to() -> None:
    rule = {"if": {"allOf": []}, "then": {"effect": "deny"}}
    inside = Wanted(f"{SUBSCRIPTION}/resourceGroups/rg", GROUP_TYPE, "westeurope")
    assert denied(state_with(rule), inside)
    assert denied(state_with(rule), Wanted("/subscriptions/other/resourceGroups/rg", GROUP_TYPE, "x")) is None
    assert denied(state_with(rule, not_scopes=[f"{SUBSCRIPTION}/resourcegroups/RG"]), inside) is None
    assert denied(state_with(rule, enforcement="DoNotEnforce"), inside) is None


def test_built_in_definitions_on_resources_pass_over_resource_groups() -> None:
    state = State(1)
    tag = {"tagName": {"value": "owner"}}
    for definition in BUILT_IN.values():
        if definition.mode == "Indexed":
            state.around.assignments[definition.name] = PolicyAssignment(
                "/a", "a", SUBSCRIPTION, definition.id, "", tag
            )
    assert denied(state, Wanted(f"{SUBSCRIPTION}/resourceGroups/rg", GROUP_TYPE, "x")) is None
    assert denied(state, Wanted(f"{SUBSCRIPTION}/resourceGroups/rg/providers/{VM_TYPE}/x", VM_TYPE, "x"))
    assert all(key == f"{PREFIX}{definition.name}".lower() for key, definition in BUILT_IN.items())


def understood() -> st.SearchStrategy[tuple[Any, bool]]:
    """Conditions with their truth for a thing in westeurope that has no tag."""
    leaves = st.sampled_from(
        [
            ({"field": "location", "equals": "westeurope"}, True),
            ({"field": "location", "in": ["eastus"]}, False),
            ({"field": "tags[a]", "exists": "false"}, True),
            ({"field": "name", "like": "no-*"}, False),
        ]
    )

    def grown(inner: st.SearchStrategy[tuple[Any, bool]]) -> st.SearchStrategy[tuple[Any, bool]]:
        several = st.lists(inner, max_size=3)
        return st.one_of(
            inner.map(lambda each: ({"not": each[0]}, not each[1])),
            several.map(lambda each: ({"allOf": [c for c, _ in each]}, all(t for _, t in each))),
            several.map(lambda each: ({"anyOf": [c for c, _ in each]}, any(t for _, t in each))),
        )

    return st.recursive(leaves, grown, max_leaves=10)


@given(understood())
def test_conditions_nest_as_logic_has_it(case: tuple[Any, bool]) -> None:
    condition, expected = case
    assert denies(condition) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["[", "[concat(']", "tags[x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["field", "equals", "in", "not", "allOf", "anyOf", "exists", "x"]), inner)
    ),
    max_leaves=10,
)


@given(JSON, JSON)
def test_any_rule_at_all_is_answered(condition: Any, then: Any) -> None:
    wanted = Wanted(f"{SUBSCRIPTION}/resourceGroups/rg", GROUP_TYPE, "westeurope")
    denied(state_with({"if": condition, "then": then}), wanted)
    denied(state_with({"if": condition, "then": {"effect": "deny"}}), wanted)
