"""How unkindly events are delivered, set through `/_sim/events`."""

from typing import Any

import pytest

from tests.simulator.client import Client


async def test_what_is_not_named_stays(azure: Client) -> None:
    before = (await azure.get("/_sim/events"))["settings"]
    changed = (await azure.ask("PUT", "/_sim/events", {"duplicates": 1, "copies": 3, "delaySeconds": [0, 600]})).body
    assert changed["settings"] == before | {"duplicates": 1.0, "copies": 3, "delaySeconds": [0.0, 600.0]}
    assert (await azure.get("/_sim/events"))["settings"] == changed["settings"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"duplicates": 1.1},
        {"duplicates": True},
        {"copies": 0},
        {"copies": 2.5},
        {"delaySeconds": [5, 1]},
        {"delaySeconds": 5},
        {"delaySeconds": [-1, 1]},
        {"jitter": "much"},
        {"ackTimeoutSeconds": 0},
        {"shuffle": True},
    ],
)
async def test_a_wrong_setting_changes_nothing(azure: Client, wrong: dict[str, Any]) -> None:
    before = await azure.get("/_sim/events")
    reply = await azure.ask("PUT", "/_sim/events", {"copies": 7} | wrong)
    assert (reply.status, reply.code) == (400, "InvalidSetting")
    assert await azure.get("/_sim/events") == before
