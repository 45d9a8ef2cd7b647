"""What clients ask before any resource: the cloud's endpoints and a managed identity's token."""

import base64
import json

import pytest

from tests.simulator.client import Client

TOKEN = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"


@pytest.mark.parametrize(
    ("version", "is_list"),
    [("2015-01-01", False), ("2018-05-01", False), ("2019-05-01", True), ("2020-06-01", True), ("2022-09-01", False)],
)
async def test_the_cloud_is_one_object_but_in_the_versions_that_gave_a_list(
    azure: Client, version: str, is_list: bool
) -> None:
    body = await azure.get(f"/metadata/endpoints?api-version={version}")
    assert isinstance(body, list) is is_list
    [cloud] = body if is_list else [body]
    assert cloud["resourceManager"] == cloud["authentication"]["loginEndpoint"] == azure.base
    assert all(suffix.endswith(".invalid") for suffix in cloud["suffixes"].values())


async def test_a_token_is_three_parts_that_any_client_can_decode(azure: Client) -> None:
    reply = await azure.ask("GET", TOKEN, headers={"Metadata": "true"})
    assert reply.status == 200
    header, claims, signature = (
        base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        for part in reply.body["access_token"].split(".")
    )
    assert json.loads(header)["typ"] == "JWT"
    assert json.loads(claims)["tid"] == (await azure.rows("/tenants"))[0]["tenantId"]
    assert json.loads(claims)["aud"] == reply.body["resource"] == "https://management.azure.com/"
    assert str(json.loads(claims)["exp"]) == reply.body["expires_on"]
    assert signature


async def test_a_token_is_not_given_to_whoever_does_not_say_that_they_want_metadata(azure: Client) -> None:
    reply = await azure.ask("GET", TOKEN)
    assert (reply.status, reply.code) == (400, "InvalidRequest")


async def ask_for_token(azure: Client, **form: str) -> tuple[int, dict[str, str]]:
    described = await azure.http.get(f"{azure.base}/organizations/v2.0/.well-known/openid-configuration")
    address = (await described.json())["token_endpoint"]
    assert address == f"{azure.base}/organizations/oauth2/v2.0/token"
    async with azure.http.post(address, data=form, headers={"Authorization": ""}) as answer:
        return answer.status, await answer.json()


async def test_client_credentials_are_given_a_token_at_the_address_that_discovery_tells(azure: Client) -> None:
    status, body = await ask_for_token(
        azure, grant_type="client_credentials", client_id="any", client_secret="any", scope=f"{azure.base}/.default"
    )
    assert (status, body["token_type"]) == (200, "Bearer")
    claims = body["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["aud"] == azure.base


async def test_no_other_grant_and_no_missing_secret_is_given_one(azure: Client) -> None:
    status, body = await ask_for_token(azure, grant_type="password", username="a", password="b")
    assert (status, body["error"]) == (400, "unsupported_grant_type")
    status, body = await ask_for_token(azure, grant_type="client_credentials", client_id="any")
    assert (status, body["error"]) == (401, "invalid_client")
