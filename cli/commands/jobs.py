"""`jobs`: the backup jobs of the estate, of a vault or of a VM; with `--watch` until none is in progress.

Asks Azure and writes nothing. What goes on is shown on standard error, the result on standard output.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import timedelta

from rich.live import Live

from cli import exit_codes
from cli.options import Options
from cli.output import jobs as shown
from cli.output.console import err, out, plain, print_json
from cli.vm_argument import vm_argument
from shared.bootstrap import Survey, open_survey
from shared.domain.durations import parse_duration
from shared.domain.job_groups import JobGroup, group_of
from shared.errors import SettingsError
from shared.job_board import KEPT, Board, JobReader, Wish
from shared.ports import Clock

#: A first backup of a large VM may take a day; whoever waits for longer asks again.
PATIENCE = timedelta(hours=36)
_LONGEST = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as typed. Empty texts mean: all."""

    vm: str = ""
    vault: str = ""
    since: str = "P1D"
    groups: Collection[JobGroup] = ()
    watch: bool = False


async def run(options: Options, asked: Asked) -> int:
    """0 when all could be read; 1 when a vault could not, whose jobs may be out of date then."""
    since = _span(asked)
    vm = vm_argument(asked.vm) if asked.vm else None
    settings = options.settings()
    async with open_survey(settings) as survey:
        wish = Wish(settings.scope, survey.clock.now() - since, vm, asked.vault.strip())
        reader = JobReader(survey.jobs, survey.inventory, survey.clock)
        with err().status("Reading the backup jobs"):
            board = await reader.look(wish)
        if asked.watch:
            board = await watched(survey, reader, wish, board, as_json=options.as_json)
        wanted = [each for each in board.jobs if not asked.groups or group_of(each) in asked.groups]
        now = survey.clock.now()
    if options.as_json:
        print_json(shown.as_data(board, wanted, wish, now))
    else:
        shown.show(board, wanted, wish, now)
    return exit_codes.FAILED if board.unread else exit_codes.DONE


def _span(asked: Asked) -> timedelta:
    try:
        since = parse_duration(asked.since.strip().upper())
    except ValueError as error:
        raise SettingsError(f"--since {error}", code="SINCE") from None
    if since > KEPT and not asked.vault:
        remedy = "Give --since P14D or less, or --vault to ask a vault itself"
        raise SettingsError("Resource Graph keeps jobs for 14 days", code="SINCE", remedy=remedy)
    if since > _LONGEST:
        raise SettingsError("--since reaches back more than ten years", code="SINCE")
    return since


async def watched(survey: Survey, reader: JobReader, wish: Wish, board: Board, *, as_json: bool) -> Board:
    """The jobs when none is in progress any more or the patience is at its end. A terminal shows them as they go on;
    elsewhere there is a line for each change.
    """
    clock, latest = survey.clock, board
    if err().is_terminal:
        with Live(shown.progress(latest, clock.now()), console=err(), transient=True) as live:
            async for each in _boards(clock, reader, wish, board):
                latest = each
                live.update(shown.progress(latest, clock.now()))
    else:
        console = err() if as_json else out()
        for line in shown.changes(Board(()), latest, clock.now()):
            console.print(line, soft_wrap=True)
        async for each in _boards(clock, reader, wish, board):
            for line in shown.changes(latest, each, clock.now()):
                console.print(line, soft_wrap=True)
            latest = each
    if latest.followed:
        hours = int(PATIENCE / timedelta(hours=1))
        err().print(plain(f"Still in progress after {hours} hours; --watch follows them no longer.", "yellow"))
    return latest


async def _boards(clock: Clock, reader: JobReader, wish: Wish, board: Board) -> AsyncIterator[Board]:
    """A new look whenever one is due, while something is in progress and can be read."""
    end = clock.now() + PATIENCE
    while board.followed and clock.now() < end:
        due = reader.due_again(board)
        while clock.now() < due:  # a virtual clock may come back sooner
            await clock.wait_until(due)
        board = await reader.look_again(board, wish)
        yield board
