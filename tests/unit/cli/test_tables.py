from dataclasses import replace

from rich.console import Console

from cli.output.console import plain
from cli.output.machine import actions, verdicts
from cli.output.tables import failures, left_alone, plan_table, verdict_bars
from shared.domain.azure_answers import Scope
from shared.domain.model import Finding, Outcome, ReasonDetail, State, Status, Verdict
from shared.domain.reasons import Reason
from tests.fakes import START, World, a_vault, a_vm
from tests.policies import demo_policy


async def findings() -> tuple[Finding, ...]:
    here = World(demo_policy(), enforce=False)
    here.azure.vaults.append(a_vault())
    here.azure.add(a_vm("web-01"))
    here.azure.add(a_vm("bare", location="eastus"))
    return (await here.sweeper.discover(Scope(), "run")).findings


def shown(renderable: object, width: int = 100) -> str:
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


async def test_a_plan_names_each_vm_as_it_is_and_says_what_would_be_done() -> None:
    found = await findings()
    text = shown(plan_table([each for each in found if each.actions]))
    assert "EnableProtection, then StartInitialBackup (1)" in text
    assert "web-01" in text
    assert "vault-1" in text


async def test_what_is_left_to_a_person_is_counted_with_its_remedy() -> None:
    text = " ".join(shown(left_alone(await findings())).split())
    assert "Create a vault there" in text
    assert left_alone([]) is None


def test_a_backup_that_somebody_stopped_is_not_blamed_on_an_opt_out_that_has_ended() -> None:
    reasons = (ReasonDetail(Reason.PROTECTION_STOPPED), ReasonDetail(Reason.OPT_OUT_EXPIRED, "until=2026-01-01"))
    verdict = Verdict(State.NON_COMPLIANT, reasons, "all")
    stopped = Finding(a_vm().id, "westeurope", verdict, None, (), Outcome(Status.NOTHING_TO_DO), START)
    text = " ".join(shown(left_alone([stopped])).split())
    assert "Somebody stopped this VM's backup" in text
    assert "opt-out" not in text


def test_an_empty_plan_says_so() -> None:
    assert "Nothing to do" in shown(plan_table([]))


async def test_a_failure_shows_code_and_remedy() -> None:
    failed = replace((await findings())[0], outcome=Outcome(Status.FAILED, None, "Code42", "no", "Mend it"))
    text = shown(failures([failed]))
    assert "Code42" in text
    assert "Mend it" in text


def test_the_bars_show_all_five_states() -> None:
    text = shown(verdict_bars({State.COMPLIANT: 1}))
    assert all(state in text for state in State)


async def test_machines_get_every_action_and_all_five_counts() -> None:
    found = await findings()
    assert [each["action"] for each in actions(found)] == ["EnableProtection", "StartInitialBackup"]
    assert actions(found)[0]["reasons"] == ["UNPROTECTED"]
    assert sum(verdicts(found).values()) == 2
    assert len(verdicts(found)) == 5


def test_a_text_from_outside_is_neither_markup_nor_control() -> None:
    assert shown(plain("[bold]x[/bold]\x1b[31m")).strip() == "[bold]x[/bold]\\u001b[31m"
