import os
import socket
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.recoveryservices.aio import RecoveryServicesClient

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection, _tls_context
from shared.domain.azure_answers import Subscription
from shared.errors import EndpointError, LoginError, PermanentError, RetryLaterError, SettingsError
from tests.unit.shared.adapters.azure.stub import SUB, Reply, Stub, a_web_page, broken_json, hang_up

SUBSCRIPTIONS = Reply({"value": [{"subscriptionId": SUB.upper(), "displayName": "prod", "tenantId": "t-1"}]})


class Login:
    """A person's own login: it counts how often it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.closed = False
        self._error = error

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        self.asked += 1
        if self._error is not None:
            raise self._error
        return AccessToken("a-persons-own-token", 4_000_000_000)

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        return None


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_first_contact_lists_the_subscriptions_once(connection: Connection, stub: Stub) -> None:
    stub.on("GET", "/subscriptions", SUBSCRIPTIONS)
    assert await connection.first_contact() == (Subscription(SUB, "prod", "t-1"),)
    assert await connection.first_contact() == (Subscription(SUB, "prod", "t-1"),)
    assert connection.requests == {"GET subscriptions": 1}


async def test_first_contact_follows_every_page(connection: Connection, stub: Stub) -> None:
    other = SUB.replace("1", "2")
    first = {**SUBSCRIPTIONS.body, "nextLink": f"{stub.base}/subscriptions?api-version=1&$skiptoken=2"}
    stub.on("GET", "/subscriptions", Reply(first), Reply({"value": [{"subscriptionId": other}]}))
    assert [each.id for each in await connection.first_contact()] == [SUB, other]


async def test_a_local_endpoint_gets_a_made_up_token_and_never_a_persons_own(stub: Stub) -> None:
    stub.on("GET", "/subscriptions", SUBSCRIPTIONS)
    login = Login()
    async with Connection(stub.base, login) as connection:
        await connection.first_contact()
        await connection.send(HttpRequest("GET", f"{stub.base}/subscriptions"))
    assert login.asked == 0
    assert {each.headers["Authorization"] for each in stub.seen} == {"Bearer made-up-for-a-local-endpoint"}


@pytest.mark.parametrize("endpoint", ["https://evil.example", "http://management.azure.com", "http://192.168.1.1"])
def test_an_endpoint_that_is_neither_azure_nor_local_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(SettingsError):
        Connection(endpoint)


async def test_a_next_page_on_another_host_is_refused_before_anything_is_sent(
    connection: Connection, stub: Stub
) -> None:
    page = {**SUBSCRIPTIONS.body, "nextLink": "http://127.0.0.2:9/subscriptions"}
    stub.on("GET", "/subscriptions", Reply(page))
    with pytest.raises(EndpointError, match="another host") as caught:
        await connection.first_contact()
    assert caught.value.code == "OtherHost"


async def test_a_raw_request_to_another_host_is_refused(connection: Connection) -> None:
    with pytest.raises(PermanentError) as caught:
        await connection.send(HttpRequest("GET", "http://127.0.0.2:9/x"))
    assert caught.value.code == "OtherHost"


async def test_a_raw_url_is_followed_to_the_letter(connection: Connection, stub: Stub) -> None:
    target = "/a%3Bb;c/op?t=6&c=MII_-&s=a%2Bb%2F%3d&h=~%7E"
    stub.on("GET", "/a;b;c/op", Reply({}))
    await connection.send(HttpRequest("GET", stub.base + target))
    assert stub.seen[0].target == target


async def test_nobody_listening_is_an_endpoint_error_that_names_the_url() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    async with Connection(url) as connection:
        with pytest.raises(EndpointError) as caught:
            await connection.first_contact()
    assert url in str(caught.value)
    assert url in caught.value.remedy
    assert connection.requests["GET subscriptions"] == 1  # asked once, without tries that nobody sees


@pytest.mark.parametrize(
    "script",
    [
        a_web_page,
        broken_json,
        hang_up,
        Reply({"hello": "world"}),
        Reply([1, 2]),
        Reply({"value": [{"displayName": "no id"}]}),
        Reply({"detail": "Not Found"}, 404),
        Reply(None, 503),
        Reply(None, 301, {"Location": "/elsewhere"}),
    ],
)
async def test_what_is_not_arm_is_an_endpoint_error(connection: Connection, stub: Stub, script: Any) -> None:
    stub.on("GET", "/subscriptions", script)
    with pytest.raises(EndpointError) as caught:
        await connection.first_contact()
    assert stub.base in caught.value.remedy
    assert len(stub.seen) == 1


async def test_an_arm_that_throttles_at_first_contact_is_no_wrong_endpoint(connection: Connection, stub: Stub) -> None:
    stub.fail("GET", "/subscriptions", 429, "TooManyRequests", retry_after="5")
    with pytest.raises(RetryLaterError):
        await connection.first_contact()


async def test_a_refused_token_is_a_login_error(connection: Connection, stub: Stub) -> None:
    stub.fail("GET", "/subscriptions", 401, "InvalidAuthenticationToken")
    with pytest.raises(LoginError, match="az login"):
        await connection.first_contact()


async def test_without_a_login_azure_is_not_asked_and_the_person_is_told_what_to_run() -> None:
    login = Login(ClientAuthenticationError("forty\nlines"))
    async with Connection(credential=login) as connection:
        with pytest.raises(LoginError) as caught:
            await connection.first_contact()
    assert "az login" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert login.asked == 1
    assert not connection.requests
    assert not login.closed  # it belongs to whoever gave it


async def test_clients_are_made_once_for_each_subscription(connection: Connection) -> None:
    first = connection.client(ComputeManagementClient, SUB)
    assert connection.client(ComputeManagementClient, SUB.upper()) is first
    assert connection.client(ComputeManagementClient, SUB.replace("1", "2")) is not first
    assert isinstance(connection.client(RecoveryServicesClient, SUB), RecoveryServicesClient)


async def test_a_virtual_clock_is_noticed_from_the_answers(connection: Connection, stub: Stub) -> None:
    headers = {"x-sim-clock": "/_sim/clock", "x-sim-now": "2026-11-24T08:33:56.000001Z"}
    stub.on("GET", "/subscriptions", Reply(SUBSCRIPTIONS.body, headers=headers))
    assert connection.virtual_clock_path is None
    await connection.first_contact()
    assert connection.virtual_clock_path == "/_sim/clock"
    assert connection.observed_now == datetime(2026, 11, 24, 8, 33, 56, 1, tzinfo=UTC)


@pytest.mark.parametrize("path", ["//evil.example/x", "http://evil.example", "@evil.example"])
async def test_a_clock_on_another_host_is_not_believed(connection: Connection, stub: Stub, path: str) -> None:
    headers = {"x-sim-clock": path, "x-sim-now": "2026-11-24T08:33:56Z"}
    stub.on("GET", "/subscriptions", Reply(SUBSCRIPTIONS.body, headers=headers))
    await connection.first_contact()
    assert connection.virtual_clock_path is None


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    stub.on("GET", "/subscriptions", SUBSCRIPTIONS)
    async with Connection(stub.base) as connection:
        assert len(await connection.first_contact()) == 1


def test_a_bundle_of_authorities_may_be_a_file() -> None:
    import certifi  # noqa: PLC0415 -- used here alone

    assert _tls_context(certifi.where()).get_ca_certs()


async def test_an_error_of_the_sdk_never_comes_out_raw(connection: Connection, stub: Stub) -> None:
    stub.on("GET", "/subscriptions", hang_up)
    with pytest.raises(EndpointError) as caught:
        await connection.first_contact()
    assert os.linesep not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_a_request_whose_connection_breaks_is_not_sent_again(
    connection: Connection, stub: Stub, method: str
) -> None:
    stub.on(method, "/x", hang_up)
    with pytest.raises(RetryLaterError), translated():
        await connection.send(HttpRequest(method, f"{stub.base}/x", json={}))
    assert [each.method for each in stub.seen] == [method]
