"""Which events pass a filter. Pure, but for Azure's limits."""

from typing import Any

import pytest

from simulator.events.filters import OPERATORS, wanted
from tests.simulator.client import Client
from tests.simulator.webhook import Receiver, at, first_subscription, wish

EVENT: dict[str, Any] = {
    "id": "1",
    "topic": "/subscriptions/s",
    "subject": "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.Compute/virtualMachines/Web-01",
    "eventType": "Microsoft.Resources.ResourceWriteSuccess",
    "dataVersion": "2",
    "data": {
        "operationName": "Microsoft.Compute/virtualMachines/write",
        "number": 5,
        "yes": True,
        "nothing": None,
        "tags": ["Red", "Blue"],
        "numbers": [1, 7],
        "empty": [],
        "inner": {"deep": {"word": "Found"}},
    },
}


def _passes(operator: str, key: str, wish: Any = None, *, arrays: bool = False, single: bool = False) -> bool:
    rule = {"operatorType": operator, "key": key} | ({} if wish is None else {"value" if single else "values": wish})
    return wanted(EVENT, {"advancedFilters": [rule], "enableAdvancedFilteringOnArrays": arrays})


STRINGS = [
    ("StringIn", ["other", "MICROSOFT.compute/virtualMachines/WRITE"], True),
    ("StringIn", ["Microsoft.Compute"], False),
    ("StringNotIn", ["other"], True),
    ("StringNotIn", ["microsoft.compute/virtualmachines/write"], False),
    ("StringContains", ["nothing", "VIRTUALmachines"], True),
    ("StringContains", ["disks"], False),
    ("StringNotContains", ["disks", "nics"], True),
    ("StringNotContains", ["disks", "machines"], False),
    ("StringBeginsWith", ["microsoft.compute/"], True),
    ("StringBeginsWith", ["compute/"], False),
    ("StringNotBeginsWith", ["compute/"], True),
    ("StringNotBeginsWith", ["microsoft"], False),
    ("StringEndsWith", ["/WRITE"], True),
    ("StringEndsWith", ["/delete"], False),
    ("StringNotEndsWith", ["/delete"], True),
    ("StringNotEndsWith", ["/delete", "/write"], False),
]


@pytest.mark.parametrize(("operator", "values", "expected"), STRINGS)
def test_strings_compare_without_case(operator: str, values: list[str], expected: bool) -> None:
    assert _passes(operator, "data.operationName", values) is expected


NUMBERS = [
    ("NumberIn", [1, 5.0], True),
    ("NumberIn", [1], False),
    ("NumberNotIn", [1], True),
    ("NumberNotIn", [5], False),
    ("NumberInRange", [[8, 9], [5, 6]], True),
    ("NumberInRange", [[1, 4.9]], False),
    ("NumberNotInRange", [[1, 4.9]], True),
    ("NumberNotInRange", [[1, 5]], False),
]
SINGLE = [
    ("NumberLessThan", 6, True),
    ("NumberLessThan", 5, False),
    ("NumberLessThanOrEquals", 5, True),
    ("NumberLessThanOrEquals", 4, False),
    ("NumberGreaterThan", 4, True),
    ("NumberGreaterThan", 5, False),
    ("NumberGreaterThanOrEquals", 5, True),
    ("NumberGreaterThanOrEquals", 6, False),
]


@pytest.mark.parametrize(("operator", "values", "expected"), NUMBERS)
def test_numbers_compare_with_each_value(operator: str, values: Any, expected: bool) -> None:
    assert _passes(operator, "data.number", values) is expected


@pytest.mark.parametrize(("operator", "value", "expected"), SINGLE)
def test_numbers_compare_with_one_value(operator: str, value: int, expected: bool) -> None:
    assert _passes(operator, "data.number", value, single=True) is expected


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False)])
def test_truth_values_compare(value: bool, expected: bool) -> None:
    assert _passes("BoolEquals", "data.yes", value, single=True) is expected
    assert _passes("BoolEquals", "data.number", value, single=True) is False


@pytest.mark.parametrize("key", ["data.absent", "data.nothing", "data.number.below"])
def test_what_is_absent_passes_only_the_not_in_forms_and_the_test_for_null(key: str) -> None:
    passed = set()
    for operator in OPERATORS:
        plain = "Range" in operator
        value: Any = [[0, 9]] if plain else [5] if operator in ("NumberIn", "NumberNotIn") else ["x"]
        single = operator == "BoolEquals" or operator.removesuffix("OrEquals").endswith("Than")
        value = (True if operator == "BoolEquals" else 5) if single else value
        if _passes(operator, key, None if operator.startswith("Is") else value, single=single):
            passed.add(operator)
    assert passed == {"StringNotIn", "NumberNotIn", "IsNullOrUndefined"}


