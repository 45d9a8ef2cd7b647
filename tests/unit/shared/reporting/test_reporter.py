import csv
import io
import json

import pytest

from shared.domain.azure_answers import Scope, Subscription
from shared.errors import RetryLaterError
from shared.reporting.reporter import Reporter
from tests.fakes import SUB, World, a_vault, a_vm
from tests.policies import demo_policy


class Kept:
    """Where reports end up, and a topic that can be down."""

    def __init__(self) -> None:
        self.reports: dict[str, bytes] = {}
        self.announced: list[dict[str, object]] = []
        self.down = False

    async def save_report(self, name: str, content: bytes) -> None:
        self.reports[name] = content

    async def load_report(self, name: str) -> bytes | None:
        return self.reports.get(name)

    async def report_ready(self, summary: dict[str, object]) -> None:
        if self.down:
            raise RetryLaterError("the topic is down")
        self.announced.append(summary)


async def reporter(kept: Kept, scope: Scope = Scope()) -> Reporter:  # noqa: B008  # a frozen value
    here = World(demo_policy())
    here.azure.vaults.append(a_vault())
    for name in ("one", "two"):
        here.azure.add(a_vm(name))
    await here.sweep()
    here.memory.save_report = kept.save_report  # type: ignore[method-assign]
    here.memory.report_ready = kept.report_ready  # type: ignore[method-assign]
    names = (Subscription(SUB, "production", "tenant"),)
    return Reporter(here.reconciler.policies, here.memory, here.azure.inventory, here.clock, here.memory, scope, names)


async def test_the_three_forms_are_kept_and_agree_with_what_is_announced() -> None:
    kept = Kept()
    summary = await (await reporter(kept)).make()
    data = json.loads(kept.reports["report.json"])
    rows = list(csv.reader(io.StringIO(kept.reports["report.csv"].decode("utf-8-sig"))))
    assert summary["discovered"] == data["discovered"] == len(rows) - 1 == 2
    assert summary["verdicts"] == data["verdicts"]
    assert sum(data["verdicts"].values()) == 2
    assert b"production" in kept.reports["report.html"]
    assert kept.announced == [summary]


async def test_a_report_is_kept_even_when_it_cannot_be_announced() -> None:
    kept = Kept()
    kept.down = True
    with pytest.raises(RetryLaterError):
        await (await reporter(kept)).make()
    assert len(kept.reports) == 4


async def test_a_report_of_a_scope_leaves_other_subscriptions_out() -> None:
    made = await reporter(Kept(), Scope(subscriptions=(SUB,)))
    assert (await made.report()).discovered == 2
    made.findings.kept.clear()  # type: ignore[attr-defined]  # the fake's own
    assert (await made.report()).discovered == 0
