import json

import pytest

from handlers import http, report, sweep
from shared import bootstrap
from shared.bootstrap import Backstop
from shared.errors import LoginError
from tests.fakes import World, a_vault, a_vm

FORMS = ["html", "csv", "json"]


@pytest.mark.parametrize("form", FORMS)
async def test_before_the_first_report_the_answer_is_404(form: str, backstop: Backstop) -> None:
    answer = await http.latest_report(form)
    assert (answer.status, answer.mimetype) == (404, "text/plain")


@pytest.mark.parametrize("form", FORMS)
async def test_a_report_that_was_made_is_answered_as_it_was_kept(form: str, world: World, backstop: Backstop) -> None:
    world.azure.vaults.append(a_vault())
    world.azure.add(a_vm())
    await sweep.run()
    summary = await report.make()
    assert summary
    answer = await http.latest_report(form)
    assert answer.status == 200
    assert answer.body == await backstop.findings.load_report(f"report.{form}")


@pytest.mark.parametrize("form", ["pdf", "", "HTML", "../../etc/passwd"])
async def test_another_format_is_refused_with_the_formats_that_there_are(form: str, backstop: Backstop) -> None:
    answer = await http.latest_report(form)
    assert (answer.status, answer.body) == (400, b"format must be one of html, csv, json\n")


async def test_health_tells_policy_and_pause_and_no_name_of_a_resource(backstop: Backstop) -> None:
    answer = await http.health()
    policy = backstop.policy.policy
    assert (answer.status, json.loads(answer.body)) == (
        200,
        {
            "status": "ok",
            "policy": {"name": "demo", "mode": "enforce", "hash": policy.hash},
            "mayWrite": True,
            "paused": False,
            "policyProblem": None,
        },
    )
    await backstop.pause.pause("maintenance of subscription 4711")
    paused = await http.health()
    assert json.loads(paused.body)["paused"] is True
    assert b"4711" not in paused.body


async def test_an_app_that_cannot_work_answers_503_with_a_code_and_keeps_the_names_to_its_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def nobody() -> Backstop:
        raise LoginError("no login for tenant contoso", code="NO_LOGIN")

    monkeypatch.setattr(bootstrap._Process, "backstop", None)
    monkeypatch.setattr("handlers.opening.process_backstop", nobody)
    for answer in (await http.health(), await http.latest_report("html")):
        assert (answer.status, json.loads(answer.body)) == (503, {"status": "unusable", "code": "NO_LOGIN"})
    assert "contoso" in caplog.text
