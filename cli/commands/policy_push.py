"""`policy push`: puts a policy where the app takes it from, after the app's own check, its cases and a look at it.

Nothing is written that the app would refuse. What lies there is replaced only if it is still what the difference was
shown against: of two people who push at once, the second is told. Exit codes: 0 when it lies there (or would, with
`--dry-run`, or did before); 1 when a case failed, or somebody else changed it meanwhile; 3 when the policy or its cases
are invalid; 8 when the folder cannot be used; 9 when the answer was no, or nobody was there to answer.
"""

import asyncio
import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from cli import exit_codes
from cli.output.asking import agreed
from cli.output.console import err, out, plain, print_json
from shared.adapters.policy_file import DEFAULT_FILE, PolicyFolder, read_text
from shared.domain.compiled_policy import compile_policy
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.reading import parse_policy
from shared.errors import PermanentError, PolicyFileError, SettingsError
from shared.ports.policy import PolicySource, PolicyText

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True)
class Wish:
    """As typed. An empty `to` means the folder in BACKSTOP_POLICY_DIR."""

    file: Path = Path(DEFAULT_FILE)
    to: str = ""
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False


def run(wish: Wish) -> int:
    """Check, show, ask, write. PolicyFileError, SettingsError, RefusedError and PermanentError: nothing was written."""
    text = read_text(wish.file)
    policy = parse_policy(text, str(wish.file))
    compile_policy(policy)
    folder = wish.to or os.environ.get("BACKSTOP_POLICY_DIR", "").strip()
    if not folder:
        raise SettingsError(
            "it is not said where to", code="PUSH_TO", remedy="Add --to FOLDER, or set BACKSTOP_POLICY_DIR"
        )
    cases = _cases(wish)
    if cases.failed:
        raise PermanentError(
            f"{cases.failed} of the policy's cases failed",
            code="CASES",
            remedy=f"Nothing was written. See why: backstop policy test {wish.file}",
        )
    return asyncio.run(_push(wish, text, policy, PolicyFolder(Path(folder)), cases.words))


async def _push(wish: Wish, text: str, policy: EnforcementPolicy, place: PolicySource, cases: str) -> int:
    answer = await place.read()
    before = answer if isinstance(answer, PolicyText) else PolicyText("", "")
    as_found = before.garbled or "as it lies there" if before.etag else "nothing lies there yet"
    there = f"{place.name} ({as_found})"
    difference = list(
        difflib.unified_diff(before.text.splitlines(), text.splitlines(), there, str(wish.file), lineterm="")
    )
    same = bool(before.etag) and before.text == text
    if not wish.as_json:
        out().print(plain(cases))
        for line in difference:
            out().print(plain(line, _STYLES.get(line[:1], "")), soft_wrap=True)
    written = not same and not wish.dry_run
    if written:
        if not wish.yes:
            agreed(f"Put this policy in force at {place.name}?")
        await place.write(text, before.etag)
    if wish.as_json:
        print_json(
            {
                "policy": {"name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash},
                "to": place.name,
                "changed": not same,
                "written": written,
                "cases": cases,
                "difference": difference,
            }
        )
    else:
        end = "is pushed" if written else "lies there already" if same else "would be pushed; nothing was written"
        out().print(plain(f"{policy.metadata.name} ({policy.hash}), mode {policy.spec.mode}, {end}.", "bold"))
    return exit_codes.DONE


@dataclass(frozen=True, slots=True)
class _Cases:
    words: str
    failed: int = 0


def _cases(wish: Wish) -> _Cases:
    from cli.commands import policy_test

    file = wish.file.with_suffix(policy_test.SUFFIX)
    if not file.exists():
        return _Cases(f"No cases were run: there is no {file}")
    ran = policy_test.run_file(file)
    if ran.problems:
        raise PolicyFileError(f"the cases cannot be run: {ran.problems[0]}", remedy="Nothing was written")
    if Path(ran.policy).resolve() != wish.file.resolve():
        raise PolicyFileError(f"{file}: these are the cases of {ran.policy}", remedy="Let them name the file you push")
    for each in ran.results:
        if not each.passed:
            err().print(plain(f"failed: {each.name}", "red"))
    return _Cases(f"{len(ran.results) - ran.failed} of {len(ran.results)} cases passed", ran.failed)
