"""Each kind of fault as a plain HTTP client meets with it, and whether the request had its effect all the same."""

import asyncio
import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from tests.simulator.client import VERSION, Client, item_of, protect_body

PROTECT = "PUT protectedItems"


@pytest.fixture
async def vm(azure: Client) -> tuple[str, str]:
    """An unprotected VM and a vault for it."""
    vm_id = str((await azure.label("plain-unprotected"))["vmId"])
    return vm_id, await azure.vault_for(vm_id)


async def given(azure: Client, *rules: dict[str, Any]) -> None:
    reply = await azure.ask("POST", "/_sim/faults", list(rules))
    assert reply.status == 201, reply


async def is_registered(azure: Client, vm_id: str) -> bool:
    return bool((await azure.backup_status(vm_id))["protectionStatus"] != "NotProtected")


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(372, 372), (3600, 3600), (86400, 86400), (0, 0), ("date:90", 90), ("absent", None), ("malformed", None)],
)
async def test_a_429_has_the_retry_after_that_was_asked_for(
    azure: Client, vm: tuple[str, str], asked: int | str, seconds: int | None
) -> None:
    await given(azure, {"fault": "throttle", "retryAfter": asked})
    reply = await azure.ask("GET", vm[0])
    assert (reply.status, reply.code) == (429, "TooManyRequests")
    told = reply.headers.get("retry-after")
    if asked == "absent":
        assert told is None
    elif asked == "malformed":
        assert told == "soon"
    elif isinstance(asked, str):
        assert told is not None
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(reply.headers["date"])
        assert wait.total_seconds() == seconds
    else:
        assert told == str(seconds)


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalServerError"), (503, "ServerBusy"), (504, "GatewayTimeout")]
)
async def test_a_5xx_has_azures_shape(azure: Client, vm: tuple[str, str], status: int, code: str) -> None:
    await given(azure, {"fault": "error", "status": status, "retryAfter": 7})
    reply = await azure.ask("GET", vm[0])
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (status, code, "7")


async def test_a_502_is_a_gateways_page(azure: Client, vm: tuple[str, str]) -> None:
    await given(azure, {"fault": "error", "status": 502})
    async with azure.http.get(f"{azure.base}{vm[0]}?api-version={VERSION}") as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in await answer.text()


@pytest.mark.parametrize(("when", "registered"), [("before", False), ("after", True)])
async def test_a_5xx_comes_before_or_after_the_effect(
    azure: Client, vm: tuple[str, str], when: str, registered: bool
) -> None:
    await given(azure, {"fault": "error", "status": 500, "when": when, "operation": PROTECT})
    assert (await azure.protect(*vm)).status == 500
    assert await is_registered(azure, vm[0]) is registered


BROKEN: list[tuple[dict[str, Any], bool]] = [
    ({"fault": "reset", "when": "before"}, False),
    ({"fault": "reset", "when": "after"}, True),
    ({"fault": "close", "when": "before"}, False),
    ({"fault": "close", "when": "after"}, True),
    ({"fault": "hang", "when": "before", "ms": 30}, False),
    ({"fault": "hang", "when": "after", "ms": 30}, True),
]


@pytest.mark.parametrize(("rule", "registered"), BROKEN, ids=[f"{each['fault']}-{each['when']}" for each, _ in BROKEN])
async def test_a_connection_breaks_before_or_after_the_effect(
    azure: Client, vm: tuple[str, str], rule: dict[str, Any], registered: bool
) -> None:
    await given(azure, {**rule, "operation": PROTECT})
    path = f"{item_of(vm[1], vm[0])}?api-version={VERSION}"
    body = protect_body(vm[0], f"{vm[1]}/backupPolicies/DefaultPolicy")
    if rule["fault"] == "reset":
        with pytest.raises(ConnectionResetError):
            await raw(azure, "PUT", path, body)
    else:
        assert await raw(azure, "PUT", path, body) == b""
    assert await is_registered(azure, vm[0]) is registered
    [write] = await azure.get("/_sim/writes")
    assert write["status"] == (202 if registered else 0)


async def raw(azure: Client, method: str, path: str, body: Any) -> bytes:
    """All that comes back over a connection of its own: an HTTP library would try again, or hide how it ended."""
    host, port = azure.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer x\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    try:
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_half_an_answer_comes_and_no_more(azure: Client, vm: tuple[str, str], end: str) -> None:
    await given(azure, {"fault": "truncate", "end": end})
    async with azure.http.get(f"{azure.base}{vm[0]}?api-version={VERSION}") as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_half_an_answer_to_a_write_means_that_the_write_was_done(azure: Client, vm: tuple[str, str]) -> None:
    await given(azure, {"fault": "truncate", "operation": PROTECT})
    with pytest.raises(aiohttp.ClientPayloadError):
        await azure.protect(*vm)
    assert await is_registered(azure, vm[0])


async def test_a_garbled_answer_is_no_json(azure: Client, vm: tuple[str, str]) -> None:
    await given(azure, {"fault": "garble"})
    async with azure.http.get(f"{azure.base}{vm[0]}?api-version={VERSION}") as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        with pytest.raises(ValueError, match="Expecting value"):
            await answer.json()


async def test_a_late_answer_takes_virtual_time(azure: Client, vm: tuple[str, str]) -> None:
    began = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await given(azure, {"fault": "delay", "ms": 10, "virtualSeconds": 45})
    reply = await azure.ask("GET", vm[0])
    assert reply.status == 200
    assert (datetime.fromisoformat(reply.headers["x-sim-now"]) - began).total_seconds() == 45


async def test_taking_the_rules_back_lets_go_of_whoever_waits(azure: Client, vm: tuple[str, str]) -> None:
    await given(azure, {"fault": "delay", "ms": 120_000})
    waiting = asyncio.create_task(azure.ask("GET", vm[0]))
    while not (await azure.get("/_sim/faults"))["struck"].get("delay"):
        pass
    assert (await azure.ask("DELETE", "/_sim/faults")).status == 204
    assert (await asyncio.wait_for(waiting, 60)).status == 200
    assert (await azure.get("/_sim/faults"))["rules"] == []


@pytest.mark.parametrize("seconds", [600, -600])
async def test_the_time_that_answers_tell_can_be_wrong(azure: Client, vm: tuple[str, str], seconds: int) -> None:
    true = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await given(azure, {"fault": "skew", "seconds": seconds})
    reply = await azure.ask("GET", vm[0])
    assert (datetime.fromisoformat(reply.headers["x-sim-now"]) - true).total_seconds() == seconds
    assert (parsedate_to_datetime(reply.headers["date"]) - true).total_seconds() == seconds
    assert datetime.fromisoformat((await azure.get("/_sim/clock"))["now"]) == true


async def test_only_the_named_header_is_wrong(azure: Client, vm: tuple[str, str]) -> None:
    true = datetime.fromisoformat((await azure.get("/_sim/clock"))["now"])
    await given(azure, {"fault": "skew", "seconds": 600, "headers": "date"})
    reply = await azure.ask("GET", vm[0])
    assert datetime.fromisoformat(reply.headers["x-sim-now"]) == true
    assert (parsedate_to_datetime(reply.headers["date"]) - true).total_seconds() == 600


async def test_no_rule_means_that_nothing_strikes(azure: Client, vm: tuple[str, str]) -> None:
    assert (await azure.ask("GET", vm[0])).status == 200
    found = await azure.get("/_sim/faults")
    assert found == {"rules": [], "struck": {}, "deeds": [], "locks": []}
