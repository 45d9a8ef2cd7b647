"""What the Functions host sends, and a look at the queue that leaves it as it is."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.local.store import from_micros
from shared.adapters.local.work_queue import Poisoned, SqliteWorkQueue
from shared.bootstrap import Backstop
from shared.domain import messages
from shared.domain.model import ReconcileRequest
from tests.worker.process import Worker

METADATA = {
    "Id": "6f5e4d3c",
    "DequeueCount": "1",
    "InsertionTime": "2026-11-24T08:00:00+00:00",
    "ExpirationTime": "2026-12-01T08:00:00+00:00",
    "NextVisibleTime": "2026-11-24T08:10:00+00:00",
    "PopReceipt": "AgAAAAMAAAAAAAAA",
}


def queued(worker: Worker, function: str, body: str) -> None:
    """A queue message. The host has decoded its base64, so the worker gets text."""
    assert worker.invoke(function, {"string": body}, METADATA) is None


def fired(worker: Worker, function: str, *, past_due: bool = False) -> None:
    """A timer, in the shape of the .NET host."""
    status = dict.fromkeys(("Last", "Next", "LastUpdated"), "2026-11-24T08:00:00.0000000+00:00")
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
    assert worker.invoke(function, {"json": json.dumps(info)}) is None


def delivered(worker: Worker, event: dict[str, Any]) -> None:
    """One event by Event Grid; the host hands arrays over one by one, with the data once more as metadata."""
    assert worker.invoke("vm_written", {"json": json.dumps(event)}, {"data": json.dumps(event["data"])}) is None


def got(worker: Worker, function: str, **query: str) -> tuple[int, str, str]:
    """A GET: status, content type, body."""
    http = {"method": "GET", "url": f"https://app.example/api/{function}", "headers": {}, "query": query}
    answer = worker.invoke(function, {"http": http})["http"]
    return int(answer["status_code"]), answer["headers"]["content-type"], answer["body"]["bytes"]


@dataclass
class Waiting:
    """A message of the reconcile queue, left where it is."""

    request: ReconcileRequest
    inserted: datetime
    visible_at: datetime


def waiting(backstop: Backstop, *vms: str) -> list[Waiting]:
    """The messages about these VMs, in the order in which they were sent."""
    with sqlite_queue(backstop)._store.reading() as connection:
        rows = connection.execute(
            "SELECT body, inserted, visible_at FROM messages WHERE queue = ? ORDER BY id",
            (backstop.settings.reconcile_queue,),
        ).fetchall()
    found = [Waiting(messages.decode(body), from_micros(at), from_micros(visible)) for body, at, visible in rows]
    keys = {each.lower() for each in vms}
    return [each for each in found if each.request.vm_id.key in keys]


def sqlite_queue(backstop: Backstop) -> SqliteWorkQueue:
    assert isinstance(backstop.queue, SqliteWorkQueue)
    return backstop.queue


async def poisoned(backstop: Backstop, queue: str) -> tuple[Poisoned, ...]:
    return await sqlite_queue(backstop).poisoned(queue)


async def work_the_queue(worker: Worker, backstop: Backstop) -> None:
    """Be the host: hand over every message, and let time pass until the queue is empty."""
    queue = backstop.settings.reconcile_queue
    for _ in range(500):
        due = await backstop.queue.next_due(queue)
        if due is None:
            return
        await backstop.clock.wait_until(due)
        for message in await backstop.queue.receive(queue, 32, timedelta(minutes=10)):
            queued(worker, "reconcile_vm", message.body)
            await backstop.queue.done(message)
    raise AssertionError("the queue never became empty")
