"""Whatever goes wrong, the answer has Azure's shape, and names its reason."""

import asyncio
import io

import pytest

from tests.simulator.client import Client, item_of

VM = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Compute"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/no/such/thing", 404, "InvalidResourceType"),
        ("GET", "/", 404, "InvalidResourceType"),
        ("DELETE", "/subscriptions", 405, "MethodNotAllowed"),
        ("OPTIONS", "/subscriptions", 405, "MethodNotAllowed"),
        ("GET", f"{VM}/virtualMachines/vm", 404, "SubscriptionNotFound"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", 400, "BadRequest"),
        ("GET", "/_sim/nothing", 404, "InvalidResourceType"),
    ],
)
async def test_every_refusal_has_azures_error_shape(
    azure: Client, method: str, path: str, status: int, code: str
) -> None:
    reply = await azure.ask(method, path)
    assert (reply.status, reply.code) == (status, code)
    assert reply.body["error"]["message"]
    assert reply.headers["content-type"].startswith("application/json")


async def test_a_missing_group_vm_and_vault_are_told_apart(azure: Client) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    group = (await azure.rows(f"{subscription}/resourceGroups"))[0]["id"]
    assert (await azure.ask("GET", f"{subscription}/resourceGroups/nowhere")).code == "ResourceGroupNotFound"
    for path in ("Microsoft.Compute/virtualMachines/x", "Microsoft.RecoveryServices/vaults/x"):
        reply = await azure.ask("GET", f"{group}/providers/{path}")
        assert (reply.status, reply.code) == (404, "ResourceNotFound")
        assert f"'{path}'" in reply.body["error"]["message"]


async def test_a_request_without_token_or_api_version_is_refused(azure: Client) -> None:
    async with azure.http.get(f"{azure.base}/subscriptions") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == "MissingApiVersionParameter"
    async with azure.http.get(f"{azure.base}/subscriptions?api-version=1", headers={"Authorization": ""}) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == "AuthenticationFailed"


async def test_a_body_that_is_no_json_object_is_refused(azure: Client) -> None:
    url = f"{azure.base}/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    for body in (b"{", b"[]", b"\xff\xfe", b"1"):
        async with azure.http.post(url, data=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["code"] == "InvalidRequestContent"


async def test_properties_that_are_no_object_are_refused(azure: Client) -> None:
    vm = (await azure.label("plain-unprotected"))["vmId"]
    item = item_of(await azure.vault_for(vm), vm)
    tags = f"{vm}/providers/Microsoft.Resources/tags/default"
    for method, path in (("PUT", item), ("PATCH", vm), ("PUT", tags)):
        assert (await azure.ask(method, path, {"properties": "text"})).code == "InvalidRequestContent"


async def test_a_body_that_is_too_large_is_refused(azure: Client) -> None:
    url = f"{azure.base}/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
    async with azure.http.post(url, data=io.BytesIO(b" " * (5 * 2**20))) as answer:
        assert answer.status == 413
        assert (await answer.json())["error"]["code"] == "RequestEntityTooLarge"


async def test_answers_carry_azures_headers_and_the_virtual_time(azure: Client) -> None:
    before = await azure.ask("GET", "/subscriptions")
    for name in ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-ratelimit-remaining-tenant-reads"):
        assert before.headers[name]
    assert before.headers["x-sim-clock"] == "/_sim/clock"
    assert before.headers["x-sim-now"] == (await azure.get("/_sim/clock"))["now"]
    await azure.advance("2199-12-31T23:59:59Z")
    after = await azure.ask("GET", "/subscriptions")
    assert after.headers["x-sim-now"] == "2199-12-31T23:59:59.000000Z"
    assert after.headers["date"] == "Tue, 31 Dec 2199 23:59:59 GMT"


async def test_paths_match_without_case(azure: Client) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    shouted = subscription.replace("/subscriptions/", "/Subscriptions/")
    upper, plain = await asyncio.gather(
        azure.rows(f"{shouted}/PROVIDERS/microsoft.compute/VIRTUALMACHINES"),
        azure.rows(f"{subscription}/providers/Microsoft.Compute/virtualMachines"),
    )
    assert upper == plain
