"""The import means what the original means: with `exact` the same VMs, and everything that differs is told."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.azure_policy.importing import Imported, import_azure_policy
from shared.domain.azure_policy.reading import read
from shared.domain.azure_policy.unit import Kind
from shared.domain.azure_policy.writing import as_yaml
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.matching import evaluate
from shared.domain.model import UNPROTECTED, Image, Observation, State, Vm
from shared.domain.policy import EnforcementPolicy, Mode
from shared.domain.policy_tools.lint import check_policy
from shared.errors import SettingsError
from tests.fakes import START, SUB, a_vm
from tests.reference import reference_file
from tests.unit.shared.domain.azure_policy.reference import applies

FOR_VMS = {
    "VirtualMachineBackup_DINE": "09ce66bc-1220-4153-8104-e3f51c936913",
    "VirtualMachineWithTag_DINE": "345fa903-145c-4fe1-8bcd-93ec2adccde8",
    "VirtualMachineApplicationCentricBackup_DINE_WithOutTag": "98d0b9f8-fd90-49c9-88e2-d3baf3b0dd86",
    "VirtualMachineApplicationCentricBackup_DINE_WithTag": "83644c87-93dd-49fe-bf9f-6aff8fd0834e",
    "VirtualMachines_EnableAzureBackup_Audit": "013e242c-8828-4970-87b3-ab247555486d",
}
VAULT = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/rsv-1"
GIVEN: dict[str, Any] = {
    "vaultLocation": "westeurope",
    "backupPolicyId": f"{VAULT}/backupPolicies/Gold",
    "exclusionTagName": "NoBackup",
    "exclusionTagValue": ["yes", "TRUE"],
    "inclusionTagName": "Backup",
    "inclusionTagValue": ["yes", "gold"],
}
LISTED = Image("cloudera", "cloudera-centos-os", "7")  # on the list of every definition that has one
MG = "/providers/Microsoft.Management/managementGroups/corp"


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reference_file(f"azure-policy/{name}.json"))
    return found


def assignment(name: str = "a", builtin: str = FOR_VMS["VirtualMachineBackup_DINE"], **changes: Any) -> dict[str, Any]:
    """As `az policy assignment list` shows one."""
    values = {key: {"value": value} for key, value in GIVEN.items() if not key.startswith("inclusion")}
    whole = {
        "displayName": name,
        "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{builtin}",
        "scope": f"/subscriptions/{SUB}",
        "parameters": values,
    }
    return whole | changes


def asked_by(whole: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that the definition has a parameter for."""
    return {name: value for name, value in values.items() if name in whole["properties"]["parameters"]}


def imported(*documents: Any, **options: Any) -> Imported:
    return import_azure_policy(read([("azure.json", list(documents))]), **options)


def policy(result: Imported) -> EnforcementPolicy:
    reading = check_policy(as_yaml(result), "policy.yaml")
    assert reading.policy is not None, reading.errors
    return reading.policy


def told(result: Imported, kind: Kind) -> list[str]:
    return [each.what for each in result.differences if each.kind is kind]


def subject_to(compiled: CompiledPolicy, vm: Vm) -> bool:
    """Whether the policy asks anything of the VM."""
    verdict = evaluate(Observation(vm, UNPROTECTED, (), START), compiled, START)
    return verdict.state is State.NON_COMPLIANT


def words(node: Any, field: str) -> list[str]:
    """What a condition compares an image's field with, anywhere in a definition."""
    found: list[str] = []
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, dict):
            if str(each.get("field", "")).endswith(field):
                values = [value for key, value in each.items() if key != "field"]
                found += [text for value in values for text in (value if isinstance(value, list) else [value])]
            found += words(list(each.values()), field)
        elif isinstance(each, list):
            found += words(each, field)
    return found


