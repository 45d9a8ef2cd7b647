"""`cost`: what the backups on record cost in a month, by the user's own price file. Reads, and writes nothing."""

import uuid

from cli import exit_codes
from cli.options import Options
from cli.output import costs as tables
from cli.output.console import err, print_json
from shared.bootstrap import open_backstop
from shared.errors import SettingsError
from shared.reporting.costs import Costs
from shared.reporting.costs_json import costs_data, vm_cost_data
from shared.reporting.summary import ComplianceReport


async def run(options: Options, *, fresh: bool) -> int:
    """Always 0 when the costs could be estimated; SettingsError where no price file is set."""
    settings = options.settings()
    if not settings.prices_file:
        raise SettingsError(
            "there is no price file, and no price stands in the program",
            code="PRICES",
            remedy="Give --prices FILE or BACKSTOP_PRICES; examples/prices.yaml shows the form with made-up numbers",
        )
    async with open_backstop(settings) as backstop:
        report = await backstop.reporter.report(backup_policies=False)
        if fresh or not report.findings:
            with err().status("Reading the estate from Resource Graph"):
                await backstop.sweeper.sweep(backstop.settings.scope, uuid.uuid4().hex)
            report = await backstop.reporter.report(backup_policies=False)
    if report.costs is None:
        raise AssertionError("a reporter with prices makes a report with costs")
    if options.as_json:
        print_json(as_data(report, report.costs))
    else:
        tables.show(report, report.costs)
    return exit_codes.DONE


def as_data(report: ComplianceReport, costs: Costs) -> dict[str, object]:
    """All sums, and in `vms` every VM that costs something or would."""
    vms = [
        {"vm": each.vm.text, "rule": each.verdict.rule, "diskGb": each.disk_gb, **cost}
        for each in report.findings
        if (cost := vm_cost_data(costs.by_vm.get(each.vm.key), costs.currency)) is not None
    ]
    return {**costs_data(costs), "vms": vms}
