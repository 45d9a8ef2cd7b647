"""The report for people: one self-contained HTML page without scripts or remote assets, for a browser, mail or print.

Every text that somebody else wrote passes `visible` and the template's escaping; no place in the template can leave
that out. The page's content security policy permits its own style sheet, by its hash, and nothing else.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from shared.domain.model import ActionKind, Finding, ProtectionState, State, Status
from shared.reporting.charts import Slice, donut, stacked_bar
from shared.reporting.costs_page import costs_page
from shared.reporting.people import PersonNeeded, Task
from shared.reporting.summary import ComplianceReport, Group
from shared.reporting.text import INITIAL_BACKUP_PENDING, age, visible


@dataclass(frozen=True, slots=True)
class Look:
    """How a verdict is shown: never by colour alone."""

    state: State
    label: str
    sign: str
    css: str
    meaning: str


LOOKS = (
    Look(State.COMPLIANT, "Compliant", "✓", "compliant", "backed up as the policy asks"),
    Look(State.NON_COMPLIANT, "Non-compliant", "✕", "noncompliant", "not backed up as the policy asks"),
    Look(State.UNKNOWN, "Unknown", "?", "unknown", "something could not be read, so nothing is concluded"),
    Look(State.EXEMPT, "Exempt", "◇", "exempt", "its owner opted out, and the policy allows it"),
    Look(State.NOT_APPLICABLE, "Not applicable", "○", "notapplicable", "excluded, unsupported or no longer there"),
)
_LOOK = {look.state: look for look in LOOKS}
_ORDER = {state: place for place, state in enumerate((State.NON_COMPLIANT, State.UNKNOWN, State.EXEMPT))}
PROTECTION_WORDS = {
    ProtectionState.NONE: "No backup",
    ProtectionState.CONFIGURING: "Being enabled",
    ProtectionState.FIRST_BACKUP_PENDING: INITIAL_BACKUP_PENDING,
    ProtectionState.PROTECTED: "Backed up",
    ProtectionState.ERROR: "Enabled, in error",
    ProtectionState.STOPPED: "Stopped",
    ProtectionState.SUSPENDED: "Suspended",
    ProtectionState.SOFT_DELETED: "Soft-deleted",
    ProtectionState.UNRECOGNISED: "In a state not known",
}
OUTCOME_WORDS = {
    Status.NOTHING_TO_DO: "Nothing to do",
    Status.QUEUED: "Waiting in the queue",
    Status.SUCCEEDED: "Done",
    Status.ACCEPTED: "Azure is working on it",
    Status.ALREADY_DONE: "Already done",
    Status.DRY_RUN: "Would be changed",
    Status.DEFERRED: "Put off",
    Status.FAILED: "Failed",
}
ACTION_WORDS = {
    ActionKind.CREATE_VAULT: "Make a vault",
    ActionKind.SET_REDUNDANCY: "Set the vault's redundancy",
    ActionKind.ENSURE_BACKUP_POLICY: "Make or edit a backup policy",
    ActionKind.UNDELETE: "Undelete the backup",
    ActionKind.RESUME_PROTECTION: "Resume the backup",
    ActionKind.CHANGE_BACKUP_POLICY: "Change the backup policy",
    ActionKind.ENABLE_PROTECTION: "Enable backup",
    ActionKind.START_INITIAL_BACKUP: "Start the first backup",
    ActionKind.START_BACKUP: "Start a backup",
}
MODE_WORDS = {
    "audit": "Audit: Backstop looks and reports, and changes nothing",
    "enforce": "Enforce: Backstop may protect what lacks a backup",
    "disabled": "Disabled: the policy asks for nothing",
}
_GROUPS_SHOWN = 12
_ROWS = 50  # of what waits; a read that fails may have an error of its own for each VM


def render_html(report: ComplianceReport) -> bytes:
    """The page as UTF-8."""
    template, style, style_hash = _page()
    return template.render(
        report=report,
        style=style,
        style_hash=style_hash,
        looks=LOOKS,
        look=_LOOK,
        ring=donut(_slices(report.verdicts[look.state] for look in LOOKS)),
        coverage=coverage(report),
        mode=MODE_WORDS.get(report.policy.mode, report.policy.mode),
        by_subscription=_bars(report.by_subscription),
        by_region=_bars(report.by_region),
        by_rule=_bars(report.by_rule),
        rows=_ROWS,
        tasks=_by_task(report.needs_person),
        outcomes=[(OUTCOME_WORDS[status], status, count) for status, count in report.outcomes.items() if count],
        actions=[(ACTION_WORDS[kind], count) for kind, count in report.actions.items() if count],
        vms=sorted(report.findings, key=lambda each: (_ORDER.get(each.verdict.state, 9), each.verdict.state.value)),
        protection_words=PROTECTION_WORDS,
        outcome_words=OUTCOME_WORDS,
        short=_short,
        minute=_minute,
        age=lambda moment: age(moment, report.generated_at),
        name_in=_name_in,
        with_code=_with_code,
        costs=costs_page(report),
    ).encode("utf-8")


def coverage(report: ComplianceReport) -> str:
    """The compliant share of the VMs that are due a backup, such as `97.3 %`; `n/a` when none is due.

    Rounded down, so that one VM without a backup is never shown as 100 %.
    """
    if not report.due:
        return "n/a"
    tenths = report.verdicts[State.COMPLIANT] * 1_000 // report.due
    return "100 %" if tenths == 1_000 else f"{tenths // 10}.{tenths % 10} %"


@lru_cache(maxsize=1)
def _page() -> tuple[Template, Markup, str]:
    loader = PackageLoader("shared.reporting")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    style = loader.get_source(environment, "report.css")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html.j2"), Markup(style), f"sha256-{digest}"  # noqa: S704 - our own file


def _finalize(value: object) -> object:
    return value if isinstance(value, Markup) else visible(str(value))


def _slices(counts: Iterable[int]) -> list[Slice]:
    return [Slice(count, look.label, look.css) for count, look in zip(counts, LOOKS, strict=True)]


def _bars(groups: tuple[Group, ...]) -> list[tuple[Group, Markup]]:
    """The largest groups and one for all the others, so that the bars still add up to every VM."""
    shown = list(groups if len(groups) <= _GROUPS_SHOWN else groups[: _GROUPS_SHOWN - 1])
    rest = groups[len(shown) :]
    if rest:
        verdicts = {state: sum(each.verdicts[state] for each in rest) for state in State}
        shown.append(Group("", f"{len(rest)} others", verdicts))
    largest = max((each.total for each in shown), default=0)
    return [(each, stacked_bar(_slices(each.verdicts[look.state] for look in LOOKS), largest)) for each in shown]


def _by_task(needed: Iterable[PersonNeeded]) -> list[tuple[Task, list[tuple[Finding, str]]]]:
    """The same task of many VMs once, with its VMs and each one's detail; the most frequent first."""
    groups: dict[tuple[str, str, str], tuple[Task, list[tuple[Finding, str]]]] = {}
    for each in needed:
        for task in each.tasks:
            _, members = groups.setdefault((task.code, task.what, task.remedy), (task, []))
            members.append((each.finding, task.detail))
    return sorted(groups.values(), key=lambda group: (-len(group[1]), group[0].code, group[0].remedy))


def _with_code(text: str) -> Markup:
    """The text with what stands between backticks set as code; an odd backtick stays one."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _short(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _name_in(resource_id: str) -> str:
    return resource_id.rsplit("/", 1)[-1]