def images(rule: Any) -> st.SearchStrategy[Image]:
    """Images on the original's list, beside it, and none of the marketplace's."""

    def near(field: str) -> st.SearchStrategy[str]:
        listed = sorted({*words(rule, field), "other", "x[1]"})
        spelt = st.sampled_from(listed).flatmap(
            lambda text: st.sampled_from(
                [text, text.upper(), text.replace("*", "x"), text.replace("*", ""), f"{text}-2"]
            )
        )
        return spelt | st.just("")

    whole: list[Any] = []
    stack = [rule]
    while stack:  # the leaves of one `allOf` belong together: publisher, offer and sku that meet
        each = stack.pop()
        if isinstance(each, dict) and "allOf" in each and words(each["allOf"], "imagePublisher"):
            whole.append(each["allOf"])
        stack += list(each.values()) if isinstance(each, dict) else each if isinstance(each, list) else []
    alone = st.builds(Image, near("imagePublisher"), near("imageOffer"), near("imageSKU"))
    if not whole:
        return alone
    fitting = st.sampled_from(whole).flatmap(
        lambda group: st.builds(
            Image,
            st.sampled_from(words(group, "imagePublisher")),
            st.sampled_from([each.replace("*", "a") for each in words(group, "imageOffer")] or [""]),
            st.sampled_from([each.replace("*", "a") for each in words(group, "imageSKU")] or [""]),
        )
    )
    return fitting | alone


def machines(rule: Any) -> st.SearchStrategy[Vm]:
    tags = st.dictionaries(
        st.sampled_from(["NoBackup", "nobackup", "Backup", "env"]), st.sampled_from(["yes", "YES", "true", "gold", ""])
    ).filter(lambda each: len({name.lower() for name in each}) == len(each))
    tags |= st.sampled_from([{"Backup": "yes"}, {"backup": "GOLD", "env": "x"}])
    return st.builds(
        lambda group, place, chosen, image: a_vm("vm", group, location=place, tags=chosen, image=image),
        st.sampled_from(["app", "databricks-rg-1", "Databricks-RG-x", "my-databricks-rg-1"]),
        st.sampled_from(["westeurope", "westeurope", "eastus"]),
        tags,
        images(rule),
    )


@pytest.mark.parametrize("name", FOR_VMS)
@pytest.mark.parametrize("tags", ["named", "empty"])
def test_an_exact_import_applies_to_the_same_vms(name: str, tags: str) -> None:
    whole = definition(name)
    rule = whole["properties"]["policyRule"]["if"]
    values = GIVEN if tags == "named" else GIVEN | {key: type(value)() for key, value in GIVEN.items() if "Tag" in key}
    compiled = compile_policy(policy(imported(whole, exact=True, given=asked_by(whole, values))))
    seen = {True: 0, False: 0}

    @settings(max_examples=60)
    @example(a_vm(tags={"backup": "GOLD"}, image=LISTED))
    @example(a_vm(group="databricks-rg-1"))
    @given(machines(rule))
    def same(vm: Vm) -> None:
        wanted = applies(rule, values, vm)
        seen[wanted] += 1
        assert subject_to(compiled, vm) == wanted

    same()
    assert seen[False]
    assert seen[True] or (name, tags) == ("VirtualMachineWithTag_DINE", "empty")


@pytest.mark.parametrize("name", FOR_VMS)
def test_without_exact_only_what_is_told_differs(name: str) -> None:
    """Every VM of the original is in, unless a built-in exclusion sees it; what is new has an image off the list."""
    whole = definition(name)
    rule = whole["properties"]["policyRule"]["if"]
    result = imported(whole, given=asked_by(whole, GIVEN))
    compiled = compile_policy(policy(result))
    wider = any(each.startswith("any image") for each in told(result, Kind.WIDER))
    assert wider == (name != "VirtualMachines_EnableAzureBackup_Audit")

    @settings(max_examples=60)
    @given(machines(rule))
    def differs_by_image_alone(vm: Vm) -> None:
        before, after = applies(rule, GIVEN, vm), subject_to(compiled, vm)
        assert after or not before
        if after and not before:
            assert wider
            assert applies(rule, GIVEN, replace(vm, image=LISTED))

    differs_by_image_alone()


