"""Which requests a rule strikes, how often, and what is told of a rule that is none."""

from typing import Any

import aiohttp
import pytest

from simulator.core.routing import Call
from simulator.faults.api import apply
from simulator.faults.kinds import FAULTS
from simulator.server import running
from tests.simulator.client import Client


async def statuses(azure: Client, paths: list[str]) -> list[int]:
    return [(await azure.ask("GET", path)).status for path in paths]


async def given(azure: Client, *rules: dict[str, Any]) -> None:
    reply = await azure.ask("POST", "/_sim/faults", list(rules))
    assert reply.status == 201, reply


@pytest.fixture
async def vms(azure: Client) -> list[str]:
    return [each["vmId"] for each in (await azure.labels("protected"))[:4]]


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({}, [1, 1, 1, 1, 1, 1]),
        ({"first": 2}, [1, 1, 0, 0, 0, 0]),
        ({"every": 3}, [0, 0, 1, 0, 0, 1]),
        ({"nth": 4}, [0, 0, 0, 1, 0, 0]),
        ({"skip": 4}, [0, 0, 0, 0, 1, 1]),
        ({"skip": 2, "every": 3}, [0, 0, 0, 0, 1, 0]),
        ({"times": 1}, [1, 0, 0, 0, 0, 0]),
        ({"every": 2, "times": 2}, [0, 1, 0, 1, 0, 0]),
        ({"rate": 0}, [0, 0, 0, 0, 0, 0]),
        ({"rate": 1.0}, [1, 1, 1, 1, 1, 1]),
        ({"method": "post"}, [0, 0, 0, 0, 0, 0]),
        ({"operation": "get virtualmachines"}, [1, 1, 1, 1, 1, 1]),
        ({"path": "/subscriptions/*/virtualMachines/*"}, [1, 1, 1, 1, 1, 1]),
        ({"path": "*/vaults/*"}, [0, 0, 0, 0, 0, 0]),
    ],
)
async def test_a_rule_strikes_when_its_turn_has_come(
    azure: Client, vms: list[str], rule: dict[str, Any], struck: list[int]
) -> None:
    await given(azure, {"fault": "throttle", **rule})
    assert [int(each == 429) for each in await statuses(azure, vms[:1] * 6)] == struck
    [told] = (await azure.get("/_sim/faults"))["rules"]
    matched = 6 if sum(struck) or "rate" in rule else 0
    assert (told["seen"], told["struck"]) == (matched, sum(struck))
    assert told["byOperation"] == ({"GET virtualMachines": sum(struck)} if sum(struck) else {})


async def test_a_count_can_be_kept_for_each_vm(azure: Client, vms: list[str]) -> None:
    await given(azure, {"fault": "throttle", "first": 1, "perVm": True})
    assert await statuses(azure, [*vms[:2], *vms[:2]]) == [429, 429, 200, 200]


async def test_a_rule_can_be_about_one_vm(azure: Client, vms: list[str]) -> None:
    await given(azure, {"fault": "throttle", "vmId": vms[1].upper()})
    assert await statuses(azure, vms[:3]) == [200, 429, 200]


async def test_the_first_rule_that_strikes_takes_the_request(azure: Client, vms: list[str]) -> None:
    await given(azure, {"fault": "throttle", "nth": 2}, {"fault": "error", "status": 503, "first": 2})
    assert await statuses(azure, vms[:1] * 4) == [503, 429, 503, 200]
    assert (await azure.get("/_sim/faults"))["struck"] == {"error": 2, "throttle": 1}


async def test_the_estates_own_people_are_spared_unless_told_otherwise(azure: Client, vms: list[str]) -> None:
    estate = {"x-sim-actor": "estate"}
    await given(azure, {"fault": "throttle"})
    assert (await azure.ask("GET", vms[0], headers=estate)).status == 200
    await given(azure, {"fault": "error", "status": 500, "includeEstate": True})
    assert (await azure.ask("GET", vms[0], headers=estate)).status == 500


