"""Resource Graph's pages: tokens, what switches them off, facets and the two forms of a result."""

from typing import Any

import pytest

from simulator.world import World
from tests.simulator.client import Client

VMS = "resources | where type =~ 'microsoft.compute/virtualmachines'"
IDS = f"{VMS} | project id, name | order by id asc"


async def _page(azure: Client, query: str, **options: Any) -> Any:
    reply = await azure.graph(query, options=options)
    assert reply.status == 200, reply.body
    assert reply.body["resultTruncated"] in ("true", "false")
    return reply.body


async def test_a_token_goes_on_where_the_page_before_it_ended(azure: Client) -> None:
    whole = (await _page(azure, IDS, **{"$top": 1000}))["data"]
    first = await _page(azure, IDS, **{"$top": 7})
    second = await _page(azure, IDS, **{"$skipToken": first["$skipToken"]})  # the token holds the page's size
    third = await _page(azure, IDS, **{"$top": 3, "$skipToken": second["$skipToken"]})
    assert first["data"] + second["data"] + third["data"] == whole[:17]
    assert {page["totalRecords"] for page in (first, second, third)} == {len(whole)}
    skipped = await _page(azure, IDS, **{"$top": 5, "$skip": 11})
    assert skipped["data"] == whole[11:16]


async def test_the_last_page_has_no_token(azure: Client) -> None:
    body = await _page(azure, IDS, **{"$top": 1000})
    assert "$skipToken" not in body
    assert body["resultTruncated"] == "false"
    beyond = await _page(azure, IDS, **{"$skip": 1000})
    assert (beyond["count"], beyond["data"]) == (0, [])
    assert "$skipToken" not in beyond


@pytest.mark.parametrize("query", [f"{VMS} | project name", f"{VMS} | project identifier = id"])
async def test_without_id_the_rest_cannot_be_had(azure: Client, query: str) -> None:
    body = await _page(azure, query, **{"$top": 5})
    assert (body["count"], body["resultTruncated"]) == (5, "true")
    assert "$skipToken" not in body


@pytest.mark.parametrize("cut", ["take 20", "limit 20"])
async def test_take_switches_skipping_and_paging_off(azure: Client, cut: str) -> None:
    body = await _page(azure, f"{IDS} | {cut}", **{"$top": 5, "$skip": 10})
    assert body["data"] == (await _page(azure, IDS, **{"$top": 5}))["data"]
    assert (body["totalRecords"], body["resultTruncated"]) == (20, "true")
    assert "$skipToken" not in body


async def test_pages_without_an_order_neither_repeat_nor_leave_out(azure: Client) -> None:
    found: list[str] = []
    options: dict[str, Any] = {"$top": 11}
    while True:
        body = await _page(azure, f"{VMS} | project name, id", **options)
        found += [row["id"] for row in body["data"]]
        if "$skipToken" not in body:
            break
        options = {"$skipToken": body["$skipToken"]}
    assert len(found) == len(set(found)) == body["totalRecords"]


async def test_a_token_is_good_for_its_query_in_its_scope_only(azure: Client) -> None:
    subscriptions = [each["subscriptionId"] for each in await azure.rows("/subscriptions")]
    reply = await azure.graph(IDS, subscriptions=subscriptions[:2], options={"$top": 1})
    options = {"$skipToken": reply.body["$skipToken"]}
    assert (await azure.graph(IDS, subscriptions=subscriptions[1::-1], options=options)).status == 200
    for query, scope in ((IDS, subscriptions[:1]), (IDS, []), (f"{VMS} | project id", subscriptions[:2])):
        refused = await azure.graph(query, subscriptions=scope, options=options)
        assert (refused.status, refused.body["error"]["details"][-1]["code"]) == (400, "InvalidSkipToken")


async def test_a_change_between_two_pages_is_seen_on_the_second(served: tuple[Client, World]) -> None:
    azure, world = served
    first = await _page(azure, IDS, **{"$top": 10})
    changed = (await _page(azure, IDS, **{"$top": 11}))["data"][10]["id"]
    await azure.ask("PATCH", changed, {"tags": {"mark": "here"}})
    query = IDS.replace("id, name", "id, name, tags")
    assert (await _page(azure, query, **{"$top": 1, "$skip": 10}))["data"][0]["tags"] == {"mark": "here"}
    await azure.ask("DELETE", first["data"][0]["id"])
    await azure.until_idle()
    after = await _page(azure, IDS, **{"$skipToken": first["$skipToken"]})
    assert after["totalRecords"] == first["totalRecords"] - 1 == len(world.state.vms)


