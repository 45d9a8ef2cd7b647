"""The verbs of `backstop policy`. As in `app.py`, a verb's module is imported when it runs."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from cli.guard import run_async, run_verb

policy = typer.Typer(help="The enforcement policy: check it and try it.", no_args_is_help=True, rich_markup_mode=None)


class Aspect(enum.StrEnum):
    """What of a decision `diff --only` looks at."""

    verdict = "verdict"
    rule = "rule"
    reasons = "reasons"
    actions = "actions"


Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for machines.")]


@policy.command("check")
def policy_check(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="Default: policy.yaml.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail the check too.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask Azure whether the vaults and backup policies exist.")
    ] = False,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="ID", help="With --live: a subscription id or management group; repeat."),
    ] = None,
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="URL", help="With --live: an ARM server on this machine.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Every error of a policy file with its place and remedy, and warnings about what it may not mean."""
    from cli.commands import policy_check as verb
    from cli.options import Options

    wish = verb.Wish(tuple(files or ()), strict, live)
    options = Options("", tuple(scope or ()), endpoint, "", as_json)
    run_verb(lambda: verb.run(wish, options), as_json=as_json)


@policy.command("test")
def policy_test(
    places: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|FOLDER...", help="Case files, policies beside them, or folders; default: here."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A rule that no case reaches fails the run too.")] = False,
    as_json: Json = False,
) -> None:
    """Run a policy's cases: VMs in short form and what must become of them."""
    from cli.commands import policy_test as verb

    run_verb(lambda: verb.run(tuple(places or ()), strict=strict, as_json=as_json), as_json=as_json)


@policy.command("push")
def policy_push(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy.")] = Path("policy.yaml"),
    to: Annotated[
        str, typer.Option("--to", metavar="FOLDER", help="Where the app takes it from; default: BACKSTOP_POLICY_DIR.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show the difference; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Check a policy, run its cases, show what changes, and put it where the app takes it from."""
    from cli.commands import policy_push as verb

    run_verb(lambda: verb.run(verb.Wish(file, to, yes, dry_run, as_json)), as_json=as_json)


@policy.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The policy as it is.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The policy as it would be.")],
    estate: Annotated[
        Path | None, typer.Option("--estate", metavar="FILE", help="An exported estate instead of Azure's.")
    ] = None,
    only: Annotated[
        list[Aspect] | None, typer.Option("--only", help="Only VMs that change in this; repeat for more.")
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="ID", help="A subscription id or management group; repeat.")
    ] = None,
    endpoint: Annotated[str, typer.Option("--endpoint", metavar="URL", help="An ARM server on this machine.")] = "",
    state: Annotated[str, typer.Option("--state", metavar="DIR", help="Where state is kept; default: .backstop.")] = "",
    as_json: Json = False,
) -> None:
    """Show which VMs another policy would decide differently about, and how the files differ. Writes nothing."""
    from cli.commands import policy_diff as verb
    from cli.options import Options
    from shared.domain.policy_tools import diff as domain

    wish = verb.Wish(old, new, estate, tuple(domain.Aspect(each.value) for each in only or ()))
    options = Options("", tuple(scope or ()), endpoint, state, as_json)
    run_async(lambda: verb.run(wish, options), as_json=as_json)


@policy.command("import")
def policy_import(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="JSON of assignments, and of definitions of one's own.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Default: standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Keep the original's list of images and its exceptions.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter's value; repeat for more."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where something is open or not understood.")] = False,
    as_json: Json = False,
) -> None:
    """Make a policy of Azure Policy's assignments, and say what is wider or narrower than the original."""
    from cli.commands import policy_import as verb

    wish = verb.Wish(tuple(files), out, force, exact, strict, tuple(parameter or ()))
    run_verb(lambda: verb.run(wish, as_json=as_json), as_json=as_json)


@policy.command("schema")
def policy_schema(
    cases: Annotated[bool, typer.Option("--cases", help="That of the case files instead of the policy's.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write both into schemas/, and the keys into docs/.")] = False,
) -> None:
    """The JSON Schema by which editors complete and check the file."""
    from cli.commands import policy_schema as verb

    run_verb(lambda: verb.run(cases=cases, write=write))
