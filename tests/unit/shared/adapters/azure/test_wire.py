from datetime import UTC, datetime

import pytest

from shared.adapters.azure.wire import Wire, flag_at, list_at, moment_at, object_at, required_text, tags_at, text_at


def test_what_is_absent_reads_as_empty() -> None:
    node: Wire = {"a": None, "b": {}}
    assert text_at(node, "a") == text_at(node, "b", "c") == text_at(node, "a", "x", "y") == ""
    assert object_at(node, "a") == {}
    assert list_at(node, "a") == ()
    assert flag_at(node, "a") is None
    assert moment_at(node, "a") is None
    assert tags_at(node, "a") == {}


@pytest.mark.parametrize("value", [1, True, [], {}])
def test_a_text_of_another_type_is_an_error(value: object) -> None:
    with pytest.raises(ValueError, match=r"a\.b is not a text"):
        text_at({"a": {"b": value}}, "a", "b")


def test_what_must_be_there_and_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="id is missing"):
        required_text({"id": ""}, "id")


def test_a_path_through_something_that_is_no_object_is_an_error() -> None:
    with pytest.raises(ValueError, match="a is not an object"):
        text_at({"a": "text"}, "a", "b")
    with pytest.raises(ValueError, match="is not a list"):
        list_at({"a": "text"}, "a")
    with pytest.raises(ValueError, match="neither true nor false"):
        flag_at({"a": "true"}, "a")
    with pytest.raises(ValueError, match="is not an object"):
        object_at({"a": []}, "a")


@pytest.mark.parametrize("text", ["2001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", ""])
def test_the_ways_of_saying_no_date_read_as_none(text: str) -> None:
    assert moment_at({"at": text}, "at") is None


def test_seven_digits_of_a_second_and_a_missing_zone_are_read_as_utc() -> None:
    expected = datetime(2019, 12, 16, 13, 16, 26, 685789, tzinfo=UTC)
    assert moment_at({"at": "2019-12-16T13:16:26.6857896Z"}, "at") == expected
    assert moment_at({"at": "2019-12-16T13:16:26.6857896"}, "at") == expected
    assert moment_at({"at": "2019-12-16T15:16:26.6857896+02:00"}, "at") == expected


def test_a_tag_without_a_value_is_empty_and_one_of_another_type_is_an_error() -> None:
    assert tags_at({"tags": {"a": None, "b": "x"}}, "tags") == {"a": "", "b": "x"}
    with pytest.raises(ValueError, match="tag 'a'"):
        tags_at({"tags": {"a": 1}}, "tags")
