"""`policy diff`: what another policy would change, in the file and for every VM of an estate. It writes nothing to it.

The estate is Azure's, a simulator's (`--endpoint`), or a file's (`--estate`, docs/estate.md). Opt-outs are taken
as they are on record, the same for both sides; an estate in a file has no record.

Exit codes: 0 no VM changes; 1 some do (of those that `--only` asks for); 3 a policy is invalid; 4, 5 and 8 when the
estate cannot be reached or read, so that an error is never taken for "no change".
"""

import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cli import exit_codes
from cli.options import Options
from cli.output import policy_changes
from cli.output.console import err, print_json
from shared.bootstrap import open_backstop
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.model import Observation, Unread, Vm
from shared.domain.policy_file.reading import parse_policy
from shared.domain.policy_tools.diff import Aspect, VmChange, aspects, decide, edits
from shared.errors import BackstopError, PermanentError, RetryLaterError, SettingsError
from shared.sweep import as_seen_by


class EstateUnreadError(BackstopError):
    """Part of the estate could not be read, so that nothing can be said about what changes."""

    exit_code = exit_codes.ENDPOINT


@dataclass(frozen=True, slots=True)
class Wish:
    """The two policies, and which changes count; none named means all."""

    old: Path
    new: Path
    estate: Path | None = None
    only: tuple[Aspect, ...] = ()


async def run(wish: Wish, options: Options) -> int:
    """The exit code as above."""
    if wish.estate is not None and (options.endpoint or options.scope):
        raise SettingsError(
            "--estate is an estate of its own", code="ESTATE", remedy="Leave out --endpoint and --scope"
        )
    old, new = _policy(wish.old), _policy(wish.new)
    async with _where(wish, options) as there:
        seen = await _observe(there, new, old)
    changes = compare(seen, old, new)
    shown = [each for each in changes if not wish.only or each.aspects & set(wish.only)]
    told = policy_changes.Changes(
        (str(wish.old), old.policy), (str(wish.new), new.policy), edits(old.policy, new.policy), len(seen), tuple(shown)
    )
    if options.as_json:
        print_json(policy_changes.as_data(told))
    else:
        policy_changes.show(told)
    return exit_codes.FAILED if shown else exit_codes.DONE


def compare(seen: Sequence[tuple[Vm, Observation]], old: CompiledPolicy, new: CompiledPolicy) -> list[VmChange]:
    """The VMs about which the two do not decide alike, in the estate's order."""
    found = []
    for vm, on_record in seen:
        before, after = decide(as_seen_by(on_record, old), old), decide(as_seen_by(on_record, new), new)
        if differs := aspects(before, after):
            found.append(VmChange(vm.id, before, after, differs))
    return found


async def _observe(options: Options, new: CompiledPolicy, old: CompiledPolicy) -> list[tuple[Vm, Observation]]:
    async with open_backstop(options.settings(), new) as backstop:
        try:
            with err().status("Reading the estate from Resource Graph"):
                needs, elsewhere = old.needs | new.needs, old.vault_subscriptions | new.vault_subscriptions
                view = await backstop.sweeper.reader.view(backstop.settings.scope, needs, elsewhere)
        except (PermanentError, RetryLaterError) as error:
            raise EstateUnreadError(error.message, code=error.code, remedy=error.remedy) from error
    for _, each in view.vms[:1]:
        for part in (each.protection, each.vaults):
            if isinstance(part, Unread):
                raise EstateUnreadError(f"{part.what} could not be read: {part.why}", code=part.code)
    return list(view.vms)


@asynccontextmanager
async def _where(wish: Wish, options: Options) -> AsyncIterator[Options]:
    if wish.estate is None:
        yield options
        return
    from cli.demo.local_azure import simulator

    if not wish.estate.is_file():
        raise SettingsError(f"{wish.estate}: there is no such estate file", code="ESTATE")
    with tempfile.TemporaryDirectory(prefix="backstop-") as state:
        async with simulator(["--clock", "stepped", "--estate", str(wish.estate.resolve())]) as url:
            yield replace(options, endpoint=url, state=str(Path(state) / uuid.uuid4().hex))


def _policy(file: Path) -> CompiledPolicy:
    from shared.adapters.policy_file import read_text

    return compile_policy(parse_policy(read_text(file), str(file)))