async def test_the_same_seed_strikes_the_same_requests_in_whatever_order_vms_are_asked() -> None:
    async def struck(seed: int, backwards: bool) -> set[tuple[str, int]]:
        async with (
            running(vms=50, seed=3) as (base, _),
            aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as http,
        ):
            azure = Client(base, http)
            vms = [each["vmId"] for each in await azure.labels("protected")]
            await given(azure, {"fault": "throttle", "rate": 0.4, "seed": seed})
            hit = set()
            for number in range(3):
                for vm in reversed(vms) if backwards else vms:
                    if (await azure.ask("GET", vm)).status == 429:
                        hit.add((vm, number))
            assert 0.25 < len(hit) / (3 * len(vms)) < 0.55
            return hit

    assert await struck(1, backwards=False) == await struck(1, backwards=True)
    assert await struck(1, backwards=False) != await struck(2, backwards=False)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([{"fault": "flood"}], f"rules[0].fault: must be one of {', '.join(FAULTS)}"),
        ([{"rate": 1.0}], "rules[0]: needs a fault, one of throttle, error"),
        ([{"fault": "throttle", "rate": 1.5}], "rules[0].rate: Input should be less than or equal to 1"),
        ([{"fault": "throttle", "rate": "0.5"}], "rules[0].rate: Input should be a valid number"),
        ([{"fault": "throttle", "first": 0}], "rules[0].first: Input should be greater than or equal to 1"),
        (
            [{"fault": "throttle", "rate": 0.5, "nth": 1}],
            "rules[0]: only one of rate, first, every and nth may be given",
        ),
        ([{"fault": "throttle", "often": 1}], "rules[0].often: Extra inputs are not permitted"),
        (
            [{"fault": "throttle"}, {"fault": "throttle", "retryAfter": "whenever"}],
            "rules[1].retryAfter[0]: must be seconds, 'date:SECONDS', 'absent' or 'malformed'",
        ),
        ([{"fault": "throttle", "retryAfter": -1}], "rules[0].retryAfter[0]: must be 0 to"),
        ([{"fault": "error", "status": 404}], "rules[0].status[0]: Input should be greater than or equal to 500"),
        ([{"fault": "delay", "ms": 10**9}], "rules[0].ms: Input should be less than or equal to 120000"),
        ([{"fault": "operation"}], "rules[0]: needs a code, or delaySeconds, or both"),
        ([{"fault": "actor", "deed": "stop", "afterSeconds": 5}], "rules[0]: afterSeconds needs a vmId"),
        ([{"fault": "actor", "deed": "dance"}], "rules[0].deed: Input should be"),
        ({"profile": "mild"}, "profile: must be one of none, light, heavy."),
        ({"rule": []}, "rule: is not known; give rules, or a profile."),
        ({"rules": {}}, "rules: Input should be a valid list"),
        ({"rules": [], "events": {"copies": -1}}, "copies"),
        ("[", "The body is no JSON"),
    ],
)
async def test_a_rule_that_is_none_is_refused_with_its_place(azure: Client, body: Any, says: str) -> None:
    data = body if isinstance(body, str) else None
    async with azure.http.post(
        f"{azure.base}/_sim/faults", data=data, json=None if data is not None else body
    ) as answer:
        error = (await answer.json())["error"]
    assert answer.status == 400
    assert says in error["message"]
    assert (await azure.get("/_sim/faults"))["rules"] == []


async def test_a_profile_sets_rules_and_how_events_come(azure: Client) -> None:
    assert (await azure.ask("POST", "/_sim/faults", {"profile": "heavy"})).status == 201
    found = await azure.get("/_sim/faults")
    assert [rule["fault"] for rule in found["rules"]] == ["reset", "error", "throttle"]
    settings = (await azure.get("/_sim/events"))["settings"]
    assert (settings["duplicates"], settings["copies"], settings["delaySeconds"]) == (1.0, 3, [1, 240])


async def test_heavy_weather_strikes_the_shares_that_it_names() -> None:
    async with running(vms=50, seed=4) as (_, world):
        apply(world, {"profile": "heavy"})
        for number in range(20_000):
            world.faults.strike(Call(world, "GET", f"/x/{number}", {}, b"", ""), None)
        shares = {name: count / 20_000 for name, count in world.faults.total.items()}
        assert shares == pytest.approx({"reset": 0.02, "error": 0.05, "throttle": 0.20}, rel=0.08)
