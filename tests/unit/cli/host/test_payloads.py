from datetime import timedelta

import azure.functions as func  # noqa: TID251  # what the local host hands over
import pytest

from cli.host import payloads
from shared.ports import Received
from tests.fakes import START


def test_an_event_grid_event_has_its_fields() -> None:
    made = payloads.event(
        {
            "id": "1",
            "topic": "/subscriptions/1",
            "subject": "s",
            "eventType": "t",
            "eventTime": "2018-07-19T18:38:04.6117357Z",
            "data": {"a": 1},
            "dataVersion": "2",
        }
    )
    assert isinstance(made, func.EventGridEvent)
    assert (made.subject, made.event_type, made.get_json()) == ("s", "t", {"a": 1})


def test_what_has_a_specversion_is_a_cloud_event() -> None:
    made = payloads.event({"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {"a": 1}})
    assert isinstance(made, func.CloudEvent)
    assert (made.type, made.get_json()) == ("t", {"a": 1})


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        payloads.event({"eventTime": "yesterday"})


def test_a_message_has_its_body_and_its_count() -> None:
    made = payloads.queue_message(Received("q", "7", "r-1", "body ü", 3, START))
    assert (made.id, made.get_body(), made.dequeue_count, made.pop_receipt) == ("7", "body ü".encode(), 3, "r-1")
    assert made.insertion_time == START


@pytest.mark.parametrize("past_due", [False, True])
def test_a_timer_tells_whether_it_is_late(past_due: bool) -> None:
    made = payloads.timer(START, START + timedelta(hours=4), past_due=past_due)
    assert made.past_due is past_due


def test_a_request_has_query_route_headers_and_body() -> None:
    made = payloads.http_request("put", "http://h/x?q=1", {"X-A": "b"}, {"q": "1"}, {"name": "n"}, b"body")
    assert (made.method, made.params["q"], made.route_params["name"], made.headers["x-a"], made.get_body()) == (
        "PUT",
        "1",
        "n",
        "b",
        b"body",
    )