@pytest.mark.parametrize("name", FOR_VMS)
def test_an_assignment_alone_means_what_it_means_with_its_definition(name: str) -> None:
    given = {key: {"value": value} for key, value in GIVEN.items()}
    one = assignment(builtin=FOR_VMS[name], parameters=given)
    alone, both = imported(one), imported(one, definition(name))
    assert alone.document == both.document
    kinds = (Kind.NARROWER, Kind.NOTE, Kind.OPEN, Kind.NOT_UNDERSTOOD)
    assert [told(alone, kind) for kind in kinds] == [told(both, kind) for kind in kinds]
    assert len(told(alone, Kind.WIDER)) == len(told(both, Kind.WIDER))


def test_what_a_definition_leaves_to_its_assignment_is_to_be_filled_in() -> None:
    result = imported(definition("VirtualMachineWithTag_DINE"))
    opened = " ".join(told(result, Kind.OPEN))
    assert all(each in opened for each in ("vaultLocation", "inclusionTagValue", "backupPolicyId"))
    assert "wider" in opened
    assert policy(result).spec.mode is Mode.AUDIT


def test_a_definition_about_vaults_is_refused() -> None:
    with pytest.raises(SettingsError, match="about vaults"):
        imported(definition("AzBackupRecoveryServicesVault_SoftDelete_Audit"))
    renamed = definition("AzBackupRecoveryServicesVault_SoftDelete_Audit") | {"id": "mine", "name": "mine"}
    with pytest.raises(SettingsError, match="not about VMs"):
        imported(renamed)


def test_an_assignment_is_taken_over_whole() -> None:
    outside = [f"/subscriptions/{SUB}/resourceGroups/sandbox", f"{MG[:-4]}labs", "/nonsense"]
    result = imported(assignment("Prod: backup!", scope=MG, notScopes=outside))
    made = policy(result).model_dump(by_alias=True, mode="json", exclude_unset=True)["spec"]
    assert made["scope"] == {"managementGroups": ["corp"], "excludeManagementGroups": ["labs"]}
    assert made["exclude"]["any"] == [
        {"tags": {"NoBackup": {"is": ["yes", "TRUE"], "ignoreCase": True}}},
        {"subscriptions": [SUB], "resourceGroups": ["sandbox"]},
    ]
    (rule,) = made["rules"]
    assert rule["name"] == "prod-backup"
    assert rule["match"] == {"locations": ["westeurope"]}
    assert (rule["backupPolicy"], rule["vault"]) == ({"name": "Gold"}, {"select": {"names": ["rsv-1"]}})
    assert any("/nonsense" in each for each in told(result, Kind.NOT_UNDERSTOOD))


@pytest.mark.parametrize(
    ("effect", "enforcement", "mode", "rule_effect"),
    [
        ("DeployIfNotExists", "Default", Mode.AUDIT, "enforce"),
        ("auditIfNotExists", "Default", Mode.AUDIT, "audit"),
        ("DeployIfNotExists", "DoNotEnforce", Mode.AUDIT, "audit"),
        ("disabled", "Default", Mode.DISABLED, "enforce"),
        ("deny", "Default", Mode.AUDIT, "audit"),
    ],
)
def test_the_effect_becomes_mode_and_rule(effect: str, enforcement: str, mode: Mode, rule_effect: str) -> None:
    one = assignment(enforcementMode=enforcement)
    one["parameters"] |= {"effect": {"value": effect}}
    spec = policy(imported(one)).spec
    assert (spec.mode, spec.rules[0].effect) == (mode, rule_effect)


def test_several_assignments_become_rules_of_which_the_writing_ones_come_first() -> None:
    audit = assignment("all", FOR_VMS["VirtualMachines_EnableAzureBackup_Audit"], scope=MG, parameters={})
    off = assignment("off", parameters=assignment()["parameters"] | {"effect": {"value": "Disabled"}})
    result = imported(audit, assignment("west"), assignment("west"), off)
    rules = policy(result).spec.rules
    assert [(each.name, each.effect) for each in rules] == [
        ("west", "enforce"),
        ("west-2", "enforce"),
        ("all", "audit"),
    ]
    assert rules[0].match.subscriptions == (SUB,)
    assert rules[2].match.management_groups == ("corp",)
    assert len(rules[0].exclude) == 1
    assert any("disabled" in each for each in told(result, Kind.NOTE))