@pytest.mark.parametrize(
    "options",
    [
        {"$top": "5"},
        {"$top": True},
        {"$top": 1001},
        {"$top": 0},
        {"$skip": -1},
        {"$skip": 1.5},
        {"$skipToken": 5},
        {"$skipToken": "bm9uZQ=="},
        {"resultFormat": "csv"},
        "none",
        [],
    ],
)
async def test_options_that_are_none_are_refused(azure: Client, options: Any) -> None:
    reply = await azure.graph(IDS, options=options)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert reply.body["error"]["message"].startswith("Please provide below info when asking for support: timestamp = ")


async def test_options_that_are_null_are_as_absent(azure: Client) -> None:
    none = {"$top": None, "$skip": None, "$skipToken": None, "resultFormat": None}
    assert (await _page(azure, IDS, **none))["count"] == (await azure.graph(IDS, options=None)).body["count"]


async def test_a_table_tells_the_types_of_its_columns(azure: Client) -> None:
    query = f"{VMS} | project name, tags, n = 1, f = 1.5, b = true, at = now() | order by name asc"
    body = await _page(azure, query, **{"resultFormat": "Table", "$top": 2})
    kinds = {"name": "string", "tags": "object", "n": "integer", "f": "number", "b": "boolean", "at": "string"}
    assert {column["name"]: column["type"] for column in body["data"]["columns"]} == kinds
    objects = await _page(azure, query, **{"resultFormat": "objectArray", "$top": 2})
    names = [column["name"] for column in body["data"]["columns"]]
    assert [dict(zip(names, row, strict=True)) for row in body["data"]["rows"]] == objects["data"]


async def test_facets_count_the_values_of_a_column(azure: Client) -> None:
    query = f"{VMS} | project id, location, resourceGroup, properties.storageProfile.osDisk.osType"
    facets: list[Any] = [
        {"expression": "location"},
        {"expression": "location", "options": {"sortBy": "location", "sortOrder": "asc", "$top": 1}},
        {"expression": "properties.storageProfile.osDisk.osType", "options": {"sortOrder": "asc"}},
        {"expression": "nonExistingColumn"},
        {"expression": "location", "options": {"filter": "location == 'nowhere'"}},
        {"expression": "location, resourceGroup"},
        {"expression": "location", "options": {"filter": "location =="}},
    ]
    body = (await azure.graph(query, facets=facets)).body
    by_location = await azure.graph(f"{VMS} | summarize count_ = count() by location | order by count_ desc")
    expected = [{"location": row["location"], "count": row["count_"]} for row in by_location.body["data"]]
    plain, one, nested, unknown, empty, two, broken = body["facets"]
    assert plain["resultType"] == "FacetResult"
    assert sorted(plain["data"], key=str) == sorted(expected, key=str)
    assert [row["count"] for row in plain["data"]] == sorted((row["count"] for row in plain["data"]), reverse=True)
    assert (one["count"], one["totalRecords"]) == (1, len(expected))
    assert one["data"][0]["location"] == min(row["location"] for row in expected)
    assert {"properties_storageProfile_osDisk_osType", "count"} == set(nested["data"][0])
    assert nested["data"][0]["count"] <= nested["data"][-1]["count"]
    assert unknown == {
        "expression": "nonExistingColumn",
        "resultType": "FacetError",
        "errors": [
            {"code": "NoValidColumns", "message": "No valid columns in facet expression."},
            {"code": "InvalidColumnNames", "message": "Invalid column names: [nonExistingColumn]."},
        ],
    }
    assert (empty["totalRecords"], empty["data"]) == (0, [])
    assert set(two["data"][0]) == {"location", "resourceGroup", "count"}
    assert broken["resultType"] == "FacetError"
    assert (await azure.graph(query, facets="location")).status == 400
    assert (await azure.graph(query, facets=[{}])).status == 400


async def test_a_body_that_is_no_query_is_refused(azure: Client) -> None:
    for body in ({}, {"query": ""}, {"query": 5}, {"query": "  "}):
        reply = await azure.ask("POST", "/providers/Microsoft.ResourceGraph/resources", body)
        assert (reply.status, reply.body["error"]["details"][-1]["code"]) == (400, "EmptyQuery")
