"""The verbs and their options. A verb's module is imported when it runs, so that `--help` answers at once."""

import enum
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cli import __version__
from cli.demo.weather import Weather
from cli.guard import run_async, run_verb
from cli.options import Options
from cli.policy_app import policy as policy_verbs
from shared.domain.job_groups import JobGroup

app = typer.Typer(
    name="backstop",
    help="No Azure VM left without a backup. Read-only unless you say --enforce.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
estate = typer.Typer(help="Your estate as a file.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(estate, name="estate")
app.add_typer(policy_verbs, name="policy")

Policy = Annotated[str, typer.Option("--policy", metavar="FILE", help="The enforcement policy; default: policy.yaml.")]
Prices = Annotated[
    str, typer.Option("--prices", metavar="FILE", help="What Azure Backup costs you; default: BACKSTOP_PRICES.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", metavar="ID", help="A subscription id or management group; repeat for more. Default: all."),
]
Endpoint = Annotated[
    str, typer.Option("--endpoint", metavar="URL", help="An ARM server on this machine, such as a simulator.")
]
State = Annotated[str, typer.Option("--state", metavar="DIR", help="Where to keep state; default: .backstop.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for machines.")]
Enforce = Annotated[bool, typer.Option("--enforce", help="Permit writing. The policy's mode must permit it too.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Look at the estate again first (read-only).")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before writing to Azure.")]


class Subject(enum.StrEnum):
    """What `bench` measures."""

    engine = "engine"
    sim = "sim"
    policy = "policy"


VmId = Annotated[str, typer.Argument(metavar="VM_ID", help="The VM's whole resource id.")]


def _options(policy: str, scope: list[str] | None, endpoint: str, state: str, as_json: bool) -> Options:
    return Options(policy, tuple(scope or ()), endpoint, state, as_json)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"backstop {__version__}")
        raise typer.Exit


@app.command()
def demo(
    vms: Annotated[int, typer.Option(min=50, max=10_000, help="How many VMs the local Azure holds.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same estate.")] = 1,
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to write the report.")] = None,
    faults: Annotated[Weather, typer.Option("--faults", help="How much goes wrong on the way.")] = Weather.NONE,
) -> None:
    """Watch the whole job against a local Azure: events, sweep, protection, first backups, report."""
    from cli.commands import demo as verb

    run_verb(lambda: verb.run(vms=vms, seed=seed, as_json=as_json, out=out, weather=faults), as_json=as_json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sim(context: typer.Context) -> None:
    """Serve a local Azure on 127.0.0.1 until interrupted; `sim --help` shows its options."""
    from cli.commands import sim as verb

    run_verb(lambda: verb.run(context.args))


@app.command()
def plan(
    policy: Policy = "", scope: Scopes = None, endpoint: Endpoint = "", state: State = "", as_json: Json = False
) -> None:
    """Show what would be done to which VM, and why. Writes nothing."""
    from cli.commands import plan as verb

    run_async(lambda: verb.run(_options(policy, scope, endpoint, state, as_json)), as_json=as_json)


@app.command()
def sweep(
    policy: Policy = "",
    scope: Scopes = None,
    endpoint: Endpoint = "",
    state: State = "",
    enforce: Enforce = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Discover, decide, and with --enforce protect every VM that lacks a backup."""
    from cli.commands import sweep as verb

    run_async(
        lambda: verb.run(_options(policy, scope, endpoint, state, as_json), enforce=enforce, yes=yes), as_json=as_json
    )


@app.command()
def protect(
    vm_id: VmId,
    backup_now: Annotated[bool, typer.Option("--backup-now", help="Start a backup even if there are others.")] = False,
    retain_until: Annotated[
        str, typer.Option("--retain-until", metavar="DATE", help="Keep the backup's recovery point until YYYY-MM-DD.")
    ] = "",
    policy: Policy = "",
    endpoint: Endpoint = "",
    state: State = "",
    enforce: Enforce = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Protect one VM, under the same policy and guards."""
    from cli.commands import protect as verb

    wish = verb.Wish(vm_id, backup_now, retain_until)
    run_async(
        lambda: verb.run(_options(policy, None, endpoint, state, as_json), wish, enforce=enforce, yes=yes),
        as_json=as_json,
    )


@app.command()
def explain(
    vm_id: VmId, policy: Policy = "", endpoint: Endpoint = "", state: State = "", as_json: Json = False
) -> None:
    """Say why a VM has its verdict: every rule, every reason, and what would happen next."""
    from cli.commands import explain as verb

    run_verb(lambda: verb.run(_options(policy, None, endpoint, state, as_json), vm_id), as_json=as_json)


@app.command()
def report(
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write report.html, .csv and .json.")] = None,
    fresh: Fresh = False,
    policy: Policy = "",
    prices: Prices = "",
    scope: Scopes = None,
    endpoint: Endpoint = "",
    state: State = "",
    as_json: Json = False,
) -> None:
    """Show and write the compliance report of what is on record."""
    from cli.commands import report as verb

    options = replace(_options(policy, scope, endpoint, state, as_json), prices=prices)
    run_async(lambda: verb.run(options, folder=out, fresh=fresh), as_json=as_json)


@app.command()
def cost(
    prices: Prices = "",
    fresh: Fresh = False,
    policy: Policy = "",
    scope: Scopes = None,
    endpoint: Endpoint = "",
    state: State = "",
    as_json: Json = False,
) -> None:
    """Estimate what backup costs by VM and rule, what a plan adds, and what opt-outs save."""
    from cli.commands import cost as verb

    options = replace(_options(policy, scope, endpoint, state, as_json), prices=prices)
    run_async(lambda: verb.run(options, fresh=fresh), as_json=as_json)


@app.command()
def jobs(
    vm: Annotated[str, typer.Option("--vm", metavar="VM_ID", help="Only this VM's jobs.")] = "",
    vault: Annotated[str, typer.Option("--vault", metavar="NAME|ID", help="Only this vault's, all from itself.")] = "",
    since: Annotated[str, typer.Option("--since", metavar="SPAN", help="How far back, such as PT6H or P7D.")] = "P1D",
    status: Annotated[
        list[JobGroup] | None, typer.Option("--status", help="Show only these; repeat for more. Counts stay whole.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow them until none is in progress.")] = False,
    scope: Scopes = None,
    endpoint: Endpoint = "",
    as_json: Json = False,
) -> None:
    """Show the backup jobs: in progress, failed with the remedy, completed. Writes nothing."""
    from cli.commands import jobs as verb

    asked = verb.Asked(vm, vault, since, tuple(status or ()), watch)
    run_async(lambda: verb.run(_options("", scope, endpoint, "", as_json), asked), as_json=as_json)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 7071,
    policy: Policy = "",
    scope: Scopes = None,
    endpoint: Endpoint = "",
    state: State = "",
    enforce: Enforce = False,
) -> None:
    """Run the function app here: Event Grid webhook, timers, queues, HTTP."""
    from cli.commands import serve as verb

    run_async(lambda: verb.run(_options(policy, scope, endpoint, state, False), port=port, enforce=enforce))


@app.command()
def pause(
    reason: Annotated[str, typer.Option(help="Shown to whoever is stopped by it.")] = "paused by hand",
    endpoint: Endpoint = "",
    state: State = "",
) -> None:
    """Pull the kill switch: no write until `resume`."""
    from cli.commands import switch as verb

    run_async(lambda: verb.pause(_options("", None, endpoint, state, False), reason))


@app.command()
def resume(endpoint: Endpoint = "", state: State = "") -> None:
    """Release the kill switch."""
    from cli.commands import switch as verb

    run_async(lambda: verb.resume(_options("", None, endpoint, state, False)))


@estate.command("export")
def estate_export(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write it: .json for a large estate, or .yaml.")
    ] = Path("estate.yaml"),
    anonymize: Annotated[bool, typer.Option("--anonymize", help="Replace names, ids and tags by tokens.")] = False,
    keep_tag: Annotated[
        list[str] | None,
        typer.Option("--keep-tag", metavar="NAME", help="With --anonymize: leave this tag as it is; repeat for more."),
    ] = None,
    keep_backup_policy: Annotated[
        list[str] | None,
        typer.Option("--keep-backup-policy", metavar="NAME", help="With --anonymize: leave this backup policy's name."),
    ] = None,
    scope: Scopes = None,
    endpoint: Endpoint = "",
    as_json: Json = False,
) -> None:
    """Copy the estate into a file that `sim --estate` serves. Reads Resource Graph, writes nothing to Azure."""
    from cli.commands import estate as verb

    wish = verb.Wish(out, anonymize, tuple(keep_tag or ()), tuple(keep_backup_policy or ()))
    run_async(lambda: verb.export(_options("", scope, endpoint, "", as_json), wish), as_json=as_json)


@app.command()
def bench(
    what: Annotated[
        Subject,
        typer.Argument(help="engine: start-up and requests; sim, policy: the local Azure, the policy at 100,000 VMs."),
    ] = Subject.engine,
    as_json: Json = False,
) -> None:
    """Measure this version on this machine."""
    if what is Subject.sim:
        from benchmarks import simulator

        run_verb(lambda: simulator.run(as_json=as_json), as_json=as_json)
        return
    if what is Subject.policy:
        from benchmarks import policy

        run_verb(lambda: policy.run(as_json=as_json), as_json=as_json)
        return
    from benchmarks import engine

    run_verb(lambda: engine.run(as_json=as_json), as_json=as_json)


@app.command()
def test() -> None:
    """Run everything that must be green (needs no Azure)."""
    raise AssertionError("cli/__main__.py takes this verb before typer sees it")
