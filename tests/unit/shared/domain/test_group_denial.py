from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.group_denial import GROUP_TYPE, denies, of_single_definitions
from shared.domain.hazards import Initiative, PolicyAssignment, PolicyDefinition
from tests.fakes import SUB

GROUPS = {"field": "type", "equals": GROUP_TYPE.upper()}
OWNER = {"field": "[concat('tags[', parameters('tagName'), ']')]", "exists": "false"}


def judged(
    condition: Any, effect: object = "deny", mode: str = "All", defaults: dict[str, Any] | None = None, **given: Any
) -> bool | None:
    rule = {"if": condition, "then": {"effect": effect}}
    definition = PolicyDefinition("/d", mode, rule, defaults or {})
    return denies(definition, PolicyAssignment("/a", "/s", "/d", parameters=given), SUB, "westeurope")


def test_a_tag_that_every_group_needs_denies_the_group_that_has_none() -> None:
    assert judged({"allOf": [GROUPS, OWNER]}, tagName="owner") is True
    assert judged({"allOf": [GROUPS, {"not": {"field": "tags['a']", "equals": "b"}}]}) is True
    assert judged({"allOf": [GROUPS, {"field": "tags.a", "notIn": ["b", "c"]}]}) is True
    assert judged({"allOf": [GROUPS, {"field": "tags[a]", "exists": True}]}) is False


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"field": "name", "like": "AzureBackupRG_*"}, True),
        ({"field": "name", "notLike": "rg-*"}, True),
        ({"field": "name", "like": "rg-*"}, False),
        ({"field": "location", "notIn": ["WestEurope"]}, False),
        ({"field": "location", "in": "not a list"}, None),
        ({"field": "location", "notEquals": "eastus"}, True),
        ({"field": "id", "contains": "azurebackup"}, True),
        ({"field": "Microsoft.Compute/virtualMachines/x", "exists": "false"}, None),
        ({"field": "name", "match": "##"}, None),
        ({"value": "[resourceGroup().location]", "equals": "x"}, None),
        ({"value": "[utcNow()]", "equals": "x"}, None),
        ({"value": "a", "equals": "A"}, True),
        ({"count": {"field": "x"}, "greater": 1}, None),
        ({"field": "type"}, None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_each_condition_is_judged_or_said_not_to_be(condition: Any, answer: bool | None) -> None:
    assert judged(condition) is answer


def test_one_part_may_decide_whatever_the_others_ask() -> None:
    unknown, no, yes = {"field": "x", "equals": "y"}, {"value": "a", "equals": "b"}, {"value": "a", "equals": "a"}
    assert judged({"allOf": [unknown, no]}) is False
    assert judged({"anyOf": [unknown, yes]}) is True
    assert judged({"allOf": [unknown, yes]}) is None
    assert judged({"anyOf": [unknown, no]}) is None
    assert judged({"not": unknown}) is None


def test_only_an_effect_of_deny_in_the_mode_all_counts() -> None:
    assert judged(GROUPS, mode="Indexed") is False
    for effect in ("audit", "modify", "disabled", None, 7):
        assert judged(GROUPS, effect) is False
    chosen = "[parameters('What')]"
    assert judged(GROUPS, chosen, what="Deny") is True
    assert judged(GROUPS, chosen, defaults={"what": "Deny"}) is True
    assert judged(GROUPS, chosen, defaults={"what": "Deny"}, WHAT="Audit") is False
    assert judged(GROUPS, chosen) is None
    assert judged(GROUPS, "[utcNow()]") is None


def test_an_initiative_hands_its_parameters_to_its_members() -> None:
    rule = {"if": {"allOf": [GROUPS, OWNER]}, "then": {"effect": "[parameters('effect')]"}}
    definition = PolicyDefinition("/d", "All", rule, {"effect": "Audit"})
    own = {"tagName": "[parameters('tag')]", "effect": "[parameters('what')]"}
    whole = Initiative("/set", (("/d", own), ("/e", {})), {"tag": "owner"})

    def answer(**given: object) -> bool | None:
        assignment = PolicyAssignment("/a", "/s", "/set", parameters=given)
        first, second = of_single_definitions(assignment, {"/set": whole})
        assert (first.id, first.definition, second.definition) == ("/a", "/d", "/e")
        return denies(definition, first, SUB, "westeurope")

    assert answer(What="Deny") is True
    assert answer(what="Audit") is False
    assert answer() is None
    alone = PolicyAssignment("/a", "/s", "/d")
    assert of_single_definitions(alone, {"/set": whole}) == [alone]


_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("[parameters('p')]")
_KEYS = st.sampled_from(["field", "value", "equals", "in", "like", "exists", "not", "allOf", "anyOf", "contains"])
_TREES = st.recursive(_VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3))


@given(_TREES)
def test_no_rule_is_too_strange_to_be_answered(condition: Any) -> None:
    assert judged(condition, p="x") in (True, False, None)


@given(_TREES)
def test_not_turns_an_answer_round_and_leaves_the_unknown(condition: Any) -> None:
    answer = judged(condition, p="x")
    assert judged({"not": condition}, p="x") is (None if answer is None else not answer)
