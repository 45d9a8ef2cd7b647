from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from shared.domain.model import (
    ACTIVE_STATES,
    Action,
    ActionKind,
    Finding,
    Outcome,
    Protection,
    ProtectionState,
    ReasonDetail,
    State,
    Status,
)
from shared.domain.reason_states import STATES
from shared.domain.reasons import OPT_OUT_REASONS, Reason
from shared.reporting.people import PERSON_REASONS
from shared.reporting.summary import InitialBackups, summarise
from tests.findings import SUBSCRIPTIONS, estates, vm_id
from tests.unit.shared.reporting.samples import NOW, POLICY, finding, report


@given(estates)
def test_every_vm_stands_in_exactly_one_bucket_and_the_buckets_add_up(estate: list[Finding]) -> None:
    made = report(*estate)
    assert made.discovered == len(estate)
    assert set(made.verdicts) == set(State)
    assert sum(made.verdicts.values()) == len(estate)
    assert sum(made.outcomes.values()) == len(estate)
    for groups in (made.by_subscription, made.by_region, made.by_rule):
        assert sum(each.total for each in groups) == len(estate)
        for state in State:
            assert sum(each.verdicts[state] for each in groups) == made.verdicts[state]
    first = made.initial_backups
    assert first.done + first.running + first.missing + first.failed == made.protected
    assert made.protected == sum(1 for each in estate if each.protection and each.protection.state in ACTIVE_STATES)


@given(estates)
def test_the_report_does_not_depend_on_the_order_of_the_findings(estate: list[Finding]) -> None:
    assert report(*estate) == report(*reversed(estate))


def test_a_vm_given_twice_is_refused_rather_than_counted_twice() -> None:
    once = finding("a", State.COMPLIANT, Reason.PROTECTED)
    with pytest.raises(ValueError, match="two findings of one VM"):
        report(once, replace(once, vm=vm_id("A")))


def test_an_empty_estate_has_a_report_with_every_count_at_zero() -> None:
    made = report()
    assert made.discovered == made.due == made.protected == 0
    assert made.verdicts == dict.fromkeys(State, 0)
    assert (made.oldest, made.newest) == (None, None)
    assert not [*made.by_region, *made.needs_person, *made.opt_outs]


def test_vms_are_due_a_backup_unless_exempt_or_not_applicable() -> None:
    states = [State.COMPLIANT, State.NON_COMPLIANT, State.UNKNOWN, State.EXEMPT, State.NOT_APPLICABLE]
    assert report(*(finding(f"vm{n}", each, Reason.PROTECTED) for n, each in enumerate(states))).due == 3


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        (Protection(ProtectionState.PROTECTED, has_recovery_point=True), InitialBackups(1, 0, 0, 0)),
        (Protection(ProtectionState.FIRST_BACKUP_PENDING, backup_running=True), InitialBackups(0, 1, 0, 0)),
        (Protection(ProtectionState.FIRST_BACKUP_PENDING), InitialBackups(0, 0, 1, 0)),
        (Protection(ProtectionState.FIRST_BACKUP_PENDING, last_backup_status="Failed"), InitialBackups(0, 0, 0, 1)),
        (Protection(ProtectionState.ERROR, has_recovery_point=True), InitialBackups(1, 0, 0, 0)),
        (Protection(ProtectionState.STOPPED, has_recovery_point=True), InitialBackups(0, 0, 0, 0)),
        (Protection(ProtectionState.SOFT_DELETED, has_recovery_point=True), InitialBackups(0, 0, 0, 0)),
        (Protection(ProtectionState.CONFIGURING), InitialBackups(0, 0, 0, 0)),
        (None, InitialBackups(0, 0, 0, 0)),
    ],
)
def test_the_first_backup_of_an_active_protection_is_in_one_of_four_states(
    protection: Protection | None, expected: InitialBackups
) -> None:
    assert report(finding("a", State.COMPLIANT, Reason.PROTECTED, protection=protection)).initial_backups == expected


