"""`policy check`: all errors of policy files with their places, and warnings; with `--live` against the estate, too.

Exit codes: 0 when every file is sound (warnings or not); 3 when one has errors or cannot be read; 1 when `--strict`
finds a warning or `--live` something that the estate lacks. It writes nothing.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import exit_codes
from cli.options import Options
from cli.output.console import out, plain, print_json
from shared.adapters.policy_file import DEFAULT_FILE, read_text
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.placed import Problem
from shared.domain.policy_tools.lint import check_policy
from shared.errors import PolicyFileError, SettingsError


@dataclass(frozen=True, slots=True)
class Wish:
    """What to check and how strictly; no files mean `policy.yaml` here."""

    files: tuple[Path, ...]
    strict: bool = False
    live: bool = False


@dataclass(slots=True)
class Checked:
    """What was found in one file. `missing` is what the estate lacks; None where nobody asked it."""

    file: str
    policy: EnforcementPolicy | None = None
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    more: int = 0
    missing: list[str] | None = None


def run(wish: Wish, options: Options) -> int:
    """The exit code tells the worst of all files. SettingsError where a place is named and nobody would look there."""
    if not wish.live and (options.scope or options.endpoint):
        raise SettingsError("--scope and --endpoint say where --live looks", code="LIVE", remedy="Add --live")
    files = wish.files or (Path(DEFAULT_FILE),)
    found = [check_file(each) for each in files]
    if wish.live:
        asyncio.run(_ask_estate(found, options))
    if options.as_json:
        print_json({"files": [as_data(each) for each in found]})
    else:
        for each in found:
            _show(each)
    if any(each.policy is None for each in found):
        return exit_codes.POLICY
    failed = any(each.missing or (wish.strict and each.warnings) for each in found)
    return exit_codes.FAILED if failed else exit_codes.DONE


def check_file(file: Path) -> Checked:
    """Read and check one file; a file that cannot be read has that as its error."""
    name = str(file)
    try:
        text = read_text(file)
    except PolicyFileError as error:
        return Checked(name, errors=[Problem(name, 0, 0, "", error.message.removeprefix(f"{name}: "))])
    reading = check_policy(text, name)
    return Checked(name, reading.policy, list(reading.errors), list(reading.warnings), reading.more)


async def _ask_estate(found: list[Checked], options: Options) -> None:
    from cli.commands.policy_live import lacking

    for each in found:
        if each.policy is not None:
            each.missing = await lacking(each.policy, options)


def as_data(checked: Checked) -> dict[str, Any]:
    """One file's result for a machine. `estateLacks` is null where the estate was not asked."""
    return {
        "file": checked.file,
        "ok": checked.policy is not None,
        "policyHash": checked.policy.hash if checked.policy is not None else None,
        "errors": [_problem(each) for each in checked.errors],
        "moreErrors": checked.more,
        "warnings": [_problem(each) for each in checked.warnings],
        "estateLacks": checked.missing,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "column": problem.column, "key": problem.key, "message": problem.what}


def _show(checked: Checked) -> None:
    for label, style, problems in (("error", "red", checked.errors), ("warning", "yellow", checked.warnings)):
        for each in problems:
            place = f"{each.file}:{each.line}:{each.column}" if each.line else each.file
            line = plain(f"{place}: ") + plain(label, f"bold {style}") + plain(f": {each.key}: " if each.key else ": ")
            out().print(line + plain(each.what), soft_wrap=True)
    for lack in checked.missing or ():
        out().print(plain(f"{checked.file}: ") + plain("missing", "bold red") + plain(f": {lack}"), soft_wrap=True)
    if checked.policy is None:
        more = f" and {checked.more} more" if checked.more else ""
        count = len(checked.errors)
        out().print(plain(f"✗ {checked.file}: {count} error{'s' * (count != 1)}{more}", "red"), soft_wrap=True)
        return
    notes = [f"{len(checked.warnings)} warning{'s' * (len(checked.warnings) != 1)}"] if checked.warnings else []
    if checked.missing is not None:
        notes.append("the estate has all that it asks for" if not checked.missing else "the estate lacks what it asks")
    rules = checked.policy.spec.rules
    sound = f"{len(rules)} rule{'s' * (len(rules) != 1)}, mode {checked.policy.spec.mode}, hash {checked.policy.hash}"
    mark, style = ("✗", "red") if checked.missing else ("✓", "green")
    out().print(plain(f"{mark} {checked.file}: {'; '.join([sound, *notes])}", style), soft_wrap=True)
