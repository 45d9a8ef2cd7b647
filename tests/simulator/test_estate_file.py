"""An estate from a file: what its keys mean, and what is said about a file that is none."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.core.state import State
from simulator.estate.file import load
from simulator.estate.file_schema import text as schema_text
from simulator.estate.file_text import EstateFileError

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SMALL = """\
version: 1
subscriptions: [{name: prod}]
vaults: [{name: rsv, location: West Europe}]
virtualMachines:
  - {name: web-1, resourceGroup: rg-web}
"""
TWO_LINES = '{"version": 1,\n "subscriptions": [\n  {"name": "a"},\nX]}'
EXAMPLES = Path("examples")


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def _read(text: str, name: str = "e.yaml") -> State:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return load(tmp_path / name, START)[0]

    return _read


@pytest.fixture
def refusal(tmp_path: Path) -> Any:
    def _refusal(text: str | bytes, name: str = "e.yaml") -> str:
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (tmp_path / name).write_bytes(content)
        with pytest.raises(EstateFileError) as caught:
            load(tmp_path / name, START)
        said = str(caught.value)
        assert "\n" not in said
        assert len(said) < 400 + len(str(tmp_path))
        return said.removeprefix(f"{tmp_path}/")

    return _refusal


def with_vm(entry: str) -> str:
    return f"version: 1\nsubscriptions: [{{name: prod}}]\nvirtualMachines:\n  - {entry}\n"


def with_item(entry: str) -> str:
    return f"{SMALL}protectedItems:\n  - {entry}\n"


def test_five_lines_are_an_estate(read: Any) -> None:
    state = read(SMALL)
    [vm], [vault], [subscription] = state.vms.values(), state.vaults.values(), state.subscriptions.values()
    assert (vm.name, vm.group, vm.location, vm.tags, vm.power) == ("web-1", "rg-web", "westeurope", None, "running")
    assert (vault.group, vault.location, sorted(vault.policies)) == (
        "rg-backup",
        "westeurope",
        ["defaultpolicy", "enhancedpolicy", "hourlylogbackup"],
    )
    assert vm.subscription == vault.subscription == subscription.id
    assert [group.name for group in state.groups.values()] == ["rg-backup", "rg-web"]
    assert vm.properties["provisioningState"] == "Succeeded"
    assert vm.properties["timeCreated"] == "2026-10-25T08:00:00.0000000Z"
    assert vm.properties["storageProfile"]["imageReference"]["publisher"] == "Canonical"
    assert state.labels == {}


def test_the_same_file_gives_the_same_ids(read: Any) -> None:
    one, two = read(SMALL), read(SMALL)
    assert list(one.vms) == list(two.vms)
    assert one.tenant == two.tenant
    assert [vm.properties for vm in one.vms.values()] == [vm.properties for vm in two.vms.values()]


def test_json_and_yaml_give_the_same_estate_whatever_the_file_is_called(read: Any) -> None:
    plain = (EXAMPLES / "estate-small.yaml").read_text(encoding="utf-8")
    data = yaml.load(plain, Loader=yaml.BaseLoader)
    data["version"] = 1
    for vm in data["virtualMachines"]:
        if "ephemeralOsDisk" in vm:
            vm["ephemeralOsDisk"] = True
    one, two, three = read(plain), read(json.dumps(data), "x.yaml"), read("\n " + json.dumps(data, indent=2), "x.json")
    for other in (two, three):
        assert list(one.vms.values()) == list(other.vms.values())
        assert list(one.vaults.values()) == list(other.vaults.values())
        assert one.management_groups == other.management_groups


def test_the_example_holds_a_vm_of_every_interesting_case() -> None:
    state, as_of = load(EXAMPLES / "estate-small.yaml", START)
    assert as_of == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    items = {item.vm_name: item for vault in state.vaults.values() for item in vault.items.values()}
    assert {name: item.state for name, item in items.items()} == {
        "vm-shop-01": "Protected",
        "vm-sql-01": "Protected",
        "vm-erp-01": "IRPending",
        "vm-erp-02": "ProtectionStopped",
        "vm-erp-03": "ProtectionStopped",
    }
    assert [name for name, item in items.items() if item.soft_deleted] == ["vm-erp-03"]
    assert items["vm-sql-01"].management == "AzureWorkload"
    vms = {vm.name: vm for vm in state.vms.values()}
    assert vms["vm-runner-01"].properties["storageProfile"]["osDisk"]["diffDiskSettings"]["option"] == "Local"
    assert vms["vm-crm-01"].properties["hardwareProfile"] == {"vmSize": "Standard_D8s_v5"}
    assert vms["vm-crm-01"].properties["storageProfile"]["imageReference"]["publisher"] == "MicrosoftWindowsServer"
    assert state.management_groups["contoso"] == [vms["vm-edge-01"].subscription, vms["vm-shop-01"].subscription]
    assert state.management_parents == {"contoso-production": "contoso"}


def test_properties_are_kept_as_they_are_and_nothing_is_added_to_a_storage_profile(read: Any) -> None:
    entry = "{name: a, properties: {future: {x: [1, null, true, 1.5, no]}, storageProfile: {osDisk: {osType: Linux}}}}"
    [vm] = read(with_vm(entry)).vms.values()
    assert vm.properties["future"] == {"x": [1, None, True, 1.5, "no"]}
    assert vm.properties["storageProfile"] == {"osDisk": {"osType": "Linux"}}


def test_a_part_that_is_null_is_absent_and_texts_stay_texts(read: Any) -> None:
    parts = "storageProfile: {osDisk: null, imageReference: null}, osProfile: null, other: null"
    [vm] = read(with_vm(f"{{name: a, tags: {{x: 1e5, y: 2026-01-01, z: no}}, properties: {{{parts}}}}}")).vms.values()
    assert vm.properties["storageProfile"] == {"osDisk": {}}
    assert ("osProfile" in vm.properties, "other" in vm.properties) == (False, True)
    assert vm.tags == {"x": "1e5", "y": "2026-01-01", "z": "no"}


def test_what_a_writer_of_yaml_leaves_unquoted_is_read_as_it_was_meant(read: Any) -> None:
    texts = [
        "1e5",
        "1.5e3",
        "0x1",
        "007",
        "+1",
        "1_000",
        "True",
        "NULL",
        "yes",
        "~",
        "",
        "=",
        "1:30",
        ".5",
        "-",
        "é\x85",
    ]
    tags = {f"t{at}": text for at, text in enumerate(texts)}
    held = {"version": 1, "subscriptions": [{"name": "a"}], "virtualMachines": [{"name": "a", "tags": tags}]}
    [vm] = read(yaml.dump(held, Dumper=yaml.CSafeDumper, allow_unicode=True)).vms.values()
    assert vm.tags == tags


def test_whole_ids_are_taken_and_a_shouted_group_is_known_again(read: Any) -> None:
    sub = "11111111-1111-4111-8111-111111111111"
    text = f"""\
