"""`policy test`: runs the cases that lie beside policies, like unit tests; needs no Azure and no state.

A case file is `NAME.cases.yaml` and names its policy. Given are case files, policies whose cases lie beside them, or
folders, which are searched for case files. Exit codes: 0 when every case came as expected, 1 when one did not (with
`--strict` also when no case reaches a rule), 3 when a case file or a policy is invalid or there are no cases at all.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import exit_codes
from cli.output.console import err, out, plain, print_json
from shared.adapters.policy_file import read_text
from shared.domain.compiled_policy import compile_policy
from shared.domain.policy_file.reading import read_policy
from shared.domain.policy_tools.case_run import CaseResult, run_cases, unreached
from shared.domain.policy_tools.cases import read_cases
from shared.errors import PolicyFileError

SUFFIX = ".cases.yaml"
_REMEDY = "Write NAME.cases.yaml beside the policy NAME.yaml; docs/policy.md shows how"


@dataclass(slots=True)
class Ran:
    """One case file: its results with the lines of its cases, the rules that no case reaches, or what is wrong."""

    file: Path
    policy: str = ""
    policy_hash: str = ""
    results: tuple[CaseResult, ...] = ()
    lines: tuple[int, ...] = ()
    unreached: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many cases did not come as expected."""
        return sum(not each.passed for each in self.results)


def run(places: tuple[Path, ...], *, strict: bool, as_json: bool) -> int:
    """All case files, even when one fails."""
    ran = [run_file(each) for each in case_files(places or (Path(),))]
    total, failed = sum(len(each.results) for each in ran), sum(each.failed for each in ran)
    if as_json:
        print_json({"files": [_as_data(each) for each in ran], "cases": total, "failed": failed})
    else:
        for each in ran:
            _show(each)
        verdict = plain(f"{total - failed} passed, {failed} failed", "bold red" if failed else "bold green")
        out().print(verdict + plain(f" in {len(ran)} file{'s' * (len(ran) != 1)}"))
    if any(each.problems for each in ran):
        return exit_codes.POLICY
    return exit_codes.FAILED if failed or (strict and any(each.unreached for each in ran)) else exit_codes.DONE


def case_files(places: tuple[Path, ...]) -> list[Path]:
    """The case files meant, in order and each once. PolicyFileError where a place holds none."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(place.rglob(f"*{SUFFIX}"))
            if not inside:
                raise PolicyFileError(f"{place}: there are no case files here", remedy=_REMEDY)
            found += inside
        elif place.name.endswith(SUFFIX):
            found.append(place)
        else:
            found.append(place.with_suffix(SUFFIX))
    return list(dict.fromkeys(found))


def run_file(file: Path) -> Ran:
    """Read one case file and its policy, and run its cases."""
    ran = Ran(file)
    try:
        reading = read_cases(read_text(file), str(file))
        ran.problems += [str(each) for each in reading.errors]
        if reading.cases is None:
            return ran
        beside = file.parent / reading.cases.policy
        ran.policy = str(beside)
        found = read_policy(read_text(beside), str(beside))
    except PolicyFileError as error:
        ran.problems.append(error.message)
        return ran
    ran.problems += [str(each) for each in found.errors]
    if found.policy is not None:
        policy = compile_policy(found.policy)
        ran.policy_hash = found.policy.hash
        ran.results, ran.lines = run_cases(reading.cases, policy), reading.lines
        ran.unreached = unreached(policy, ran.results)
    return ran


def _show(ran: Ran) -> None:
    out().print(plain(str(ran.file), "bold") + plain(f"  {ran.policy} {ran.policy_hash}".rstrip(), "bright_black"))
    for problem in ran.problems:
        out().print(plain("  error: ", "bold red") + plain(problem), soft_wrap=True)
    for line, result in zip(ran.lines, ran.results, strict=True):
        if result.passed:
            out().print(plain("  ✓ ", "green") + plain(result.name), soft_wrap=True)
            continue
        out().print(plain("  ✗ ", "red") + plain(f"{result.name} ({ran.file.name}:{line})", "bold"), soft_wrap=True)
        for each in result.differences:
            out().print(plain(f"      {each.key}: expected {each.expected}", "green"), soft_wrap=True)
            out().print(plain(f"      {' ' * len(each.key)}  got      {each.got}", "red"), soft_wrap=True)
        for text in result.why:
            out().print(plain(f"      {text}", "bright_black"), soft_wrap=True)
    if ran.unreached:
        err().print(plain(f"  no case reaches: {', '.join(ran.unreached)}", "yellow"), soft_wrap=True)


def _as_data(ran: Ran) -> dict[str, Any]:
    return {
        "file": str(ran.file),
        "policy": ran.policy,
        "policyHash": ran.policy_hash,
        "problems": ran.problems,
        "unreachedRules": list(ran.unreached),
        "cases": [
            {
                "name": each.name,
                "line": line,
                "passed": each.passed,
                "rule": each.rule,
                "differences": [{"key": one.key, "expected": one.expected, "got": one.got} for one in each.differences],
                "why": list(each.why),
            }
            for line, each in zip(ran.lines, ran.results, strict=True)
        ],
    }