def test_a_reason_counts_once_for_each_vm_that_has_it() -> None:
    made = report(
        finding("a", State.UNKNOWN, ReasonDetail(Reason.READ_FAILED, "x"), ReasonDetail(Reason.READ_FAILED, "y")),
        finding("b", State.UNKNOWN, Reason.READ_FAILED),
        finding("c", State.COMPLIANT, Reason.PROTECTED),
    )
    assert list(made.reasons.items()) == [(Reason.READ_FAILED, 2), (Reason.PROTECTED, 1)]


def test_actions_count_the_vms_they_were_meant_for() -> None:
    enable, backup = (Action(kind, vm_id("a"), "", "") for kind in list(ActionKind)[:2])
    made = report(
        finding("a", State.NON_COMPLIANT, Reason.UNPROTECTED, actions=(enable, backup)),
        finding("b", State.NON_COMPLIANT, Reason.NO_RECOVERY_POINT, actions=(backup,)),
    )
    assert list(made.actions) == list(ActionKind)
    assert list(made.actions.values())[:3] == [1, 2, 0]


def test_groups_are_named_and_the_largest_comes_first() -> None:
    made = report(
        finding("a", State.COMPLIANT, Reason.PROTECTED, location="eastus"),
        finding("b", State.COMPLIANT, Reason.PROTECTED),
        finding("c", State.UNKNOWN, Reason.READ_FAILED, location="", rule=""),
        finding("d", State.COMPLIANT, Reason.PROTECTED),
        names={SUBSCRIPTIONS[0].upper(): "Production"},
    )
    assert [(each.key, each.label, each.total) for each in made.by_region] == [
        ("westeurope", "westeurope", 2),
        ("", "(not known)", 1),
        ("eastus", "eastus", 1),
    ]
    assert [each.label for each in made.by_rule] == ["default", "(no rule)"]
    assert [each.label for each in made.by_subscription] == ["Production"]
    assert made.subscription_name(SUBSCRIPTIONS[1]) == SUBSCRIPTIONS[1]


def test_the_findings_ages_are_told() -> None:
    old = replace(finding("a", State.COMPLIANT, Reason.PROTECTED), at=NOW - timedelta(hours=4))
    made = report(old, finding("b", State.COMPLIANT, Reason.PROTECTED))
    assert (made.oldest, made.newest) == (NOW - timedelta(hours=4), NOW)


def test_what_backstop_neither_mends_nor_waits_for_is_left_to_a_person() -> None:
    mended = {Reason.UNPROTECTED, Reason.NO_RECOVERY_POINT, Reason.PROTECTION_IN_PROGRESS, Reason.SETTLING}
    lacking = {each for each, states in STATES.items() if states[0] is State.NON_COMPLIANT}
    assert lacking - mended - OPT_OUT_REASONS <= PERSON_REASONS


@pytest.mark.parametrize("reason", [each for each in Reason if each in PERSON_REASONS])
def test_what_backstop_never_mends_by_itself_needs_a_person_and_has_a_remedy(reason: Reason) -> None:
    (needed,) = report(finding("a", State.NON_COMPLIANT, ReasonDetail(reason, "why"))).needs_person
    assert [(task.code, task.detail, task.remedy) for task in needed.tasks] == [(reason.code, "why", reason.remedy)]
    assert reason.remedy


@pytest.mark.parametrize("reason", [each for each in Reason if each not in PERSON_REASONS])
def test_what_backstop_mends_or_leaves_by_rule_needs_nobody(reason: Reason) -> None:
    assert report(finding("a", State.NON_COMPLIANT, reason)).needs_person == ()


@pytest.mark.parametrize("state", [State.COMPLIANT, State.EXEMPT])
def test_a_vm_that_stands_as_the_policy_wants_it_needs_nobody(state: State) -> None:
    assert report(finding("a", state, Reason.PROTECTED_ELSEWHERE, Reason.PROTECTION_STOPPED)).needs_person == ()


@pytest.mark.parametrize("state", list(State))
def test_a_failed_attempt_needs_a_person_whatever_the_verdict(state: State) -> None:
    failed = Outcome(Status.FAILED, None, "UserErrorX", "the agent does not answer", "Start the agent")
    (needed,) = report(finding("a", state, Reason.UNPROTECTED, outcome=failed)).needs_person
    (task,) = needed.tasks
    assert (task.code, task.detail, task.remedy) == ("UserErrorX", "the agent does not answer", "Start the agent")


