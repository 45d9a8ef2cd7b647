"""The timers through the worker's runtime, and what comes of them."""

import csv
import io
import sys

import pytest

from shared.bootstrap import Backstop
from tests.worker.conftest import NEEDS, Azure
from tests.worker.process import Worker
from tests.worker.sending import fired, got, work_the_queue

pytestmark = pytest.mark.skipif(sys.version_info < (3, 13), reason=NEEDS)


async def test_a_sweep_and_the_requests_that_it_sends_leave_nothing_missed_and_nothing_wrong(
    worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    fired(worker, "discovery_sweep", past_due=True)
    assert len(await backstop.findings.latest()) == len(azure.ask("/_sim/labels"))
    await work_the_queue(worker, backstop)
    check = azure.ask("/_sim/check")
    assert (check["missed"], check["wrongWrites"]) == ([], [])


async def test_the_report_is_made_kept_and_answered_in_three_forms(
    worker: Worker, azure: Azure, backstop: Backstop
) -> None:
    fired(worker, "discovery_sweep")
    await work_the_queue(worker, backstop)
    fired(worker, "compliance_report")
    vms = len(azure.ask("/_sim/labels"))
    status, kind, page = got(worker, "latest_report")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert page.startswith("<!doctype html>")
    _, kind, table = got(worker, "latest_report", format="csv")
    assert kind == "text/csv; charset=utf-8"
    assert len(list(csv.DictReader(io.StringIO(table)))) == vms
    _, kind, data = got(worker, "latest_report", format="json")
    assert kind == "application/json"
    assert data.encode() == await backstop.findings.load_report("report.json")
    assert got(worker, "latest_report", format="pdf")[0] == 400
