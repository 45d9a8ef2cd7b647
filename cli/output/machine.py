"""Findings as data for `--json`. Keys are stable; a change of one is a change of the command line's contract."""

from collections import Counter
from collections.abc import Iterable

from shared.domain.model import Finding, State, Status
from shared.ports.policy import PolicyProblem
from shared.reporting.render_json import action_data


def verdicts(findings: Iterable[Finding]) -> dict[str, int]:
    """All five states with their counts."""
    counts = Counter(each.verdict.state for each in findings)
    return {state.value: counts[state] for state in State}


def actions(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """One object for each planned write."""
    return [
        {
            "vm": each.vm.text,
            "rule": each.verdict.rule,
            "reasons": [detail.reason.code for detail in each.verdict.reasons],
            **action_data(action),
        }
        for each in findings
        for action in each.actions
    ]


def policy_problem(problem: PolicyProblem | None) -> dict[str, str] | None:
    """Why the policy in force is not the one in its place; None where it is."""
    if problem is None:
        return None
    since = problem.since.isoformat()
    return {"code": problem.code, "place": problem.place, "what": problem.what, "since": since}


def problems(findings: Iterable[Finding]) -> list[dict[str, object]]:
    """One object for each VM with an error on record."""
    return [
        {
            "vm": each.vm.text,
            "status": each.outcome.status.value,
            "code": each.outcome.error_code,
            "error": each.outcome.error,
            "remedy": each.outcome.remedy,
            "lookAgain": each.outcome.look_again.isoformat() if each.outcome.look_again else None,
        }
        for each in findings
        if each.outcome.error_code and each.outcome.status is not Status.DRY_RUN
    ]
