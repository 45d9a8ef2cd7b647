"""Limits over HTTP: what each answer tells of them, who is kept out, and how `/_sim/limits` switches them."""

import base64
import json
import subprocess
import sys
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.limits.principal import principal_of
from simulator.limits.providers import action_of
from simulator.limits.settings import KNOWN
from simulator.options import parse
from simulator.world import World
from tests.simulator.client import GRAPH, Client, Reply, item_of, protect_body

ROOT = Path(__file__).parents[2]
LEFT = "x-ms-ratelimit-remaining-"
RESOURCE = f"{LEFT}resource"
REQUESTS = f"{LEFT}subscription-resource-requests"
ESTATE = {"x-sim-actor": "estate"}


async def limit(azure: Client, **limits: Any) -> Any:
    reply = await azure.ask("PUT", "/_sim/limits", {name.replace("_", "-"): value for name, value in limits.items()})
    assert reply.status == 200, reply
    return reply.body["limits"]


async def refused(azure: Client, name: str) -> int:
    return int((await azure.get("/_sim/limits"))["limits"][name]["refused"])


async def pass_time(azure: Client, seconds: float) -> None:
    now = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    moment = now + timedelta(seconds=seconds)
    while datetime.fromisoformat((await azure.advance(moment.isoformat()))["now"]) < moment:
        pass


def as_(oid: str) -> dict[str, str]:
    """The headers of somebody else."""
    claims = base64.urlsafe_b64encode(json.dumps({"oid": oid}).encode()).decode().rstrip("=")
    return {"Authorization": f"Bearer e30.{claims}.sig"}


@pytest.fixture
async def subscription(azure: Client) -> str:
    return str((await azure.rows("/subscriptions"))[1]["id"])


async def groups(azure: Client, subscription: str, headers: dict[str, str] | None = None) -> Reply:
    return await azure.ask("GET", f"{subscription}/resourceGroups", headers=headers)


async def test_every_answer_tells_what_is_left_at_its_scope(azure: Client, subscription: str) -> None:
    first, second = await groups(azure, subscription), await groups(azure, subscription)
    assert [each.headers[f"{LEFT}subscription-reads"] for each in (first, second)] == ["249", "248"]
    assert [each.headers[f"{LEFT}subscription-global-reads"] for each in (first, second)] == ["3749", "3748"]
    assert f"{LEFT}tenant-reads" not in first.headers
    before = int((await azure.ask("GET", "/subscriptions")).headers[f"{LEFT}tenant-reads"])
    tenant = await azure.ask("GET", "/tenants")
    assert tenant.headers[f"{LEFT}tenant-reads"] == str(before - 1)
    assert f"{LEFT}subscription-reads" not in tenant.headers