version: 1
subscriptions: [{{name: prod, id: {sub.upper()}}}]
resourceGroups: [{{name: Rg-Web, location: eastus}}]
virtualMachines:
  - id: /Subscriptions/{sub}/resourcegroups/RG-WEB/providers/microsoft.compute/virtualmachines/a
  - id: /subscriptions/{sub}/resourceGroups/Rg-Web/providers/Microsoft.Compute/virtualMachines/b
"""
    one, two = read(text).vms.values()
    assert one.id == f"/subscriptions/{sub}/resourceGroups/Rg-Web/providers/Microsoft.Compute/virtualMachines/a"
    assert (one.shouts, one.location, two.shouts) == (True, "eastus", False)


@pytest.mark.parametrize(
    ("given", "state", "configuring", "deleted", "has_point", "policy"),
    [
        ("", "Protected", False, False, True, "DefaultPolicy"),
        (", state: IRPending", "IRPending", False, False, False, "DefaultPolicy"),
        (", state: ConfiguringProtection", "IRPending", True, False, False, "DefaultPolicy"),
        (", state: ProtectionConfigured", "IRPending", False, False, False, "DefaultPolicy"),
        (", lastRecoveryPoint: 2026-11-01", "Protected", False, False, True, "DefaultPolicy"),
        (", state: ProtectionStopped", "ProtectionStopped", False, False, True, ""),
        (", state: SoftDeleted", "ProtectionStopped", False, True, True, ""),
        (", state: ProtectionError, policy: enhancedpolicy", "ProtectionError", False, False, True, "EnhancedPolicy"),
    ],
)
def test_every_state_of_a_protected_item(
    read: Any, given: str, state: str, configuring: bool, deleted: bool, has_point: bool, policy: str
) -> None:
    held = read(with_item(f"{{vm: web-1, vault: rsv{given}}}"))
    [vm] = held.vms.values()
    [item] = held.vm_items(vm.id)
    found = (item.state, item.configuring, item.soft_deleted, item.last_point is not None, item.policy)
    assert found == (state, configuring, deleted, has_point, policy)
    assert item.container == "IaasVMContainer;iaasvmcontainerv2;rg-web;web-1"


def test_an_item_by_id_is_a_copy_its_vm_may_be_gone_and_its_state_unknown(read: Any) -> None:
    state = read(SMALL)
    [vault], [vm] = state.vaults.values(), state.vms.values()
    gone = vm.id.replace("web-1", "gone")
    names = "IaasVMContainer;iaasvmcontainerv2;rg-web;gone/protectedItems/VM;iaasvmcontainerv2;rg-web;gone"
    item_id = f"{vault.id}/backupFabrics/Azure/protectionContainers/{names}"
    copy = read(SMALL + f"protectedItems:\n  - {{id: '{item_id}', vm: {gone}, policy: other, state: Resting}}\n")
    [item] = copy.vm_items(gone)
    assert (item.state, item.policy, item.vm_name, item.last_point) == ("Resting", "other", "gone", None)


def test_jobs_are_kept_and_a_running_backup_has_one(read: Any) -> None:
    started = "2026-11-24T07:00:00Z"
    state = read(
        with_item("{vm: web-1, vault: rsv, lastBackupStatus: InProgress}")
        + f"jobs:\n  - {{vm: rg-web/web-1, vault: rsv, started: {started}, status: Failed}}\n"
    )
    [vault] = state.vaults.values()
    assert [(job.status, job.ended is None) for job in vault.jobs.values()] == [("Failed", False), ("InProgress", True)]


def test_a_vault_says_how_it_stores_and_guards(read: Any) -> None:
    text = SMALL.replace(
        "{name: rsv, ", "{name: rsv, redundancy: ZoneRedundant, softDelete: {state: Enabled, days: 30}, policies: [], "
    )
    [vault] = read(text).vaults.values()
    assert vault.settings["storage"]["storageType"] == "ZoneRedundant"
    assert vault.settings["security"]["softDeleteRetentionPeriodInDays"] == 30
    assert vault.policies == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "e.yaml:1:1: an estate file is one mapping"),
        ("[]", "e.yaml:1:1: an estate file is one mapping"),
        ("version: 1\n", "e.yaml:1:1: the key 'subscriptions' is missing"),
        ("subscriptions: [{name: a}]\n", "e.yaml:1:1: the key 'version' is missing"),
        ("version: 2\n", "e.yaml:1:10: version: input should be 1"),
        ("version: '1'\n", "e.yaml:1:10: version: input should be 1"),
        ("version: 1\nvms: []\n", "e.yaml:2:1: vms: unknown key"),
        ("version: 1\nvirtualMachine: []\n", "(did you mean 'virtualMachines'?)"),
        ("version: 1\nversion: 1\n", "e.yaml:2:1: version: this key appears twice"),
        ("version: 1\nvaults: {a: b}\n", "e.yaml:2:9: vaults: must be a list"),
        ("version: 1\nvaults:\n", "vaults: must be a list"),
        ("version: [1]\n", "version: must not be a list"),
        ("a: &x {}\n", "e.yaml:1:1: a: unknown key"),
        ("version: &x 1\n", "anchors and aliases are not allowed"),
        ("version: 1\nvaults: [*x]\n", "e.yaml:2:10: vaults[0]: anchors and aliases are not allowed"),
        ("version: !!int 1\n", "the type tag tag:yaml.org,2002:int is not allowed"),
        ("version: 1\n---\nversion: 1\n", "a second document begins here"),
        ("version: 1\n\tx: 1\n", "e.yaml:2:1: not valid YAML"),
        ("version: 1\nvaults: [\n", "not valid YAML"),
        ("version: 1\nvaults: [" + "[" * 60, "nested deeper than 40 levels"),
        ("version: 1\n1: 1\n", "e.yaml:2:1: keys must be text"),
        ("version: 1\nvaults: [.nan]\n", "is no number that JSON knows"),
        (
            with_vm("{name: a, tags: {env: prod, cost: 4711}}"),
            "e.yaml:4:33: virtualMachines[0].tags.cost: must be text; quote it",
        ),
        (with_vm("{name: a, tags: {env: a, ENV: b}}"), "4:15: virtualMachines[0].tags: a tag name appears twice"),
        (with_vm("{name: a, tags: {env: a, env: b}}"), "virtualMachines[0].tags.env: this key appears twice"),
        (with_vm("{name: a, tag: {}}"), "e.yaml:4:15: virtualMachines[0].tag: unknown key (did you mean 'tags'?)"),
        (with_vm("{name: a/b}"), "e.yaml:4:6: virtualMachines[0].name: not a valid value: 'a/b'"),
        (with_vm("{resourceGroup: a}"), "virtualMachines[0]: the key 'name' (or 'id') is missing"),
        (with_vm("{name: a, id: b}"), "give either the id, or name"),
        (with_vm("{id: /subscriptions/x}"), "e.yaml:4:6: virtualMachines[0].id: not the id of a Microsoft.Compute/"),
        (with_vm("{name: a, location: westeurop}"), "there is no region 'westeurop' (did you mean 'westeurope'?)"),
        (with_vm("{name: a, location: '?'}"), "virtualMachines[0].location"),
        (with_vm("{name: a, subscription: prd}"), "4:15: virtualMachines[0].subscription: there is no subscription"),
        (with_vm("{name: a, zones: [1]}"), "virtualMachines[0].zones[0]: must be text; quote it"),
        (with_vm("{name: a, osType: linux}"), "4:15: virtualMachines[0].osType: input should be 'Linux' or 'Windows'"),
        (with_vm("{name: a, timeCreated: yesterday}"), "must be a moment such as"),
        (with_vm("{name: a, timeCreated: 2026-13-01}"), "must be a moment such as"),
        (with_vm("{name: a, properties: {storageProfile: []}}"), "storageProfile must be a mapping"),
        (with_vm("{name: a, properties: {storageProfile: {osDisk: 1}}}"), "storageProfile.osDisk must be a mapping"),
        (with_vm("{name: a, properties: {storageProfile: {dataDisks: [1]}}}"), "storageProfile.dataDisks[0] must be a"),
        (
            with_vm("{name: a, properties: {networkProfile: {networkInterfaces: {}}}}"),
            "networkInterfaces must be a list",
        ),
        (with_vm("{name: a, properties: {timeCreated: 1}}"), "timeCreated must be text"),
        (
            with_vm("{name: a, size: x, properties: {hardwareProfile: {vmSize: y}}}"),
            "e.yaml:4:15: virtualMachines[0].size: stands in properties.hardwareProfile.vmSize too; say it once",
        ),
        (with_vm("{name: a}\n  - {name: A}"), "e.yaml:5:6: virtualMachines[1].name: the VM 'A' is there twice"),
        (with_vm("{name: a}").replace("{name: prod}", "{name: a}, {name: A}"), "another subscription is called 'A'"),
        (with_vm("{name: a}").replace("{name: prod}", "{name: a}, {name: b}"), "say which"),
        (SMALL + "resourceGroups: [{name: a}, {name: A}]\n", "resourceGroups[1].name: the resource group 'A' is there"),
        (SMALL.replace("vaults: [", "vaults: [{name: RSV}, "), "vaults[1].name: the vault 'rsv' is there twice"),
        (with_item("{vm: web-2, vault: rsv}"), "e.yaml:7:6: protectedItems[0].vm: there is no VM 'web-2'"),
        (with_item("{vm: web-1, vault: x}"), "protectedItems[0].vault: there is no vault 'x'"),
        (with_item("{vm: web-1, vault: rsv, policy: x}"), "has no backup policy 'x' for AzureIaasVM"),
        (with_item("{vm: web-1, vault: rsv, policy: HourlyLogBackup}"), "has no backup policy"),
        (with_item("{vm: web-1, vault: rsv, state: Protcted}"), "protectedItems[0].state: must be one of Protected"),
        (with_item("{vm: web-1}"), "give either the vault or the item's whole id"),
        (with_item("{vm: web-1, id: x}"), "protectedItems[0].id: not the id of a protected item"),
        (
            with_item("{vm: web-1, vault: rsv}\n  - {vm: web-1, vault: rsv}"),
            "protectedItems[1].vm: this protected item",
        ),
        (SMALL + "managementGroups: [{name: a, children: [{name: A}]}]\n", "managementGroups[0].children[0].name"),
        (
            SMALL + "managementGroups: [{name: a, subscriptions: [x]}]\n",
            "e.yaml:6:46: managementGroups[0].subscriptions[0]",
        ),
        (SMALL + "managementGroups: [{name: a, subscriptions: [prod, prod]}]\n", "in one management group only"),
        (SMALL + "jobs: [{vm: web-1, vault: rsv, started: 2026-11-01}]\n", "has no protected item in this vault"),
        (SMALL + "locks: [{name: a, resourceGroup: none}]\n", "locks[0].resourceGroup: there is no resource group"),
        (SMALL + "locks: [{name: a, subscription: prd}]\n", "locks[0].subscription: there is no subscription 'prd'"),
        (SMALL + "locks: [{name: a, managementGroup: b}]\n", "locks[0].managementGroup: there is no management group"),
        (SMALL + "locks: [{name: a, scope: /x, managementGroup: b}]\n", "locks[0]: give one of scope, managementGroup"),
        (SMALL + "locks: [{name: a}, {name: A}]\n", "locks[1].name: this is there twice"),
        (SMALL + "locks: [{name: a, level: Delete}]\n", "locks[0].level: input should be 'CanNotDelete' or 'ReadOnly'"),
        (SMALL + "policyAssignments: [{name: a, definition: b}]\n", "[0].definition: there is no definition 'b'"),
        (SMALL + "keyVaults: [{name: kv}, {name: KV}]\n", "keyVaults[1].name: the key vault 'KV' is there twice"),
        (with_vm("{name: a, diskEncryption: {keyVault: kv}}"), "[0].diskEncryption.keyVault: there is no key vault"),
        (
            with_vm("{name: a, classic: true, diskEncryption: {keyVault: /kv}}"),
            "diskEncryption: a classic VM has no such",
        ),
        (with_vm("{name: a, agent: gone}"), "virtualMachines[0].agent: input should be 'ok', 'missing'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(refusal: Any, text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "e.json:1:2: not valid JSON"),
        ('{"version": 1,\n "version": 1}', "e.json:2:2: version: this key appears twice"),
        ('{"version": 1,\n "vms": []}', "e.json:2:2: vms: unknown key"),
        ('{"version": 1, "vaults": []', "e.json:1:28: not valid JSON: a comma or the end"),
        ('{"version": 1} x', "e.json:1:16: something follows"),
        ('{"version": 1, "subscriptions": [{"name": "a", "name": "b"}]}', "the key 'name' appears twice"),
        ('{"version": NaN}', "NaN is no number"),
        ('{"version": 1e999}', "1e999 is no number"),
        ('{"version": 1, "subscriptions": [{"name": "\\ud800"}]}', "half a character"),
        ('{"version": 1, "vaults": [' + "[" * 60 + "]" * 60 + "]}", "nested deeper than 40 levels"),
        ('{"version": 1, "vaults": [' + "[" * 200_000, "nested deeper than 40 levels"),
        (TWO_LINES.replace("X", '{"name": "b", "ID": 1}'), "e.json:4:15: subscriptions[1].ID"),
        (
            TWO_LINES.replace("X", '{"name": "a"}'),
            "e.json:4:2: subscriptions[1].name: the subscription 'a' is there twice",
        ),
        ("{version: 1}", "e.json:1:2: not valid JSON"),
        # JSON that YAML cannot read: the place is that of the entry
        (TWO_LINES.replace("X", '{"name": "\\ud83d\\ude00", "ID": 1}'), "e.json:4:1: subscriptions[1].ID: unknown key"),
        (TWO_LINES.replace("X", '{"name"\n\t: "b", "ID": 1}'), "e.json:4:1: subscriptions[1].ID: unknown key"),
    ],
)
def test_the_same_for_json(refusal: Any, text: str, said: str) -> None:
    assert said in refusal(text, "e.json")


def test_what_is_no_text_or_no_file_is_said_too(refusal: Any, tmp_path: Path) -> None:
    assert "not UTF-8 text" in refusal(b"version: \xff\n")
    with pytest.raises(EstateFileError, match="there is no such file"):
        load(tmp_path / "none.yaml", START)
    with pytest.raises(EstateFileError, match="cannot be read"):
        load(tmp_path, START)


def test_control_characters_of_the_file_never_reach_the_terminal(refusal: Any) -> None:
    said = refusal(with_vm('{name: a, subscription: "\\e[31mred"}'))
    assert "\x1b" not in said
    assert "[31mred" in said


def test_a_new_region_is_declared_and_an_unlike_one_is_taken(read: Any) -> None:
    assert read(with_vm("{name: a, location: westeurop}") + "regions: [westeurop]\n").vms
    assert read(with_vm("{name: a, location: moonbase1}")).vms
    assert read(with_vm("{name: a, location: eastus9}")).vms


def test_a_large_entry_across_the_reading_window_is_read_whole(read: Any) -> None:
    vms = [{"name": f"vm-{n}", "properties": {"x": "y" * 300_000}} for n in range(12)]
    state = read(json.dumps({"version": 1, "subscriptions": [{"name": "a"}], "virtualMachines": vms}), "e.json")
    assert [len(vm.properties["x"]) for vm in state.vms.values()] == [300_000] * 12


def test_an_entry_beyond_all_bounds_is_refused(refusal: Any) -> None:
    entry = {"name": "a", "properties": {"x": "y" * 5_000_000}}
    text = json.dumps({"version": 1, "subscriptions": [{"name": "a"}], "virtualMachines": [entry]})
    assert "e.json:1:" in refusal(text, "e.json")
    assert "e.yaml:4:31: virtualMachines[0].properties.x: the entry holds more" in refusal(
        with_vm("{name: a, properties: {x: " + "y" * 4_000_001 + "}}")
    )


def test_the_schema_for_editors_is_that_of_the_reader() -> None:
    lies = Path("schemas/estate.schema.json").read_text(encoding="utf-8")
    assert lies == schema_text(), "write it anew: python -m simulator.estate.file_schema > schemas/estate.schema.json"


def test_whatever_is_done_to_a_file_it_is_read_or_refused_in_one_line(tmp_path: Path) -> None:
    rng, file = random.Random(20261124), tmp_path / "e"
    whole = (EXAMPLES / "estate-small.yaml").read_text(encoding="utf-8")
    texts = [whole, json.dumps(yaml.load(whole, Loader=yaml.BaseLoader), indent=1)]
    refusals: list[str] = []
    for _ in range(150):
        text = list(rng.choice(texts))
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 2)] = rng.choice("{}[]:,\"'\\\n\t -#&*!|>%@`01eE.+~?\x00\x85\u2028é/;")
        file.write_text("".join(text), encoding="utf-8")
        try:
            load(file, START)
        except EstateFileError as error:
            refusals.append(str(error))
    assert len(refusals) > 100
    assert [each for each in refusals if "\n" in each or not each.startswith(str(file))] == []
