"""VMs that people create while an enforcer runs."""

from simulator.core.labels import ARRIVAL_KINDS
from tests.simulator.client import Client

ESTATE = {"x-sim-actor": "estate"}


async def test_arrivals_hold_every_kind_and_can_be_created_as_planned(azure: Client) -> None:
    before = len(await azure.labels())
    planned = (await azure.ask("POST", "/_sim/arrivals", {"count": 20, "seed": 7})).body
    assert len(await azure.labels()) == before + 20
    assert {arrival["label"]["kind"] for arrival in planned} == {kind.name for kind in ARRIVAL_KINDS}
    for arrival in planned:
        assert (await azure.ask("GET", arrival["vmId"])).status == 404
        reply = await azure.ask("PUT", arrival["path"], arrival["body"], ESTATE)
        assert (reply.status, reply.body["id"]) == (201, arrival["vmId"])
        assert (arrival["thenTags"] is not None) == (arrival["label"]["kind"] == "opts-out-by-tag")
        if arrival["thenTags"] is not None:
            assert "backup-opt-out" not in {name.lower() for name in arrival["body"].get("tags", {})}
            reply = await azure.ask("PATCH", arrival["vmId"], {"tags": arrival["thenTags"]}, ESTATE)
            assert "backup-opt-out" in {name.lower() for name in reply.body["tags"]}
    await azure.until_idle()
    for arrival in planned:
        assert (await azure.get(arrival["vmId"]))["properties"]["provisioningState"] == "Succeeded"
    assert (await azure.get("/_sim/counts"))["writes"] == 0


async def test_arrivals_differ_from_call_to_call_and_never_clash(azure: Client) -> None:
    first = (await azure.ask("POST", "/_sim/arrivals", {"count": 30, "seed": 1})).body
    second = (await azure.ask("POST", "/_sim/arrivals", {"count": 30, "seed": 1})).body
    ids = [arrival["vmId"].lower() for arrival in first + second]
    assert len(set(ids)) == 60


async def test_a_count_that_is_none_is_refused(azure: Client) -> None:
    for count in (0, -1, "3", None, 10**6):
        assert (await azure.ask("POST", "/_sim/arrivals", {"count": count})).code == "InvalidArrivals"