def custom(condition: Any, **properties: Any) -> dict[str, Any]:
    then = {"effect": "AuditIfNotExists", "details": {"type": "Microsoft.RecoveryServices/backupprotecteditems"}}
    return {
        "id": "/x/mine",
        "properties": {"displayName": "mine", "policyRule": {"if": condition, "then": then}, **properties},
    }


@pytest.mark.parametrize(
    ("condition", "match"),
    [
        ({"field": "tags['env']", "equals": "prod"}, {"tags": {"env": {"is": ["prod"], "ignoreCase": True}}}),
        ({"field": "tags.env", "like": "p*"}, {"tags": {"env": {"like": ["p*"]}}}),
        ({"field": "tags[env]", "exists": "false"}, {"not": {"tags": {"env": {"like": ["*"]}}}}),
        ({"field": "tags", "containsKey": "env"}, {"tags": {"env": {"like": ["*"]}}}),
        ({"field": "name", "contains": "a*b"}, {"names": ["*a[*]b*"]}),
        ({"field": "location", "notIn": ["a", "b"]}, {"not": {"locations": ["a", "b"]}}),
        ({"value": "[resourceGroup().name]", "like": "rg-*"}, {"resourceGroups": ["rg-*"]}),
        (
            {"value": "[resourceGroup().tags['env']]", "equals": "x"},
            {"resourceGroupTags": {"env": {"is": ["x"], "ignoreCase": True}}},
        ),
        ({"value": "[toLower(field('location'))]", "equals": "a"}, {"locations": ["a"]}),
        ({"field": "id", "contains": "/resourceGroups/x/"}, {"resourceGroups": ["x"]}),
        ({"value": "[concat('a', 'b')]", "equals": "AB"}, {}),
        (
            {"field": "Microsoft.Compute/virtualMachines/storageProfile.osDisk.osType", "equals": "Windows"},
            {"os": ["windows"]},
        ),
    ],
)
def test_conditions_that_can_be_said_here(condition: Any, match: Any) -> None:
    result = imported(custom(condition))
    made = policy(result).model_dump(by_alias=True, mode="json", exclude_unset=True)["spec"]
    found = made["rules"][0]["match"]
    if set(match) == {"not"} and "tags" in match["not"]:
        found = {"not": made["exclude"]["any"][0]}
    assert found == match
    assert not told(result, Kind.NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    ("condition", "effect"),
    [
        ({"field": "Microsoft.Compute/virtualMachines/extensions", "exists": "true"}, "wider"),
        ({"not": {"field": "kind", "equals": "x"}}, "wider"),
        ({"allOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "a"}]}, "wider"),
        ({"anyOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "a"}]}, "narrower"),
        ({"not": {"anyOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "a"}]}}, "wider"),
        ({"not": {"allOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "a"}]}}, "narrower"),
        ({"value": "[utcNow()]", "equals": "x"}, "wider"),
        ({"value": "[concat('x']", "equals": "x"}, "wider"),
        ({"field": "location", "match": "##"}, "wider"),
        ({"field": "location", "equals": ""}, "wider"),
        ({"count": {"field": "x[*]"}, "greater": 1}, "wider"),
        ("nonsense", "wider"),
        ({"field": "location", "equals": 3}, "wider"),
        ({"field": "location", "equals": "x" * 400}, "wider"),
    ],
)
def test_what_is_not_understood_is_told_with_what_leaving_it_out_does(condition: Any, effect: str) -> None:
    result = imported(custom(condition))
    (only,) = told(result, Kind.NOT_UNDERSTOOD)
    assert f"which is {effect}" in only
    policy(result)


def test_keys_that_nobody_knows_are_told() -> None:
    unknown = custom({"field": "location", "equals": "a"}, brandNew={"x": 1})
    assert told(imported(unknown), Kind.NOT_UNDERSTOOD) == ["the key 'brandnew'"]


def test_an_assignment_of_an_unknown_definition_is_left_out_and_told() -> None:
    result = imported(assignment("known"), assignment("theirs", builtin="1234"))
    (only,) = told(result, Kind.NOT_UNDERSTOOD)
    assert only == (
        "left out: 'theirs' assigns the definition 1234, which is not among the files "
        "(az policy definition show --name 1234)"
    )
    with pytest.raises(SettingsError, match="1234"):
        imported(assignment("theirs", builtin="1234"))


def a_set(*members: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """As `az policy set-definition show` shows one, of the built-in definition with an existing vault by default."""
    return {
        "id": f"/subscriptions/{SUB}/providers/Microsoft.Authorization/policySetDefinitions/baseline",
        "displayName": "Baseline",
        "parameters": {"where": {"type": "String", "defaultValue": "northeurope"}, "what": {"type": "String"}},
        "policyDefinitions": list(members),
        **properties,
    }


def member(name: str = "VirtualMachineBackup_DINE", **values: Any) -> dict[str, Any]:
    return {
        "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{FOR_VMS.get(name, name)}",
        "policyDefinitionReferenceId": name,
        "parameters": {key: {"value": value} for key, value in values.items()},
    }


def of_the_set(**changes: Any) -> dict[str, Any]:
    return assignment("Ours", policyDefinitionId=a_set()["id"], parameters={}, **changes)


def test_a_set_becomes_a_rule_for_each_part_that_is_about_vms() -> None:
    backup = member(vaultLocation="[parameters('where')]", backupPolicyId=GIVEN["backupPolicyId"])
    tagged = member(
        "VirtualMachineApplicationCentricBackup_DINE_WithTag",
        inclusionTagName="Backup",
        inclusionTagValue=["[concat('y', 'es')]"],
    )
    result = imported(of_the_set(), a_set(backup, tagged, member("1234"), member("5678")))
    first, second = policy(result).spec.rules
    assert first.match.locations == ("northeurope",)
    assert first.match.subscriptions == second.match.subscriptions == (SUB,)
    assert first.vault.select.names == ("rsv-1",)
    assert second.match.tags is not None
    assert second.match.tags["Backup"].is_ == ("yes",)
    assert told(result, Kind.NOT_UNDERSTOOD) == [
        "left out: of the set 'Ours' 2 whose definitions are not among the files: 1234, 5678"
    ]
    assert result.sources[first.name] == "Ours: Backup of VMs without a given tag, existing vault"


def test_the_value_of_an_assignment_wins_over_the_sets_and_a_given_one_over_both() -> None:
    whole = a_set(member(vaultLocation="[parameters('where')]"))
    ours = of_the_set() | {"parameters": {"where": {"value": "westus"}}}
    assert policy(imported(ours, whole)).spec.rules[0].match.locations == ("westus",)
    assert policy(imported(whole)).spec.rules[0].match.locations == ("northeurope",)
    assert policy(imported(ours, whole, given={"Where": "eastus"})).spec.rules[0].match.locations == ("eastus",)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("[parameters('what')]", ""),
        ("[field('name')]", "the expression [field('name')]"),
        ("[utcNow()]", "the function utcnow()"),
    ],
)
def test_a_value_that_a_set_does_not_tell_is_never_the_definitions_default(value: str, why: str) -> None:
    result = imported(of_the_set(), a_set(member(vaultLocation="westeurope", effect=value)))
    assert policy(result).spec.rules[0].effect == "audit"
    not_understood = [f"the set's value of the parameter effect: {why}"] if why else []
    assert told(result, Kind.NOT_UNDERSTOOD) == not_understood
    assert any("the effect is the parameter effect, which has no value" in each for each in told(result, Kind.OPEN))


def test_an_override_concerns_the_parts_that_it_names() -> None:
    override = {
        "kind": "policyEffect",
        "value": "Disabled",
        "selectors": [{"kind": "policyDefinitionReferenceId", "in": ["VirtualMachineWithTag_DINE"]}],
    }
    tagged = member("VirtualMachineWithTag_DINE", vaultLocation="a", inclusionTagName="b", inclusionTagValue=["c"])
    result = imported(of_the_set(overrides=[override]), a_set(member(vaultLocation="westeurope"), tagged))
    (only,) = policy(result).spec.rules
    assert only.match.locations == ("westeurope",)
    assert only.effect == "enforce"
    assert not told(result, Kind.NOT_UNDERSTOOD)


def test_a_set_that_is_not_at_hand_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(SettingsError, match=r"'Ours' assigns a set .* set-definition show --name baseline"):
        imported(of_the_set())


def test_a_definition_that_makes_vaults_makes_a_rule_that_does() -> None:
    for builtin in ("WithTag", "WithOutTag"):
        key = FOR_VMS[f"VirtualMachineApplicationCentricBackup_DINE_{builtin}"]
        result = imported(assignment(builtin=key, parameters={}))
        assert policy(result).spec.rules[0].vault.when_missing == "create"
        assert any("one for each resource group" in each for each in told(result, Kind.NOTE))


def test_a_parameter_that_nothing_asks_for_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match=r"vaultLocaton: .*did you mean 'vaultLocation'"):
        imported(assignment(), given={"vaultLocaton": "westus"})
    imported(assignment(), given={"BACKUPPOLICYID": GIVEN["backupPolicyId"]})


def test_a_backup_policy_that_is_no_id_is_told_as_such() -> None:
    odd = assignment(parameters={"vaultLocation": {"value": "a"}, "backupPolicyId": {"value": "gold"}})
    assert any("backupPolicyId is not the id of a backup policy" in each for each in told(imported(odd), Kind.OPEN))


def test_an_assignment_that_is_not_enforced_is_not_said_to_report_every_vm() -> None:
    notes = told(imported(assignment(enforcementMode="DoNotEnforce")), Kind.NOTE)
    assert any("is not enforced" in each for each in notes)
    assert not any("reports every VM" in each for each in notes)


def test_what_is_disabled_is_said_to_be() -> None:
    result = imported(assignment(parameters={"effect": {"value": "disabled"}}))
    assert policy(result).spec.mode is Mode.DISABLED
    assert any("is disabled" in each for each in told(result, Kind.NOTE))


def test_a_long_title_is_cut_between_words() -> None:
    title = "Configure backup on virtual machines without a given tag"
    (rule,) = policy(imported(assignment(title))).spec.rules
    assert rule.name == "configure-backup-on-virtual-machines-without-a"
    assert len(policy(imported(assignment("x" * 90))).spec.rules[0].name) == 50


def test_exact_asks_for_the_definition_that_holds_the_list() -> None:
    with pytest.raises(SettingsError, match="needs the definition 09ce66bc"):
        imported(assignment(), exact=True)


def test_a_resource_selector_narrows_to_its_locations() -> None:
    selector = {"name": "s", "selectors": [{"kind": "resourceLocation", "in": ["westus"]}]}
    odd = {
        "name": "t",
        "selectors": [{"kind": "other", "in": ["x"]}, {"kind": "resourceLocation", "notIn": ["eastus"]}],
    }
    result = imported(assignment(resourceSelectors=[selector, odd], parameters={}))
    match = policy(result).spec.rules[0].match.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert match == {"any": [{"locations": ["westus"]}, {"not": {"locations": ["eastus"]}}]}
    assert told(result, Kind.NOT_UNDERSTOOD) == ["the resource selector by other is left out, which is wider"]


def test_hostile_titles_stay_in_their_comment() -> None:
    text = as_yaml(imported(assignment("x\nspec: {mode: enforce}\u202e # \x1b[31m")))
    reading = check_policy(text, "policy.yaml")
    assert reading.policy is not None
    assert reading.policy.spec.mode is Mode.AUDIT
    assert "\\u202e" in text
    assert "\x1b" not in text
