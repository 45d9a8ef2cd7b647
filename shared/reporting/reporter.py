"""Makes the compliance report from the findings on record, keeps its forms and announces it.

Of the VMs it reads nothing: a report says what the last sweep and the looks since then found, and how old that is. Only
what the backup policies say, which the findings do not hold, is asked of Resource Graph; without an answer the report
is made all the same, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.domain.azure_answers import Scope, Subscription
from shared.domain.compiled_policy import CompiledPolicy
from shared.domain.model import Finding
from shared.domain.prices.model import PriceFile
from shared.errors import PermanentError, RetryLaterError
from shared.ports import Clock, FindingStore, Inventory, Notices
from shared.ports.policy import Policies
from shared.reporting.advice import within
from shared.reporting.backup_policies import PolicyInUse, policies_in_use
from shared.reporting.costs import costs_of
from shared.reporting.render_csv import render_advice_csv, render_csv
from shared.reporting.render_html import render_html
from shared.reporting.render_json import render_json, summary_data
from shared.reporting.summary import ComplianceReport, PolicyUsed, summarise

HTML, CSV, JSON = "report.html", "report.csv", "report.json"
ADVICE_CSV = "advisories.csv"


@dataclass(frozen=True)
class Reporter:
    """`subscriptions` are all that the login reads, for their names; `scope` limits the report.

    Costs are estimated where there are `prices`.
    """

    policies: Policies
    findings: FindingStore
    inventory: Inventory
    clock: Clock
    notices: Notices
    scope: Scope
    subscriptions: tuple[Subscription, ...]
    prices: PriceFile | None = None

    async def report(self, *, backup_policies: bool = True) -> ComplianceReport:
        """The report as it stands, not kept; without `backup_policies` none of them is read or told."""
        findings, advisories = await self.findings.latest(), await self.findings.advisories()
        if self.scope != Scope():
            inside = {each.id.lower() for each in await self.inventory.subscriptions(self.scope)}
            findings = tuple(each for each in findings if each.vm.subscription_id in inside)
            advisories = within(advisories, inside)
        in_force = await self.policies.newest()
        policy, now = in_force.policy, self.clock.now()
        problem = self.policies.problem
        return summarise(
            findings,
            generated_at=now,
            policy=PolicyUsed(
                policy.metadata.name,
                policy.hash,
                policy.spec.mode,
                paused=policy.spec.paused,
                problem=problem.what if problem else "",
            ),
            subscription_names={each.id: each.name for each in self.subscriptions},
            costs=costs_of(findings, self.prices, policy) if self.prices is not None else None,
            backup_policies=await self._in_use(findings, in_force, now) if backup_policies else (),
            advisories=advisories,
        )

    async def _in_use(
        self, findings: Iterable[Finding], policy: CompiledPolicy, now: datetime
    ) -> tuple[PolicyInUse, ...]:
        """What the VMs' backup policies say; nothing is asked where no VM is under one."""
        if not policies_in_use(findings, {}, now):
            return ()
        try:
            known = dict(await self.inventory.backup_policies(self.scope))
            if policy.vault_subscriptions and self.scope != Scope():
                elsewhere = Scope(tuple(sorted(policy.vault_subscriptions)))
                known |= await self.inventory.backup_policies(elsewhere)
        except (RetryLaterError, PermanentError) as error:
            return policies_in_use(findings, {}, now, f"it could not be read: {error.message}")
        return policies_in_use(findings, known, now)

    async def make(self) -> dict[str, object]:
        """Render and keep all forms, announce them; returns the counts.

        RetryLaterError when the announcement fails: by then the report is kept.
        """
        report = await self.report()
        for name, content in render(report).items():
            await self.findings.save_report(name, content)
        summary = summary_data(report)
        await self.notices.report_ready(summary)
        return summary


def render(report: ComplianceReport) -> dict[str, bytes]:
    """File name to content, all made of the same counts."""
    return {
        HTML: render_html(report),
        CSV: render_csv(report),
        JSON: render_json(report),
        ADVICE_CSV: render_advice_csv(report),
    }