def test_what_is_there_is_not_null() -> None:
    assert _passes("IsNotNull", "data.number")
    assert not _passes("IsNullOrUndefined", "data.number")


def test_keys_reach_into_data_and_the_envelope_without_case() -> None:
    assert _passes("StringIn", "Data.Inner.DEEP.word", ["found"])
    assert _passes("StringIn", "EventType", ["microsoft.resources.resourcewritesuccess"])
    assert _passes("StringIn", "type", ["microsoft.resources.resourcewritesuccess"])
    assert _passes("StringEndsWith", "SUBJECT", ["/web-01"])
    assert _passes("StringIn", "source", ["/subscriptions/s"])


def test_arrays_count_only_where_they_are_switched_on() -> None:
    assert not _passes("StringIn", "data.tags", ["red"])
    assert _passes("StringIn", "data.tags", ["red"], arrays=True)
    assert not _passes("StringNotIn", "data.tags", ["blue"], arrays=True)
    assert _passes("StringNotIn", "data.tags", ["green"], arrays=True)
    assert _passes("NumberInRange", "data.numbers", [[6, 8]], arrays=True)
    assert not _passes("NumberNotInRange", "data.numbers", [[6, 8]], arrays=True)
    assert not _passes("StringContains", "data.empty", ["a"], arrays=True)


def test_all_filters_must_pass() -> None:
    one = {"operatorType": "NumberIn", "key": "data.number", "values": [5]}
    other = {"operatorType": "NumberIn", "key": "data.number", "values": [6]}
    assert wanted(EVENT, {"advancedFilters": [one]})
    assert not wanted(EVENT, {"advancedFilters": [one, other]})


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, True),
        ({"includedEventTypes": None}, True),
        ({"includedEventTypes": ["All"]}, True),
        ({"includedEventTypes": ["microsoft.resources.RESOURCEwritesuccess"]}, True),
        ({"includedEventTypes": ["Microsoft.Resources.ResourceDeleteSuccess"]}, False),
        ({"subjectBeginsWith": "/SUBSCRIPTIONS/s"}, True),
        ({"subjectBeginsWith": "/SUBSCRIPTIONS/s", "isSubjectCaseSensitive": True}, False),
        ({"subjectEndsWith": "/web-01"}, True),
        ({"subjectEndsWith": "/web-01", "isSubjectCaseSensitive": True}, False),
        ({"subjectBeginsWith": "/subscriptions/other"}, False),
    ],
)
def test_types_and_subjects(rules: dict[str, Any], expected: bool) -> None:
    assert wanted(EVENT, rules) is expected


def _in(count: int) -> dict[str, Any]:
    return {"operatorType": "StringIn", "key": "data.x", "values": [f"v{n}" for n in range(count)]}


@pytest.mark.parametrize(
    ("filters", "status"),
    [
        ([_in(25)], 201),
        ([_in(26)], 400),
        ([_in(1)] * 25, 201),
        ([_in(1)] * 26, 400),
        ([_in(20), _in(6)], 400),
        ([{"operatorType": "IsNotNull", "key": f"data.k{n}"} for n in range(25)], 201),
        ([{"operatorType": "IsNotNull", "key": f"data.k{n}"} for n in range(26)], 400),
        ([{"operatorType": "StringLike", "key": "data.x", "values": ["a"]}], 400),
        ([{"operatorType": "StringIn", "values": ["a"]}], 400),
        ([{"operatorType": "StringIn", "key": "data.x"}], 400),
        ([{"operatorType": "StringIn", "key": "data.x", "values": [1]}], 400),
        ([{"operatorType": "StringIn", "key": "data.x", "values": ["a" * 513]}], 400),
        ([{"operatorType": "NumberIn", "key": "data.x", "values": ["1"]}], 400),
        ([{"operatorType": "NumberInRange", "key": "data.x", "values": [[2, 1]]}], 400),
        ([{"operatorType": "NumberLessThan", "key": "data.x", "values": [1]}], 400),
        ([{"operatorType": "BoolEquals", "key": "data.x", "value": "true"}], 400),
        ("none", 400),
    ],
)
async def test_a_filter_that_cannot_be_applied_is_refused(
    azure: Client, receiver: Receiver, filters: Any, status: int
) -> None:
    scope = await first_subscription(azure)
    reply = await azure.ask("PUT", at(scope), wish(receiver.url, rules={"advancedFilters": filters}))
    assert reply.status == status
    if status == 400:
        assert reply.code == "InvalidRequest"