async def test_posts_are_writes_and_deletes_are_their_own_kind(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    region = (await azure.get(vm))["location"]
    where = f"{'/'.join(vm.split('/')[:3])}/providers/Microsoft.RecoveryServices/locations/{region}/backupStatus"
    asked = await azure.ask("POST", where, {"resourceType": "VM", "resourceId": vm})
    written = await azure.ask("PATCH", vm, {"tags": {}})
    deleted = await azure.ask("DELETE", vm)
    kinds = [f"{LEFT}subscription-writes", f"{LEFT}subscription-global-writes"]
    assert [[each.headers[kind] for kind in kinds] for each in (asked, written)] == [["199", "2999"], ["198", "2998"]]
    assert deleted.headers[f"{LEFT}subscription-deletes"] == "199"
    assert deleted.headers[f"{LEFT}subscription-global-deletes"] == "2999"


async def test_tokens_come_back_with_virtual_time_and_not_beyond_the_bucket(azure: Client, subscription: str) -> None:
    replies = [await groups(azure, subscription) for _ in range(60)]
    assert replies[-1].headers[f"{LEFT}subscription-reads"] == "190"
    await pass_time(azure, 1)
    assert (await groups(azure, subscription)).headers[f"{LEFT}subscription-reads"] == "214"
    await pass_time(azure, 3600)
    assert (await groups(azure, subscription)).headers[f"{LEFT}subscription-reads"] == "249"


async def test_unless_told_otherwise_arm_counts_and_keeps_nobody_out(azure: Client, subscription: str) -> None:
    replies = [await groups(azure, subscription) for _ in range(260)]
    assert {each.status for each in replies} == {200}
    assert replies[-1].headers[f"{LEFT}subscription-reads"] == "0"


async def test_an_empty_bucket_keeps_requests_out_until_the_time_that_it_tells(
    azure: Client, subscription: str
) -> None:
    await limit(azure, arm={"on": True, "readBucket": 3, "readsPerSecond": 0.3})
    assert [(await groups(azure, subscription)).status for _ in range(3)] == [200] * 3
    throttled = await groups(azure, subscription)
    assert (throttled.status, throttled.code) == (429, "SubscriptionRequestsThrottled")
    assert throttled.headers["x-ms-error-code"] == "SubscriptionRequestsThrottled"
    assert throttled.headers["retry-after"] == "4"
    assert throttled.headers[f"{LEFT}subscription-reads"] == "0"
    me = principal_of({"authorization": "Bearer any"})
    assert throttled.body["error"]["message"].startswith(
        f"Number of 'read' requests for subscription '{subscription.split('/')[2]}' actor '{me}' exceeded. "
        "Please try again after '4' seconds"
    )
    await pass_time(azure, 3)
    early = await groups(azure, subscription)
    assert (early.status, early.headers["retry-after"]) == (429, "1")
    await pass_time(azure, 1)
    assert (await groups(azure, subscription)).status == 200
    assert await refused(azure, "arm") == 2


async def test_the_tenants_bucket_has_its_own_code(azure: Client, subscription: str) -> None:
    await limit(azure, arm={"on": True, "readBucket": 1})
    assert (await azure.ask("GET", "/tenants")).status == 200
    throttled = await azure.ask("GET", "/tenants")
    assert (throttled.status, throttled.code) == (429, "TenantRequestsThrottled")
    assert throttled.headers[f"{LEFT}tenant-reads"] == "0"
    assert (await groups(azure, subscription)).status == 200


async def test_principals_subscriptions_and_kinds_have_buckets_of_their_own(azure: Client, subscription: str) -> None:
    other = str((await azure.rows("/subscriptions"))[2]["id"])
    vm = (await azure.rows(f"{other}/providers/Microsoft.Compute/virtualMachines"))[0]["id"]
    await limit(azure, arm={"on": True, "readBucket": 1})
    statuses = [
        (await groups(azure, subscription)).status,
        (await groups(azure, subscription)).status,
        (await groups(azure, subscription, as_("somebody"))).status,
        (await groups(azure, subscription, as_("somebody"))).status,
        (await groups(azure, other)).status,
        (await azure.ask("PATCH", vm, {"tags": {}})).status,
    ]
    assert statuses == [200, 429, 200, 429, 200, 200]


async def test_all_principals_together_come_up_against_the_subscriptions_own(azure: Client, subscription: str) -> None:
    await limit(azure, arm={"on": True, "readBucket": 2, "globalFactor": 2})
    people = [as_(f"p{number}") for number in range(5)]
    replies = [await groups(azure, subscription, each) for each in people]
    assert [each.status for each in replies] == [200] * 4 + [429]
    assert replies[-1].headers[f"{LEFT}subscription-global-reads"] == "0"
    assert replies[-1].headers[f"{LEFT}subscription-reads"] == "2"
    assert " actor " not in replies[-1].body["error"]["message"]


async def test_the_estates_people_and_whoever_has_no_token_count_nothing(azure: Client, subscription: str) -> None:
    await limit(azure, arm={"on": True, "readBucket": 1})
    for _ in range(3):
        assert (await groups(azure, subscription, ESTATE)).status == 200
        assert (await groups(azure, subscription, {"Authorization": ""})).status == 401
        assert (await azure.ask("GET", "/metadata/endpoints")).status == 200
    assert (await groups(azure, subscription)).headers[f"{LEFT}subscription-reads"] == "0"


async def test_a_write_that_is_kept_out_has_no_effect_and_is_no_wrong_write(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    await limit(azure, arm={"on": True, "writeBucket": 1, "writesPerSecond": 1})
    await azure.ask("POST", f"{vault}/backupFabrics/Azure/refreshContainers")
    await azure.ask("POST", "/_sim/counts/reset", {})
    await azure.ask("POST", "/_sim/holds", {"method": "PUT", "operation": "protectedItems", "nth": 1, "when": "after"})
    await azure.ask("POST", "/_sim/faults", [{"fault": "throttle", "operation": "PUT protectedItems"}])
    throttled = await azure.protect(vm, vault)
    assert (throttled.status, throttled.code, throttled.headers["retry-after"]) == (
        429,
        "SubscriptionRequestsThrottled",
        "1",
    )
    assert (
        await azure.rows(f"{vault}/backupJobs?$filter=operation eq 'ConfigureBackup' and status eq 'InProgress'") == []
    )
    assert (await azure.get("/_sim/counts"))["byOperation"]["PUT protectedItems"] == 1
    assert [(w["operation"], w["status"], w["vmId"]) for w in await azure.get("/_sim/writes")] == [
        ("PUT protectedItems", 429, vm)
    ]
    assert [hold["caught"] for hold in await azure.get("/_sim/holds")] == [False]
    assert (await azure.get("/_sim/faults"))["rules"][0]["seen"] == 0
    await azure.ask("DELETE", "/_sim/holds")
    await azure.ask("DELETE", "/_sim/faults")
    await pass_time(azure, 1)
    assert (await azure.protect(vm, vault)).status == 202
    assert (await azure.get("/_sim/check"))["wrongWrites"] == []


async def test_compute_tells_what_is_left_of_lists_and_of_one_vm(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vms = f"{'/'.join(vm.split('/')[:3])}/providers/Microsoft.Compute/virtualMachines"
    lists = [(await azure.ask("GET", vms)).headers[RESOURCE] for _ in range(2)]
    assert lists == [f"Microsoft.Compute/HighCostGetSubscriptionMaximum;{left}" for left in (899, 898)]
    assert (await azure.ask("GET", f"{vm}/instanceView")).headers[RESOURCE] == (
        "Microsoft.Compute/LowCostGetSubscriptionMaximum;23999,Microsoft.Compute/LowCostGetResource;35"
    )
    assert (await azure.ask("GET", vm)).headers[RESOURCE].endswith("LowCostGetResource;34")
    told = [(await azure.ask("PATCH", vm, {"tags": {}})).headers, (await azure.ask("DELETE", vm)).headers]
    assert [each[RESOURCE] for each in told] == [
        f"Microsoft.Compute/{policy}SubscriptionMaximum;1499,Microsoft.Compute/{policy}Resource;11"
        for policy in ("UpdateVM", "DeleteVM")
    ]
    created = await azure.ask("PUT", f"{vm}-new", {"location": "westeurope"})
    assert created.headers[RESOURCE].startswith("Microsoft.Compute/PutVMSubscriptionMaximum;1499,")
    assert RESOURCE not in (await azure.ask("GET", "/".join(vm.split("/")[:3]))).headers


async def test_compute_keeps_one_vm_apart_from_the_others(azure: Client) -> None:
    labels = await azure.labels()
    vm = labels[0]["vmId"]
    other = next(each["vmId"] for each in labels[1:] if each["vmId"].split("/")[2] == vm.split("/")[2])
    await limit(azure, compute={"on": True, "getResourceBucket": 2, "getResourcePerMinute": 2})
    assert [(await azure.ask("GET", vm)).status for _ in range(2)] == [200, 200]
    throttled = await azure.ask("GET", vm)
    assert (throttled.status, throttled.code, throttled.headers["retry-after"]) == (429, "OperationNotAllowed", "30")
    [detail] = throttled.body["error"]["details"]
    assert (detail["code"], detail["target"]) == ("TooManyRequests", "LowCostGetResource")
    assert json.loads(detail["message"]).items() >= {"allowedRequestCount": 2, "measuredRequestCount": 3}.items()
    assert (await azure.ask("GET", other)).status == 200
    await pass_time(azure, 30)
    assert (await azure.ask("GET", vm)).status == 200


async def test_recovery_services_counts_by_action(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await azure.vault_for(vm)
    paths = {"backupJobs": 249, "backupPolicies": 1099, "backupProtectedItems": 149, "backupOperations/x": 1099}
    for path, left in paths.items():
        assert (await azure.ask("GET", f"{vault}/{path}")).headers[REQUESTS] == str(left)
    await azure.ask("PUT", vault, {"location": "westeurope", "sku": {"name": "Standard"}})
    assert (await azure.ask("PUT", vault, {"tags": {}})).headers[REQUESTS] == "198"
    assert REQUESTS not in (await azure.ask("GET", vm)).headers


async def test_recovery_services_keeps_out_what_is_too_much_for_its_period(azure: Client) -> None:
    vault = await azure.vault_for((await azure.label("protected"))["vmId"])
    await limit(azure, profile="strict")
    assert {(await azure.ask("GET", f"{vault}/backupJobs")).status for _ in range(50)} == {200}
    throttled = await azure.ask("GET", f"{vault}/backupJobs")
    assert (throttled.status, throttled.code, throttled.headers["retry-after"]) == (
        429,
        "ResourceRequestsThrottled",
        "372",
    )
    assert throttled.body["error"]["message"] == (
        "Number of requests for action 'Microsoft.RecoveryServices/vaults/backupJobs/read' exceeded the limit of '50' "
        "for time interval '00:05:00'. Please try again after '372' seconds."
    )
    assert (await azure.ask("GET", f"{vault}/backupPolicies")).status == 200
    await pass_time(azure, 299)
    assert (await azure.ask("GET", f"{vault}/backupJobs")).status == 429
    await pass_time(azure, 73)
    assert (await azure.ask("GET", f"{vault}/backupJobs")).status == 200


async def test_unless_told_otherwise_providers_count_and_keep_nobody_out(azure: Client) -> None:
    vm = (await azure.label("protected"))["vmId"]
    vault = await azure.vault_for(vm)
    await limit(azure, **{"compute": {"getResourceBucket": 2}, "recovery-services": {"jobReads": 2}})
    for path, header in ((vm, RESOURCE), (f"{vault}/backupJobs", REQUESTS)):
        replies = [await azure.ask("GET", path) for _ in range(4)]
        assert {each.status for each in replies} == {200}
        assert [each.headers[header].rpartition(";")[2] for each in replies] == ["1", "0", "0", "0"]


@pytest.mark.parametrize(
    ("path", "method", "action"),
    [
        ("/subscriptions/s/providers/Microsoft.RecoveryServices/vaults", "GET", "vaults/read"),
        (
            "/subscriptions/s/providers/Microsoft.RecoveryServices/locations/l/backupStatus",
            "POST",
            "locations/backupStatus/action",
        ),
        ("/subscriptions/s/resourceGroups/g/providers/microsoft.recoveryservices/vaults/v", "PUT", "vaults/write"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v", "GET", None),
        ("/providers/Microsoft.RecoveryServices/operations", "GET", None),
        ("/subscriptions/s/resourceGroups/g", "DELETE", None),
    ],
)
def test_an_action_is_called_as_roles_call_it(path: str, method: str, action: str | None) -> None:
    assert action_of(path, method) == (action and f"Microsoft.RecoveryServices/{action}")


async def test_the_same_write_again_and_again_is_blocked_for_hours(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    vault = await azure.vault_for(vm)
    path, wrong = item_of(vault, vm), protect_body(vm, f"{vault}/backupPolicies/nope")
    await limit(azure, cloud_dos={"on": True, "attempts": 3})
    assert {(await azure.ask("PUT", path, wrong)).code for _ in range(3)} == {"BMSUserErrorPolicyNotFound"}
    blocked = await azure.protect(vm, vault)
    assert (blocked.status, blocked.code) == (400, "CloudDosTimeboudLimitReached")
    assert "retry-after" not in blocked.headers
    [more] = blocked.body["error"]["additionalInfo"]
    assert (more["type"], more["info"]["code"]) == ("UserFacingError", "CloudDosTimeboudLimitReached")
    assert "few hours" in more["info"]["recommendedAction"][0]
    await pass_time(azure, 3 * 3600 - 1)
    assert (await azure.protect(vm, vault)).code == "CloudDosTimeboudLimitReached"
    await pass_time(azure, 1)
    assert (await azure.protect(vm, vault)).status == 202
    assert await refused(azure, "cloud-dos") == 2


async def test_resource_graphs_quota_has_one_switch_at_two_addresses(azure: Client) -> None:
    assert (await limit(azure, graph=True))["graph"]["on"] is True
    assert (await azure.get("/_sim/graph"))["quota"]["refuses"] is True
    replies = [await azure.ask("POST", GRAPH, {"query": "resources | take 1"}) for _ in range(16)]
    assert [each.status for each in replies] == [200] * 15 + [429]
    await azure.ask("PUT", "/_sim/graph", {"quota": {"refuses": False}})
    assert (await azure.get("/_sim/limits"))["limits"]["graph"]["on"] is False
    assert (await limit(azure, arm=True))["graph"]["on"] is False


@pytest.mark.parametrize(
    ("profile", "on"),
    [
        ("off", set()),
        ("quotas", {name for name, known in KNOWN.items() if known.service}),
        ("arm", {name for name, known in KNOWN.items() if known.service} | {"arm"}),
        ("all", set(KNOWN)),
        ("strict", set(KNOWN)),
    ],
)
async def test_a_profile_sets_every_switch(azure: Client, profile: str, on: set[str]) -> None:
    await limit(azure, arm={"readBucket": 7})
    limits = await limit(azure, profile=profile)
    assert {name for name, each in limits.items() if each["on"]} == on
    assert {name: each["numbers"] for name, each in limits.items() if name != "recovery-services"} == {
        name: known.numbers for name, known in KNOWN.items() if name != "recovery-services"
    }
    assert limits["recovery-services"]["numbers"]["jobReads"] == (50 if profile == "strict" else 250)


async def test_what_is_not_named_stays_and_counting_begins_anew(azure: Client, subscription: str) -> None:
    await limit(azure, arm={"on": True, "readBucket": 1})
    assert [(await groups(azure, subscription)).status for _ in range(2)] == [200, 429]
    limits = await limit(azure, compute=True)
    assert (limits["arm"]["on"], limits["arm"]["numbers"]["readBucket"], limits["compute"]["on"]) == (True, 1, True)
    assert [(await groups(azure, subscription)).status for _ in range(2)] == [200, 429]
    await azure.ask("POST", "/_sim/limits/reset")
    assert [(await groups(azure, subscription)).status for _ in range(2)] == [200, 429]
    reply = await azure.ask("POST", "/_sim/limits", {"profile": "all", "arm": False})
    assert (reply.body["limits"]["arm"]["on"], reply.body["limits"]["graph"]["on"]) == (False, True)
    assert (await groups(azure, subscription)).headers[f"{LEFT}subscription-reads"] == "249"


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "some"},
        {"profile": ["off"]},
        {"nothing": True},
        {"arm": "on"},
        {"arm": {"on": 1}},
        {"arm": {"limit": 5}},
        {"arm": {"readBucket": 0}},
        {"arm": {"readBucket": 2.5}},
        {"arm": {"readBucket": True}},
        {"arm": {"readsPerSecond": 0}},
        {"arm": {"readBucket": 10**10}},
        {"arm": {"readBucket": 10**400}},
        {"vms-per-vault": {"limit": -1}},
        {"graph": {"queries": 3}},
    ],
)
async def test_a_wrong_setting_changes_nothing(azure: Client, wrong: dict[str, Any]) -> None:
    before = (await azure.get("/_sim/limits"))["limits"]
    reply = await azure.ask("PUT", "/_sim/limits", {"compute": True} | wrong)
    assert (reply.status, reply.code) == (400, "InvalidLimit")
    assert (await azure.get("/_sim/limits"))["limits"] == before


async def test_the_fullest_of_each_limit_are_shown(served: tuple[Client, World], subscription: str) -> None:
    azure, world = served
    for _ in range(3):
        await groups(azure, subscription)
    vault = await azure.vault_for((await azure.label("protected"))["vmId"])
    await azure.ask("GET", f"{vault}/backupJobs")
    limits = (await azure.get("/_sim/limits"))["limits"]
    used = {(each["scope"], each["principal"], each["kind"]): each["left"] for each in limits["arm"]["use"]}
    own = subscription.split("/")[2]
    assert used[own, principal_of({"authorization": "Bearer any"}), "read"] <= 247
    assert used[own, None, "read"] <= 3747
    assert world.state.tenant in {scope for scope, _, _ in used}
    assert {
        "subscription": vault.split("/")[2],
        "action": "microsoft.recoveryservices/vaults/backupjobs/read",
        "count": 1,
    } in limits["recovery-services"]["use"]


def test_a_principal_is_its_object_id_else_its_application_else_its_token() -> None:
    def token(**claims: object) -> dict[str, str]:
        part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return {"authorization": f"Bearer e30.{part}.sig"}

    assert principal_of(token(oid="o", appid="a")) == "o"
    assert principal_of(token(appid="a")) == "a"
    others = [token(tid="t"), token(oid=5), {"authorization": "Bearer any"}, {"authorization": "Bearer a.!.c"}]
    names = [principal_of(each) for each in others]
    assert len(set(names)) == len(others)
    assert names == [principal_of(each) for each in others]


def test_a_simulator_starts_with_the_limits_that_are_asked_for() -> None:
    command = [sys.executable, "-m", "simulator", "--vms", "1", "--clock", "stepped", "--limits", "strict"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().removeprefix("Simulator ready at ").strip()
        try:
            with urllib.request.urlopen(f"{base}/_sim/limits") as answer:
                limits = json.load(answer)["limits"]
        finally:
            process.terminate()
    assert all(each["on"] for each in limits.values())
    assert limits["recovery-services"]["numbers"]["jobReads"] == 50


def test_unless_told_otherwise_only_the_backup_services_quotas_refuse() -> None:
    assert parse([]).limits == "quotas"
    with pytest.raises(SystemExit):
        parse(["--limits", "some"])
