"""What is refused before anything is looked at: no token, no api-version, nothing there, a method that is none."""

import pytest

from tests.simulator.client import Client

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"


@pytest.mark.parametrize(
    "version", ["2014-01-01", "2016-06-01-preview", "2026-11-01", "2027-12-31", "2021-12-01-alpha.1"]
)
async def test_any_version_of_azures_years_is_taken(azure: Client, version: str) -> None:
    assert (await azure.ask("GET", f"/subscriptions?api-version={version}")).status == 200


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("banana", "InvalidApiVersionParameter"),
        ("2026-13-01", "InvalidApiVersionParameter"),
        ("2026-02-30", "InvalidApiVersionParameter"),
        ("20261001", "InvalidApiVersionParameter"),
        ("2026-10-01-", "InvalidApiVersionParameter"),
        ("%202026-10-01", "InvalidApiVersionParameter"),
        ("%D9%A2%D9%A0%D9%A2%D9%A6-10-01", "InvalidApiVersionParameter"),
        ("2013-12-31", "NoRegisteredProviderFound"),
        ("2028-01-01", "NoRegisteredProviderFound"),
    ],
)
async def test_a_version_that_is_none_is_refused(azure: Client, version: str, code: str) -> None:
    reply = await azure.ask("GET", f"/subscriptions?api-version={version}")
    assert (reply.status, reply.code) == (400, code)


async def test_a_refused_version_names_the_type_that_was_asked_for(azure: Client) -> None:
    path = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm?api-version=2030-01-01"
    reply = await azure.ask("GET", path)
    assert (reply.code, "'virtualMachines'" in reply.body["error"]["message"]) == ("NoRegisteredProviderFound", True)


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "word"),
    [
        ("GET", f"{GROUP}/providers/Contoso.Nothing/things/x", 404, "InvalidResourceNamespace", "'Contoso.Nothing'"),
        ("GET", f"{SUBSCRIPTION}/providers/Contoso.Nothing/things", 404, "InvalidResourceNamespace", "Contoso"),
        ("GET", f"{GROUP}/providers/Microsoft.Compute/disks/x", 404, "InvalidResourceType", "'disks'"),
        (
            "PUT",
            f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/v/nothing/x",
            404,
            "InvalidResourceType",
            "'vaults/nothing'",
        ),
        ("GET", "/nothing", 404, "InvalidResourceType", "'/nothing'"),
        ("DELETE", "/tenants", 405, "MethodNotAllowed", "'DELETE'"),
        ("HEAD", f"{GROUP}/providers/Microsoft.Compute/virtualMachines", 405, "", ""),
    ],
)
async def test_what_is_not_there_is_told_apart(
    azure: Client, method: str, path: str, status: int, code: str, word: str
) -> None:
    reply = await azure.ask(method, path)
    assert reply.status == status
    assert (reply.body is None and method == "HEAD") or reply.code == code
    assert word in ((reply.body or {}).get("error", {}).get("message", ""))


async def test_whoever_has_no_token_does_not_learn_what_there_is(azure: Client) -> None:
    for path in ("/nothing", "/subscriptions", "/tenants/x/y"):
        reply = await azure.ask("GET", path, headers={"Authorization": ""})
        assert (reply.status, reply.code) == (401, "AuthenticationFailed")


async def test_a_request_that_no_route_can_take_is_refused_in_azures_shape(azure: Client) -> None:
    async with azure.http.request("OPTIONS", f"{azure.base}/%2A", params={"api-version": "2026-10-01"}) as answer:
        assert (answer.status, answer.content_type) == (404, "application/json")
    async with azure.http.post(
        f"{azure.base}/providers/Microsoft.ResourceGraph/resources?api-version=2026-10-01",
        data=b"no gzip",
        headers={"Content-Encoding": "gzip"},
    ) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, "InvalidRequestContent")


@pytest.mark.parametrize("raw", [b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000, b'{"properties": [1]}'])
async def test_a_body_that_no_json_reader_takes_is_refused(azure: Client, raw: bytes) -> None:
    subscription = (await azure.rows("/subscriptions"))[0]["id"]
    url = f"{azure.base}{subscription}/providers/Microsoft.Resources/tags/default?api-version=2026-10-01"
    async with azure.http.put(url, data=raw) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, "InvalidRequestContent")