UNTIL = NOW + timedelta(hours=7)


def test_what_is_held_up_without_an_end_needs_a_person_and_is_told_once() -> None:
    held = Outcome(Status.DEFERRED, None, "CHANGE_REFUSED", "points would be kept for less time", "Change the rule")
    made = report(finding("a", State.NON_COMPLIANT, Reason.OTHER_BACKUP_POLICY, outcome=held))
    (needed,) = made.needs_person
    (task,) = needed.tasks
    assert (task.code, task.detail, task.remedy) == ("CHANGE_REFUSED", held.error, held.remedy)
    assert made.waiting == ()


def test_what_waits_until_a_moment_needs_nobody_and_says_until_when() -> None:
    quota = Outcome(Status.DEFERRED, UNTIL, "QUOTA_REGISTRATIONS", "250 a day", "Nothing")
    later = replace(quota, look_again=UNTIL + timedelta(days=1))
    made = report(
        finding("a", State.NON_COMPLIANT, Reason.UNPROTECTED, outcome=quota),
        finding("b", State.NON_COMPLIANT, Reason.UNPROTECTED, outcome=later),
        finding("c", State.NON_COMPLIANT, Reason.UNPROTECTED),
    )
    assert made.needs_person == ()
    (waits,) = made.waiting
    assert (waits.code, waits.vms, waits.first, waits.until) == (
        "QUOTA_REGISTRATIONS",
        2,
        UNTIL,
        UNTIL + timedelta(days=1),
    )


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (Reason.PROTECTION_STOPPED, ActionKind.RESUME_PROTECTION),
        (Reason.SOFT_DELETED, ActionKind.UNDELETE),
        (Reason.OTHER_BACKUP_POLICY, ActionKind.CHANGE_BACKUP_POLICY),
    ],
)
def test_a_choice_of_somebody_needs_a_person_unless_the_rule_mends_it(reason: Reason, step: ActionKind) -> None:
    other, mends = (Action(kind, vm_id("a"), "", "") for kind in (ActionKind.START_BACKUP, step))
    assert report(finding("a", State.NON_COMPLIANT, reason, actions=(mends,))).needs_person == ()
    assert report(finding("a", State.NON_COMPLIANT, reason, actions=(other,))).needs_person != ()


def test_a_failed_first_backup_is_told_once() -> None:
    failed = Outcome(Status.FAILED, None, "UserErrorX", "no agent", "Start the agent")
    (needed,) = report(finding("a", State.NON_COMPLIANT, Reason.INITIAL_BACKUP_FAILED, outcome=failed)).needs_person
    assert [task.code for task in needed.tasks] == ["UserErrorX"]


def test_opt_outs_are_listed_with_their_end_the_honoured_that_end_soonest_first() -> None:
    def opted(name: str, reason: Reason, text: str) -> Finding:
        return finding(name, State.EXEMPT, ReasonDetail(reason, text))

    made = report(
        opted("a", Reason.OPTED_OUT, "reason=x; until=2027-03-01"),
        opted("b", Reason.OPTED_OUT, "UNTIL = 2027-01-01 ;reason=until=2099-01-01"),
        opted("c", Reason.OPT_OUT_MALFORMED, "until=2027-02-30"),
        opted("d", Reason.OPTED_OUT, "reason=for ever"),
        opted("e", Reason.OPT_OUT_EXPIRED, "reason=x; until=2020-01-01"),
        finding("f", State.COMPLIANT, Reason.PROTECTED),
    )
    assert [(each.finding.vm.name, each.until, each.honoured) for each in made.opt_outs] == [
        ("b", date(2027, 1, 1), True),
        ("a", date(2027, 3, 1), True),
        ("d", None, True),
        ("e", date(2020, 1, 1), False),
        ("c", None, False),
    ]


def test_every_reason_about_opting_out_is_known_as_one() -> None:
    assert {each for each in Reason if each.code.startswith("OPT")} == OPT_OUT_REASONS


def test_the_reports_moment_is_the_one_it_was_given() -> None:
    assert summarise([], generated_at=NOW, policy=POLICY).generated_at == NOW
